"""The tool, its worker and the call, started as a reader starts them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.installed import node
from tests.processes import free_ports, running, sandbox
from tests.snippets.helpers import wait_until_served
from ticktick_sandbox.browser.browser import Browser
from ticktick_sandbox.server.hosts import LocalAddresses

PYTHON = ROOT / "snippets" / "python"


@pytest.mark.parametrize("program", ["python/call_tool.py", "javascript/call_tool.mjs"])
def test_a_tool_is_served_registered_and_called(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter = node() if program.endswith(".mjs") else sys.executable
    arcade, ticktick, worker = free_ports(3)
    monkeypatch.setenv("WORKER_PORT", worker)
    monkeypatch.setenv("WORKER_URI", f"http://127.0.0.1:{worker}")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    serve = sandbox("--arcade-port", arcade, "--ticktick-port", ticktick)
    attached = sandbox("exec", "--arcade-port", arcade, "--")
    start = [*attached, "sh", "-c", f"cd '{PYTHON / 'custom_tool'}' && exec sh start.sh"]
    register = [*attached, sys.executable, str(PYTHON / "register_worker.py")]
    call = [*attached, interpreter, f"snippets/{program}"]
    with running(*serve) as (_, serving):
        serving.wait_for("your_program.py")
        with running(*start) as (_, started):
            started.wait_for(f"127.0.0.1:{worker}")
            wait_until_served(worker)
            with running(*register) as (_, registered):
                registered.wait_for("Registered: ticktick")
            with running(*call) as (process, output):
                link = output.wait_for("/oauth/authorize?")
                with Browser(LocalAddresses({})) as browser:
                    browser.submit(browser.open(link), "Allow")
                assert process.wait(timeout=30) == 0
                assert output.rest()[-4:] == [
                    "👋Welcome",
                    "Website relaunch",
                    "Home",
                    "Reading list",
                ]
