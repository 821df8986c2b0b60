"""Secrets: stored, listed and deleted; a tool gets the value, and nobody else."""

from __future__ import annotations

import json
from typing import Any

import arcadepy
import pytest
from arcadepy.types.admin import SecretResponse

from tests.ticktick_sandbox.arcade.helpers import answering, call, http_of
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.shared.settings import PROVIDER_ID

SECRETS = "/v1/admin/secrets"
VALUE = "a-value-that-only-the-tool-may-see-7c1d"
NEW = {
    "key": "TEAM",
    "description": "",
    "hint": "7c1d",
    "binding": {"id": "sandbox", "type": "project"},
    "created_at": "2026-01-05T09:00:00Z",
    "updated_at": "2026-01-05T09:00:00Z",
    "last_accessed_at": None,
}


def store(world: World, key: str = "TEAM", value: str = VALUE, **more: Any) -> dict[str, Any]:
    reply = call(world, "PUT", f"{SECRETS}/{key}", {"value": value} | more)
    assert reply.status_code == 200, reply.text
    return reply.json()


def listed(world: World) -> list[SecretResponse]:
    items = world.arcade.admin.secrets.list().items
    assert items is not None
    return items


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_secret_is_stored_and_shown_without_its_value(bare: World, method: str) -> None:
    reply = call(bare, method, f"{SECRETS}/TEAM", {"value": VALUE})
    shown = reply.json()

    assert reply.status_code == 200
    assert shown.pop("id")
    assert shown == NEW


def test_the_client_lists_what_was_stored(bare: World) -> None:
    assert listed(bare) == []
    stored = [store(bare, key, description=f"for {key}") for key in ("TEAM", "api.key-2")]

    assert [secret.to_dict() for secret in listed(bare)] == stored
    assert len({secret["id"] for secret in stored}) == 2
    page = call(bare, "GET", f"{SECRETS}?limit=1&offset=1").json()
    assert page == {
        "items": [stored[1]],
        "limit": 1,
        "offset": 1,
        "page_count": 2,
        "total_count": 2,
    }


def test_storing_again_replaces_the_value_and_keeps_the_rest(bare: World) -> None:
    first = store(bare, description="the team")
    bare.sandbox.clock.advance(minutes=1)
    second = store(bare, value="another-value-of-the-team-22ff")

    changed = {"hint": "22ff", "updated_at": "2026-01-05T09:01:00Z"}
    assert second == first | changed
    assert store(bare, description="")["description"] == ""
    assert len(listed(bare)) == 1


@pytest.mark.parametrize(("value", "hint"), [("x" * 15, ""), ("x" * 12 + "last", "last")])
def test_a_short_value_has_no_hint(bare: World, value: str, hint: str) -> None:
    assert store(bare, value=value)["hint"] == hint


def test_the_client_deletes_by_id(bare: World) -> None:
    kept, deleted = store(bare, "KEPT"), store(bare)
    reply = call(bare, "DELETE", f"{SECRETS}/{deleted['id']}")

    assert (reply.status_code, reply.content) == (204, b"")
    assert [secret.id for secret in listed(bare)] == [kept["id"]]
    bare.arcade.admin.secrets.delete(kept["id"])
    assert listed(bare) == []


def test_a_secret_is_not_deleted_by_its_key(bare: World) -> None:
    store(bare)
    with pytest.raises(arcadepy.NotFoundError) as refusal:
        bare.arcade.admin.secrets.delete("TEAM")

    assert refusal.value.body == {
        "name": "not_found",
        "message": "secret 'TEAM' not found: secrets are deleted by id, not by key",
    }
    assert len(listed(bare)) == 1


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({}, "required"),
        ({"value": ""}, "required"),
        ({"value": None}, "required"),
        ({"value": 7}, "string"),
        ({"value": "x" * 5001}, "max"),
        ({"value": VALUE, "description": 7}, "string"),
    ],
)
def test_a_wrong_body_is_refused_and_nothing_changes(
    bare: World, body: dict[str, Any], rule: str
) -> None:
    before = store(bare, value="x" * 5000)
    reply = call(bare, "PUT", f"{SECRETS}/TEAM", body)

    assert reply.status_code == 400
    assert reply.json()["field_errors"][0]["rule"] == rule
    assert VALUE not in reply.text
    assert [secret.to_dict() for secret in listed(bare)] == [before]


@pytest.mark.parametrize("key", ["two%20words", "line%0Abreak", "x" * 101, "%C3%A4"])
def test_a_key_that_can_not_be_one_is_refused(bare: World, key: str) -> None:
    reply = call(bare, "PUT", f"{SECRETS}/{key}", {"value": VALUE})

    assert reply.status_code == 400
    assert reply.json() == {
        "name": "malformed_request",
        "message": "a key has up to 100 letters, digits, underscores, hyphens and dots",
    }
    assert listed(bare) == []


def test_the_value_is_told_nowhere(bare: World) -> None:
    shown = store(bare)
    replies = [
        call(bare, "GET", SECRETS),
        call(bare, "PUT", f"{SECRETS}/TEAM", {"value": VALUE, "description": 7}),
        call(bare, "PUT", f"{SECRETS}/a b", {"value": VALUE}),
        call(bare, "DELETE", f"{SECRETS}/{shown['id']}"),
        bare.http.get(f"{bare.arcade_url}/_sandbox/events"),
        bare.http.get(f"{bare.arcade_url}/"),
    ]

    assert not any(VALUE in reply.text for reply in replies)
    events = [event["text"] for event in replies[4].json()]
    assert events[-2:] == ["added the secret TEAM", "deleted the secret TEAM"]
    assert VALUE not in repr(bare.sandbox.engine.secrets.put("TEAM", VALUE))


def offered(*keys: str) -> bytes:
    """Return what a worker tells of a tool that needs a user and these secrets."""
    authorization = {"id": PROVIDER_ID, "provider_type": "oauth2", "oauth2": {"scopes": []}}
    secrets = [{"key": key} for key in keys]
    tool = {
        "name": "NameTeam",
        "toolkit": {"name": "Ticktick"},
        "input": {"parameters": []},
        "requirements": {"authorization": authorization, "secrets": secrets},
    }
    return json.dumps([tool]).encode()


def test_a_tool_whose_user_has_not_consented_accesses_no_secret(world: World) -> None:
    store(world)
    with answering(200, b"", offered("TEAM")) as uri:
        call(world, "POST", "/v1/workers", {"id": "ticktick", "http": http_of(uri)})
        with pytest.raises(arcadepy.PermissionDeniedError):
            world.arcade.tools.execute(tool_name="Ticktick.NameTeam", user_id="a")

    assert [secret.last_accessed_at for secret in listed(world)] == [None]


def test_a_secret_that_is_deleted_while_the_user_is_looked_up_is_missing(
    bare: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = bare.sandbox.engine
    shown = store(bare)

    async def delete_meanwhile(*_: object) -> dict[str, Any]:
        engine.secrets.remove(shown["id"])
        return {"status": "completed", "context": {"token": "made-up-token"}}

    monkeypatch.setattr(engine.requirements, "authorize", delete_meanwhile)
    with answering(200, b"", offered("TEAM")) as uri:
        call(bare, "POST", "/v1/workers", {"id": "ticktick", "http": http_of(uri)})
        with pytest.raises(arcadepy.BadRequestError, match="secret not found: TEAM"):
            bare.arcade.tools.execute(tool_name="Ticktick.NameTeam", user_id="a")


# With a real worker


@pytest.fixture
def served(working: tuple[World, WorkerProcess]) -> World:
    """The shared world with its real worker, and no secret."""
    world, worker = working
    if not call(world, "GET", "/v1/workers").json()["items"]:
        call(world, "POST", "/v1/workers", {"id": "ticktick", "http": http_of(worker.uri)})
    for secret in listed(world):
        assert secret.id
        world.arcade.admin.secrets.delete(secret.id)
    return world


def run(world: World) -> object:
    done = world.arcade.tools.execute(tool_name="Ticktick.NameTeam")
    assert done.output
    return done.output.value


def test_a_tool_gets_the_secret_as_it_is_now(served: World) -> None:
    with pytest.raises(arcadepy.BadRequestError, match="secret not found: TEAM"):
        run(served)
    assert store(served)
    assert run(served) == VALUE
    shown = store(served, value="blue")
    assert run(served) == "blue"
    served.arcade.admin.secrets.delete(shown["id"])
    with pytest.raises(arcadepy.BadRequestError, match="secret not found: TEAM"):
        run(served)


def test_only_a_tool_that_runs_accesses_a_secret(served: World) -> None:
    store(served)
    store(served, "OTHER")
    served.sandbox.clock.advance(minutes=5)
    assert served.arcade.tools.get("Ticktick.NameTeam").requirements
    served.arcade.tools.authorize(tool_name="Ticktick.NameTeam", user_id="a")
    served.arcade.tools.execute(tool_name="Ticktick.SortOut", input={"numbers": [1]})
    assert [secret.last_accessed_at for secret in listed(served)] == [None, None]

    run(served)
    accessed = f"{served.sandbox.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    served.sandbox.clock.advance(minutes=5)
    assert [secret.last_accessed_at for secret in listed(served)] == [accessed, None]
    assert store(served, value="blue")["last_accessed_at"] == accessed


def test_the_value_is_not_among_the_events_of_an_execution(served: World) -> None:
    store(served)
    assert run(served) == VALUE
    events = served.http.get(f"{served.arcade_url}/_sandbox/events").text

    assert "Ticktick.NameTeam completed" in events
    assert VALUE not in events
