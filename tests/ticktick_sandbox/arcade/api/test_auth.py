"""The authorization API: pending, granted, waited for, refused."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import arcadepy
import pytest
from arcadepy import Arcade, AsyncArcade

from tests.ticktick_sandbox.arcade.helpers import (
    READ,
    WRITE,
    asked,
    authorize,
    call,
    consented,
    parked,
    provider_body,
    query,
    returned,
)
from tests.ticktick_sandbox.helpers import BOTH, World, make_world
from ticktick_sandbox.arcade.engine import authorizations
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

NO_ROUTE = {
    "name": "route_not_found",
    "message": "requested route is not found or method is not allowed",
}


# Bodies


def test_a_pending_body_is_as_recorded(world: World) -> None:
    body = authorize(world, BOTH)

    assert list(body) == ["url", "id", "user_id", "provider_id", "status", "context", "scopes"]
    assert re.fullmatch(r"ar_[0-9A-Za-z]{27}", body["id"])
    assert body | {"url": "", "id": ""} == {
        "url": "",
        "id": "",
        "user_id": LEARNER,
        "provider_id": PROVIDER_ID,
        "status": "pending",
        "context": {},
        "scopes": BOTH,
    }


def test_the_url_leads_straight_to_the_provider(world: World) -> None:
    url = authorize(world, BOTH)["url"]

    assert url.startswith(f"{world.ticktick_url}/oauth/authorize?")
    sent = query(url)
    state = sent.pop("state")[0]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-.{12}", state)
    provider = world.arcade.admin.auth_providers.get(PROVIDER_ID)
    assert provider.oauth2
    assert sent == {
        "response_type": ["code"],
        "client_id": [world.app.client_id],
        "redirect_uri": [provider.oauth2.redirect_uri],
        "scope": ["tasks:read tasks:write "],
    }


def test_a_completed_body_is_as_recorded(world: World) -> None:
    pending = authorize(world)
    world.visit(pending["url"], click="Allow")
    body = call(world, "GET", f"/v1/auth/status?id={pending['id']}").json()

    assert list(body) == ["id", "user_id", "provider_id", "status", "context", "scopes"]
    assert re.fullmatch(r"ac_[0-9A-Za-z]{27}", body["id"])
    token = body["context"].pop("token")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", token)
    assert body | {"id": ""} == {
        "id": "",
        "user_id": LEARNER,
        "provider_id": PROVIDER_ID,
        "status": "completed",
        "context": {},
        "scopes": READ,
    }


def test_health_and_configuration_need_no_key(world: World) -> None:
    health = world.http.get(f"{world.arcade_url}/v1/health")
    config = world.http.get(f"{world.arcade_url}/v1/config")

    assert (health.status_code, health.json()) == (200, {"healthy": True})
    assert config.json() == {
        "oauth2": {
            "callback_url_template": f"{world.arcade_url}/api/v1/oauth/{{external_id}}/callback"
        }
    }


# The real client


def test_the_client_goes_from_start_to_token(world: World) -> None:
    assert world.arcade.health.check().healthy
    pending = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH)
    assert (pending.status, pending.scopes) == ("pending", BOTH)
    assert pending.url
    world.visit(pending.url, click="Allow")

    completed = world.arcade.auth.wait_for_completion(pending)
    again = world.arcade.auth.authorize(
        auth_requirement={"provider_id": PROVIDER_ID, "oauth2": {"scopes": READ}},
        user_id=LEARNER,
    )

    assert completed.status == "completed"
    assert completed.context
    assert completed.context.token
    assert again == completed
    assert world.arcade.auth.wait_for_completion(again) is again


def test_the_asynchronous_client_goes_from_start_to_token(world: World) -> None:
    async def flow() -> None:
        async with AsyncArcade(
            api_key=API_KEY,
            base_url=world.arcade_url,
            max_retries=0,
            _strict_response_validation=True,
        ) as client:
            assert (await client.health.check()).healthy
            pending = await client.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH)
            assert pending.url
            assert pending.id
            consent = asyncio.to_thread(world.visit, pending.url, "Allow")
            completed, _ = await asyncio.gather(
                client.auth.wait_for_completion(pending.id), consent
            )
            again = await client.auth.authorize(
                auth_requirement={"id": PROVIDER_ID, "oauth2": {"scopes": WRITE}}, user_id=LEARNER
            )
            assert completed.status == "completed"
            assert again == completed == await client.auth.status(id=pending.id, wait=5)
            with pytest.raises(arcadepy.BadRequestError):
                await client.auth.confirm_user(flow_id="unknown", user_id=LEARNER)
            providers = client.admin.auth_providers
            assert (await providers.create(**provider_body())).id == "made-up"
            assert (await providers.patch("made-up", description="new")).description == "new"
            assert (await providers.get("made-up")).description == "new"
            assert (await providers.list()).total_count == 2
            assert (await providers.delete("made-up")).id == "made-up"

    asyncio.run(flow())


def test_the_client_confirms_a_user(world: World) -> None:
    pending = authorize(world, user_id="user-17")
    flow_id = query(pending["url"])["state"][0]
    world.http.get(consented(world, pending))

    confirmed = world.arcade.auth.confirm_user(flow_id=flow_id, user_id="user-17")

    assert confirmed.auth_id.startswith("ar_")
    assert confirmed.next_uri == f"{world.arcade_url}/api/v1/oauth/callback_success"


# Asking again


@pytest.mark.parametrize("scopes", [BOTH, BOTH[::-1], [*BOTH, *READ]])
def test_asking_again_while_pending_gives_the_same_flow(world: World, scopes: list[str]) -> None:
    first = authorize(world, BOTH)
    world.sandbox.clock.advance(minutes=38)

    assert authorize(world, scopes) == first


def test_an_edited_provider_does_not_change_a_pending_flow(world: World) -> None:
    first = authorize(world)
    world.arcade.admin.auth_providers.patch(PROVIDER_ID, oauth2={"client_id": "corrected"})

    assert authorize(world) == first
    assert query(authorize(world, WRITE)["url"])["client_id"] == ["corrected"]


@pytest.mark.parametrize("other", [{"user_id": "another"}, {"scopes": WRITE}])
def test_another_user_or_scope_is_another_flow(world: World, other: dict[str, Any]) -> None:
    assert authorize(world)["id"] != authorize(world, **other)["id"]


@pytest.mark.parametrize("scopes", [BOTH, READ, WRITE, []])
def test_what_is_granted_completes_at_once(world: World, scopes: list[str]) -> None:
    token = world.token(BOTH)
    body = authorize(world, scopes)

    assert body["status"] == "completed"
    assert body["context"] == {"token": token}
    assert body["scopes"] == BOTH


def test_a_new_scope_asks_again_carrying_the_old_ones(world: World) -> None:
    world.token(READ)
    pending = authorize(world, WRITE)
    assert (pending["status"], pending["scopes"]) == ("pending", WRITE)
    assert query(pending["url"])["scope"] == ["tasks:write tasks:read"]

    world.visit(pending["url"], click="Allow")
    completed = call(world, "GET", f"/v1/auth/status?id={pending['id']}").json()

    assert completed["scopes"] == BOTH
    assert authorize(world, BOTH) == completed


def test_an_expired_token_asks_again(world: World) -> None:
    pending = authorize(world)
    world.visit(pending["url"], click="Allow")
    granted = authorize(world)
    world.sandbox.clock.advance(days=180)

    renewed = authorize(world)
    assert renewed["status"] == "pending"
    assert renewed["id"] != pending["id"]
    for old_id in (pending["id"], granted["id"]):
        assert call(world, "GET", f"/v1/auth/status?id={old_id}").json() == renewed

    world.visit(renewed["url"], click="Allow")
    again = authorize(world)
    assert again["status"] == "completed"
    assert again["context"] != granted["context"]
    assert call(world, "GET", f"/v1/auth/status?id={pending['id']}").json() == again


# Which provider is meant


@pytest.mark.parametrize(
    "requirement",
    [
        {"id": PROVIDER_ID},
        {"provider_id": PROVIDER_ID},
        {"id": PROVIDER_ID, "provider_id": None},
        {"id": "unknown", "provider_id": PROVIDER_ID},
        {"provider_id": "ticktick"},
    ],
)
def test_a_provider_is_found_by_id_and_by_type(world: World, requirement: dict[str, Any]) -> None:
    world.arcade.admin.auth_providers.patch(PROVIDER_ID, provider_id="ticktick")

    assert authorize(world, auth_requirement=requirement)["provider_id"] == PROVIDER_ID


def test_an_id_wins_over_a_type(world: World) -> None:
    world.arcade.admin.auth_providers.create(
        **provider_body("decoy"), extra_body={"provider_id": PROVIDER_ID}
    )
    assert authorize(world)["provider_id"] == PROVIDER_ID


def test_several_providers_of_one_type_have_to_be_told_apart(world: World) -> None:
    for name in ("first", "second"):
        body = provider_body(name) | {"provider_id": "shared"}
        assert call(world, "POST", "/v1/admin/auth_providers", body).status_code == 201
    body = asked(auth_requirement={"provider_id": "shared"})
    reply = call(world, "POST", "/v1/auth/authorize", body)

    assert (reply.status_code, reply.json()["name"]) == (400, "bad_request")
    assert "first, second" in reply.json()["message"]
    assert authorize(world, auth_requirement={"id": "second"})["provider_id"] == "second"


def test_an_unknown_provider_is_refused_with_the_known_ones(world: World) -> None:
    with pytest.raises(arcadepy.BadRequestError) as refusal:
        world.arcade.auth.start(LEARNER, "ticktick")

    assert refusal.value.body == {
        "name": "bad_request",
        "message": f"auth provider 'ticktick' not found. Configured: {PROVIDER_ID}",
    }


def test_a_disabled_provider_is_refused(world: World) -> None:
    world.arcade.admin.auth_providers.patch(PROVIDER_ID, status="inactive")
    with pytest.raises(arcadepy.BadRequestError, match="is disabled"):
        world.arcade.auth.start(LEARNER, PROVIDER_ID)


# ApiError bodies


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        (asked(user_id=...), "user_id", "required"),
        (asked(user_id=""), "user_id", "required"),
        (asked(user_id=None), "user_id", "required"),
        (asked(user_id=7), "user_id", "string"),
        (asked(auth_requirement=...), "auth_requirement", "required"),
        (asked(auth_requirement=[]), "auth_requirement", "object"),
        (asked(auth_requirement="arcade-ticktick"), "auth_requirement", "object"),
        (asked(auth_requirement={}), "auth_requirement.provider_id", "required"),
        (asked(auth_requirement={"id": ["x"]}), "auth_requirement.id", "string"),
        (asked(auth_requirement={"provider_id": 5}), "auth_requirement.provider_id", "string"),
        (
            asked(auth_requirement={"id": PROVIDER_ID, "provider_type": "oauth1"}),
            "auth_requirement.provider_type",
            "oneof",
        ),
        *(
            (asked(auth_requirement={"id": PROVIDER_ID, "oauth2": junk}), field, rule)
            for junk, field, rule in [
                ("tasks:read", "auth_requirement.oauth2", "object"),
                (["tasks:read"], "auth_requirement.oauth2", "object"),
                ({"scopes": "tasks:read"}, "auth_requirement.oauth2.scopes", "array"),
                ({"scopes": {"0": "tasks:read"}}, "auth_requirement.oauth2.scopes", "array"),
                ({"scopes": [1]}, "auth_requirement.oauth2.scopes", "array"),
                ({"scopes": [["tasks:read"]]}, "auth_requirement.oauth2.scopes", "array"),
            ]
        ),
        *(
            (asked(next_uri=junk), "next_uri", "url")
            for junk in (
                "",
                "/done",
                "done",
                "javascript:alert(1)",
                "https://",
                "http://[",
                "http://a b",
                "http://a/\x7f",
            )
        ),
        (asked(next_uri=5), "next_uri", "string"),
        (asked(next_uri=[]), "next_uri", "string"),
    ],
)
def test_a_body_is_refused_in_the_engines_form(
    world: World, body: dict[str, Any], field: str, rule: str
) -> None:
    reply = call(world, "POST", "/v1/auth/authorize", body)

    assert reply.status_code == 400
    refusal = reply.json()
    assert list(refusal) == ["name", "message", "field_errors"]
    assert refusal["name"] == "malformed_request"
    last = field.rpartition(".")[2]
    assert refusal["message"] == f"failed to validate request body: {field}: {last} {rule}"
    [error] = refusal["field_errors"]
    assert (error["field"], error["rule"]) == (field, rule)
    if rule == "required":
        assert error["message"] == f"{last} is a required field"


@pytest.mark.parametrize(
    "sent",
    [b"", b"{", b"[]", b'"text"', b"null", b"\xff", b"[" * 100_000, b'{"user_id": "\\ud800"}'],
)
def test_what_is_no_json_object_is_refused(world: World, sent: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    reply = call(world, "POST", "/v1/auth/authorize", content=sent, headers=headers)

    assert (reply.status_code, reply.json()["name"]) == (400, "malformed_request")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("path", ["/v1/auth/authorize", "/v1/auth/confirm_user"])
def test_another_content_type_is_refused(world: World, path: str, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    reply = call(world, "POST", path, content=b"{}", headers=headers)

    assert (reply.status_code, reply.json()["name"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/unknown"),
        ("GET", "/v1/health/"),
        ("POST", "/v1/health"),
        ("GET", "/v1/auth/authorize"),
        ("PUT", "/v1/auth/status"),
        ("DELETE", "/v1/admin/auth_providers"),
        ("GET", "/api/v1/oauth/unknown"),
    ],
)
def test_an_unknown_path_or_method_is_not_found(world: World, method: str, path: str) -> None:
    reply = call(world, method, path)

    assert (reply.status_code, reply.json()) == (404, NO_ROUTE)


# The key


@pytest.mark.parametrize("value", [API_KEY, f"Bearer {API_KEY}", f"bearer {API_KEY}"])
def test_the_key_comes_raw_or_behind_bearer(world: World, value: str) -> None:
    reply = call(world, "GET", "/v1/admin/auth_providers", headers={"Authorization": value})
    assert reply.status_code == 200


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x", "arc_wrong", f"Basic {API_KEY}", "é"])
@pytest.mark.parametrize("path", ["/v1/auth/status?id=x", "/v1/admin/auth_providers", "/v1/none"])
def test_a_missing_or_wrong_key_is_refused(world: World, path: str, value: str) -> None:
    reply = call(world, "GET", path, headers={"Authorization": value.encode("latin-1")})

    assert reply.status_code == 401
    assert list(reply.json()) == ["name", "message"]
    assert reply.json()["name"] == "unauthorized"


def test_the_key_is_looked_at_before_the_body(world: World) -> None:
    port = urlsplit(world.arcade_url).port
    head = "POST /v1/auth/authorize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_the_client_tells_a_wrong_key(world: World) -> None:
    with (
        Arcade(api_key="arc_wrong", base_url=world.arcade_url, max_retries=0) as client,
        pytest.raises(arcadepy.AuthenticationError, match="ARCADE_API_KEY"),
    ):
        client.auth.start(LEARNER, PROVIDER_ID)


# Status


@pytest.mark.parametrize("auth_id", ["unknown", "ar_unknown", "ac_unknown"])
def test_an_unknown_authorization_is_refused(world: World, auth_id: str) -> None:
    with pytest.raises(arcadepy.BadRequestError, match=f"authorization {auth_id} not found"):
        world.arcade.auth.wait_for_completion(auth_id)


@pytest.mark.parametrize("path", ["/v1/auth/status", "/v1/auth/status?id=&wait=45"])
def test_a_status_without_an_id_is_refused(world: World, path: str) -> None:
    reply = call(world, "GET", path)

    assert reply.status_code == 400
    assert reply.json() == {
        "name": "malformed_request",
        "message": "the query parameter id is required",
    }


@pytest.mark.parametrize("wait", ["", "x", "-1", "1.5", "1e3", "²", "9" * 5000])
def test_a_wait_that_is_no_whole_number_is_refused(world: World, wait: str) -> None:
    auth_id = authorize(world)["id"]
    reply = call(world, "GET", "/v1/auth/status", params={"id": auth_id, "wait": wait})

    assert (reply.status_code, reply.json()["name"]) == (400, "malformed_request")


def test_without_a_wait_the_answer_comes_at_once(world: World) -> None:
    pending = authorize(world)
    for wait in ("", "&wait=0"):
        reply = call(world, "GET", f"/v1/auth/status?id={pending['id']}{wait}", timeout=1)
        assert reply.json() == pending


def test_a_wait_that_passes_answers_pending(world: World) -> None:
    pending = authorize(world)
    began = time.monotonic()
    reply = call(world, "GET", f"/v1/auth/status?id={pending['id']}&wait=1")

    assert reply.json() == pending
    assert 1 <= time.monotonic() - began < 5


def test_a_wait_above_59_is_cut_to_59(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert authorizations.LONGEST_WAIT == 59
    monkeypatch.setattr(authorizations, "LONGEST_WAIT", 0.01)
    pending = authorize(world)
    reply = call(world, "GET", f"/v1/auth/status?id={pending['id']}&wait=60", timeout=5)

    assert reply.json() == pending


def test_a_parked_poll_wakes_when_the_user_consents(world: World) -> None:
    pending = authorize(world)
    poll = parked(world, pending["id"])
    consented_at = time.monotonic()
    page = world.visit(pending["url"])
    assert poll.is_alive(), "the poll came back before the consent"

    world.visit(page.url, click="Allow")
    poll.join(timeout=5)

    assert poll.body["status"] == "completed"
    assert consented_at < poll.answered_at < consented_at + 5


def test_a_denial_leaves_the_poll_parked(world: World) -> None:
    pending = authorize(world)
    poll = parked(world, pending["id"])
    world.visit(pending["url"], click="Cancel")

    assert poll.is_alive()
    world.visit(pending["url"], click="Allow")
    poll.join(timeout=5)
    assert poll.body["status"] == "completed"


def test_a_poll_for_an_expired_token_parks_until_it_is_renewed(world: World) -> None:
    first = authorize(world)
    world.visit(first["url"], click="Allow")
    world.sandbox.clock.advance(days=180)
    renewed = authorize(world)
    poll = parked(world, first["id"], flow=renewed["id"])
    world.visit(renewed["url"], click="Allow")
    poll.join(timeout=5)

    assert poll.body == authorize(world)


def test_deleting_the_provider_answers_a_parked_poll(world: World) -> None:
    pending = authorize(world)
    poll = parked(world, pending["id"])
    world.arcade.admin.auth_providers.delete(PROVIDER_ID)
    poll.join(timeout=5)

    assert poll.body == pending
    assert call(world, "GET", f"/v1/auth/status?id={pending['id']}").status_code == 400


def test_parked_polls_are_answered_when_the_sandbox_stops() -> None:
    world = make_world()
    world.sandbox.prepare(PROVIDER_ID)
    pending = authorize(world)
    poll = parked(world, pending["id"])
    began = time.monotonic()
    world.close()
    poll.join(timeout=5)

    assert poll.body == pending
    assert poll.answered_at - began < 1


# confirm_user

CONFIRM = ["/v1/auth/confirm_user", "/api/v1/oauth/confirm_user"]


@pytest.mark.parametrize("path", CONFIRM)
def test_confirming_the_right_user_finishes_the_flow(world: World, path: str) -> None:
    pending = authorize(world, next_uri="https://app.example/done?x=1")
    auth_id, flow_id = pending["id"], query(pending["url"])["state"][0]
    world.http.get(consented(world, pending))
    reply = call(world, "POST", path, {"flow_id": flow_id, "user_id": LEARNER})

    assert reply.status_code == 200
    assert reply.json() == {"auth_id": auth_id, "next_uri": "https://app.example/done?x=1"}
    assert list(reply.json()) == ["auth_id", "next_uri"]


@pytest.mark.parametrize("path", CONFIRM)
def test_confirming_another_user_is_a_mismatch(world: World, path: str) -> None:
    flow_id = returned(world)
    reply = call(world, "POST", path, {"flow_id": flow_id, "user_id": "someone-else"})

    assert reply.status_code == 400
    both = {"name": "user_mismatch", "message": "the flow was started for another user_id"}
    assert reply.json() == (both if path == CONFIRM[0] else {}) | {
        "code": 400,
        "error": "user_mismatch",
        "msg": "An error occurred during verification",
    }


@pytest.mark.parametrize("path", CONFIRM)
def test_after_a_mismatch_the_user_has_to_consent_anew(world: World, path: str) -> None:
    flow_id = returned(world)
    call(world, "POST", path, {"flow_id": flow_id, "user_id": "someone-else"})
    right = {"flow_id": flow_id, "user_id": LEARNER}

    assert call(world, "POST", path, right).json()["msg"] == "Bad request"
    assert authorize(world)["status"] == "pending"
    assert returned(world) == flow_id
    assert call(world, "POST", path, right).status_code == 200


@pytest.mark.parametrize("path", CONFIRM)
def test_only_a_flow_that_awaits_verification_can_be_confirmed(world: World, path: str) -> None:
    not_yet = query(authorize(world)["url"])["state"][0]
    spent = returned(world, scopes=WRITE)
    call(world, "POST", path, {"flow_id": spent, "user_id": LEARNER})
    for flow_id in ("unknown", not_yet, spent):
        reply = call(world, "POST", path, {"flow_id": flow_id, "user_id": LEARNER})
        assert reply.status_code == 400
        body = reply.json()
        assert (body["code"], body["msg"], body["data"]) == (400, "Bad request", None)
        assert body.get("name") == ("bad_request" if path == CONFIRM[0] else None)


@pytest.mark.parametrize("path", CONFIRM)
@pytest.mark.parametrize("missing", ["flow_id", "user_id"])
def test_confirming_needs_flow_and_user(world: World, path: str, missing: str) -> None:
    body = {"flow_id": "f", "user_id": "u"}
    del body[missing]
    reply = call(world, "POST", path, body)

    assert reply.status_code == 400
    assert reply.json()["field_errors"] == [
        {"field": missing, "rule": "required", "message": f"{missing} is a required field"}
    ]


def test_the_browser_ends_at_next_uri(world: World) -> None:
    done = f"{world.arcade_url}/v1/health?done=1"
    pending = authorize(world, next_uri=done)

    assert world.visit(pending["url"], click="Allow").url == done


# Many flows


def known(world: World, auth_id: str) -> bool:
    return call(world, "GET", f"/v1/auth/status?id={auth_id}").status_code == 200


def test_of_too_many_flows_a_completed_one_is_forgotten_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorizations, "_FLOWS_KEPT", 3)
    oldest = authorize(world, user_id="oldest")["id"]
    done = authorize(world)
    world.visit(done["url"], click="Allow")
    more = [authorize(world, user_id=f"{number}")["id"] for number in range(2)]
    assert [known(world, auth_id) for auth_id in (oldest, done["id"], *more)] == [
        True,
        False,
        True,
        True,
    ]
    authorize(world, user_id="one more")
    assert not known(world, oldest)


def test_a_flow_that_a_client_waits_for_is_never_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorizations, "_FLOWS_KEPT", 3)
    waited = [authorize(world, user_id=f"waits {number}")["id"] for number in range(3)]
    polls = [parked(world, auth_id) for auth_id in waited]
    others = [authorize(world, user_id=f"{number}")["id"] for number in range(5)]
    assert all(poll.is_alive() for poll in polls)
    assert [known(world, auth_id) for auth_id in others] == [False] * 4 + [True]
    world.sandbox.stop()
    for poll in polls:
        poll.join(timeout=5)
        assert poll.body["status"] == "pending"


def test_between_two_polls_a_flow_is_not_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorizations, "_FLOWS_KEPT", 1)
    waited = authorize(world)["id"]
    assert call(world, "GET", f"/v1/auth/status?id={waited}&wait=1").status_code == 200
    authorize(world, user_id="another")
    assert known(world, waited)
