"""Where a notebook's sandbox runs on this machine: servers on threads, tools in child processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ticktick_sandbox.recording.exchange import Exchange
from ticktick_sandbox.redirection import Redirection
from ticktick_sandbox.redirection.curl import CurlHome
from ticktick_sandbox.server.entrances import as_recorded
from ticktick_sandbox.server.environment import ChangedEnvironment, client_environment
from ticktick_sandbox.server.ports import PortInUse
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.event_log import Event
from ticktick_sandbox.shared.settings import APP_PORT, WORKER_PORT

if TYPE_CHECKING:
    from ticktick_sandbox.processes.app import AppProcess
    from ticktick_sandbox.processes.child_server import ChildServer
    from ticktick_sandbox.processes.worker import WorkerProcess
    from ticktick_sandbox.server.faults import Faults


class OnThisMachine:
    """A sandbox that is started, with everything in this process that leads to it.

    ``moved`` says why it has other ports than usual, ``network`` what leads to it, and
    ``offered`` whom TickTick's pages know. The other attributes are those of the services.

    Args:
        provider: the id of a ready-made provider, ``None`` for none.
        app: whether TickTick has an app for it.
        config: an engine.yaml to load instead.
        strict: let the Engine refuse configurations that break the reference.
        person: the name of somebody else than the learner.

    Raises:
        SandboxError: a setting can't be used.
    """

    def __init__(
        self,
        provider: str | None,
        app: bool,
        config: Path | None,
        strict: bool,
        person: str | None,
    ) -> None:
        context = Context.of(Clock(standing_at=NOTEBOOK_TIME))
        self.moved = ""
        try:
            self._sandbox = Sandbox(context, strict=strict, tell=print)
        except PortInUse as problem:
            self.moved = f" (port {problem.port} was in use)"
            self._sandbox = Sandbox(context, strict=strict, ports=(0, 0), tell=print)
        self._undo = ExitStack()
        self._undo.callback(self._sandbox.stop)
        try:
            if app or provider or config:
                self._sandbox.prepare(provider, config, person)
            redirection = Redirection(self._sandbox.arcade_url)
            curl_home = CurlHome(redirection, os.environ)
        except (OSError, ValueError) as problem:
            self._undo.close()
            raise SandboxError(str(problem)) from None
        self._sandbox.start()
        self._undo.callback(curl_home.close)
        variables = client_environment(self._sandbox.arcade_url) | {"CURL_HOME": curl_home.path}
        self._undo.callback(ChangedEnvironment(variables).restore)
        redirection.on()
        self._undo.callback(redirection.off)
        self.local = self._sandbox.local
        self.form_watch = self._sandbox.form_watch
        self.run_id = self._sandbox.run_id
        self.clock = self._sandbox.clock
        self.origins = self._sandbox.arcade_url, self._sandbox.ticktick_url
        self.network = (
            "the real host names of the services lead Python, Node and curl to the sandbox"
        )
        self.offered = self._sandbox.services.ticktick.offered
        self._workers: dict[str | None, WorkerProcess] = {}
        self._app: AppProcess | None = None

    @property
    def services(self) -> object:
        """What answers now; something else after starting over."""
        return self._sandbox.services

    @property
    def faults(self) -> Faults:
        """What goes wrong with them."""
        return self._sandbox.faults

    def events(self) -> Sequence[Event]:
        """Return what happened, oldest first."""
        return self._sandbox.event_log.events

    def exchanges(self) -> list[Exchange]:
        """Return what went over the wire, oldest first."""
        return self._sandbox.wire.since()

    def exercise_began(self) -> tuple[int, int]:
        """Return where an exercise begins that begins now."""
        from ticktick_sandbox.exercises.exercise import begun

        return begun(self._sandbox)

    def judge(self, name: str, since: tuple[int, int]) -> str:
        """Return what an exercise says that began there."""
        from ticktick_sandbox.exercises.exercise import judge

        return judge(self._sandbox, name, since)

    def seen_at(self, url: str) -> str:
        """Return where a person's browser finds a local address: right there."""
        return url

    def start_worker(self, folder: Path | None, name: str) -> tuple[str, str]:
        """Serve the tools of a folder, or the installed ones, from a process of their own.

        Returns:
            its address, and what to say of that.

        Raises:
            SandboxError: it does not start; with its last words.
        """
        from ticktick_sandbox.processes.worker import WorkerProcess

        key = name if folder else None
        worker = self._workers.pop(key, None)
        if worker and worker.folder != folder:
            worker.stop()
            worker = None
        secret = os.environ["ARCADE_WORKER_SECRET"]
        port = WORKER_PORT + len(self._workers)
        called = "Worker" if key in (None, "ticktick") else f"Worker {name}"
        variables = client_environment(self.origins[0], called)
        worker = self._workers[key] = worker or WorkerProcess(
            folder, name, secret, port=port, variables=variables
        )
        moved = _start_child(worker)
        self._sandbox.names[worker.uri] = as_recorded(called)
        return worker.uri, moved

    def start_app(self, file: Path) -> tuple[str, str]:
        """Serve a web app from a process of its own, in place of the one before.

        Returns:
            its address, and what to say of that.

        Raises:
            SandboxError: it does not start; with its last words.
        """
        from ticktick_sandbox.processes.app import AppProcess

        port = APP_PORT
        if self._app:
            self._app.stop()
            port = self._app.port
        variables = client_environment(self.origins[0], "App")
        self._app = AppProcess(file, port=port, variables=variables)
        moved = _start_child(self._app)
        return self._app.url, moved

    def stop(self) -> None:
        """Stop everything and put everything back as it was."""
        for worker in self._workers.values():
            worker.stop()
        if self._app:
            self._app.stop()
        self._undo.close()


def _start_child(server: ChildServer) -> str:
    """Start it on its port, or on another one if that is in use; return what to say of that."""
    from ticktick_sandbox.processes.child_server import DidNotStart

    try:
        try:
            server.start()
        except PortInUse as taken:
            server.port = 0
            server.start()
            return f" (port {taken.port} was in use)"
    except DidNotStart as problem:
        raise SandboxError(str(problem)) from None
    return ""
