"""Every call of arcadepy, in both its clients, is answered in the types that it declares.

The clients refuse a reply of a wrong type. Whether it keeps to what is published and
recorded is checked of every answer in every test, so of these, too.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import arcadepy
import pytest
from arcadepy import Arcade, AsyncArcade
from arcadepy._resource import AsyncAPIResource, SyncAPIResource

from tests.ticktick_sandbox.arcade.helpers import (
    READ,
    authorize,
    call,
    http_of,
    provider_body,
    returned,
)
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

ID = object()  # stands for the id of what a call needs
TOOL = "Ticktick.SortOut"
INPUT = {"numbers": [2, 1]}
LATER = "2099-01-01T00:00:00Z"
MESSAGE = {"role": "user", "content": "Hello"}

# The method, what has to be there before, the arguments.
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("admin.auth_providers.create", "", provider_body("new")),
    ("admin.auth_providers.delete", "provider", {"id": ID}),
    ("admin.auth_providers.get", "provider", {"id": ID}),
    ("admin.auth_providers.list", "provider", {}),
    ("admin.auth_providers.patch", "provider", {"path_id": ID, "description": "new"}),
    ("admin.secrets.delete", "secret", {"secret_id": ID}),
    ("admin.secrets.list", "secret", {}),
    ("admin.user_connections.delete", "connection", {"id": ID}),
    ("admin.user_connections.list", "connection", {"user": {"id": LEARNER}, "limit": 1}),
    ("auth.authorize", "", {"auth_requirement": {"id": PROVIDER_ID}, "user_id": "user-1"}),
    ("auth.authorize", "connection", {"auth_requirement": {"id": PROVIDER_ID}, "user_id": LEARNER}),
    ("auth.confirm_user", "flow", {"flow_id": ID, "user_id": "user-1"}),
    ("auth.start", "", {"user_id": "user-1", "provider": PROVIDER_ID, "scopes": READ}),
    ("auth.status", "authorization", {"id": ID, "wait": 1}),
    ("auth.wait_for_completion", "authorization", {"auth_response_or_id": ID}),
    ("health.check", "", {}),
    ("tools.authorize", "tool", {"tool_name": ID, "user_id": "user-1"}),
    ("tools.execute", "tool", {"tool_name": ID, "input": INPUT}),
    ("tools.execute", "tool", {"tool_name": ID, "input": {}}),
    ("tools.execute", "tool", {"tool_name": ID, "input": INPUT, "run_at": LATER}),
    ("tools.formatted.get", "tool", {"name": ID, "format": "openai"}),
    ("tools.formatted.list", "tool", {"format": "openai", "toolkit": "Ticktick"}),
    ("tools.get", "tool", {"name": ID, "include_format": ["openai"], "user_id": LEARNER}),
    ("tools.list", "tool", {"toolkit": "Ticktick", "limit": 2}),
    ("tools.scheduled.get", "scheduled", {"id": ID}),
    ("tools.scheduled.list", "scheduled", {"limit": 1}),
    ("workers.create", "", {"id": "new", "http": http_of("http://127.0.0.1:1")}),
    ("workers.delete", "worker", {"id": ID}),
    ("workers.get", "worker", {"id": ID}),
    ("workers.health", "worker", {"id": ID}),
    ("workers.list", "worker", {}),
    ("workers.tools", "worker", {"id": ID, "limit": 2}),
    ("workers.update", "worker", {"id": ID, "enabled": False}),
]
NOT_IMITATED = [("chat.completions.create", {"model": "made-up", "messages": [MESSAGE]})]

type Send = Callable[[str, dict[str, Any]], Any]


def make(needed: str, world: World, uri: str) -> str:
    """Build what a call needs, by plain requests, and return its id."""

    def post(path: str, body: Any) -> Any:
        reply = call(world, "POST", path, body)
        assert reply.status_code in (200, 201), reply.text
        return reply.json()

    match needed:
        case "provider":
            return post("/v1/admin/auth_providers", provider_body())["id"]
        case "secret":
            return post("/v1/admin/secrets/TEAM", {"value": "made-up"})["id"]
        case "authorization" | "connection":
            asked = authorize(world, user_id=LEARNER)["id"]
            world.token(READ)
            return asked if needed == "authorization" else authorize(world, user_id=LEARNER)["id"]
        case "flow":
            return returned(world, user_id="user-1")
        case "worker" | "tool" | "scheduled":
            worker = post("/v1/workers", {"id": "ticktick", "http": http_of(uri)})["id"]
            later = {"tool_name": TOOL, "input": INPUT, "run_at": LATER}
            if needed == "scheduled":
                return post("/v1/tools/execute", later)["id"]
            return worker if needed == "worker" else TOOL
    return ""


@pytest.fixture(params=[Arcade, AsyncArcade])
def send(request: pytest.FixtureRequest, world: World) -> Send:
    """Calls a method of one of the two clients by its name."""
    settings: dict[str, Any] = {
        "api_key": API_KEY,
        "base_url": world.arcade_url,
        "max_retries": 0,
        "_strict_response_validation": True,
    }

    def sent(method: str, arguments: dict[str, Any]) -> Any:
        with Arcade(**settings) as client:
            return attrgetter(method)(client)(**arguments)

    async def sent_async(method: str, arguments: dict[str, Any]) -> Any:
        async with AsyncArcade(**settings) as client:
            return await attrgetter(method)(client)(**arguments)

    if request.param is Arcade:
        return sent
    return lambda method, arguments: asyncio.run(sent_async(method, arguments))


@pytest.mark.parametrize(
    ("method", "needed", "arguments"), CALLS, ids=[f"{row[0]}-{row[1]}" for row in CALLS]
)
def test_a_call_is_answered_in_its_types(
    world: World,
    working: tuple[World, WorkerProcess],
    send: Send,
    method: str,
    needed: str,
    arguments: dict[str, Any],
) -> None:
    made = make(needed, world, working[1].uri)
    arguments = {name: made if value is ID else value for name, value in arguments.items()}

    answer = send(method, arguments)

    assert (answer is None) == (method.endswith(".delete") and "provider" not in method)
    assert getattr(answer, "items", True), "an empty page shows the type of no item"


@pytest.mark.parametrize(("method", "arguments"), NOT_IMITATED)
def test_what_is_not_imitated_says_so(send: Send, method: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(arcadepy.BadRequestError, match="does not imitate"):
        send(method, arguments)


def methods(resource: object, prefix: str = "") -> Iterator[str]:
    """Return the names of all methods of a client's resources."""
    for name in dir(resource):
        part = getattr(resource, name, None)
        if name.startswith(("_", "with_")):
            continue
        if isinstance(part, SyncAPIResource | AsyncAPIResource):
            yield from methods(part, f"{prefix}{name}.")
        elif prefix and inspect.ismethod(part):
            yield f"{prefix}{name}"


@pytest.mark.parametrize("client", [Arcade, AsyncArcade])
def test_no_method_is_left_out(client: type[Arcade | AsyncArcade]) -> None:
    rows = {row[0] for row in (*CALLS, *NOT_IMITATED)}

    assert set(methods(client(api_key="made-up"))) == rows
