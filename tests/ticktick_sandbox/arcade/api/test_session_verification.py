"""Who verifies users: the settings, the custom verifier, nobody; and the test of a verifier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import arcadepy
import pytest

from tests.ticktick_sandbox.arcade.helpers import WRITE, authorize, call, consented, problems
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.shared.settings import LEARNER

SETTINGS = "/v1/admin/settings/session_verification"
TEST = "/v1/auth/validate_custom_verifier"
VERIFIER = "https://app.example/auth/verify"
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ARCADES_OWN = {
    "verifier_url": None,
    "unsafe_skip_verification": False,
    "unsafe_skip_verification_choice_allowed": True,
}

REFUSED = [
    ("app.example/verify", "verifier_url must be a complete URL"),
    ("/verify", "verifier_url must be a complete URL"),
    ("https://", "verifier_url must be a complete URL"),
    ("https://app.example/a b", "verifier_url must be a complete URL"),
    ("javascript:alert(1)", "verifier_url must be a complete URL"),
    ("http://app.example/verify", "verifier_url must begin with https://"),
    ("http://localhost.app.example/verify", "verifier_url must begin with https://"),
    ("https://me:pass@app.example/verify", "verifier_url must not hold a user name"),
]


def put(world: World, body: dict[str, Any]) -> dict[str, Any]:
    reply = call(world, "PUT", SETTINGS, body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def come_back(world: World, pending: dict[str, str]) -> tuple[str, str]:
    """Consent and come back; return the flow id and where the callback leads."""
    callback = consented(world, pending)
    reply = world.http.get(callback)
    assert reply.status_code == 303
    return parse_qs(urlsplit(callback).query)["state"][0], reply.headers["location"]


def status(world: World, pending: dict[str, str]) -> dict[str, Any]:
    return call(world, "GET", f"/v1/auth/status?id={pending['id']}").json()


# Settings


def test_arcade_verifies_until_something_else_is_set(bare: World) -> None:
    assert call(bare, "GET", SETTINGS).json() == ARCADES_OWN


def test_a_verifier_is_set_and_taken_away(bare: World) -> None:
    changed = ARCADES_OWN | {"verifier_url": VERIFIER}
    assert put(bare, {"verifier_url": VERIFIER, "unsafe_skip_verification": False}) == changed
    assert call(bare, "GET", SETTINGS).json() == changed
    assert put(bare, {"verifier_url": None}) == ARCADES_OWN


def test_the_client_sets_a_verifier(bare: World) -> None:
    body = {"verifier_url": VERIFIER}
    assert bare.arcade.put(SETTINGS, body=body, cast_to=object) == ARCADES_OWN | body


@pytest.mark.parametrize("body", [{}, {"verifier_url": ""}, {"unsafe_skip_verification": None}])
def test_what_is_left_out_is_set_back(bare: World, body: dict[str, Any]) -> None:
    put(bare, {"verifier_url": VERIFIER, "unsafe_skip_verification": True})
    assert put(bare, body) == ARCADES_OWN


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_plain_http_is_for_this_machine(bare: World, host: str) -> None:
    url = f"http://{host}:8000/verify?team=a"
    assert put(bare, {"verifier_url": url})["verifier_url"] == url


@pytest.mark.parametrize(("url", "message"), REFUSED)
def test_a_url_that_is_none_is_refused_and_changes_nothing(
    bare: World, url: str, message: str
) -> None:
    before = put(bare, {"verifier_url": VERIFIER})
    for reply in (
        call(bare, "PUT", SETTINGS, {"verifier_url": url, "unsafe_skip_verification": True}),
        call(bare, "POST", TEST, {"verifier_url": url, "user_id": "alice"}),
    ):
        assert reply.status_code == 400
        assert reply.json()["name"] == "malformed_request"
        (error,) = reply.json()["field_errors"]
        assert (error["field"], error["rule"]) == ("verifier_url", "url")
        assert error["message"].startswith(message)
    assert call(bare, "GET", SETTINGS).json() == before


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"verifier_url": 1}, "verifier_url string"),
        ({"unsafe_skip_verification": "yes"}, "unsafe_skip_verification boolean"),
    ],
)
def test_a_setting_of_another_type_is_refused(bare: World, body: dict[str, Any], rule: str) -> None:
    reply = call(bare, "PUT", SETTINGS, body)
    assert reply.status_code == 400
    assert reply.json()["message"].endswith(rule)


def test_a_strict_engine_does_not_let_anybody_skip() -> None:
    strict = make_world(strict=True)
    try:
        before = put(strict, {"verifier_url": VERIFIER})
        assert before["unsafe_skip_verification_choice_allowed"] is False
        with pytest.raises(arcadepy.PermissionDeniedError, match="does not allow to skip"):
            strict.arcade.put(SETTINGS, body={"unsafe_skip_verification": True}, cast_to=object)
        assert call(strict, "GET", SETTINGS).json() == before
    finally:
        strict.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SETTINGS),
        ("PUT", SETTINGS),
        ("POST", TEST),
        ("POST", "/v1/auth/confirm_user"),
        ("POST", "/api/v1/oauth/confirm_user"),
        ("POST", "/api/v1/oauth/confirm_user%0A"),
    ],
)
def test_the_key_is_needed(bare: World, method: str, path: str) -> None:
    assert bare.http.request(method, bare.arcade_url + path).status_code == 401


# A custom verifier


@pytest.mark.parametrize(
    ("verifier", "target"),
    [
        (VERIFIER, VERIFIER + "?flow_id={}"),
        (VERIFIER + "?", VERIFIER + "?flow_id={}"),
        (VERIFIER + "?team=a%20b&x=", VERIFIER + "?team=a%20b&x=&flow_id={}"),
        ("https://app.example", "https://app.example?flow_id={}"),
        (VERIFIER + "#here", VERIFIER + "?flow_id={}#here"),
    ],
)
def test_the_callback_leads_to_the_verifier_with_one_parameter_more(
    world: World, verifier: str, target: str
) -> None:
    put(world, {"verifier_url": verifier})
    flow_id, location = come_back(world, authorize(world, user_id="alice"))

    assert UUID4.fullmatch(flow_id)
    assert location == target.format(flow_id)


@pytest.mark.parametrize(
    "settings", [{"verifier_url": VERIFIER}, {"unsafe_skip_verification": True}]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_arcades_own_verification_is_gone(
    world: World, settings: dict[str, Any], method: str
) -> None:
    pending = authorize(world)
    flow_id, own = come_back(world, pending)
    put(world, settings)
    sent = {"data": {"flow_id": flow_id, "account": LEARNER}} if method == "POST" else {}
    page = world.http.request(method, world.arcade_url + own, **sent)

    assert page.status_code == 404
    assert "Arcade does not verify this user" in page.text
    assert status(world, pending)["status"] == "pending"


def test_the_confirmed_user_gets_the_token(world: World) -> None:
    put(world, {"verifier_url": VERIFIER})
    pending = authorize(world, user_id="alice")
    flow_id, _ = come_back(world, pending)
    assert status(world, pending)["status"] == "pending"
    confirmed = world.arcade.auth.confirm_user(flow_id=flow_id, user_id="alice")

    assert confirmed.auth_id == pending["id"]
    assert confirmed.next_uri == f"{world.arcade_url}/api/v1/oauth/callback_success"
    assert world.http.get(confirmed.next_uri).status_code == 200
    auth = world.arcade.auth.wait_for_completion(confirmed.auth_id)
    assert auth.user_id == "alice"
    assert auth.context
    assert auth.context.token


def test_the_confirmed_user_goes_on_to_the_next_uri_of_the_caller(world: World) -> None:
    put(world, {"verifier_url": VERIFIER})
    pending = authorize(world, user_id="alice", next_uri="https://app.example/done?x=1")
    flow_id, _ = come_back(world, pending)

    confirmed = world.arcade.auth.confirm_user(flow_id=flow_id, user_id="alice")
    assert confirmed.next_uri == "https://app.example/done?x=1"


def test_after_a_failed_exchange_next_uri_says_why(world: World) -> None:
    put(world, {"verifier_url": VERIFIER})
    pending = authorize(world, user_id="alice", next_uri="https://app.example/done")
    flow_id, _ = come_back(world, pending)
    world.arcade.admin.auth_providers.patch("arcade-ticktick", oauth2={"client_secret": "wr0ng"})
    confirmed = world.arcade.auth.confirm_user(flow_id=flow_id, user_id="alice")

    assert confirmed.next_uri
    assert "no token arrived" in world.http.get(confirmed.next_uri).text
    assert status(world, pending)["status"] == "pending"


def test_another_user_gets_nothing(world: World) -> None:
    put(world, {"verifier_url": VERIFIER})
    pending = authorize(world, user_id="mallory")
    flow_id, _ = come_back(world, pending)
    for user_id in ("alice", "mallory"):
        with pytest.raises(arcadepy.BadRequestError):
            world.arcade.auth.confirm_user(flow_id=flow_id, user_id=user_id)

    left = status(world, pending)
    assert (left["status"], left["context"]) == ("pending", {})
    assert problems(world) == ["alice tried to verify a flow of mallory"]


# Nobody verifies


def test_when_skipped_whoever_consents_is_taken_for_the_user(world: World) -> None:
    put(world, {"verifier_url": VERIFIER, "unsafe_skip_verification": True})
    pending = authorize(world, user_id="mallory")
    page = world.visit(pending["url"], click="Allow")

    assert page.heading == "Authorization complete"
    done = status(world, pending)
    assert (done["status"], done["user_id"]) == ("completed", "mallory")
    assert problems(world) == [
        "nobody verifies users: whoever consents is taken for them",
        f"nobody checks that it was mallory who consented to {pending['id']}",
    ]


def test_when_skipped_the_chain_ends_at_next_uri(world: World) -> None:
    put(world, {"unsafe_skip_verification": True})
    pending = authorize(world, WRITE, next_uri="https://app.example/done")

    assert come_back(world, pending)[1] == "https://app.example/done"


def test_events_show_the_verifier_without_its_query(world: World) -> None:
    put(world, {"verifier_url": f"{VERIFIER}?key=hush"})
    come_back(world, authorize(world))
    events = world.http.get(f"{world.arcade_url}/_sandbox/events").json()
    texts = [event["text"] for event in events]

    assert f"users are verified by {VERIFIER}" in texts
    assert texts[-1].endswith(f"goes to {VERIFIER} to verify the user")
    assert "hush" not in "".join(texts)


# Testing a verifier


@pytest.fixture
def tested(bare: World) -> Iterator[tuple[World, dict[str, str]]]:
    """A world without any provider, in which the test of a verifier has begun for alice."""
    body = {"user_id": "alice", "verifier_url": VERIFIER}
    reply = call(bare, "POST", TEST, body)
    assert reply.status_code == 200
    yield bare, reply.json()


def test_a_test_leads_to_the_verifier(tested: tuple[World, dict[str, str]]) -> None:
    world, begun = tested
    assert list(begun) == ["flow_id", "next_uri"]
    assert UUID4.fullmatch(begun["flow_id"])
    assert begun["next_uri"] == f"{VERIFIER}?flow_id={begun['flow_id']}"
    assert call(world, "GET", SETTINGS).json() == ARCADES_OWN


def test_a_test_passes_once_with_the_right_user(tested: tuple[World, dict[str, str]]) -> None:
    world, begun = tested
    confirmed = world.arcade.auth.confirm_user(flow_id=begun["flow_id"], user_id="alice")
    assert re.fullmatch(r"ar_[0-9A-Za-z]{27}", confirmed.auth_id)
    assert confirmed.next_uri == f"{world.arcade_url}/api/v1/oauth/callback_success"
    with pytest.raises(arcadepy.BadRequestError):
        world.arcade.auth.confirm_user(flow_id=begun["flow_id"], user_id="alice")


def test_a_test_fails_with_another_user(tested: tuple[World, dict[str, str]]) -> None:
    world, begun = tested
    with pytest.raises(arcadepy.BadRequestError, match="user_mismatch"):
        world.arcade.auth.confirm_user(flow_id=begun["flow_id"], user_id="mallory")


@pytest.mark.parametrize("missing", ["user_id", "verifier_url"])
def test_a_test_needs_user_and_verifier(bare: World, missing: str) -> None:
    body = {"user_id": "alice", "verifier_url": VERIFIER}
    del body[missing]
    reply = call(bare, "POST", TEST, body)

    assert reply.status_code == 400
    assert reply.json()["field_errors"][0]["message"] == f"{missing} is a required field"
