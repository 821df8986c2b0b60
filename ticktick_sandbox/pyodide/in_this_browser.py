"""Where a notebook's sandbox runs in a browser: a worker beside the kernel, asked by requests."""

from __future__ import annotations

import asyncio
import os
import pickle
import time
import uuid
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from ticktick_sandbox.browser.form_watch import FormWatch, Step, Wanted
from ticktick_sandbox.browser.notebook_page import in_notebook
from ticktick_sandbox.pyodide.exchange import answer_httpx_by, pack, seen_at, unpack
from ticktick_sandbox.recording.exchange import Exchange
from ticktick_sandbox.server.environment import ChangedEnvironment, service_environment
from ticktick_sandbox.server.hosts import LocalAddresses
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.event_log import Event
from ticktick_sandbox.shared.settings import ARCADE_PORT, TICKTICK_PORT

_PATIENCE = 10.0  # seconds that one request is parked; no service worker is ended within them
_GRACE = 1.0  # seconds more, for the way there and back
_LOST = 20.0  # seconds without a sign of the sandbox's worker after which it is given up
_IS_BUSY = (
    "The sandbox is busy, perhaps with a tool of yours that runs for ever. If nothing comes, "
    "choose Kernel, Restart Kernel, mend the tool, and begin anew."
)
_LARGEST = 10_000_000  # bytes of a folder that is served
# What comes in place of the worker's answer: no service worker just now, no worker, no answer yet.
_NOTHING, _GONE, _BUSY = 0, 410, 504


# A printed address such as http://localhost:9100/… has its page in this browser elsewhere.
_LINKS = """<script>
(() => {
  document.currentScript.closest(".jp-NotebookPanel").dataset.sandbox = "{address}";
  if (window.ticktickSandboxLinks) return;
  window.ticktickSandboxLinks = true;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='http://localhost:'], a[href^='http://127.0.0.1:']");
    const base = link?.closest(".jp-NotebookPanel")?.dataset.sandbox;
    if (!base || link.origin === location.origin) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    window.open(`${base}/${link.port}${link.pathname}${link.search}`);
  }, true);
})();
</script>"""


class Line:
    """The line to the sandbox's worker.

    Args:
        address: where the service worker takes requests for it.
    """

    def __init__(self, address: str) -> None:
        self._address = f"{address}/exchange"
        self._over = False
        self._answered = False  # ever
        self._heard = 0  # of what the sandbox has to tell

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a client, while which this interpreter stands still."""
        from js import XMLHttpRequest  # type: ignore[import-not-found]
        from pyodide.ffi import JsException, to_js  # type: ignore[import-not-found]

        def post(message: bytes, seconds: float) -> tuple[int, bytes]:
            sent = XMLHttpRequest.new()
            sent.open("POST", self._address, False)
            sent.responseType = "arraybuffer"
            sent.timeout = seconds * 1000
            try:
                sent.send(to_js(message))
            except JsException as problem:
                # Without an answer the browser has ended the service worker meanwhile.
                return _BUSY if problem.name == "TimeoutError" else _NOTHING, b""
            return sent.status, sent.response.to_bytes()

        steps = self._steps(request)
        question = next(steps)
        try:
            while True:
                question = steps.send(post(*question))
        except StopIteration as done:
            return done.value

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an asynchronous client, while which others go on."""
        from pyodide.ffi import JsException, to_js  # type: ignore[import-not-found]
        from pyodide.http import pyfetch  # type: ignore[import-not-found]

        async def post(message: bytes, seconds: float) -> tuple[int, bytes]:
            try:
                async with asyncio.timeout(seconds):
                    reply = await pyfetch(self._address, method="POST", body=to_js(message))
                    return reply.status, await reply.bytes()
            except TimeoutError:
                return _BUSY, b""
            except (JsException, OSError):
                return _NOTHING, b""

        steps = self._steps(request)
        question = next(steps)
        try:
            while True:
                question = steps.send(await post(*question))
        except StopIteration as done:
            return done.value

    def call(self, name: str, *args: Any, **named: Any) -> Any:
        """Have the worker call what has this name there; return the result or raise the error.

        Both ends are this package in one tab, as with multiprocessing; so pickle will do.
        """
        called = pickle.dumps((name, args, named))
        request = httpx.Request("CALL", "sandbox://worker", content=called)
        problem, value = pickle.loads(self.answer(request).content)  # noqa: S301 -- see above
        if problem:
            raise problem(value)
        return value

    def close(self) -> None:
        """Let nothing through any more."""
        self._over = True

    def _steps(
        self, request: httpx.Request
    ) -> Generator[tuple[bytes, float], tuple[int, bytes], httpx.Response]:
        """Yield each message with its time-out, take the answers, and return the response.

        A request is sent again until it is answered, by its key, so that it is parked for as
        long as the client wants, whatever becomes of the service worker.
        """
        if self._over:
            raise httpx.ConnectError("Call sandbox.start() first.", request=request)
        timeout = request.extensions.get("timeout", {}).get("read")
        deadline = None if timeout is None else time.monotonic() + timeout
        heard, told_busy = time.monotonic(), False
        head = {
            "key": uuid.uuid4().hex,
            "method": request.method,
            "url": str(request.url),
            "headers": [[k.decode("latin-1"), v.decode("latin-1")] for k, v in request.headers.raw],
        }
        while True:
            left = _PATIENCE if deadline is None else min(_PATIENCE, deadline - time.monotonic())
            if left <= 0:
                yield pack({"key": head["key"], "drop": True}), _GRACE
                raise httpx.ReadTimeout("The sandbox did not answer in time.", request=request)
            told = {"patience": left, "heard": self._heard}
            status, reply = yield pack(head | told, request.content), left + _GRACE
            if status in (_NOTHING, _GONE) and time.monotonic() - heard < _LOST:
                time.sleep(0.05)
                continue
            if status not in (200, _BUSY):
                raise httpx.ConnectError(
                    "This page has lost its sandbox. Reload it, and run all cells again.",
                    request=request,
                )
            heard = time.monotonic()
            if status == _BUSY:
                if self._answered and not told_busy:
                    told_busy = True
                    print(_IS_BUSY)
                continue
            self._answered = True
            answer, content = unpack(reply)
            for line in answer.get("told", ()):
                self._heard += 1
                print(line)
            if "refused" in answer:
                raise httpx.ConnectError(answer["refused"], request=request)
            if "status" in answer:
                return httpx.Response(
                    answer["status"], headers=answer["headers"], content=content, request=request
                )


class _FormWatch(FormWatch):
    """The watch over forms, which is in the worker."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    @contextmanager
    def waiting_for(self, wanted: Collection[Wanted]) -> Iterator[Callable[[float], Step | None]]:
        """Look at these forms while the block runs; see ``FormWatch``."""
        self._line.call("watch", wanted)
        try:
            yield lambda timeout: self._line.call("next_step", timeout)
        finally:
            self._line.call("watch", ())


class _Clock:
    """The clock, which is in the worker."""

    def __init__(self, line: Line) -> None:
        self.now = partial(line.call, "front.clock.now")
        self.advance = partial(line.call, "front.clock.advance")


class _Faults:
    """The faults, which are in the worker."""

    def __init__(self, line: Line) -> None:
        self.add = partial(line.call, "add_fault")
        self.limit = partial(line.call, "front.faults.limit")
        self.clear = partial(line.call, "front.faults.clear")


class InThisBrowser:
    """A sandbox that is started, with everything in this interpreter that leads to it.

    Takes and has what ``OnThisMachine`` takes and has.

    Raises:
        SandboxError: a setting can't be used, or the sandbox can't be loaded.
    """

    moved = ""
    network = "all of it is in this page; the services' real host names lead there, too"

    def __init__(
        self,
        provider: str | None,
        app: bool,
        config: Path | None,
        strict: bool,
        person: str | None,
    ) -> None:
        from js import ticktickSandbox  # type: ignore[import-not-found]

        self._worker = ticktickSandbox
        self._base = ticktickSandbox.begin()
        self._line = Line(self._base)
        self.origins = f"http://localhost:{ARCADE_PORT}", f"http://localhost:{TICKTICK_PORT}"
        self.local = LocalAddresses.of(*self.origins)
        self.form_watch = _FormWatch(self._line)
        self.clock = _Clock(self._line)
        self.faults = _Faults(self._line)
        self._environment = ChangedEnvironment(service_environment(self.origins[0]))
        answer_httpx_by(self._line.answer, self._line.answer_async)
        try:
            if config:
                config = config.resolve()
                self._put(config.parent)  # with a .env, and files with secrets
            prepared = (provider, config, person) if app or provider or config else None
            self.run_id, self.offered = self._line.call("start", strict, prepared)
        except (httpx.TransportError, ValueError, SandboxError) as problem:
            self.stop()
            raise SandboxError(str(problem)) from None
        if in_notebook():
            from IPython.display import HTML, display

            display(HTML(_LINKS.replace("{address}", self._base)))

    @property
    def services(self) -> object:
        """What answers now; something else after starting over."""
        return self._line.call("services")

    def events(self) -> Sequence[Event]:
        """Return what happened, oldest first."""
        return self._line.call("front.event_log.events")

    def exchanges(self) -> list[Exchange]:
        """Return what went over the wire, oldest first."""
        return self._line.call("front.wire.since")

    def exercise_began(self) -> tuple[int, int]:
        """Return where an exercise begins that begins now."""
        return self._line.call("exercise_began")

    def judge(self, name: str, since: tuple[int, int]) -> str:
        """Return what an exercise says that began there."""
        return self._line.call("judge", name, since)

    def seen_at(self, url: str) -> str:
        """Return where this browser finds a local address."""
        return seen_at(self._base, url)

    def start_worker(self, folder: Path | None, name: str) -> tuple[str, str]:
        """Serve the tools of a folder from the sandbox's worker.

        Raises:
            SandboxError: there is no folder, or its tools can't be loaded.
        """
        if folder is None:
            try:
                import arcade_mcp_server  # noqa: F401 -- the site's says why it is not there
            except ImportError as problem:
                raise SandboxError(str(problem)) from None
            raise SandboxError("Name the folder that holds your tools.")
        self._put(folder)
        return self._line.call("start_worker", folder, name), ""

    def start_app(self, file: Path) -> tuple[str, str]:
        """Serve a web app from the sandbox's worker, in place of the one before.

        Raises:
            SandboxError: it can't be loaded.
        """
        self._put(file.parent)
        return self._line.call("start_app", file), ""

    def _put(self, folder: Path) -> None:
        """Give the worker a folder, and the variables."""
        paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        if sum(map(len, files.values())) > _LARGEST:
            most = f"{_LARGEST // 1_000_000} MB"
            raise SandboxError(f"{folder} holds more than {most}. Serve a folder of its own.")
        self._line.call("put", folder, files, dict(os.environ))

    def stop(self) -> None:
        """End the sandbox's worker and put everything back as it was."""
        self._line.close()
        self._environment.restore()
        self._worker.end()
