"""A worker as a child process: ``arcade_mcp_server`` with a folder's or the installed tools."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from ticktick_sandbox.processes.child_server import LAST_CALLS, ChildServer
from ticktick_sandbox.shared.settings import ISOLATION_ENV


class WorkerProcess(ChildServer):
    """Runs a worker until it is stopped, or this process ends, however it ends.

    Args:
        folder: where the tools are; each ``*.py`` with a ``@tool`` in it is loaded. ``None``
            for the toolkits that are installed as packages.
        name: what a folder's toolkit is called: ``ticktick`` makes ``Ticktick``.
        secret: what the Engine has to sign its requests with.
        port: where it listens; 0 means any free port.
        variables: more of its environment, which is otherwise inherited. With
            ``TICKTICK_SANDBOX_URL`` in it the worker reaches the services at that sandbox.
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
        serve = (sys.executable, "-m", "arcade_mcp_server", "http", "--host", "127.0.0.1")
        tools = ("--name", name) if folder else ("--discover-installed",)
        super().__init__(
            f"the worker in {folder}" if folder else "the worker of the installed toolkits",
            command or (*serve, "--port", "{port}", *tools),
            folder=folder,
            ready="/worker/health",
            port=port,
            variables=variables,
        )
        self._secret = secret

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {
            "ARCADE_WORKER_SECRET": self._secret,
            **ISOLATION_ENV,
            "ARCADE_UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN": str(LAST_CALLS),
        }
