"""A server as a child process: where it runs, and when it counts as ready."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ticktick_sandbox.browser.browser import local_client
from ticktick_sandbox.processes.child_server import ChildServer, DidNotStart
from ticktick_sandbox.server.ports import Listener, PortInUse

TELLS = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/up" else 404)
        self.end_headers()
        self.wfile.write(json.dumps([os.getcwd(), os.environ.get("GREETING")]).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def child(folder: Path, ready: str | None) -> ChildServer:
    command = (sys.executable, "-c", TELLS, "{port}")
    variables = {"GREETING": "hello"}
    return ChildServer("the child", command, folder=folder, ready=ready, variables=variables)


def test_a_server_runs_in_its_folder_with_its_variables(tmp_path: Path) -> None:
    server = child(tmp_path, "/up")
    server.start()
    with local_client() as client:
        told = json.loads(client.get(f"{server.uri}/up").content)
    server.stop()

    assert told == [str(tmp_path.resolve()), "hello"]


def test_braces_in_a_command_are_left_alone(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit(' '.join(sys.argv[1:]))")
    braces = ("{port}", "{name}", "{", "{}")
    server = ChildServer("the child", command + braces, folder=tmp_path, ready="/")
    with pytest.raises(DidNotStart, match=r"\n\d+ \{name\} \{ \{\}\n"):
        server.start(timeout=5)


def test_a_server_that_answers_elsewhere_only_is_not_ready(tmp_path: Path) -> None:
    server = child(tmp_path, "/down")
    with pytest.raises(DidNotStart, match=r"^the child did not answer within 1 s"):
        server.start(timeout=1)
    assert server.pid is None


def test_without_a_path_any_answer_shows_that_a_server_is_ready(tmp_path: Path) -> None:
    server = child(tmp_path, None)
    server.start(timeout=10)
    with local_client() as client:
        assert client.get(server.uri).status_code == 404
    server.stop()


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[ChildServer]:
    """A server whose program was ended from outside, and which is to start anew."""
    server = child(tmp_path, "/up")
    server.start()
    assert server._process
    server._process.kill()
    server._process.wait(timeout=10)
    yield server
    server.stop()


def test_no_other_sandbox_takes_the_port_of_a_server_that_is_to_start_anew(
    killed: ChildServer, tmp_path: Path
) -> None:
    other = child(tmp_path, "/up")
    other.port = killed.port
    with pytest.raises(PortInUse):
        other.start()
    killed.start()
    assert killed.port == other.port

    killed.stop()
    other.start()
    other.stop()


def test_a_foreign_program_on_the_port_of_a_server_that_is_to_start_anew_is_told(
    killed: ChildServer,
) -> None:
    with Listener(killed.port), pytest.raises(PortInUse):
        killed.start()
    killed.start()
    assert killed.runs
