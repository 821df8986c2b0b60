"""The MCP server and its client, started as a reader or an MCP host starts them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from arcadepy import Arcade
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import CallToolResult

from tests.environment import ROOT
from tests.processes import free_ports, running
from ticktick_sandbox.browser.browser import Page
from ticktick_sandbox.shared.settings import API_KEY, LEARNER
from ticktick_sandbox.testing import TickTickSandbox

SERVER = ROOT / "snippets" / "python" / "mcp_server" / "server.py"
CLIENT = ROOT / "snippets" / "python" / "mcp_client.py"
CONFIG = ROOT / "snippets" / "mcp.json"
PROJECTS = ["👋Welcome", "Website relaunch", "Home", "Reading list"]


@pytest.fixture(autouse=True)
def patient(ticktick_sandbox: TickTickSandbox) -> None:
    """The client waits while a test reads what it prints."""
    ticktick_sandbox.patience = 60


def projects_after(folder: Path, *answers: Callable[[str], Page]) -> list:
    """Run the client, answer so on the page it links to, return what it lists."""
    with running(sys.executable, str(CLIENT), cwd=folder) as (process, output):
        output.wait_for("Ticktick_ListProjects")
        if answers:
            link = output.wait_for("/oauth/authorize?")
        for answer in answers:
            answer(link)
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


def test_a_user_is_asked_until_they_allow(
    ticktick_sandbox: TickTickSandbox, tmp_path: Path
) -> None:
    allow, deny = ticktick_sandbox.consent, ticktick_sandbox.deny
    assert projects_after(tmp_path, deny, allow) == PROJECTS


@pytest.mark.long
def test_a_user_is_asked_again_once_that_is_over(
    ticktick_sandbox: TickTickSandbox, arcade_client: Arcade, tmp_path: Path
) -> None:
    connect(ticktick_sandbox, arcade_client)
    assert projects_after(tmp_path) == PROJECTS
    ticktick_sandbox.clock.advance(days=180)
    assert projects_after(tmp_path, ticktick_sandbox.consent) == PROJECTS
    (connection,) = arcade_client.admin.user_connections.list()
    arcade_client.admin.user_connections.delete(connection.id)
    assert projects_after(tmp_path, ticktick_sandbox.consent) == PROJECTS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["-u", "ARCADE_API_KEY"], ["✗ Missing Arcade API key", "export ARCADE_API_KEY="]),
        (["ARCADE_API_KEY=arc_wrong"], ["✗ Authorization error", "Error code: 401"]),
    ],
    ids=["no key", "wrong key"],
)
def test_a_key_that_does_not_work_is_said(
    tmp_path: Path, change: list[str], said: list[str]
) -> None:
    command = ["env", *change, sys.executable, str(CLIENT)]
    with running(*command, cwd=tmp_path) as (process, output):
        for text in said:
            output.wait_for(text)
        assert process.wait(timeout=60) == 0
        assert "Open this link" not in "".join(output.rest())


def connect(sandbox: TickTickSandbox, client: Arcade) -> None:
    """Let the user allow reading."""
    sandbox.consent(client.auth.start(sandbox.user_id, sandbox.provider, scopes=["tasks:read"]))


def test_the_configuration_starts_the_server_for_a_host(
    ticktick_sandbox: TickTickSandbox, arcade_client: Arcade, tmp_path: Path
) -> None:
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
    server.env = os.environ | server.env
    assert "Authorization required" in call(server, tmp_path).content[0].text
    connect(ticktick_sandbox, arcade_client)
    assert call(server, tmp_path).structured_content["projects"]


def test_over_http_a_tool_with_authorization_is_refused(
    ticktick_sandbox: TickTickSandbox, arcade_client: Arcade, tmp_path: Path
) -> None:
    connect(ticktick_sandbox, arcade_client)
    before = len(ticktick_sandbox.events)
    (port,) = free_ports(1)
    over_http = ["ARCADE_SERVER_TRANSPORT=http", f"ARCADE_SERVER_PORT={port}"]
    command = ["env", *over_http, sys.executable, str(SERVER)]
    with running(*command, cwd=tmp_path) as (_, output):
        output.wait_for(f"http://127.0.0.1:{port}")
        result = call(f"http://127.0.0.1:{port}/mcp", tmp_path)
    assert result.is_error
    assert result.content[0].text.startswith("✗ Unsupported transport")
    assert len(ticktick_sandbox.events) == before
