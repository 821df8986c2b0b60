"""What users of Arcade and of TickTick report as trouble: each met as they meet it, and mended.

Each names the entry of docs/errors.yaml that has the remedy.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import arcadepy
import httpx
import pytest
import yaml

from tests.environment import ROOT
from tests.ticktick_sandbox.helpers import BOTH, World
from ticktick_sandbox.browser.consent import ALLOW, answer
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

REMEDIES: dict[str, str] = {}
"""The entry of the error index, by the name of the test."""


def remedied_by(message: str) -> Callable[[Callable], Callable]:
    def noted(test: Callable) -> Callable:
        REMEDIES[test.__name__] = message
        return test

    return noted


def test_each_has_an_entry_in_the_error_index() -> None:
    areas = yaml.safe_load((ROOT / "docs" / "errors.yaml").read_text("utf-8"))
    messages = {entry["message"] for entries in areas.values() for entry in entries}
    assert set(REMEDIES.values()) <= messages
    assert len(set(REMEDIES.values())) >= 16


def token_endpoint(world: World, **sent: str) -> httpx.Response:
    app = (world.app.client_id, world.app.client_secret)
    return world.http.post(f"{world.ticktick_url}/oauth/token", data=sent, auth=app)


@remedied_by("user_mismatch")
def test_a_user_id_that_is_no_address_of_an_account(world: World) -> None:
    auth = world.arcade.auth.start("user-42", PROVIDER_ID, scopes=BOTH)
    with pytest.raises(SandboxError, match="is not user-42"):
        answer(auth, ALLOW, world.sandbox.local)
    auth = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH)
    assert answer(auth, ALLOW, world.sandbox.local).heading == "Authorization complete"


@remedied_by("failed to validate request body: user_id: user_id required")
def test_no_user_id(world: World) -> None:
    for asked in (
        lambda user: world.arcade.auth.start(user, PROVIDER_ID),
        lambda user: world.arcade.tools.authorize(tool_name="Ticktick.X", user_id=user),
    ):
        with pytest.raises(arcadepy.BadRequestError, match="user_id: user_id required"):
            asked("")


@remedied_by("The user is asked for consent each time")
def test_consent_each_time(world: World) -> None:
    world.token()
    other = f"learner-{uuid.uuid4()}@example.com"  # made up anew at each start of the program
    assert world.arcade.auth.start(other, PROVIDER_ID, scopes=BOTH).status == "pending"
    more = [*BOTH, "offline"]
    assert world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=more).status == "pending"
    assert world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH).status == "completed"
    assert world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH[:1]).status == "completed"


@remedied_by("wait_for_completion hangs: the authorization stays pending")
def test_an_authorization_stays_pending(world: World) -> None:
    (provider,) = world.arcade.admin.auth_providers.list().items
    wrong = {"client_secret": "wrong"}
    world.arcade.admin.auth_providers.patch(provider.id, oauth2=wrong)
    auth = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH)
    page = answer(auth, ALLOW, world.sandbox.local)
    assert page.heading == "You have allowed access, but no token arrived"  # live it says success
    assert world.arcade.auth.status(id=auth.id).status == "pending"
    assert "stays pending" in " ".join(e.text for e in world.sandbox.event_log.events if e.problem)
    right = {"client_secret": world.app.client_secret}
    world.arcade.admin.auth_providers.patch(provider.id, oauth2=right)
    answer(auth, ALLOW, world.sandbox.local)
    assert world.arcade.auth.status(id=auth.id).status == "completed"


@remedied_by("wait_for_completion hangs: the authorization stays pending")
def test_wait_for_completion_never_ends_on_a_failure(world: World) -> None:
    auth = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH)
    failed = {"id": auth.id, "status": "failed"}
    world.sandbox.faults.add("Arcade", "GET /v1/auth/status", times=20, status=200, body=failed)
    answer(auth, ALLOW, world.sandbox.local)
    assert world.arcade.auth.wait_for_completion(auth).status == "completed"
    asked = [e for e in world.sandbox.wire.since() if e.path == "/v1/auth/status"]
    assert len(asked) == 21  # it asks again and again as long as the answer is failed


@remedied_by("TickTick refuses the token elsewhere")
def test_the_private_api_is_another_one(world: World) -> None:
    key = {"Authorization": f"Bearer {world.token()}"}
    private = world.http.get(f"{world.ticktick_url}/api/v2/batch/check/0", headers=key)
    assert private.status_code == 404  # which the sandbox does not have; the real one refuses it
    assert world.http.get(f"{world.ticktick_url}/open/v1/project", headers=key).status_code == 200


@remedied_by("blocked by CORS policy")
def test_a_page_can_call_neither_endpoint(world: World) -> None:
    asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    for path in ("/oauth/token", "/open/v1/task"):
        reply = world.http.options(f"{world.ticktick_url}{path}", headers=asks)
        assert "access-control-allow-origin" not in reply.headers


@remedied_by("An all-day task is a day off")
def test_an_all_day_task_lies_a_day_off(world: World) -> None:
    berlin, api = ZoneInfo("Europe/Berlin"), world.open_api()

    def day(task: dict) -> int:
        moment = datetime.strptime(task["dueDate"], "%Y-%m-%dT%H:%M:%S.%f%z")
        return moment.astimezone(ZoneInfo(task["timeZone"])).day

    wanted = {"title": "Fair", "isAllDay": True}
    local = datetime(2026, 7, 10, tzinfo=berlin).strftime("%Y-%m-%dT%H:%M:%S%z")
    wrong = api.post("/task", json=wanted | {"dueDate": local}).json()
    assert (wrong["timeZone"], day(wrong)) == ("Etc/UTC", 9)  # midnight there is 22:00 here
    right = api.post("/task", json=wanted | {"dueDate": local, "timeZone": "Europe/Berlin"}).json()
    assert day(right) == 10


@remedied_by("Access token expired: …")
def test_the_token_dies_after_180_days(world: World) -> None:
    api = world.open_api()
    world.sandbox.clock.advance(days=180)
    dead = api.get("/project")
    assert (dead.status_code, dead.json()["error"]) == (401, "invalid_token")
    assert "Access token expired" in dead.json()["error_description"]
    assert world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH).status == "pending"
    api.headers["Authorization"] = f"Bearer {world.token()}"
    assert api.get("/project").status_code == 200


@remedied_by("Unauthorized grant type: refresh_token")
def test_there_is_no_refresh_token(world: World) -> None:
    reply = token_endpoint(world, grant_type="refresh_token", refresh_token="x")
    assert "Unauthorized grant type: refresh_token" in reply.json()["error_description"]


@remedied_by("The Inbox is missing")
def test_the_inbox_is_nowhere(world: World) -> None:
    api = world.open_api()
    task = api.post("/task", json={"title": "Somewhere"}).json()
    assert task["projectId"] not in [project["id"] for project in api.get("/project").json()]
    titles = [each["title"] for each in api.get("/project/inbox/data").json()["tasks"]]
    assert "Somewhere" in titles


@remedied_by("Completed tasks are missing")
def test_completed_tasks_are_missing(world: World) -> None:
    api = world.open_api()
    task = api.post("/task", json={"title": "Done soon"}).json()
    place = f"/project/{task['projectId']}/task/{task['id']}"
    done = api.post(f"{place}/complete")
    assert (done.status_code, done.content) == (200, b"")
    titles = [each["title"] for each in api.get("/project/inbox/data").json()["tasks"]]
    assert "Done soon" not in titles
    found = api.post("/task/completed", json={}).json()
    assert [each["title"] for each in found if each["id"] == task["id"]] == ["Done soon"]
    api.delete(place)
    assert api.get(place).json()["title"] == "Done soon"  # deleted, and still to be read


@remedied_by("Expecting value: line 1 column 1 (char 0)")
def test_an_empty_answer_is_no_json(world: World) -> None:
    api = world.open_api()
    task = api.post("/task", json={"title": "x"}).json()
    done = api.post(f"/project/{task['projectId']}/task/{task['id']}/complete")
    with pytest.raises(ValueError, match="Expecting value"):
        done.json()
    assert "content-type" not in done.headers


@remedied_by("HTTP 500: everything answers 500")
def test_everything_is_500(world: World) -> None:
    api = world.open_api(["tasks:read"])
    codes = [api.post("/task", json={"title": "x"}).json()["errorCode"]]
    codes.append(api.get("/task").json()["errorCode"])
    world.sandbox.faults.limit(per_minute=1)
    api.get("/project")
    codes.append(api.get("/project").json()["errorCode"])
    assert codes == ["access_forbidden", "unknown_exception", "exceed_query_limit"]


@remedied_by("HTTP Status 401 – Unauthorized")
def test_json_fails_at_the_token_step(world: World) -> None:
    url, wrong = f"{world.ticktick_url}/oauth/token", (world.app.client_id, "wrong")
    reply = world.http.post(url, data={"grant_type": "authorization_code"}, auth=wrong)
    assert (reply.status_code, reply.headers["content-type"].partition(";")[0]) == (
        401,
        "text/html",
    )
    with pytest.raises(ValueError, match="Expecting value"):
        reply.json()


@remedied_by("Invalid authorization code: …")
def test_a_code_is_used_twice(world: World) -> None:
    sent = {
        "grant_type": "authorization_code",
        "code": "abc123",
        "redirect_uri": "http://localhost",
    }
    reply = token_endpoint(world, **sent)
    assert reply.json()["error"] == "invalid_grant"
    assert "Invalid authorization code" in reply.json()["error_description"]


@remedied_by("Invalid redirect: … does not match one of the registered values")
def test_the_redirect_url_differs_by_a_character_or_is_missing(world: World) -> None:
    auth = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH)
    assert auth.url
    page = world.visit(auth.url.replace("callback", "callback%2F"))
    assert "does not match one of the registered values" in page.error
    form = {"Name": "x", "OAuth redirect URL": ""}
    world.visit(f"{world.ticktick_url}/manage/app/{world.app.client_id}", "Save", form)
    assert "At least one redirect_uri must be registered" in world.visit(auth.url).error


@remedied_by("Bad client credentials")
def test_the_client_id_is_of_the_other_edition(world: World) -> None:
    auth = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH)
    assert auth.url
    page = world.visit(auth.url.replace(world.app.client_id, "dida365dida365dida"))
    assert "Bad client credentials" in page.error


@remedied_by("missing or wrong API key")
def test_the_key_is_sent_as_the_clients_do_not(world: World) -> None:
    url = f"{world.arcade_url}/v1/admin/auth_providers"
    for sent in ({}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": API_KEY}):
        assert world.http.get(url, headers=sent).status_code == 401
    for sent in (API_KEY, f"Bearer {API_KEY}"):
        assert world.http.get(url, headers={"Authorization": sent}).status_code == 200
