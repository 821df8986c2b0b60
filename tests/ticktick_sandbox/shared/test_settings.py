"""Arcade's packages report nothing and leave ~/.arcade alone, as one place says."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import CallToolResult

from tests.environment import ROOT
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.redirection import python_path
from ticktick_sandbox.server.environment import client_environment
from ticktick_sandbox.shared.settings import ISOLATION_ENV

SERVER = ROOT / "snippets" / "python" / "mcp_server" / "server.py"

# Notes each process that a Python process starts.
TRACE = """
import os, sys

def note(event, arguments):
    if event == "subprocess.Popen":
        with open(os.environ["TRACE"], "a") as trace:
            print(arguments[1], file=trace)

sys.addaudithook(note)
"""


class Traces:
    """What an MCP server leaves behind: processes, connections, files."""

    def __init__(self, folder: Path) -> None:
        self._processes = folder / "processes.txt"
        self.guard = folder / "guard.log"
        self.home = folder / "home"
        self.home.mkdir()
        self._site = folder / "site"
        self._site.mkdir()
        (self._site / "sitecustomize.py").write_text(TRACE)

    def environment(self, inherited: dict[str, str]) -> dict[str, str]:
        """Return the variables by which a server leaves them here."""
        return inherited | {
            "HOME": str(self.home),
            "PYTHONPATH": python_path({"PYTHONPATH": str(self._site)}),
            "TICKTICK_SANDBOX_GUARD": str(self.guard),
            "TRACE": str(self._processes),
        }

    def reporters(self) -> list[str]:
        """Return the processes that were started to report usage."""
        if not self._processes.exists():
            return []
        started = self._processes.read_text().splitlines()
        return [command for command in started if "arcade_core.usage" in command]


@pytest.fixture
def traces(tmp_path: Path) -> Traces:
    """An empty home and no process or connection so far."""
    return Traces(tmp_path)


def call_a_tool(environment: dict[str, str], folder: Path) -> CallToolResult:
    """Start an MCP server in a folder, call its tool, and stop it."""
    server = StdioServerParameters(
        command=sys.executable, args=[str(SERVER)], env=environment, cwd=folder
    )

    async def call() -> CallToolResult:
        with (folder / "server.log").open("w") as log:
            async with Client(stdio_client(server, errlog=log)) as client:
                return await client.call_tool("Ticktick_ListProjects")

    return asyncio.run(call())


def test_a_tool_call_sends_nothing_and_writes_nothing(
    world: World, traces: Traces, tmp_path: Path
) -> None:
    world.token(["tasks:read"])
    environment = os.environ | client_environment(world.arcade_url)
    result = call_a_tool(traces.environment(environment), tmp_path)
    assert result.structured_content
    assert traces.reporters() == []
    assert not traces.guard.exists()
    assert list(traces.home.iterdir()) == []


LOGIN = """
cloud:
  auth: {access_token: a-token, refresh_token: another, expires_at: 2999-01-01T00:00:00}
  user: {email: reader@example.com}
"""


def test_a_login_of_the_reader_is_not_used(world: World, traces: Traces, tmp_path: Path) -> None:
    (traces.home / ".arcade").mkdir()
    (traces.home / ".arcade" / "credentials.yaml").write_text(LOGIN)
    environment = os.environ | client_environment(world.arcade_url)
    del environment["ARCADE_API_KEY"]
    result = call_a_tool(traces.environment(environment), tmp_path)
    assert result.content[0].text.startswith("✗ Missing Arcade API key")


def test_the_guard_stops_and_logs_usage_that_is_reported(
    world: World, traces: Traces, tmp_path: Path
) -> None:
    world.token(["tasks:read"])
    environment = os.environ | client_environment(world.arcade_url)
    for name in ISOLATION_ENV:
        del environment[name]
    result = call_a_tool(traces.environment(environment), tmp_path)
    assert result.structured_content
    assert len(traces.reporters()) == 2  # for the start and for the call
    assert (traces.home / ".arcade" / "usage.json").exists()
    deadline = time.monotonic() + 30
    while not (traces.guard.exists() and "posthog" in traces.guard.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_switch_stands_in_one_place() -> None:
    folders = ("ticktick_sandbox", "tests")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    holding = [path for path in files if '"ARCADE_USAGE_TRACKING"' in path.read_text("utf-8")]
    assert {path.relative_to(ROOT).as_posix() for path in holding} == {
        "ticktick_sandbox/shared/settings.py",
        "tests/ticktick_sandbox/shared/test_settings.py",
    }
