"""A server as a child process: started, waited for, and never outliving this process."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from ticktick_sandbox.redirection import python_path
from ticktick_sandbox.server.ports import Listener, Reservation
from ticktick_sandbox.shared.scratch import NoScratch, scratch

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LAST_LINES = 20
_TRIES = 3  # free ports
_PORT_TAKEN = "address already in use"
LAST_CALLS = 2  # seconds that running calls get when it stops


class DidNotStart(RuntimeError):
    """The server ended or kept silent; the text has the end of its output."""


class ChildServer:
    """Runs a server until it is stopped, or this process ends, however it ends.

    Its output goes to a file, since it is coloured and full of times.

    Args:
        what: what it is called in errors.
        command: how to start it; ``{port}`` in it stands for the port.
        folder: where to start it, ``None`` for the folder of this process.
        ready: the path that answers 200 once it is up; without one, any answer will do.
        port: where it listens; 0 means any free port.
        variables: more of its environment, which is otherwise inherited. With
            ``TICKTICK_SANDBOX_URL`` in it the server reaches the services at that sandbox.
    """

    def __init__(
        self,
        what: str,
        command: tuple[str, ...],
        *,
        folder: Path | None,
        ready: str | None = None,
        port: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port
        self.folder = folder
        self._what = what
        self._command = command
        self._ready = ready
        self._variables = variables or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._reservation: Reservation | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    @property
    def uri(self) -> str:
        """Where other programs on this machine find it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Its process id, ``None`` unless it was started."""
        return self._process.pid if self._process else None

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = 30) -> None:
        """Start it and return once it answers. A later start keeps the port.

        Args:
            timeout: seconds to wait for the first answer.

        Raises:
            PortInUse: another program has the port.
            DidNotStart: it ended or kept silent.
        """
        given = self.port
        for left in reversed(range(_TRIES)):
            try:
                self._start(timeout)
            except DidNotStart as problem:
                # Between finding a free port and listening there, somebody else may take it.
                if given or not left or _PORT_TAKEN not in str(problem).lower():
                    raise
                self.port = 0
            else:
                return

    def _start(self, timeout: float) -> None:
        self._end()
        try:
            self._reserve()
            self._scratch = scratch()
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 -- the reader's own program
                    self._arguments(),
                    cwd=self.folder,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # interrupting a cell does not reach it
                )
            atexit.register(self.stop)
            self._wait(timeout)
        except BaseException as problem:
            self.stop()
            if isinstance(problem, NoScratch):
                raise DidNotStart(str(problem)) from None
            raise

    def _reserve(self) -> None:
        """Keep the port, or find one, and see that nobody else listens there."""
        if self._reservation and self._reservation.port == self.port:
            Listener(self.port).close()
            return
        self._give_back()
        self._reservation = Reservation(self.port)
        self.port = self._reservation.port

    def stop(self) -> None:
        """End it, after the calls that run if they are short. Without one, do nothing."""
        self._end()
        self._give_back()

    def _end(self) -> None:
        """End it and keep its port, so that nobody takes it before the next start."""
        atexit.unregister(self.stop)
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(timeout=LAST_CALLS + 1)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._scratch:
            self._scratch.cleanup()
            self._scratch = None

    def _give_back(self) -> None:
        if self._reservation:
            self._reservation.close()
            self._reservation = None

    def output(self) -> str:
        """Return what it has written since its last start, without colours."""
        if self._scratch is None:
            return ""
        return _COLOURS.sub("", self._log.read_text(encoding="utf-8", errors="replace"))

    @property
    def _log(self) -> Path:
        assert self._scratch
        return Path(self._scratch.name) / "output.txt"

    def _arguments(self) -> list[str]:
        return [part.replace("{port}", str(self.port)) for part in self._command]

    def _environment(self) -> dict[str, str]:
        environment = os.environ | self._variables
        return environment | {
            "TICKTICK_SANDBOX_PARENT": str(os.getpid()),
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
            connection.request("GET", self._ready or "/")
            return connection.getresponse().status == HTTPStatus.OK or self._ready is None
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _failure(self, what: str) -> DidNotStart:
        end = "\n".join(self.output().splitlines()[-_LAST_LINES:]) or "(none)"
        run = "run there" if self.folder else "run"
        return DidNotStart(
            f"{self._what} {what}. The end of its output:\n{end}\n"
            f"To see it all, {run}: python {' '.join(self._arguments()[1:])}"
        )
