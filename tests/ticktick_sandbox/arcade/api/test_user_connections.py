"""User connections: what users have granted is listed, and forgotten when it is revoked."""

from __future__ import annotations

from typing import Any

import arcadepy
import pytest

from tests.ticktick_sandbox.arcade.helpers import READ, WRITE, authorize, call, problems
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID

CONNECTIONS = "/v1/admin/user_connections"


def consent(world: World, user_id: str = LEARNER, provider_id: str = PROVIDER_ID) -> dict[str, Any]:
    """Have a user grant reading, and return the completed authorization."""
    requirement = {"provider_id": provider_id, "oauth2": {"scopes": READ}}
    pending = authorize(world, auth_requirement=requirement, user_id=user_id)
    page = world.visit(pending["url"], click="Allow")
    if user_id != LEARNER:
        world.visit(page.url, click="Continue", fill={"Arcade account": user_id})
    completed = authorize(world, auth_requirement=requirement, user_id=user_id)
    assert completed["status"] == "completed"
    return completed


def status(world: World, auth_id: str) -> tuple[int, dict[str, Any]]:
    reply = call(world, "GET", f"/v1/auth/status?id={auth_id}")
    return reply.status_code, reply.json()


# List


def test_a_connection_is_shown_without_its_token(world: World) -> None:
    granted = consent(world)
    page = call(world, "GET", CONNECTIONS)

    assert page.json() == {
        "items": [
            {
                "id": granted["id"],
                "connection_id": granted["id"],
                "connection_status": "active",
                "provider_id": PROVIDER_ID,
                "provider_description": "TickTick OAuth 2.0 provider",
                "provider_type": "oauth2",
                "provider_user_info": None,
                "scopes": READ,
                "user_id": LEARNER,
            }
        ],
        "limit": 25,
        "offset": 0,
        "page_count": 1,
        "total_count": 1,
    }
    assert granted["context"]["token"] not in page.text


def test_what_is_pending_is_no_connection(world: World) -> None:
    authorize(world)
    assert list(world.arcade.admin.user_connections.list()) == []


def test_one_user_has_one_connection_however_often_they_consent(world: World) -> None:
    consent(world)
    world.visit(authorize(world, WRITE)["url"], click="Allow")

    [connection] = world.arcade.admin.user_connections.list()
    assert connection.scopes == READ + WRITE


def test_a_connection_whose_token_has_expired_says_so(world: World) -> None:
    consent(world)
    world.sandbox.clock.advance(days=181)

    [connection] = world.arcade.admin.user_connections.list()
    assert connection.connection_status == "expired"


@pytest.fixture
def several(world: World) -> World:
    """Two users with the first provider, and one of them with a second."""
    world.sandbox.prepare("my-ticktick")
    consent(world)
    consent(world, "ada@example.com")
    consent(world, provider_id="my-ticktick")
    return world


ALL = [
    (LEARNER, PROVIDER_ID),
    ("ada@example.com", PROVIDER_ID),
    (LEARNER, "my-ticktick"),
]


def test_connections_are_filtered_as_the_client_asks_and_as_the_description_says(
    several: World,
) -> None:
    def by_client(**filters: Any) -> list[tuple[str | None, str | None]]:
        found = several.arcade.admin.user_connections.list(**filters)
        return [(item.user_id, item.provider_id) for item in found]

    def by_query(**query: str) -> list[tuple[str, str]]:
        found = call(several, "GET", CONNECTIONS, params=query).json()["items"]
        return [(item["user_id"], item["provider_id"]) for item in found]

    for wanted in (
        {},
        {"provider": PROVIDER_ID},
        {"provider": "my-ticktick"},
        {"provider": "unknown"},
        {"user": LEARNER},
        {"user": "LEARNER@example.com"},
        {"user": "ada@example.com", "provider": PROVIDER_ID},
        {"user": "ada@example.com", "provider": "my-ticktick"},
    ):
        expected = [
            (user, provider)
            for user, provider in ALL
            if wanted.get("user", user) == user and wanted.get("provider", provider) == provider
        ]
        assert by_client(**{name: {"id": value} for name, value in wanted.items()}) == expected
        assert by_query(**{f"{name}_id": value for name, value in wanted.items()}) == expected
    contradiction = {"user_id": LEARNER, "user[id]": "ada@example.com"}
    assert by_query(**contradiction) == []
    assert by_query(user_id="", provider_id="") == ALL


def test_connections_are_listed_by_the_page(several: World) -> None:
    page = call(several, "GET", f"{CONNECTIONS}?limit=2&offset=2").json()
    by_client = several.arcade.admin.user_connections.list(limit=2)

    assert len(page.pop("items")) == 1
    assert page == {"limit": 2, "offset": 2, "page_count": 2, "total_count": 3}
    assert [(item.user_id, item.provider_id) for item in by_client] == ALL
    assert call(several, "GET", f"{CONNECTIONS}?limit=x").status_code == 400


# Revoke


def test_what_is_revoked_is_forgotten(world: World) -> None:
    first = authorize(world)
    granted = consent(world)
    reply = call(world, "DELETE", f"{CONNECTIONS}/{granted['id']}")

    assert (reply.status_code, reply.content) == (204, b"")
    assert list(world.arcade.admin.user_connections.list()) == []
    for auth_id in (granted["id"], first["id"]):
        code, body = status(world, auth_id)
        assert (code, body["message"]) == (400, f"authorization {auth_id} not found")
    again = authorize(world)
    assert again["status"] == "pending"
    assert again["id"] != first["id"]
    assert "tasks%3Aread+&" in again["url"]  # no scope is carried along
    assert consent(world)["id"] != granted["id"]


def test_the_client_revokes(world: World) -> None:
    granted = consent(world)
    world.arcade.admin.user_connections.delete(granted["id"])

    assert world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=READ).status == "pending"
    with pytest.raises(arcadepy.NotFoundError) as refusal:
        world.arcade.admin.user_connections.delete(granted["id"])
    assert refusal.value.body == {
        "name": "not_found",
        "message": f"user connection {granted['id']!r} not found",
    }


def test_revoking_leaves_pending_flows_alone(world: World) -> None:
    granted = consent(world)
    pending = authorize(world, WRITE)
    of_another = authorize(world, user_id="ada@example.com")
    world.arcade.admin.user_connections.delete(granted["id"])

    assert status(world, pending["id"]) == (200, pending)
    assert authorize(world, WRITE) == pending
    assert authorize(world, user_id="ada@example.com") == of_another
    world.visit(pending["url"], click="Allow")
    assert status(world, pending["id"])[1]["status"] == "completed"


def test_a_pending_flow_is_not_revoked_by_its_id(world: World) -> None:
    pending = authorize(world)

    assert call(world, "DELETE", f"{CONNECTIONS}/{pending['id']}").status_code == 404
    assert status(world, pending["id"]) == (200, pending)


def test_revoking_touches_nobody_else(several: World) -> None:
    [ada] = several.arcade.admin.user_connections.list(user={"id": "ada@example.com"})
    assert ada.id
    several.arcade.admin.user_connections.delete(ada.id)

    left = several.arcade.admin.user_connections.list()
    assert [(item.user_id, item.provider_id) for item in left] == [ALL[0], ALL[2]]
    assert authorize(several)["status"] == "completed"


def test_the_provider_is_not_told(world: World) -> None:
    with world.open_api(READ) as client:
        [connection] = world.arcade.admin.user_connections.list()
        assert connection.id
        world.arcade.admin.user_connections.delete(connection.id)
        assert client.get("/project").status_code == 200


def test_revoking_stands_among_the_events(world: World) -> None:
    granted = consent(world)
    world.arcade.admin.user_connections.delete(granted["id"])
    events = world.http.get(f"{world.arcade_url}/_sandbox/events").json()

    assert events[-1]["text"] == f"revoked what {LEARNER} had granted to {PROVIDER_ID}"
    assert granted["context"]["token"] not in str(events)
    assert problems(world) == []
