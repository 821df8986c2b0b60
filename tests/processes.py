"""Starting the commands of the README as a reader does, and reading what they print."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path
from queue import Empty, Queue

from tests.environment import ROOT
from ticktick_sandbox.server.ports import Listener, PortInUse

LAB_OPTIONS = "--notebook-dir . --LabApp.app_settings_dir=notebooks/data/jupyterlab"
"""Of the README's command: the notebooks' pictures lie beside their folder; no question on news."""


class Output:
    """The lines of a running program, read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        self._process = process
        self._queue: Queue[str | None] = Queue()
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Wait until everything is read, and close the pipe."""
        self._reader.join(timeout=10)
        assert self._process.stdout
        self._process.stdout.close()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, text: str, timeout: float = 30) -> str:
        """Return the next line that holds ``text``; fail if the program ends without it."""
        while True:
            try:
                line = self._queue.get(timeout=timeout)
            except Empty:
                line = None
            assert line is not None, f"no line with {text!r} in:\n" + "\n".join(self.lines)
            self.lines.append(line)
            if text in line:
                return line

    def so_far(self) -> list[str]:
        """Return all lines that were read until now."""
        with suppress(Empty):
            while (line := self._queue.get_nowait()) is not None:
                self.lines.append(line)
            self._queue.put(None)  # rest() looks for the end, too
        return self.lines

    def rest(self) -> list[str]:
        """Return all lines after the program has ended."""
        while (line := self._queue.get(timeout=30)) is not None:
            self.lines.append(line)
        return self.lines


@contextmanager
def running(
    *command: str, cwd: Path = ROOT, env: Mapping[str, str] = os.environ
) -> Iterator[tuple[subprocess.Popen[str], Output]]:
    """Run a command, from the top of the repository by default; end it when the block ends."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**env, "PYTHONFAULTHANDLER": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output = Output(process)
    try:
        yield process, output
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGABRT)  # each says where its threads are
            raise AssertionError("did not end:\n" + "\n".join(output.rest())) from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # whatever it left behind
            process.wait()
            output.close()


def sandbox(*arguments: str) -> list[str]:
    """Return the command line of ``ticktick-sandbox`` in this environment."""
    return [sys.executable, "-m", "ticktick_sandbox", *arguments]


def run_sandbox(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``ticktick-sandbox`` to its end."""
    return subprocess.run(
        sandbox(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def free_ports(number: int) -> list[str]:
    """Return ports that nothing listens on.

    They lie below those that the system hands out, and each worker of pytest-xdist has its
    own, so that nobody takes them before they are used.
    """
    found: list[str] = []
    while len(found) < number:
        port = next(_PORTS)
        with suppress(PortInUse), Listener(port):
            found.append(str(port))
    return found


_first = 20_000 + 1_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw9").removeprefix("gw"))
_PORTS = cycle(range(_first, _first + 1_000))
