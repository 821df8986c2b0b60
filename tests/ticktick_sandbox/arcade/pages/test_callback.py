"""What the browser passes through after consent: callback, verification, the end."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.ticktick_sandbox.arcade.helpers import authorize, call, consented, problems
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID

VERIFY = "/api/v1/oauth/callback_verify"
SUCCESS = "/api/v1/oauth/callback_success"


def get(world: World, url: str, **query: str) -> httpx.Response:
    return world.http.get(httpx.URL(url).copy_merge_params(query))


def parts(pending: dict[str, str]) -> tuple[str, str]:
    """Return the callback and the state that a pending authorization's URL names."""
    query = parse_qs(urlsplit(pending["url"]).query)
    return query["redirect_uri"][0], query["state"][0]


def status(world: World, pending: dict[str, str]) -> str:
    return call(world, "GET", f"/v1/auth/status?id={pending['id']}").json()["status"]


def break_secret(world: World) -> None:
    world.arcade.admin.auth_providers.patch(PROVIDER_ID, oauth2={"client_secret": "wr0ng-secret"})


# The chain


def test_callback_leads_over_verification_to_success(world: World) -> None:
    pending = authorize(world)
    _, state = parts(pending)
    callback = get(world, consented(world, pending))
    assert callback.status_code == 303
    assert callback.headers["location"] == f"{VERIFY}?flow_id={state}"
    assert status(world, pending) == "pending"

    verified = get(world, world.arcade_url + callback.headers["location"])
    assert verified.status_code == 303
    assert verified.headers["location"] == world.arcade_url + SUCCESS
    assert status(world, pending) == "completed"

    end = get(world, verified.headers["location"])
    assert (end.status_code, end.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Authorization complete" in end.text


def test_the_chain_ends_at_next_uri(world: World) -> None:
    pending = authorize(world, next_uri="https://app.example/done?x=1")
    callback = get(world, consented(world, pending))
    verified = get(world, world.arcade_url + callback.headers["location"])

    assert verified.status_code == 303
    assert verified.headers["location"] == "https://app.example/done?x=1"


def test_pages_may_not_be_kept_or_framed_by_others(world: World) -> None:
    for path in (SUCCESS, "/api/v1/oauth/unknown/callback"):
        headers = get(world, world.arcade_url + path).headers
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]


# The callback


def test_an_unknown_provider_has_no_callback(world: World) -> None:
    page = get(world, f"{world.arcade_url}/api/v1/oauth/unknown/callback", code="x", state="y")

    assert page.status_code == 404
    assert "No provider has this redirect URI" in page.text


@pytest.mark.parametrize("query", [{}, {"state": ""}, {"state": "unknown"}])
def test_an_unknown_state_is_refused(world: World, query: dict[str, str]) -> None:
    callback, _ = parts(authorize(world))
    page = get(world, callback, code="x", **query)

    assert page.status_code == 400
    assert "not waiting for you" in page.text


def test_a_state_of_another_provider_is_refused(world: World) -> None:
    world.sandbox.prepare("another")
    callback, _ = parts(authorize(world, auth_requirement={"id": "another"}))
    pending = authorize(world)
    page = get(world, callback, code="x", state=parts(pending)[1])

    assert page.status_code == 400
    assert "not waiting for you" in page.text


def test_a_denied_consent_stays_pending_and_can_be_given_later(world: World) -> None:
    pending = authorize(world)
    page = world.visit(pending["url"], click="Cancel")

    assert (page.status, page.heading) == (400, "You did not allow access")
    assert page.error == "The provider said: access_denied, User denied access."
    assert status(world, pending) == "pending"
    assert problems(world) == [
        f"{pending['id']} stays pending: the provider refused: access_denied, User denied access"
    ]
    world.visit(pending["url"], click="Allow")
    assert status(world, pending) == "completed"


def test_what_the_provider_says_is_shown_as_text(world: World) -> None:
    callback, state = parts(authorize(world))
    page = get(world, callback, state=state, error="<script>alert(1)</script>")

    assert page.status_code == 400
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("query", [{}, {"code": ""}])
def test_a_callback_without_a_code_is_refused(world: World, query: dict[str, str]) -> None:
    pending = authorize(world)
    callback, state = parts(pending)
    page = get(world, callback, state=state, **query)

    assert page.status_code == 400
    assert "The provider sent no code" in page.text
    assert status(world, pending) == "pending"


def test_a_replayed_callback_leads_to_the_end_and_changes_nothing(world: World) -> None:
    pending = authorize(world)
    url = consented(world, pending)
    get(world, world.arcade_url + get(world, url).headers["location"])
    before = authorize(world)
    replayed = get(world, url)

    assert replayed.status_code == 303
    assert replayed.headers["location"] == world.arcade_url + SUCCESS
    assert authorize(world) == before
    assert problems(world) == []


# Verification


@pytest.mark.parametrize("query", [{}, {"flow_id": "unknown"}])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_flow_can_not_be_verified(
    world: World, method: str, query: dict[str, str]
) -> None:
    form = query | {"form_token": world.sandbox.engine.form_token}
    sent = {"params": query} if method == "GET" else {"data": form}
    page = world.http.request(method, world.arcade_url + VERIFY, **sent)

    assert page.status_code == 400
    assert "not waiting for you" in page.text


def test_a_flow_can_not_be_verified_before_consent_nor_twice(world: World) -> None:
    pending = authorize(world)
    verify = f"{world.arcade_url}{VERIFY}?flow_id={parts(pending)[1]}"
    assert get(world, verify).status_code == 400
    get(world, consented(world, pending))
    assert [get(world, verify).status_code for _ in range(2)] == [303, 400]


def test_another_account_is_asked_who_it_is(world: World) -> None:
    pending = authorize(world, user_id="user-17")
    page = world.visit(pending["url"], click="Allow")
    assert (page.status, page.heading) == (200, "Sign in to Arcade")
    assert page.values == {"Arcade account": LEARNER}

    wrong = world.visit(page.url, click="Continue")
    assert wrong.status == 400
    assert wrong.error == f"user_mismatch: {LEARNER} is not user-17."
    assert status(world, pending) == "pending"
    assert problems(world) == [f"{LEARNER} tried to verify a flow of user-17"]

    right = world.visit(page.url, click="Continue", fill={"Arcade account": "user-17"})
    assert (right.heading, urlsplit(right.url).path) == ("Authorization complete", SUCCESS)
    assert status(world, pending) == "completed"


# A failed exchange


def test_a_failed_exchange_stays_pending_and_says_why(world: World) -> None:
    pending = authorize(world)
    break_secret(world)
    page = world.visit(pending["url"], click="Allow")

    assert page.status == 200
    assert urlsplit(page.url).path == SUCCESS
    assert page.heading == "You have allowed access, but no token arrived"
    reason = "https://ticktick.com/oauth/token answered 401 (text/html): wrong client credentials?"
    assert page.error == reason
    assert problems(world) == [f"{pending['id']} stays pending: {reason}"]
    assert authorize(world) == pending
    assert status(world, pending) == "pending"


def test_after_the_secret_is_mended_the_same_flow_completes(world: World) -> None:
    pending = authorize(world)
    secret = world.app.client_secret
    break_secret(world)
    world.visit(pending["url"], click="Allow")
    world.arcade.admin.auth_providers.patch(PROVIDER_ID, oauth2={"client_secret": secret})
    page = world.visit(pending["url"], click="Allow")

    assert page.heading == "Authorization complete"
    assert status(world, pending) == "completed"


def test_a_made_up_code_fails_without_showing_in_the_journal(world: World) -> None:
    pending = authorize(world)
    callback, state = parts(pending)
    verify = get(world, callback, state=state, code="M4de0p").headers["location"]
    end = get(world, world.arcade_url + verify)

    assert "flow_id=" in end.headers["location"]
    [problem] = problems(world)
    assert problem.endswith(
        "answered 400 (application/json): invalid_grant, Invalid authorization code: …"
    )


def test_the_journal_holds_no_secret_code_or_token(world: World) -> None:
    broken = authorize(world, user_id=LEARNER, scopes=["tasks:write"])
    right = world.app.client_secret
    break_secret(world)
    world.visit(broken["url"], click="Allow")
    world.arcade.admin.auth_providers.patch(PROVIDER_ID, oauth2={"client_secret": right})
    pending = authorize(world)
    url = consented(world, pending)
    get(world, world.arcade_url + get(world, url).headers["location"])
    token = authorize(world)["context"]["token"]
    [code] = parse_qs(urlsplit(url).query)["code"]

    event_log = world.http.get(f"{world.arcade_url}/_sandbox/events").text
    assert "completed for" in event_log
    assert [s for s in (right, "wr0ng-secret", code, token) if s in event_log] == []
