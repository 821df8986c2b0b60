"""The sandbox in its worker: the two services, the reader's tools and app, and their pages."""

from __future__ import annotations

import asyncio
import importlib
import io
import os
import pickle
import re
import shutil
import sys
import traceback
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import anyio.to_thread
import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from ticktick_sandbox.browser.form_watch import Step, Wanted
from ticktick_sandbox.exercises.exercise import begun, judge
from ticktick_sandbox.pyodide.exchange import answer_httpx_by, pack, seen_at, unpack
from ticktick_sandbox.server.entrances import As
from ticktick_sandbox.server.faults import Down
from ticktick_sandbox.server.front import Front
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import (
    APP_PORT,
    ARCADE_HOSTS,
    ARCADE_PORT,
    LOCAL_HOSTS,
    TICKTICK_HOSTS,
    TICKTICK_PORT,
    WORKER_PORT,
)

_KEPT = 100  # answers, in case one got lost on its way
_LOOK = 0.05  # seconds between two looks for what a person has done
_DROPPED = ("content-length", "set-cookie", "transfer-encoding")
_ADDRESS = re.compile(
    rb"""(<(?:a|form|link|img|script|button|input)\b[^>]*?\s(?:href|action|src|formaction)=["'])"""
    rb"""(?:http://(?:localhost|127\.0\.0\.1):(\d+))?(?=/(?!/))"""
)


def run_now[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end at once, on a loop that runs already.

    Raises:
        RuntimeError: it waits for something that only the loop could bring.
    """
    while True:
        try:
            waits = work.send(None)
        except StopIteration as done:
            return done.value
        if waits is not None:
            work.close()
            raise RuntimeError("In a browser this can only be awaited: use an async client.")


class InWorker:
    """All that answers in this worker, by port, and what it was asked.

    Args:
        base: where the browser finds this worker's pages.
    """

    def __init__(self, base: str) -> None:
        self._base = base
        self.front: Front | None = None
        self._ports: dict[int, ASGIApp] = {}
        self._workers: dict[str, int] = {}
        self._cookies = httpx.Cookies()  # of the reader's browser, as localhost has them
        self._told: list[str] = []
        self._asked: dict[str, asyncio.Task[bytes]] = {}
        self._next_step: Callable[[float], Step | None] | None = None
        self._watch = ExitStack()
        self._served: dict[int, str] = {}  # what the reader's own servers are called, by port

    async def answer(self, message: bytes) -> bytes:
        """Answer one message of the kernel or of the service worker.

        A request is known by its key: sent again, it is not done again. The answer has no
        status while it lasts longer than the patience of who asks.
        """
        head, body = unpack(message)
        task = self._asked.get(head["key"])
        if head.get("drop"):
            if task:
                task.cancel()
            return pack({})
        if task is None:
            work = self._respond(head, body)
            task = self._asked[head["key"]] = asyncio.create_task(work)
        await asyncio.wait([task], timeout=head["patience"])
        if not task.done():
            return pack({"told": self._told[head.get("heard", 0) :]})
        for key in list(self._asked)[:-_KEPT]:
            if self._asked[key].done():
                del self._asked[key]
        return task.result()

    async def _respond(self, head: dict[str, Any], body: bytes) -> bytes:
        url, framed = head["url"], head.get("framed")
        if head["method"] == "CALL":
            done = await self._call(*pickle.loads(body))  # noqa: S301 -- see Line.call
            return pack({"status": 200, "headers": []}, done)
        request = httpx.Request(head["method"], url, headers=head["headers"], content=body)
        if framed:
            _asking.set("Browser")
            self._cookies.set_cookie_header(request)
        try:
            response = await self.reach(request)
        except httpx.ConnectError as problem:
            if not framed:
                return pack({"refused": str(problem)})
            response = httpx.Response(502, text=f"{problem}\n", request=request)
        content = await response.aread()
        headers = [[k.decode("latin-1"), v.decode("latin-1")] for k, v in response.headers.raw]
        if framed:
            self._cookies.extract_cookies(response)
            headers, content = self._for_frame(url, headers, content)
        return pack({"status": response.status_code, "headers": headers}, content)

    async def _call(self, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> bytes:
        """Call what has this name here, or return it, as ``Line.call`` takes it."""
        try:
            done = attrgetter(name)(self)
            done = done(*args, **named) if callable(done) else done
            return pickle.dumps((None, await done if asyncio.iscoroutine(done) else done))
        except (OSError, ValueError, SandboxError) as problem:
            kind = SandboxError if isinstance(problem, SandboxError) else ValueError
            return pickle.dumps((kind, str(problem)))

    async def reach(self, request: httpx.Request) -> httpx.Response:
        """Return the response of whatever has the address of a request, here or for real."""
        url = request.url
        app = self._ports.get(url.port or 80) if url.host in LOCAL_HOSTS else None
        if self.front and url.host in ARCADE_HOSTS:
            app = self.front.recorded()[0]
        elif self.front and url.host in TICKTICK_HOSTS:
            app = self.front.recorded()[1]
        if app is None:
            raise httpx.ConnectError(
                f"Nothing answers at {url.netloc.decode()} in this browser: code here reaches "
                "the sandbox, and what it serves, only.",
                request=request,
            )
        down: list[Down] = []

        async def served_unless_down(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await As(app, _asking.get())(scope, receive, send)
            except Down as problem:
                down.append(problem)
                raise

        transport = httpx.ASGITransport(served_unless_down, raise_app_exceptions=False)
        served = self._served.get(url.port or 80)
        before = _asking.set(served) if served and url.host in LOCAL_HOSTS else None
        try:
            response = await transport.handle_async_request(request)
        finally:
            if before:
                _asking.reset(before)
        if down:
            raise httpx.ConnectError(str(down[0]), request=request)
        response.request = request
        return response

    def _for_frame(
        self, url: str, headers: list[list[str]], content: bytes
    ) -> tuple[list[list[str]], bytes]:
        """Lead a page's addresses to where the browser finds them; its text stays as it is."""
        kept = [[name.lower(), value] for name, value in headers if name.lower() not in _DROPPED]
        for header in kept:
            if header[0] == "location":
                header[1] = seen_at(self._base, urljoin(url, header[1]))
        if "html" in dict(kept).get("content-type", ""):
            port = str(urlsplit(url).port).encode()

            def led(found: re.Match[bytes]) -> bytes:
                return found[1] + f"{self._base}/".encode() + (found[2] or port)

            content = _ADDRESS.sub(led, content)
        return kept, content

    def _tell(self, text: str) -> None:
        self._told.append(re.sub(r"http://\S+", lambda url: seen_at(self._base, url[0]), text))

    def put(self, folder: Path, files: Mapping[str, bytes], environment: Mapping[str, str]) -> None:
        """Take over a folder and the variables of the kernel."""
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        os.environ.update(environment)
        for name, module in list(sys.modules.items()):
            if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
                del sys.modules[name]

    def start(self, strict: bool, prepared: tuple[Any, ...] | None) -> tuple[str, str]:
        """Start the services; return the run's id, and whom TickTick's pages know."""
        self.front = Front(
            Context.of(Clock(standing_at=NOTEBOOK_TIME)),
            arcade_url=f"http://localhost:{ARCADE_PORT}",
            ticktick_url=f"http://localhost:{TICKTICK_PORT}",
            strict=strict,
            run=run_now,
            tell=self._tell,
        )
        if prepared:
            self.front.prepare(*prepared)
        served = self.front.served(lambda asker: {})
        self._ports |= dict(zip((ARCADE_PORT, TICKTICK_PORT), served, strict=True))
        return self.front.run_id, self.front.ticktick.offered

    def _name(self, port: int, name: str) -> None:
        """Say in the record what is served at a port."""
        self._served[port] = name
        if self.front:
            self.front.names[f"http://127.0.0.1:{port}"] = name

    def add_fault(self, *args: Any, **named: Any) -> None:
        """Let something go wrong with the next requests to a service."""
        if self.front:
            self.front.faults.add(*args, **named)

    def exercise_began(self) -> tuple[int, int]:
        """Return where an exercise begins that begins now."""
        assert self.front
        return begun(self.front)

    def judge(self, name: str, since: tuple[int, int]) -> str:
        """Return what an exercise says that began there."""
        assert self.front
        return judge(self.front, name, since)

    def services(self) -> int:
        """Return what names the services that answer now."""
        return id(self.front.services) if self.front else 0

    def watch(self, wanted: Collection[Wanted]) -> None:
        """Look at these forms from now on, or at none."""
        self._watch.close()
        if wanted and self.front:
            watch = self.front.form_watch.waiting_for(wanted)
            self._next_step = self._watch.enter_context(watch)

    async def next_step(self, timeout: float) -> Step | None:
        """Return the person's next step, or ``None`` after so many seconds without one."""
        assert self._next_step
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while (step := self._next_step(0)) is None and loop.time() < deadline:
            await asyncio.sleep(_LOOK)
        return step

    async def start_worker(self, folder: Path, name: str) -> str:
        """Serve a folder's tools by arcade-serve's worker; return the address."""
        await _load_what_is_imported("import arcade_serve, arcade_tdk, fastapi", folder)
        from arcade_core.discovery import discover_tools
        from arcade_serve.fastapi import FastAPIWorker
        from fastapi import FastAPI
        from loguru import logger

        said = io.StringIO()
        logger.remove()
        logger.add(said, format="{message}", level="WARNING")
        os.chdir(folder)
        try:
            catalog = discover_tools(server_name=name)
        except Exception as problem:  # whatever is wrong with the reader's file
            raise _did_not_start(f"the worker in {folder}", str(problem)) from None
        if not len(catalog):
            raise _did_not_start(f"the worker in {folder}", said.getvalue() or "No tools found.")
        app = FastAPI()
        worker = FastAPIWorker(app, os.environ["ARCADE_WORKER_SECRET"])
        worker.catalog = catalog
        port = self._workers.setdefault(name, WORKER_PORT + len(self._workers))
        self._ports[port] = app
        self._name(port, "Worker" if name == "ticktick" else f"Worker-{name}")
        return f"http://127.0.0.1:{port}"

    async def start_app(self, file: Path) -> str:
        """Serve a file's web app; return the address."""
        await _load_what_is_imported("import fastapi", file.parent)
        here = str(file.parent)
        sys.path.insert(0, here)
        try:
            app = importlib.import_module(file.stem).app
        except Exception:  # whatever is wrong with the reader's file
            raise _did_not_start(f"the app in {file}", traceback.format_exc()) from None
        finally:
            sys.path.remove(here)
        self._ports[APP_PORT] = app
        self._name(APP_PORT, "App")
        return f"http://localhost:{APP_PORT}"


_asking: ContextVar[str | None] = ContextVar("asking", default=None)
"""Which of the reader's own servers answers just now, and so asks what is asked."""


async def _run_here[T](function: Callable[..., T], *args: Any, **_: Any) -> T:
    """Call what would run in a thread, as a function of a web app may; there are no threads."""
    return function(*args)


def _did_not_start(what: str, said: str) -> SandboxError:
    end = "\n".join(said.splitlines()[-20:])
    return SandboxError(f"{what} did not start. The end of its output:\n{end}")


async def _load_what_is_imported(always: str, folder: Path) -> None:
    """Load the site's packages that a folder's files import, and those that serve them."""
    from pyodide_js import loadPackagesFromImports  # type: ignore[import-not-found]

    sources = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    for source in (always, *sources):
        await loadPackagesFromImports(source)
    importlib.invalidate_caches()


def begin(base: str) -> Callable[[Any], Coroutine[Any, Any, Any]]:
    """Return what answers a message of JavaScript's, which is an array of bytes."""
    from pyodide.ffi import to_js  # type: ignore[import-not-found]

    worker = InWorker(base)
    answer_httpx_by(lambda request: run_now(worker.reach(request)), worker.reach)
    anyio.to_thread.run_sync = _run_here

    async def answer(message: Any) -> Any:
        return to_js(await worker.answer(message.to_bytes()))

    return answer
