"""The MCP server and its client, started as a reader or an MCP host starts them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import CallToolResult

from tests.environment import ROOT
from tests.processes import Output, free_ports, running, sandbox
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.server.environment import client_environment
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

SERVER = ROOT / "snippets" / "python" / "mcp_server" / "server.py"
CLIENT = ROOT / "snippets" / "python" / "mcp_client.py"
CONFIG = ROOT / "snippets" / "mcp.json"
PROJECTS = ["👋Welcome", "Website relaunch", "Home", "Reading list"]


@pytest.fixture
def world() -> Iterator[World]:
    """A sandbox to which ``exec`` attaches."""
    world = make_world()
    world.sandbox.prepare(PROVIDER_ID)
    yield world
    world.close()


def in_sandbox(
    world: World, folder: Path, *command: str
) -> AbstractContextManager[tuple[subprocess.Popen[str], Output]]:
    """Run a command against the world's sandbox, in a folder of its own."""
    port = world.arcade_url.rpartition(":")[2]
    return running(*sandbox("exec", "--arcade-port", port, "--", *command), cwd=folder)


def projects_after(world: World, folder: Path, *clicks: str) -> list[str]:
    """Run the client, click these buttons on the page it links to, return what it lists."""
    with in_sandbox(world, folder, sys.executable, str(CLIENT)) as (process, output):
        output.wait_for("Ticktick_ListProjects")
        if clicks:
            link = output.wait_for("/oauth/authorize?")
        for click in clicks:
            world.visit(link, click)
        assert process.wait(timeout=60) == 0
        read = len(output.lines)
        return output.rest()[read:]


def call(server: StdioServerParameters | str, folder: Path) -> CallToolResult:
    """Call the tool once, as an MCP host does."""

    async def once() -> CallToolResult:
        with (folder / "server.log").open("w") as log:
            target = server if isinstance(server, str) else stdio_client(server, errlog=log)
            async with Client(target) as client:
                return await client.call_tool("Ticktick_ListProjects")

    return asyncio.run(once())


def test_a_user_is_asked_until_they_allow_and_again_once_that_is_over(
    world: World, tmp_path: Path
) -> None:
    assert projects_after(world, tmp_path, "Cancel", "Allow") == PROJECTS
    world.sandbox.clock.advance(days=180)
    assert projects_after(world, tmp_path, "Allow") == PROJECTS
    (connection,) = world.arcade.admin.user_connections.list()
    world.arcade.admin.user_connections.delete(connection.id)
    assert projects_after(world, tmp_path, "Allow") == PROJECTS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["-u", "ARCADE_API_KEY"], ["✗ Missing Arcade API key", "export ARCADE_API_KEY="]),
        (["ARCADE_API_KEY=arc_wrong"], ["✗ Authorization error", "Error code: 401"]),
    ],
    ids=["no key", "wrong key"],
)
def test_a_key_that_does_not_work_is_said(
    world: World, tmp_path: Path, change: list[str], said: list[str]
) -> None:
    command = ["env", *change, sys.executable, str(CLIENT)]
    with in_sandbox(world, tmp_path, *command) as (process, output):
        for text in said:
            output.wait_for(text)
        assert process.wait(timeout=60) == 0
        assert "Open this link" not in "".join(output.rest())


def test_the_configuration_starts_the_server_for_a_host(world: World, tmp_path: Path) -> None:
    text = CONFIG.read_text("utf-8")
    for placeholder, value in {
        "/path/to/.venv/bin/python": sys.executable,
        "/path/to/mcp_server/server.py": str(SERVER),
        "arc_...": API_KEY,
        "you@example.com": LEARNER,
    }.items():
        assert text.count(placeholder) == 1
        text = text.replace(placeholder, value)
    server = StdioServerParameters(**json.loads(text)["mcpServers"]["ticktick"])
    elsewhere = {name: value for name, value in here(world).items() if name not in server.env}
    server.env |= elsewhere
    assert "Authorization required" in call(server, tmp_path).content[0].text
    world.token(["tasks:read"])
    assert call(server, tmp_path).structured_content["projects"]


def here(world: World) -> dict[str, str]:
    """Return what leads a server to this sandbox."""
    return os.environ | client_environment(world.arcade_url)


def test_over_http_a_tool_with_authorization_is_refused(world: World, tmp_path: Path) -> None:
    world.token(["tasks:read"])
    before = len(world.sandbox.event_log.events)
    (port,) = free_ports(1)
    over_http = ["ARCADE_SERVER_TRANSPORT=http", f"ARCADE_SERVER_PORT={port}"]
    command = ["env", *over_http, sys.executable, str(SERVER)]
    with in_sandbox(world, tmp_path, *command) as (_, output):
        output.wait_for(f"http://127.0.0.1:{port}")
        result = call(f"http://127.0.0.1:{port}/mcp", tmp_path)
    assert result.is_error
    assert result.content[0].text.startswith("✗ Unsupported transport")
    assert len(world.sandbox.event_log.events) == before
