"""What a notebook calls: ``start``, ``open``, ``clock``, ``events``, ``stop``."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ticktick_sandbox.browser.viewer import LivePage, Page, Viewer
from ticktick_sandbox.shared.errors import SandboxError

if TYPE_CHECKING:
    from ticktick_sandbox.processes.child_server import ChildServer
    from ticktick_sandbox.processes.worker import WorkerProcess
    from ticktick_sandbox.redirection import Redirection
    from ticktick_sandbox.redirection.curl import CurlHome
    from ticktick_sandbox.server.environment import ChangedEnvironment
    from ticktick_sandbox.server.hosts import LocalAddresses
    from ticktick_sandbox.server.sandbox import Sandbox
    from ticktick_sandbox.shared.event_log import Event


@dataclass
class _Running:
    sandbox: Sandbox
    viewer: Viewer
    environment: ChangedEnvironment
    redirection: Redirection
    curl_home: CurlHome
    wanted: tuple[object, ...]
    lines: list[str]
    workers: dict[str | None, WorkerProcess] = field(default_factory=dict)
    app: ChildServer | None = None
    done: dict[tuple[object, ...], Page] = field(default_factory=dict)  # what was sent off


_APP_PORT = 8000  # uvicorn's own choice
_WORKER_PORT = 8002  # the one that Arcade's documentation uses; further workers take the next

_running: _Running | None = None


def start(
    provider: str | None = "arcade-ticktick",
    *,
    app: bool = True,
    config: str | Path | None = None,
    strict: bool = False,
    person: str | None = None,
) -> None:
    """Start the sandbox in this process and say what was set up. Twice is harmless.

    Args:
        provider: the id of a ready-made provider; ``None`` for none, so that you make it.
        app: whether TickTick has an app for it; ``False``, with no provider, for none.
        config: an engine.yaml to load providers and workers from instead.
        strict: let the Engine refuse configurations that break the reference.
        person: the name of somebody else than the learner, whom TickTick's pages are shown to.

    Raises:
        SandboxError: it runs already with other arguments, or a setting can't be used.
    """
    global _running
    if _is_live():
        _greet_live()
        return
    wanted = (provider, app, str(config) if config else None, strict, person)
    ran_already = _running is not None
    if _running is None:
        _running = _start(*wanted)
        atexit.register(stop)
    if _running.wanted != wanted:
        raise SandboxError(
            "The sandbox already runs with other arguments. Call sandbox.stop() first, or "
            "restart the kernel."
        )
    print("\n".join(_running.lines))
    if ran_already:
        print("It ran already and keeps what you made. Restart the kernel to begin anew.")


def stop() -> None:
    """Stop the sandbox and put everything back as it was. Without one, do nothing."""
    global _running
    if _running is None:
        return
    running, _running = _running, None
    for worker in running.workers.values():
        worker.stop()
    if running.app:
        running.app.stop()
    running.redirection.off()
    running.environment.restore()
    running.curl_home.close()
    running.sandbox.stop()


def open(
    url: str | None,
    *,
    click: str | None = None,
    fill: Mapping[str, str] | None = None,
    suggest: Mapping[str, str] | None = None,
) -> Page:
    """Show a page to a person: a link, and in a notebook a frame below it.

    It returns once they have sent the form off with what is needed, so that the next cell
    finds what they made. In a notebook, a page without a form is left with a button Go on.

    With ``TICKTICK_SANDBOX_AUTOPILOT=1``, as the tests run, the same page is fetched, filled in and
    submitted over HTTP instead, and one line says so.

    Args:
        url: the page; ``None`` or empty when there is nothing left to decide.
        click: the link or button that the person is to click.
        fill: what has to be typed, by the labels of the fields. A form with anything else is
            not taken, and says what differs.
        suggest: what may be typed, and may differ.

    Returns:
        The values of the page's labelled fields, read when you ask for them.

    Raises:
        SandboxError: the sandbox does not run, the page has no such field or button, or nobody
            did it within ten minutes.
    """
    if not url:
        print("Nothing to open: access was allowed before.")
        return Page("", _local)
    if _is_live():
        print(f"Open {url}")
        return LivePage(url)
    running = _require()
    fill, suggest = fill or {}, suggest or {}
    typed = {**fill, **suggest}
    deed = running.sandbox.services, url, click, *typed.items()  # others after starting over
    ours = running.sandbox.local(url).startswith(running.viewer.origins)
    if typed and ours and deed in running.done:
        print(f"Done before: {', '.join(typed)}. To do it anew, restart the kernel.")
        return running.done[deed]
    if os.environ.get("TICKTICK_SANDBOX_AUTOPILOT") == "1":
        page = Page(running.viewer.steer(url, click, typed), _local)
    else:
        address = running.sandbox.local(url)
        running.viewer.show(address, click, fill, suggest)
        page = Page(address, _local, click if not typed else None)
    running.done[deed] = page
    return page


def start_worker(folder: str | Path | None = None, *, name: str = "ticktick") -> str:
    """Serve tools from a real worker, and say where.

    Calling it again starts the worker anew, with what its files hold then. Live nothing is
    started: the address is that of ``WORKER_URI``, and ``ARCADE_WORKER_SECRET`` its secret.

    Args:
        folder: where the tools are; without one, the installed toolkits are served.
        name: what a folder's toolkit is called: ``ticktick`` makes ``Ticktick``.

    Returns:
        The address to give to the Engine.

    Raises:
        SandboxError: the sandbox does not run, or the worker does not start; with its last words.
    """
    if _is_live():
        return _live_address("worker", "WORKER_URI", "ARCADE_WORKER_SECRET")
    from ticktick_sandbox.processes.worker import WorkerProcess

    place = None if folder is None else Path(folder).resolve()
    if place and not place.is_dir():
        raise SandboxError(f"{folder} is not a folder. Name the one that holds your tools.")
    workers = _require().workers
    key = name if place else None
    worker = workers.pop(key, None)
    if worker and worker.folder != place:
        worker.stop()
        worker = None
    secret = os.environ["ARCADE_WORKER_SECRET"]
    port = _WORKER_PORT + len(workers)
    worker = workers[key] = worker or WorkerProcess(place, name, secret, port=port)
    moved = _start_child(worker)
    tools = f"{place.name} is" if place else "the installed toolkits are"
    print(f"Worker: {tools} served at {worker.uri}{moved}")
    return worker.uri


def start_app(file: str | Path) -> str:
    """Serve a web app of yours from a process of its own, and say where.

    Calling it again starts the app anew, with what the file holds then. Live nothing is
    started: the address is that of ``APP_URL``.

    Args:
        file: the Python file in which ``app`` is the ASGI application.

    Returns:
        The address for browsers.

    Raises:
        SandboxError: the sandbox does not run, or the app does not start; with its last words.
    """
    if _is_live():
        return _live_address("app", "APP_URL")
    from ticktick_sandbox.processes.child_server import ChildServer

    place = Path(file).resolve()
    if not place.is_file():
        raise SandboxError(f"{file} is not a file. Name the one that holds your app.")
    running = _require()
    port = _APP_PORT
    if running.app:
        running.app.stop()
        port = running.app.port
    serve = (sys.executable, "-m", "uvicorn", f"{place.stem}:app", "--host", "localhost")
    serve += ("--port", "{port}")
    running.app = ChildServer(f"the app in {place}", serve, folder=place.parent, port=port)
    moved = _start_child(running.app)
    url = f"http://localhost:{running.app.port}"
    print(f"App: {place.name} is served at {url}{moved}")
    return url


def _start_child(server: ChildServer) -> str:
    """Start it on its port, or on another one if that is in use; return what to say of that."""
    from ticktick_sandbox.processes.child_server import DidNotStart
    from ticktick_sandbox.server.ports import PortInUse

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


def check(file: str | Path) -> None:
    """Print what is wrong with an engine.yaml, as ``ticktick-sandbox check`` does."""
    from ticktick_sandbox.checker import report

    print("\n".join(report(Path(file))[0]))


def events() -> list[Event]:
    """Return what happened in the sandbox, oldest first. ``problem`` marks what went wrong.

    Live there is no sandbox to ask, so the list is empty.
    """
    if _is_live():
        return []
    return list(_require().sandbox.event_log.events)


class _Clock:
    """The clock of the running sandbox. It stands still until you move it."""

    def now(self) -> datetime:
        """Return the sandbox's time in UTC, live the real one."""
        if _is_live():
            return datetime.now(UTC)
        return _require().sandbox.clock.now()

    def advance(self, **duration: float) -> datetime:
        """Move the time forward: ``advance(days=180)``. Returns the new time.

        Live nothing moves, and a line says so.
        """
        if _is_live():
            print("Live: the real clock can't be moved.")
            return datetime.now(UTC)
        return _require().sandbox.clock.advance(**duration)


clock = _Clock()


def _is_live() -> bool:
    mode = os.environ.get("TUTORIAL_MODE") or "sandbox"
    if mode not in ("sandbox", "live"):
        raise SandboxError(
            f"TUTORIAL_MODE is {mode!r}. Set it to live, or unset it for the sandbox."
        )
    return mode == "live"


def _greet_live() -> None:
    missing = [name for name in ("ARCADE_API_KEY", "ARCADE_USER_ID") if not os.environ.get(name)]
    if missing:
        raise SandboxError(
            f"TUTORIAL_MODE=live needs {' and '.join(missing)}. ARCADE_USER_ID is the e-mail "
            "address of your Arcade account. Set them and restart."
        )
    print("Live: no sandbox is started. Your key is used, and the real services answer.")


def _live_address(what: str, *variables: str) -> str:
    missing = [name for name in variables if not os.environ.get(name)]
    if missing:
        raise SandboxError(
            f"Live, your {what} has to be where Arcade and browsers reach it. Start it there, "
            f"set {' and '.join(missing)}, and restart."
        )
    address = os.environ[variables[0]]
    print(f"Live: your {what} is at {address}.")
    return address


def _require() -> _Running:
    if _running is None:
        raise SandboxError("The sandbox does not run. Call sandbox.start() first.")
    return _running


def _local() -> LocalAddresses:
    return _require().sandbox.local


def _start(
    provider: str | None, app: bool, config: str | None, strict: bool, person: str | None
) -> _Running:
    from ticktick_sandbox.redirection import Redirection
    from ticktick_sandbox.redirection.curl import CurlHome
    from ticktick_sandbox.server.environment import ChangedEnvironment, client_environment
    from ticktick_sandbox.server.ports import PortInUse
    from ticktick_sandbox.server.sandbox import Sandbox
    from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
    from ticktick_sandbox.shared.context import Context

    clock = Clock(standing_at=NOTEBOOK_TIME)
    context = Context.of(clock)
    moved = ""
    try:
        sandbox = Sandbox(context, strict=strict, tell=print)
    except PortInUse as problem:
        moved = f" (port {problem.port} was in use)"
        sandbox = Sandbox(context, strict=strict, ports=(0, 0), tell=print)
    try:
        if app or provider or config:
            sandbox.prepare(provider, Path(config) if config else None, person)
        redirection = Redirection(sandbox.arcade_url)
        curl_home = CurlHome(redirection, os.environ)
    except (OSError, ValueError) as problem:
        sandbox.stop()
        raise SandboxError(str(problem)) from None
    sandbox.start()
    variables = client_environment(sandbox.arcade_url) | {"CURL_HOME": curl_home.path}
    environment = ChangedEnvironment(variables)
    redirection.on()
    user = os.environ["ARCADE_USER_ID"]
    lines = [
        f"Sandbox: Arcade at {sandbox.arcade_url}, TickTick at {sandbox.ticktick_url}{moved}",
        f"Clients: ARCADE_BASE_URL, ARCADE_API_KEY and others lead there; you act as {user}",
        "Network: the real host names of the services lead Python, Node and curl to the sandbox",
    ]
    if person:
        lines.append(f"TickTick's pages know you as {sandbox.services.ticktick.offered}")
    origins = sandbox.arcade_url, sandbox.ticktick_url
    viewer = Viewer(sandbox.local, sandbox.form_watch, origins, sandbox.run_id)
    wanted = provider, app, config, strict, person
    return _Running(sandbox, viewer, environment, redirection, curl_home, wanted, lines)
