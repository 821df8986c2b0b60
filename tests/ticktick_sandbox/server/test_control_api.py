"""The API by which programs steer the sandbox, and who may use it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.environment import ROOT
from tests.installed import node, program
from tests.processes import running, sandbox
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID

DESCRIPTION = yaml.safe_load(
    (ROOT / "ticktick_sandbox/server/openapi.yaml").read_text(encoding="utf-8")
)
STEERING = [path for path, methods in DESCRIPTION["paths"].items() if "post" in methods]
Steer = Callable[..., httpx.Response]
VALUES = st.none() | st.booleans() | st.floats() | st.text()
JSON = st.dictionaries(
    st.sampled_from(["link", "email", "cookie", "days", "seconds", "skip", "name", "verifier_url"]),
    VALUES,
    max_size=2,
).map(json.dumps)


@pytest.fixture
def steer(world: World) -> Iterator[Steer]:
    """Send a body with the key; every answer has to fit the description."""
    headers = {"Authorization": f"Bearer {world.sandbox.control_key}"}
    with httpx.Client(base_url=world.arcade_url, headers=headers) as client:

        def send(path: str, body: object = None, **more: Any) -> httpx.Response:
            reply = client.post(f"/_sandbox/{path}", json={} if body is None else body, **more)
            check(reply, f"/_sandbox/{path}", "post")
            return reply

        yield send


def check(reply: httpx.Response, path: str, method: str) -> None:
    described = DESCRIPTION["paths"][path][method]["responses"][str(reply.status_code)]
    if "$ref" in described:
        described = DESCRIPTION["components"]["responses"][described["$ref"].rpartition("/")[2]]
    if "content" in described:
        schema = described["content"]["application/json"]["schema"]
        whole = {**schema, "components": DESCRIPTION["components"]}
        jsonschema.validate(reply.json(), whole, cls=jsonschema.Draft202012Validator)
    else:
        assert reply.content == b""


def link(world: World, user_id: str = LEARNER) -> str:
    auth = world.arcade.auth.start(user_id, PROVIDER_ID, scopes=["tasks:read"])
    assert auth.url
    return auth.url


def test_the_description_is_served_and_names_every_route(world: World) -> None:
    for url in (world.arcade_url, world.ticktick_url):
        assert httpx.get(f"{url}/_sandbox/openapi.json").json() == DESCRIPTION
    from ticktick_sandbox.server.control_api import routes

    told = {(path, m.upper()) for path, methods in DESCRIPTION["paths"].items() for m in methods}
    served = {(r.path, m) for r in routes(world.sandbox, "x") for m in r.methods - {"HEAD"}}
    unsaid = {("/_sandbox/key", "GET"), ("/_sandbox/openapi.json", "GET")}
    elsewhere = {("/_sandbox/events", "GET"), ("/_sandbox/exchanges", "GET")}
    assert served - unsaid == told - elsewhere


def test_every_reference_of_the_description_leads_somewhere() -> None:
    def walk(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for inner in value.values():
                yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    found = set(walk(DESCRIPTION))
    assert len(found) > 8
    for reference in found:
        _, *parts = reference.split("/")
        place: Any = DESCRIPTION
        for part in parts:
            place = place[part]


def test_a_consent_and_a_denial(world: World, steer: Steer) -> None:
    denied = steer("deny", {"link": link(world)}).json()
    assert denied["heading"] == "You did not allow access"
    allowed = steer("consent", {"link": f"Open {link(world)} and click"}).json()
    assert (allowed["status"], allowed["heading"]) == (200, "Authorization complete")
    assert world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=["tasks:read"]).status == (
        "completed"
    )


def test_somebody_else_consents_as_themselves(world: World, steer: Steer) -> None:
    ben = steer("users", {"name": "Ben"}).json()
    assert ben == {"name": "Ben", "email": "ben@example.com", "password": "sandbox"}
    wrong = steer("consent", {"link": link(world, ben["email"])})
    assert wrong.status_code == 409
    assert "user_mismatch" in wrong.json()["message"]
    assert steer("consent", {"link": link(world, ben["email"]), "email": ben["email"]}).is_success
    listed = httpx.get(f"{world.arcade_url}/_sandbox/users")
    check(listed, "/_sandbox/users", "get")
    assert [user["email"] for user in listed.json()] == [LEARNER, ben["email"]]


def test_tasks_are_those_of_one_person(world: World, steer: Steer) -> None:
    steer("users", {"name": "Ben"})
    world.open_api().post("/task", json={"title": "Only mine"})
    mine = httpx.get(f"{world.ticktick_url}/_sandbox/tasks")
    check(mine, "/_sandbox/tasks", "get")
    bens = httpx.get(f"{world.ticktick_url}/_sandbox/tasks", params={"email": "ben@example.com"})
    assert "Only mine" in [task["title"] for task in mine.json()]
    assert "Only mine" not in [task["title"] for task in bens.json()]
    done = httpx.get(f"{world.arcade_url}/_sandbox/completed")
    check(done, "/_sandbox/completed", "get")
    assert "Only mine" not in [task["title"] for task in done.json()]
    projects = httpx.get(f"{world.arcade_url}/_sandbox/projects?email=ben@example.com")
    check(projects, "/_sandbox/projects", "get")
    assert projects.json()[-1]["name"] == "Ben's project"
    nobody = httpx.get(f"{world.ticktick_url}/_sandbox/tasks", params={"email": "x"})
    check(nobody, "/_sandbox/tasks", "get")
    assert nobody.status_code == 404


def test_access_is_taken_back_at_ticktick(world: World, steer: Steer) -> None:
    mine = world.open_api()
    assert mine.get("/project").status_code == 200
    assert steer("revoke").status_code == 204
    assert mine.get("/project").status_code == 401
    again = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=["tasks:read"])
    assert again.status == "completed"  # as far as Arcade knows
    assert steer("revoke", {"email": "nobody@example.com"}).status_code == 409


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("tasks?user=ben@example.com", 400, "user is no field of the query here. Fields: email."),
        ("clock?days=1", 400, "Fields: none."),
        ("exchanges?path=/oauth/token", 400, "Fields: after."),
        ("events?x", 400, "Fields: none."),
        ("approve", 404, "There is no GET /_sandbox/approve. /_sandbox/openapi.json has"),
        ("reset", 405, "There is no GET /_sandbox/reset."),
    ],
)
def test_what_is_asked_wrongly_is_said(world: World, path: str, status: int, said: str) -> None:
    reply = httpx.get(f"{world.arcade_url}/_sandbox/{path}")
    assert reply.status_code == status
    assert said in reply.json()["message"]


def test_the_clock_and_a_reset(world: World, steer: Steer) -> None:
    before = httpx.get(f"{world.arcade_url}/_sandbox/clock").json()["now"]
    assert steer("clock", {"days": 1, "minutes": 0.5}).json()["now"] == "2026-01-06T09:00:30+00:00"
    world.token()
    assert steer("reset").status_code == 204
    assert httpx.get(f"{world.arcade_url}/_sandbox/clock").json()["now"] == before
    assert world.arcade.admin.user_connections.list().items == []


def test_faults_are_added_listed_and_cleared(world: World, steer: Steer) -> None:
    asked = {"service": "TickTick", "request": "GET /open/v1/project", "times": 2}
    assert steer("faults", asked | {"status": 503, "body": {"sorry": True}}).status_code == 204
    listed = httpx.get(f"{world.arcade_url}/_sandbox/faults")
    check(listed, "/_sandbox/faults", "get")
    assert [fault["times"] for fault in listed.json()] == [2]
    api = world.open_api()
    assert api.get("/project").json() == {"sorry": True}
    assert steer("clear-faults").status_code == 204
    assert api.get("/project").is_success
    assert steer("limit", {"per_minute": 1}).status_code == 204
    assert [api.get("/project").status_code for _ in range(2)] == [200, 500]
    assert steer("reset").status_code == 204
    for body, said in (
        ({}, "service is missing"),
        ({"service": "TickTick"}, "Say what goes wrong"),
        ({"service": "TickTick", "times": True, "down": True}, "times has to be a number or null"),
    ):
        assert said in steer("faults", body).json()["message"]
    assert steer("limit", {"per_minute": 0}).status_code == 400


def test_the_verifier_is_set(world: World, steer: Steer) -> None:
    assert steer("verifier", {"skip": True}).status_code == 204
    assert steer("consent", {"link": link(world, "anybody")}).is_success
    assert steer("verifier", {"verifier_url": "http://localhost:1/verify"}).status_code == 204
    assert world.sandbox.engine.verification.verifier_url == "http://localhost:1/verify"
    assert steer("verifier", {"verifier_url": "http://elsewhere.example/"}).status_code == 400
    assert steer("verifier").status_code == 204
    assert world.sandbox.engine.verification.is_arcades


def test_exchanges_have_paths_and_fields(world: World) -> None:
    world.token(["tasks:read"])
    found = httpx.get(f"{world.arcade_url}/_sandbox/exchanges")
    check(found, "/_sandbox/exchanges", "get")
    (asked,) = [each for each in found.json() if each["path"] == "/oauth/token"]
    assert asked["request"]["fields"]["grant_type"] == "authorization_code"
    assert asked["response"]["fields"]["scope"] == "tasks:read"
    check(httpx.get(f"{world.arcade_url}/_sandbox/events"), "/_sandbox/events", "get")


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("consent", {}, "link is missing"),
        ("consent", {"link": 5}, "link has to be a string"),
        ("consent", {"url": "x"}, "url is no field here. Fields: link, email, cookie."),
        ("consent", {"link": "x", "cookie": "\0=;"}, ""),
        ("consent", ["x"], "The body has to be a JSON object."),
        ("clock", {}, "Say by how much"),
        ("clock", {"days": -1}, "Say by how much"),
        ("clock", {"days": True}, "days has to be a number"),
        ("clock", {"weeks": 1}, "weeks is no field"),
        ("users", {}, "name has 1 to 100"),
        ("users", {"name": "x" * 101}, "name has 1 to 100"),
        ("reset", {"hard": True}, "Fields: none."),
        ("verifier", {"skip": "yes"}, "skip has to be true or false"),
    ],
)
def test_a_body_that_cannot_be_used_is_said(
    steer: Steer, path: str, body: object, said: str
) -> None:
    reply = steer(path, body)
    assert reply.status_code in (400, 409)
    assert said in reply.json()["message"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("consent", {"link": "x"}, "There is no link to TickTick's consent page"),
        ("consent", {"link": "x", "email": "nobody@example.com"}, "Known: learner@example.com."),
        ("users", {"name": "Learner", "email": LEARNER}, "already has an account"),
        ("users", {"name": "x", "email": "no address"}, "Enter an e-mail address"),
    ],
)
def test_what_cannot_be_done_as_things_are_is_said(
    steer: Steer, path: str, body: object, said: str
) -> None:
    reply = steer(path, body)
    assert reply.status_code == 409
    assert said in reply.json()["message"]


def test_no_body_is_a_server_error(world: World) -> None:
    key = {"Authorization": f"Bearer {world.sandbox.control_key}"}

    @settings(deadline=None, max_examples=30)
    @given(path=st.sampled_from(STEERING), body=st.binary(max_size=200) | JSON.map(str.encode))
    def refused_or_taken(path: str, body: bytes) -> None:
        reply = world.http.post(f"{world.arcade_url}{path}", content=body, headers=key)
        assert reply.status_code < 500

    refused_or_taken()


def test_a_body_without_end_is_refused(world: World) -> None:
    key = {"Authorization": f"Bearer {world.sandbox.control_key}"}
    for body in (b"[" * 90_000, b'{"link": "' + b"x" * 200_000 + b'"}'):
        reply = httpx.post(f"{world.arcade_url}/_sandbox/consent", content=body, headers=key)
        assert reply.status_code == 400


@pytest.mark.parametrize("path", STEERING)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": ""},
        {"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer KEY"},
        {"Sec-Fetch-Site": "same-site", "Authorization": "Bearer KEY"},
        {"Origin": "http://localhost:3000", "Authorization": "Bearer KEY"},
        {"Origin": "https://evil.example", "Authorization": "Bearer KEY"},
    ],
)
def test_who_has_no_key_or_is_a_page_changes_nothing(
    world: World, path: str, headers: dict[str, str]
) -> None:
    sent = {k: v.replace("KEY", world.sandbox.control_key) for k, v in headers.items()}
    before = world.sandbox.services
    reply = httpx.post(f"{world.arcade_url}{path}", json={}, headers=sent)
    assert reply.status_code == 401
    by_page = len(headers) == 2
    assert ("This is for programs" if by_page else "TICKTICK_SANDBOX_KEY") in reply.text
    check(reply, path, "post")
    assert world.sandbox.services is before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:3000"},
        {"Host": "evil.example"},
    ],
)
def test_no_page_of_another_site_is_told_the_key(world: World, headers: dict[str, str]) -> None:
    reply = httpx.get(f"{world.arcade_url}/_sandbox/key", headers=headers)
    assert reply.status_code in (401, 421)
    assert world.sandbox.control_key not in reply.text
    assert httpx.get(f"{world.arcade_url}/_sandbox/key").json() == {
        "key": world.sandbox.control_key
    }
    assert "access-control-allow-origin" not in reply.headers


def test_the_key_is_shown_nowhere(world: World) -> None:
    world.token()
    for path in ("", "_sandbox/wire", "_sandbox/exchanges", "_sandbox/events", "_sandbox/state"):
        for url in (world.arcade_url, world.ticktick_url):
            assert world.sandbox.control_key not in httpx.get(f"{url}/{path}").text
    assert world.sandbox.control_key not in repr(vars(world.sandbox.services))


@pytest.mark.parametrize("snippet", ["javascript/sandbox.test.mjs", "curl/test_flow.sh"])
def test_a_test_in_another_language(snippet: str, tmp_path: Path) -> None:
    """As the page about testing shows it."""
    command = [node(), "--test"] if snippet.endswith(".mjs") else [program("bash")]
    file = str(ROOT / "snippets" / snippet)
    with running(*sandbox("exec", "--autopilot", "--", *command, file)) as (run, said):
        assert run.wait(timeout=60) == 0, said.rest()


def test_without_an_exec_the_key_is_found_nowhere() -> None:
    shown = "import os; print('TICKTICK_SANDBOX_KEY' in os.environ)"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True)
    assert done.stdout == "False\n"
