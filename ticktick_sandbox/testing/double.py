"""One sandbox for the tests of a process, as it was at its start for each of them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticktick_sandbox.browser.browser import inside_client, local_client
from ticktick_sandbox.browser.consent import ALLOW, DENY, answer
from ticktick_sandbox.processes.app import AppProcess
from ticktick_sandbox.processes.child_server import ChildServer, DidNotStart
from ticktick_sandbox.processes.registered_worker import RegisteredWorker
from ticktick_sandbox.recording.exchanges import Exchanges
from ticktick_sandbox.redirection import Redirection
from ticktick_sandbox.redirection.curl import CurlHome
from ticktick_sandbox.server.entrances import as_recorded
from ticktick_sandbox.server.environment import ChangedEnvironment, client_environment
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.server.unattended import Refuse
from ticktick_sandbox.server.users import User, Users
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

if TYPE_CHECKING:
    import httpx

    from ticktick_sandbox.browser.browser import Page
    from ticktick_sandbox.server.faults import Faults
    from ticktick_sandbox.shared.event_log import Event

_OF_THE_TEST = "PYTEST_CURRENT_TEST"


class TickTickSandbox:
    """Arcade's Engine and TickTick for one test.

    Both are on free ports of this machine, and the clients lead there: ``ARCADE_BASE_URL``,
    ``ARCADE_API_KEY`` and others are set while a test runs, for its child processes, too, and
    the real host names of both services lead to the sandbox. Its clock stands still, and
    identifiers are the same in each test.

    ``arcade_url`` and ``ticktick_url`` are the addresses; ``user_id``, ``api_key`` and
    ``provider`` are what a test asks Arcade with. ``users`` are the people at TickTick.
    ``clock.advance(days=180)`` moves the time. ``patience`` is for how many seconds a program
    may wait for a consent until it is told that nobody comes. ``http_client`` is for clients
    that are made in each test: one of their own would load every authority of the machine.
    """

    user_id = LEARNER
    api_key = API_KEY
    provider = PROVIDER_ID

    def __init__(self) -> None:
        self._nobody = Refuse()
        self._usual_patience = self._nobody.patience
        context = Context.of(Clock(standing_at=NOTEBOOK_TIME))
        self._sandbox = Sandbox(context, ports=(0, 0), unattended=self._nobody)
        self._undo = ExitStack()
        self._undo.callback(self._sandbox.stop)
        self._sandbox.prepare(PROVIDER_ID)
        self._sandbox.start()
        self.arcade_url = self._sandbox.arcade_url
        self.ticktick_url = self._sandbox.ticktick_url
        self.users = Users(lambda: self._sandbox.ticktick)
        self._redirection = Redirection(self.arcade_url)
        curl_home = CurlHome(self._redirection, os.environ)
        self._undo.callback(curl_home.close)
        self._curl_home = curl_home.path
        self.http_client = local_client()
        self.http_client.follow_redirects = True  # as arcadepy's own does
        self._undo.callback(self.http_client.close)
        self._used = False
        self._workers: dict[tuple[Path, str], tuple[RegisteredWorker, object]] = {}
        self._servers: dict[str, ChildServer] = {}  # of this test
        self._written: dict[ChildServer, int] = {}  # characters of output before this test

    def __repr__(self) -> str:
        return f"TickTickSandbox({self.arcade_url!r})"

    # What a person does

    def consent(
        self, auth: Any, *, user: User | str | None = None, browser: httpx.Client | None = None
    ) -> Page:
        """Click Allow on TickTick's page, and go where that leads.

        Args:
            auth: what ``client.auth.start`` or ``client.tools.authorize`` returned, the link,
                or a text with the link in it, such as what a program printed.
            user: who signs in, one of ``users`` or the address of one: at TickTick, and at Arcade
                if that verifies users; the learner if nobody is named.
            browser: the client by which the test plays the person at your app, with their
                cookies there: an ``httpx.Client`` with a ``base_url``, or a test client such
                as FastAPI's. (One that follows redirects by itself must not follow the one to
                TickTick, whose address it would take for the app's.)

        Returns:
            The page at which the browser ends: its ``url``, ``status``, ``heading``, and its
            source as ``text``.

        Raises:
            SandboxError: there is no link, TickTick does not ask, or Arcade refuses the user.
        """
        __tracebackhide__ = True
        return self._answer(auth, ALLOW, user, browser)

    def deny(
        self, auth: Any, *, user: User | str | None = None, browser: httpx.Client | None = None
    ) -> Page:
        """Click Cancel on TickTick's page; see ``consent``.

        The browser ends at Arcade, and the authorization stays pending.
        """
        __tracebackhide__ = True
        return self._answer(auth, DENY, user, browser)

    def set_secret(self, key: str, value: str) -> None:
        """Give Arcade a secret, for tools with ``requires_secrets``."""
        self._sandbox.engine.secrets.put(key, value)

    def verify_users(self, verifier_url: str | None = None, *, skip: bool = False) -> None:
        """Say who checks that the person who consents is the one who was asked.

        Args:
            verifier_url: the page of your app that does, ``None`` for Arcade, where everybody
                has an account with the address that they have at TickTick.
            skip: let nobody check, so that a test need not sign anybody in to your app.

        Raises:
            SandboxError: browsers can't be sent to this URL.
        """
        __tracebackhide__ = True
        try:
            self._sandbox.engine.verification.change(verifier_url, skip=skip)
        except ValueError as problem:
            text = str(problem)
            if "//testserver" in (verifier_url or ""):
                text += '. Give your test client base_url="http://localhost:8000", and say so here'
            raise SandboxError(text) from None

    # What is served

    def worker(self, folder: str | Path, name: str | None = None) -> RegisteredWorker:
        """Serve a folder's tools from a real worker, and register that with the Engine.

        It goes on for later tests, until a file in the folder or the environment changes.

        Args:
            folder: where the tools are: each ``*.py`` with a ``@tool`` in it is loaded.
            name: of the toolkit; that of the folder if there is none, with ``_`` for a hyphen.
                ``my_tool`` makes ``MyTool``.

        Returns:
            The worker: its ``tools`` are the names to call them by, ``output()`` is what it
            wrote to its console.

        Raises:
            SandboxError: it does not start; with its last words.
        """
        __tracebackhide__ = True
        place = Path(folder).resolve()
        state = _state(place)
        process, before = self._workers.pop((place, name or ""), (None, None))
        with self._unseen() as client:
            if process is None or before != state or not process.runs:
                if process:
                    process.stop()
                process = RegisteredWorker(Path(folder), self.arcade_url, name)
                process.serve()
            self._sandbox.names[process.uri] = as_recorded(f"Worker {process.name}")
            process.register(client)
        self._workers[place, name or ""] = process, state
        self._servers[f"the worker {process.name}"] = process
        return process

    def app(self, file: str | Path, *, environment: Mapping[str, str] | None = None) -> AppProcess:
        """Serve a web app from a process of its own, on a free port, until the test ends.

        The app finds its address in ``APP_URL``.

        Args:
            file: the Python file in which ``app`` is the ASGI application.
            environment: more variables for it.

        Returns:
            The app: its ``url`` is where browsers find it, ``output()`` what it wrote.

        Raises:
            SandboxError: it does not start; with its last words.
        """
        __tracebackhide__ = True
        place = Path(file).resolve()
        if not place.is_file():
            raise SandboxError(f"{place} is not a file. Name the one that holds your app.")
        variables = client_environment(self.arcade_url, "App") | dict(environment or {})
        process = AppProcess(place, variables=variables)
        try:
            process.start()
        except DidNotStart as problem:
            raise SandboxError(str(problem)) from None
        self._servers[f"the app {place.name}"] = process
        return process

    # What happened

    @property
    def exchanges(self) -> Exchanges:
        """What went over the wire in this test, oldest first, with labels for secrets."""
        return Exchanges(self._sandbox.wire.since())

    @property
    def events(self) -> list[Event]:
        """What happened in this test, oldest first; ``problem`` marks what went wrong."""
        return list(self._sandbox.event_log.events)

    @property
    def faults(self) -> Faults:
        """What goes wrong: ``faults.add("TickTick", "POST /oauth/token", status=500)``."""
        return self._sandbox.faults

    @property
    def clock(self) -> Clock:
        """The time of both services, which stands still: ``clock.advance(minutes=5)``."""
        return self._sandbox.clock

    @property
    def patience(self) -> float:
        """For how many seconds a program may wait for a consent that nobody gives."""
        return self._nobody.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._nobody.patience = seconds

    # Its life

    def reset(self, *, config: str | Path | None = None) -> None:
        """Make everything as it was at the start, also in the middle of a test.

        Args:
            config: an engine.yaml whose providers and workers are there instead. It finds the
                credentials of an app at TickTick in TICKTICK_CLIENT_ID and _SECRET.

        Raises:
            SandboxError: the file can't be used. Everything stays as it was.
        """
        __tracebackhide__ = True
        provider = None if config else PROVIDER_ID
        try:
            wanted = provider, Path(config) if config else None, None
            self._sandbox.start_over(wanted, noted=False)
        except (OSError, ValueError) as problem:
            raise SandboxError(str(problem)) from None

    @contextmanager
    def for_one_test(self) -> Iterator[TickTickSandbox]:
        """Lead the clients here while the block runs, with everything as it was at the start."""
        if self._used:
            self.reset()
        self._used = True
        self.patience = self._usual_patience
        self._written = {each: len(each.output()) for each, _ in self._workers.values()}
        variables = client_environment(self.arcade_url) | {"CURL_HOME": self._curl_home}
        changed = ChangedEnvironment(variables)
        self._redirection.on()
        try:
            yield self
            for fault in self.faults.unmet():
                warnings.warn(f"no request has met the fault: {fault}", stacklevel=2)
        finally:
            self._redirection.off()
            changed.restore()
            for server in self._servers.values():
                if isinstance(server, AppProcess):
                    server.stop()
            self._servers.clear()

    def report(self) -> list[tuple[str, str]]:
        """Return what helps to see why a test failed: titles and texts."""
        problems = "\n".join(str(event) for event in self.events if event.problem)
        outputs = {
            f"what {what} wrote": server.output()[self._written.get(server, 0) :]
            for what, server in self._servers.items()
        }
        sections = {"what went over the wire": str(self.exchanges), "problems": problems, **outputs}
        return [(f"TickTick sandbox: {title}", text) for title, text in sections.items() if text]

    def stop(self) -> None:
        """Stop everything."""
        for process, _ in self._workers.values():
            process.stop()
        self._undo.close()

    def _answer(
        self, auth: Any, click: str, user: User | str | None, browser: httpx.Client | None
    ) -> Page:
        __tracebackhide__ = True
        email = user.email if isinstance(user, User) else user or LEARNER
        if email not in (known := [each.email for each in self.users]):
            raise SandboxError(
                f"Nobody at TickTick is {email}. Known: {', '.join(known)}. "
                'ticktick_sandbox.users.add("Ben") adds somebody.'
            )
        self._nobody.deciding += 1
        try:
            services = self.arcade_url, self.ticktick_url
            local = self._sandbox.local
            return answer(auth, click, local, email=email, app=browser, services=services)
        finally:
            self._nobody.deciding -= 1

    def _unseen(self) -> httpx.Client:
        """Return a client that reaches the Engine without being recorded."""
        return inside_client({self.arcade_url: self._sandbox.arcade_app}, self._sandbox.run)


def _state(folder: Path) -> object:
    """Return what tells whether something has changed that a worker of this folder depends on."""
    stats = {path: path.stat() for path in folder.rglob("*.py")}
    files = {str(path): (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}
    return files, {name: value for name, value in os.environ.items() if name != _OF_THE_TEST}
