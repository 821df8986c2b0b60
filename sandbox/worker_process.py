"""A worker as a child process: ``arcade_mcp_server`` with a folder's or the installed tools."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from sandbox.redirection import python_path
from sandbox.serving import listen, port_of

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LAST_LINES = 20
_LAST_CALLS = 2  # seconds that running calls get when it stops


class WorkerDidNotStart(RuntimeError):
    """The worker ended or kept silent; the text has the end of its output."""


class WorkerProcess:
    """Runs a worker until it is stopped, or this process ends, however it ends.

    Its output goes to a file, since it is coloured and full of times.

    Args:
        folder: where the tools are; each ``*.py`` with a ``@tool`` in it is loaded. ``None``
            for the toolkits that are installed as packages.
        name: what a folder's toolkit is called: ``ticktick`` makes ``Ticktick``.
        secret: what the Engine has to sign its requests with.
        port: where it listens; 0 means any free port.
        variables: more of its environment, which is otherwise inherited. With
            ``SANDBOX_URL`` in it the worker reaches the services at that sandbox.
        command: another way to serve; ``{port}`` in it stands for the port.
    """

    def __init__(
        self,
        folder: Path | None,
        name: str,
        secret: str,
        *,
        port: int = 0,
        variables: Mapping[str, str] | None = None,
        command: tuple[str, ...] = (),
    ) -> None:
        self.port = port
        self.folder = folder
        self._secret = secret
        self._variables = variables or {}
        serve = (sys.executable, "-m", "arcade_mcp_server", "http", "--host", "127.0.0.1")
        tools = ("--name", name) if folder else ("--discover-installed",)
        self._command = command or (*serve, "--port", "{port}", *tools)
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    @property
    def uri(self) -> str:
        """Where the Engine finds it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Its process id, ``None`` unless it was started."""
        return self._process.pid if self._process else None

    def start(self, timeout: float = 30) -> None:
        """Start it and return once it answers. A later start keeps the port.

        Args:
            timeout: seconds to wait for the first answer.

        Raises:
            PortInUse: another program has the port.
            WorkerDidNotStart: it ended or kept silent.
        """
        self.stop()
        with listen(self.port) as sock:
            self.port = port_of(sock)
        self._scratch = tempfile.TemporaryDirectory(prefix="sandbox-worker-")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- the reader's own tools
                [part.format(port=self.port) for part in self._command],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # interrupting a cell does not reach it
            )
        atexit.register(self.stop)
        try:
            self._wait(timeout)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, after the calls that run if they are short. Without one, do nothing."""
        atexit.unregister(self.stop)
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(timeout=_LAST_CALLS + 1)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._scratch:
            self._scratch.cleanup()
            self._scratch = None

    def output(self) -> str:
        """Return what it has written since its last start, without colours."""
        if self._scratch is None:
            return ""
        return _COLOURS.sub("", self._log.read_text(encoding="utf-8", errors="replace"))

    @property
    def _log(self) -> Path:
        assert self._scratch
        return Path(self._scratch.name) / "output.txt"

    def _environment(self) -> dict[str, str]:
        assert self._scratch
        environment = os.environ | self._variables
        return environment | {
            "ARCADE_WORKER_SECRET": self._secret,
            "ARCADE_USAGE_TRACKING": "0",
            "ARCADE_WORK_DIR": self._scratch.name,
            "ARCADE_UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN": str(_LAST_CALLS),
            "SANDBOX_PARENT": str(os.getpid()),
            "PYTHONPATH": python_path(environment),
        }

    def _wait(self, timeout: float) -> None:
        assert self._process
        deadline = time.monotonic() + timeout
        while not self._answers():
            if time.monotonic() > deadline:
                raise self._failure(f"did not answer within {timeout:g} s")
            try:
                code = self._process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            raise self._failure(f"ended with exit code {code}")

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/worker/health")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _failure(self, what: str) -> WorkerDidNotStart:
        end = "\n".join(self.output().splitlines()[-_LAST_LINES:]) or "(none)"
        command = " ".join(self._command[1:])
        tools, run = "of the installed toolkits", "run"
        if self.folder:
            tools, run = f"in {self.folder}", "run there"
        return WorkerDidNotStart(
            f"the worker {tools} {what}. The end of its output:\n{end}\n"
            f"To see it all, {run}: python {command.format(port=self.port)}"
        )
