"""A worker as a child process: it starts, says why it does not, and never outlives us."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ticktick_sandbox.browser.browser import local_client
from ticktick_sandbox.processes.child_server import DidNotStart
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.redirection import python_path
from ticktick_sandbox.server.ports import Listener, PortInUse
from ticktick_sandbox.shared.settings import ISOLATION_ENV

SECRET = "a-secret-of-the-tests-with-more-than-32-bytes"
TOOL = '''
import os
from typing import Annotated
from arcade_tdk import tool

print("the tool is loaded")

@tool
def greet() -> Annotated[str, "A greeting."]:
    """Greet."""
    return "hello"
'''
ANSWERS = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def health(uri: str) -> dict[str, str]:
    with local_client() as client:
        return client.get(f"{uri}/worker/health").json()


def program(folder: Path, code: str) -> WorkerProcess:
    """Return a worker that is any program."""
    return WorkerProcess(folder, "any", SECRET, command=(sys.executable, "-c", code, "{port}"))


def listens(uri: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(uri.rpartition(":")[2]))).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_worker_starts_answers_and_stops(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(TOOL)
    worker = WorkerProcess(tmp_path, "greeter", SECRET)
    assert (worker.pid, worker.output()) == (None, "")
    worker.start()

    assert health(worker.uri) == {"status": "ok", "tool_count": "1"}
    assert "the tool is loaded" in worker.output()
    assert "\x1b" not in worker.output()
    worker.stop()
    assert worker.pid is None
    assert not listens(worker.uri)
    worker.stop()


def test_a_later_start_keeps_the_port(tmp_path: Path) -> None:
    worker = program(tmp_path, ANSWERS)
    worker.start()
    first = worker.uri, worker.pid
    worker.start()
    second = worker.uri, worker.pid
    worker.stop()

    assert first[0] == second[0]
    assert first[1] != second[1]


def test_a_worker_that_ends_says_why(tmp_path: Path) -> None:
    worker = program(tmp_path, "raise SystemExit('no tools here')")

    with pytest.raises(DidNotStart, match=r"(?s)ended with exit code 1.*no tools here"):
        worker.start()
    assert worker.pid is None


def test_a_worker_that_ends_says_whose_tools_it_should_serve(tmp_path: Path) -> None:
    end = (sys.executable, "-c", "raise SystemExit(1)")
    of_folder = WorkerProcess(tmp_path, "any", SECRET, command=end)
    of_packages = WorkerProcess(None, "any", SECRET, command=end)

    with pytest.raises(DidNotStart, match=rf"worker in {tmp_path} ended.*\n.*\n.*, run there:"):
        of_folder.start()
    with pytest.raises(
        DidNotStart, match=r"worker of the installed toolkits ended.*\n.*\n.*, run: python"
    ):
        of_packages.start()


def test_a_worker_that_keeps_silent_is_given_up(tmp_path: Path) -> None:
    worker = program(tmp_path, "import time; print('thinking', flush=True); time.sleep(60)")

    with pytest.raises(DidNotStart, match=r"(?s)did not answer within 0.5 s.*thinking"):
        worker.start(timeout=0.5)
    assert worker.pid is None


def test_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with Listener(0) as sock, pytest.raises(PortInUse):
        WorkerProcess(tmp_path, "any", SECRET, port=sock.port).start()


def test_the_environment_has_what_a_worker_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKTICK_SANDBOX_URL", "http://localhost:1")
    told = "import json, os; print(json.dumps(dict(os.environ)), flush=True)\n"
    worker = program(tmp_path, told + ANSWERS)
    worker.start()
    seen = json.loads(worker.output().splitlines()[0])
    session = os.getsid(worker.pid or 0)
    worker.stop()

    assert seen["ARCADE_WORKER_SECRET"] == SECRET
    assert {name: seen[name] for name in ISOLATION_ENV} == ISOLATION_ENV
    assert seen["TICKTICK_SANDBOX_URL"] == "http://localhost:1"
    assert seen["PYTHONPATH"] == python_path(os.environ)
    assert "TICKTICK_SANDBOX_PARENT" not in seen  # read and removed: not for the child's children
    assert session != os.getsid(0)


STARTS = f"""
import sys
from pathlib import Path
from ticktick_sandbox.shared.settings import ISOLATION_ENV
from ticktick_sandbox.processes.worker import WorkerProcess
worker = WorkerProcess(
    Path("."), "any", "{SECRET}", command=(sys.executable, "-c", {ANSWERS!r}, "{{port}}")
)
worker.start()
print(worker.uri, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("ending", ["exit", "kill"])
def test_a_worker_does_not_outlive_who_started_it(ending: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdin
    assert parent.stdout
    uri = parent.stdout.readline().strip()
    assert listens(uri)
    if ending == "kill":
        parent.send_signal(signal.SIGKILL)
    parent.stdin.close()
    parent.wait(timeout=10)
    parent.stdout.close()

    deadline = time.monotonic() + 10
    while listens(uri):
        assert time.monotonic() < deadline
        time.sleep(0.05)
