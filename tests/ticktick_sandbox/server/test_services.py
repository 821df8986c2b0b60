"""The services: they need no thread and no socket, and begin with a configuration as it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.arcade.config.findings import ConfigurationRefused

PROGRAM = """
import asyncio, hashlib, socket, sys, threading
from urllib.parse import parse_qs, urlsplit

for name in ("httptools", "trustme", "uvicorn"):
    sys.modules[name] = None  # importing it fails
del hashlib.scrypt

def no(*args, **kwargs):
    raise RuntimeError("there is none here")

import httpx
from ticktick_sandbox.server.services import Services
from ticktick_sandbox.server.hosts import LocalAddresses
from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.context import Context

loop = asyncio.new_event_loop()
threading.Thread.start = socket.socket.bind = socket.socket.connect = no
arcade, ticktick = "http://localhost:9099", "http://localhost:9100"
local = LocalAddresses({"https://ticktick.com": ticktick})
services = Services(
    Context.of(Clock()), arcade_url=arcade, ticktick_url=ticktick, strict=False, local=local,
    run=loop.run_until_complete,
)
services.prepare("arcade-ticktick")

async def answer():
    transport = httpx.ASGITransport(services.arcade_app)
    headers = {"Authorization": "arc_sandbox"}
    async with httpx.AsyncClient(transport=transport, base_url=arcade, headers=headers) as client:
        return (await client.get("/v1/admin/auth_providers")).json()["items"][0]["id"]

print(loop.run_until_complete(answer()))
"""


def test_the_services_need_no_server() -> None:
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{PROGRAM}"
    command = [sys.executable, "-I", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.stdout == "arcade-ticktick\n", run.stderr


OWN = ("Kx83hgTq02LmZ4vB9c", "qP7-of-the-file")


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """Starts a sandbox with the engine.yaml that readers copy, changed."""
    worlds = []

    def start(text: str, *, strict: bool = False) -> World:
        (tmp_path / "engine.yaml").write_text(text, "utf-8")
        worlds.append(make_world(strict=strict))
        worlds[-1].sandbox.prepare(None, tmp_path / "engine.yaml")
        return worlds[-1]

    yield start
    for world in worlds:
        world.close()


def with_own_credentials() -> str:
    text = (ROOT / "snippets" / "engine.yaml").read_text("utf-8")
    for variable, value in zip(("ID", "SECRET"), OWN, strict=True):
        text = text.replace(f"${{env:TICKTICK_CLIENT_{variable}}}", value)
    return text


def test_a_configuration_with_credentials_of_its_own_has_its_app(configured: Callable) -> None:
    world = configured(with_own_credentials())
    assert world.token()
    assert (world.app.client_id, world.app.client_secret) == OWN
    assert world.app.name == "App of arcade-ticktick"
    world.sandbox.start_over()
    assert world.token()
    assert (world.app.client_id, world.app.client_secret) == OWN


def test_two_providers_with_one_app_leave_it_to_the_first(configured: Callable) -> None:
    first = with_own_credentials()
    second = first.partition("providers:\n")[2].replace("arcade-ticktick", "other")
    world = configured(first + second)
    assert world.token()
    (provider, _) = world.arcade.admin.auth_providers.list().items or []
    assert provider.oauth2
    assert world.app.redirect_url == provider.oauth2.redirect_uri


def test_everything_that_the_checker_finds_is_told(configured: Callable) -> None:
    text = with_own_credentials().replace(" {{existing_scopes}}", "")
    world = configured(text)
    told = [event.text for event in world.sandbox.event_log.events if event.problem]
    assert [line.partition(": ")[0] for line in told] == ["line 16"]
    assert "without {{existing_scopes}}" in told[0]


def test_a_refused_configuration_is_told_the_rest_besides(configured: Callable) -> None:
    text = with_own_credentials().replace(" {{existing_scopes}}", "")
    text = text.replace("client_secret_basic", "client_secret_post")
    with pytest.raises(ConfigurationRefused) as refused:
        configured(text, strict=True)
    reason, _, besides = str(refused.value).partition("\nWhat the checker says besides:\n")
    assert "'client_secret_post' is not an allowed method" in reason
    assert besides.startswith("line 16: warning: ")
