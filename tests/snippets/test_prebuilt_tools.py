"""The pre-built tools, served, registered and called as a reader does it, and as an agent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from arcadepy import Arcade

from tests.environment import ROOT
from tests.processes import Output, free_ports, running, sandbox
from tests.snippets.helpers import wait_until_served
from ticktick_sandbox.browser.browser import Browser, local_client
from ticktick_sandbox.server.hosts import LocalAddresses
from ticktick_sandbox.shared.settings import API_KEY

PYTHON = ROOT / "snippets" / "python"


@pytest.fixture(scope="module")
def arcade_port() -> str:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def python(arcade_port: str) -> Iterator[list[str]]:
    """Serve the tools beside a sandbox, register them, and yield how to run a program there."""
    monkeypatch = pytest.MonkeyPatch()
    arcade, (ticktick, worker) = arcade_port, free_ports(2)
    monkeypatch.setenv("WORKER_PORT", worker)
    monkeypatch.setenv("WORKER_URI", f"http://127.0.0.1:{worker}")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    run = sandbox("exec", "--arcade-port", arcade, "--")
    with running(*sandbox("--arcade-port", arcade, "--ticktick-port", ticktick)) as (_, serving):
        serving.wait_for("your_program.py")
        with running(*run, "sh", str(PYTHON / "prebuilt_worker.sh")) as (_, started):
            started.wait_for(f"127.0.0.1:{worker}")
            wait_until_served(worker)
            register = [*run, sys.executable, str(PYTHON / "register_worker.py")]
            with running(*register) as (process, registered):
                registered.wait_for("Registered: ticktick")
                assert process.wait(timeout=30) == 0
                tools = [line for line in registered.rest() if line.startswith("TicktickApi.")]
                assert len(tools) == 11
            yield [*run, sys.executable]
    monkeypatch.undo()


@pytest.fixture(autouse=True)
def disconnected(arcade_port: str, python: list[str]) -> None:
    """Begin each test with a user who has allowed nothing yet."""
    url = f"http://localhost:{arcade_port}"
    with Arcade(api_key=API_KEY, base_url=url, http_client=local_client()) as client:
        for connection in client.admin.user_connections.list():
            client.admin.user_connections.delete(str(connection.id))


def consent(output: Output) -> None:
    link = output.wait_for("/oauth/authorize?")
    with Browser(LocalAddresses({})) as browser:
        browser.submit(browser.open(link), "Allow")


def test_all_tools_are_called_and_nothing_is_left_behind(python: list[str]) -> None:
    with running(*python, str(PYTHON / "prebuilt_tools.py")) as (process, output):
        consent(output)
        consent(output)
        assert process.wait(timeout=30) == 0
        lines = output.rest()
    projects = ["👋Welcome", "Website relaunch", "Home", "Reading list"]
    lines = lines[lines.index("Open this link and click Allow:") :]
    assert lines[2:6] == projects
    assert lines[8:] == [
        "A new task takes title, projectId, content, desc, isAllDay, startDate, dueDate, timeZone, "
        "reminders, repeatFlag, priority, sortOrder, items",
        "It needs title and projectId",
        "Made: Water the tomatoes",
        "Status: 2",
        "UpdateProjectProperties   takes project_identifier, project_name; gives response_json",
        "GetTicktickProjectById    takes project_id; gives response_json",
        "UpdateTaskProperties      takes mode, task_identifier, request_body; gives response_json",
        "RetrieveProjectWithTasks  takes project_id; gives response_json",
        "DeleteSpecificTask        takes project_id, task_identifier_to_delete; "
        "gives response_text",
        "DeleteTicktickProject     takes project_id; gives response_text",
    ]


def test_the_call_of_a_model_is_answered(python: list[str]) -> None:
    with running(*python, str(PYTHON / "agent_tool_call.py")) as (process, output):
        consent(output)
        assert process.wait(timeout=30) == 0
        lines = output.rest()
    assert "For the model: 11 tools" in lines
    assert [line for line in lines if line.startswith("The model asks for")] == [
        "The model asks for TicktickApi_GetUserProjects",
        "The model asks for TicktickApi_RetrieveProjectWithTasks",
    ]
    assert lines[-1] == "Your Inbox has 2 tasks."
