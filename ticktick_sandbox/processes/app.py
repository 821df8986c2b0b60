"""A web app of the reader's own as a child process, served by uvicorn."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ticktick_sandbox.processes.child_server import ChildServer


class AppProcess(ChildServer):
    """Serves an ASGI application until it is stopped, or this process ends, however it ends.

    It finds its own address in the variable ``APP_URL``.

    Args:
        file: the Python file in which ``app`` is the application.
        port: where it listens; 0 means any free port.
        variables: more of its environment, which is otherwise inherited.
    """

    def __init__(
        self, file: Path, *, port: int = 0, variables: Mapping[str, str] | None = None
    ) -> None:
        serve = (sys.executable, "-m", "uvicorn", f"{file.stem}:app", "--host", "localhost")
        super().__init__(
            f"the app in {file}",
            (*serve, "--port", "{port}"),
            folder=file.parent,
            port=port,
            variables=variables,
        )

    @property
    def url(self) -> str:
        """Where browsers find it."""
        return f"http://localhost:{self.port}"

    def _answers(self) -> bool:
        """Tell whether it listens, without a request that the app would see."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"APP_URL": self.url}
