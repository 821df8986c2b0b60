"""What the tests of the Engine have in common."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.ticktick_sandbox.conftest import World, make_world
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.redirection import child_environment
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

READ = ["tasks:read"]
WRITE = ["tasks:write"]


def call(world: World, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
    """Send a request with the API key."""
    sent = {} if body is None else {"json": body}
    headers = {"Authorization": API_KEY} | more.pop("headers", {})
    return world.http.request(method, world.arcade_url + path, headers=headers, **sent, **more)


def asked(**changes: Any) -> dict[str, Any]:
    """Return the body of an authorization request; a change to ``...`` leaves the field out."""
    body = {
        "auth_requirement": {
            "provider_id": PROVIDER_ID,
            "provider_type": "oauth2",
            "oauth2": {"scopes": READ},
        },
        "user_id": LEARNER,
    } | changes
    return {key: value for key, value in body.items() if value is not ...}


def authorize(world: World, scopes: list[str] = READ, **changes: Any) -> dict[str, Any]:
    """Ask for an authorization and return the answer."""
    requirement = {"provider_id": PROVIDER_ID, "oauth2": {"scopes": scopes}}
    body = asked(**{"auth_requirement": requirement} | changes)
    reply = call(world, "POST", "/v1/auth/authorize", body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def consented(world: World, pending: dict[str, str]) -> str:
    """Click Allow and return the callback URL with its code, not yet opened."""
    seen: list[str] = []

    def stop_at_callback(url: str) -> str:
        if urlsplit(url).path.endswith("/callback"):
            seen.append(url)
            return f"{world.arcade_url}/v1/health"
        return local(url)

    local, world.sandbox.local = world.sandbox.local, stop_at_callback
    try:
        world.visit(pending["url"], click="Allow")
    finally:
        world.sandbox.local = local
    return seen[0]


def provider_body(provider_id: str = "made-up", **changes: Any) -> dict[str, Any]:
    """Return the body that creates a provider; changes go into its ``oauth2``."""
    return {
        "id": provider_id,
        "type": "oauth2",
        "oauth2": {
            "client_id": "made-up-client",
            "client_secret": "made-up-secret",
            "authorize_request": {
                "endpoint": "https://provider.example/authorize",
                "params": {
                    "response_type": "code",
                    "client_id": "{{client_id}}",
                    "redirect_uri": "{{redirect_uri}}",
                    "scope": "{{scopes}} {{existing_scopes}}",
                },
            },
            "token_request": {
                "endpoint": "https://provider.example/token",
                "auth_method": "client_secret_basic",
                "params": {"grant_type": "authorization_code", "redirect_uri": "{{redirect_uri}}"},
            },
        }
        | changes,
    }


def problems(world: World) -> list[str]:
    """Return what the Engine has written into the event log as problems."""
    events = world.http.get(f"{world.arcade_url}/_sandbox/events").json()
    return [event["text"] for event in events if event["problem"] and event["service"] == "Arcade"]


SECRET = "a-secret-of-the-tests-with-more-than-32-bytes"
TOOLS = Path(__file__).parent.parent / "data" / "worker"


def make_worker(sandbox_url: str, folder: Path = TOOLS, **more: Any) -> WorkerProcess:
    """Return a worker with the tools of a folder of the tests, not yet started."""
    variables = child_environment(sandbox_url, os.environ)
    return WorkerProcess(folder, "ticktick", SECRET, variables=variables, **more)


def http_of(uri: str, **changes: Any) -> dict[str, Any]:
    """Return how a worker is registered; a change to ``...`` leaves the field out."""
    http = {"uri": uri, "secret": SECRET, "timeout": 10, "retry": 3} | changes
    return {key: value for key, value in http.items() if value is not ...}


def register(world: World, worker_id: str, uri: str, **changes: Any) -> None:
    """Add a worker."""
    sent = {"id": worker_id, "http": http_of(uri, **changes)}
    assert call(world, "POST", "/v1/workers", sent).status_code == 201


@pytest.fixture(scope="module")
def working() -> Iterator[tuple[World, WorkerProcess]]:
    """A world with a provider and a real worker, which the tests of a module share."""
    world = make_world()
    world.sandbox.prepare(PROVIDER_ID)
    worker = make_worker(world.arcade_url)
    worker.start()
    yield world, worker
    worker.stop()
    world.close()


@pytest.fixture
def served(working: tuple[World, WorkerProcess]) -> World:
    """The shared world with its real worker registered as ``ticktick``, and no other."""
    world, worker = working
    for registered in call(world, "GET", "/v1/workers").json()["items"]:
        call(world, "DELETE", f"/v1/workers/{registered['id']}")
    register(world, "ticktick", worker.uri)
    return world
