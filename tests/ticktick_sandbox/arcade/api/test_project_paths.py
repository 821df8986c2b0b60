"""The API under an organisation and a project: the same answers, behind the same key."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from arcade_core.network.org_transport import (
    build_org_scoped_async_http_client,
    build_org_scoped_http_client,
)
from arcadepy import Arcade, AsyncArcade

from tests.ticktick_sandbox.arcade.helpers import authorize, call, provider_body
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

PROJECT = "/v1/orgs/my-org/projects/my-project"


@pytest.fixture
def scoped(world: World) -> Iterator[Arcade]:
    """The real client behind the transport with which arcade-core leads it to a project."""
    transport = build_org_scoped_http_client("my-org", "my-project")
    with Arcade(
        api_key=API_KEY,
        base_url=world.arcade_url,
        max_retries=0,
        http_client=transport,
        _strict_response_validation=True,
    ) as client:
        yield client


def test_the_client_gets_a_token_by_a_projects_path(world: World, scoped: Arcade) -> None:
    pending = scoped.auth.start(LEARNER, PROVIDER_ID, scopes=["tasks:read"])
    assert pending.url
    world.visit(pending.url, click="Allow")
    completed = scoped.auth.wait_for_completion(pending)

    assert completed.status == "completed"
    assert completed == world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=["tasks:read"])


def test_a_project_has_what_the_plain_paths_have(world: World, scoped: Arcade) -> None:
    scoped.admin.auth_providers.create(**provider_body())
    world.token()
    assert scoped.admin.auth_providers.list() == world.arcade.admin.auth_providers.list()
    [connection] = scoped.admin.user_connections.list(user={"id": LEARNER})
    assert connection.id
    scoped.admin.user_connections.delete(connection.id)
    assert list(world.arcade.admin.user_connections.list()) == []
    assert scoped.health.check().healthy


def test_the_asynchronous_client_asks_there_too(world: World) -> None:
    async def start() -> str | None:
        async with AsyncArcade(
            api_key=API_KEY,
            base_url=world.arcade_url,
            http_client=build_org_scoped_async_http_client("my-org", "my-project"),
            _strict_response_validation=True,
        ) as client:
            return (await client.auth.start(LEARNER, PROVIDER_ID)).id

    assert asyncio.run(start()) == authorize(world, [])["id"]


@pytest.mark.parametrize("prefix", ["/admin", ""])
def test_secrets_are_there_with_and_without_admin(bare: World, prefix: str) -> None:
    path = f"{PROJECT}{prefix}/secrets"
    stored = call(bare, "PUT", f"{path}/TEAM", {"value": "blue", "description": "by hand"})
    listed = call(bare, "GET", path)
    assert call(bare, "GET", "/v1/admin/secrets").json() == listed.json()
    deleted = call(bare, "DELETE", f"{path}/{stored.json()['id']}")

    assert [reply.status_code for reply in (stored, listed, deleted)] == [200, 200, 204]
    assert listed.json()["items"] == [stored.json()]
    assert call(bare, "GET", "/v1/secrets").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        PROJECT,
        f"{PROJECT}/",
        f"{PROJECT}/none",
        f"{PROJECT}/secretsandmore",
        f"{PROJECT}/v1/tools",
        f"{PROJECT}{PROJECT[3:]}/tools",
        f"{PROJECT}/_sandbox/events",
        f"{PROJECT}/api/v1/oauth/callback_success",
        f"{PROJECT}/..%2F..%2F..%2F..%2F..%2Fdashboard",
        "/v1/orgs/my-org/tools",
        "/v1/orgs//projects/my-project/tools",
        "/v1/projects/my-project/tools",
        "/api/v1/orgs/my-org/projects/my-project/tools",
    ],
)
def test_what_is_no_projects_path_is_not_found(bare: World, path: str) -> None:
    reply = call(bare, "GET", path)

    assert reply.status_code == 404
    assert reply.json()["name"] == "route_not_found"


# The key

KEYED = [
    ("POST", "/auth/authorize"),
    ("GET", "/admin/auth_providers"),
    ("GET", "/admin/secrets"),
    ("PUT", "/admin/secrets/TEAM"),
    ("POST", "/admin/secrets/TEAM"),
    ("DELETE", "/admin/secrets/none"),
    ("GET", "/admin/user_connections"),
    ("DELETE", "/admin/user_connections/none"),
    ("POST", "/chat/completions"),
    ("GET", "/hooks"),
    ("POST", "/plugins"),
    ("POST", "/gateways"),
    ("GET", "/swagger"),
    ("GET", "/none"),
]


def first_line(world: World, method: str, path: str, key: str) -> str:
    """Send a request whose body never comes, and return how the answer begins."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n{key}\r\n"
    port = urlsplit(world.arcade_url).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(head.encode())
        return connection.recv(1000).decode().partition("\r\n")[0]


@pytest.mark.parametrize(("method", "path"), KEYED)
def test_each_path_takes_the_key_raw_or_behind_bearer_and_looks_at_it_before_the_body(
    bare: World, method: str, path: str
) -> None:
    for whole in (f"/v1{path}", PROJECT + path):
        for key in (API_KEY, f"Bearer {API_KEY}"):
            reply = call(bare, method, whole, headers={"Authorization": key})
            assert reply.status_code not in (401, 500)
        for wrong in ("", "Authorization: arc_wrong\r\n", "Authorization: Bearer arc_wrong\r\n"):
            assert first_line(bare, method, whole, wrong) == "HTTP/1.1 401 Unauthorized"
        reply = call(bare, method, whole, headers={"Authorization": "arc_wrong"})
        assert reply.json()["name"] == "unauthorized"


def test_health_and_configuration_need_no_key_there_either(bare: World) -> None:
    for path in ("health", "config"):
        plain, scoped = (bare.http.get(f"{bare.arcade_url}{at}/{path}") for at in ("/v1", PROJECT))
        assert (scoped.status_code, scoped.json()) == (200, plain.json())
