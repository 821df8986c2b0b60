"""A worker that serves a folder's tools to a running sandbox, and is registered there."""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ticktick_sandbox.processes.child_server import DidNotStart
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.server.environment import client_environment
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import API_KEY, worker_secret

if TYPE_CHECKING:
    import httpx

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class RegisteredWorker(WorkerProcess):
    """Serves a folder on a free port; registering it again changes what the Engine knows.

    ``name`` is the worker's and its toolkit's, ``tools`` are the names to call them by.

    Args:
        folder: where the tools are: each ``*.py`` with a ``@tool`` in it is loaded.
        arcade_url: where the sandbox's Engine is.
        name: of the toolkit; that of the folder if there is none, with ``_`` for a hyphen.
            ``my_tool`` makes ``MyTool``.

    Raises:
        SandboxError: there is no such folder, it can't have this name, or what serves tools is
            not installed.
    """

    def __init__(self, folder: Path, arcade_url: str, name: str | None = None) -> None:
        __tracebackhide__ = True
        place = folder.resolve()
        if not place.is_dir():
            raise SandboxError(f"{place} is not a folder. Name the one that holds your tools.")
        self.name = name or re.sub(r"[-. ]+", "_", place.name)
        if _NAME.fullmatch(self.name) is None:
            raise SandboxError(
                f"{self.name!r} can't be the name of a toolkit: it has letters, digits and _, and "
                "begins with a letter. Give another name, or the folder one."
            )
        if find_spec("arcade_mcp_server") is None:
            raise SandboxError(
                "What serves tools is missing in this environment: pip install arcade-mcp-server, "
                "and arcade-tdk, of which tools are made."
            )
        self.tools: list[str] = []
        self._arcade_url = arcade_url
        variables = client_environment(arcade_url, f"Worker {self.name}")
        super().__init__(place, self.name, worker_secret(arcade_url), variables=variables)

    def serve(self) -> None:
        """Start it; ``register`` comes next.

        Raises:
            SandboxError: it does not start; with its last words.
        """
        __tracebackhide__ = True
        try:
            self.start()
        except DidNotStart as problem:
            raise SandboxError(str(problem)) from None

    def register(self, client: httpx.Client) -> None:
        """Tell the Engine of it, and learn the names of its tools.

        Args:
            client: reaches the Engine.

        Raises:
            SandboxError: the Engine does not take it.
        """
        __tracebackhide__ = True
        at = f"{self._arcade_url}/v1/workers"
        http = {"uri": self.uri, "secret": self._secret, "timeout": 30, "retry": 3}
        headers = {"Authorization": API_KEY}
        reply = client.patch(f"{at}/{self.name}", json={"http": http}, headers=headers)
        if reply.status_code == 404:
            body = {"id": self.name, "http": http}
            reply = client.post(at, json=body, headers=headers)
        if not reply.is_error:
            reply = client.get(f"{at}/{self.name}/tools", params={"limit": 1000}, headers=headers)
        if reply.is_error:
            said = reply.json().get("message", reply.text)
            raise SandboxError(f"Arcade does not take the worker {self.name}: {said}")
        self.tools = sorted(tool["qualified_name"] for tool in reply.json()["items"])

    def unregister(self) -> None:
        """Let a sandbox that goes on forget it; one that has stopped meanwhile has."""
        from httpx import HTTPError

        from ticktick_sandbox.browser.browser import local_client

        with local_client() as client, suppress(HTTPError):
            at = f"{self._arcade_url}/v1/workers/{self.name}"
            client.delete(at, headers={"Authorization": API_KEY})
