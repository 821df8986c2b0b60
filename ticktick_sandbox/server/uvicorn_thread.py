"""uvicorn on a thread of its own, with an event loop of its own.

A server on the notebook's loop would deadlock with any synchronous client in a cell.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ticktick_sandbox.server.faults import ABORT
from ticktick_sandbox.server.ports import Listener

_LAST_ANSWERS = 0.5  # seconds that open requests get when the servers stop
_PATIENCE = 2  # seconds that the loop gets to stop them, and then to end


class _CoalescingTransport:
    """A transport that sends what one turn of the loop writes in one piece.

    uvicorn writes head and body apart. Joined, an answer costs one system call, and with
    many clients the loop gets to more of them before it sends.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        if self._parts:
            parts, self._parts = self._parts, []
            self._transport.write(b"".join(parts))


class _Protocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._whole = _CoalescingTransport(transport, self.loop)
        super().connection_made(self._whole)  # type: ignore[arg-type]

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self._whole.abort}  # type: ignore[typeddict-item]

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer what was asked before a client said that it asks no more."""
        if self.cycle is None or self.cycle.response_complete:
            self._whole.flush()
            return False  # which closes the connection
        self.cycle.keep_alive = False
        return self._whole.get_extra_info("sslcontext") is None  # TLS has no half of a connection


def _while_wanted(app: ASGIApp) -> ASGIApp:
    """Return ``app``; that a client leaves, or the servers stop, is no error of it."""

    async def wanted(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(ClientDisconnect, asyncio.CancelledError):
            await app(scope, receive, send)

    return wanted


class _Server(uvicorn.Server):
    """Stops at once instead of looking every 100 ms whether it should."""

    def __init__(self, app: ASGIApp, context: ssl.SSLContext | None = None) -> None:
        config = uvicorn.Config(
            _while_wanted(app),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=60,
        )
        config.load()
        config.ssl = context
        super().__init__(config)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def main_loop(self) -> None:
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(_LAST_ANSWERS):
                while state.connections or state.tasks:
                    await asyncio.sleep(0.001)
        except TimeoutError:
            for connection in list(state.connections):
                connection.transport.abort()
            for task in list(state.tasks):
                task.cancel()


class UvicornThread:
    """The running servers, and the loop on which they and their applications run."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._thread.start()
        self._running: dict[_Server, asyncio.Task[None]] = {}
        self._listeners: list[Listener] = []

    def serve(
        self, app: ASGIApp, listener: Listener, context: ssl.SSLContext | None = None
    ) -> None:
        """Serve one more application, over TLS if there is a context. Runs on the loop."""
        server = _Server(app, context)
        self._listeners.append(listener)
        serving = server.serve(sockets=list(listener.sockets))
        self._running[server] = self._loop.create_task(serving)

    @property
    def runs(self) -> bool:
        """Whether it was not stopped."""
        return self._thread.is_alive()

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the servers' loop and return its result. Not for that loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def stop(self, before: Callable[[], Awaitable[None]]) -> None:
        """Stop all servers and free their ports, after ``before`` has run on their loop.

        Where something keeps the loop busy the ports are free all the same, and the loop
        ends once it can. A second call changes nothing.
        """
        if not self.runs:
            return

        async def stop_all() -> None:
            await before()
            for server in self._running:
                server.stop()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(stop_all(), self._loop).result(_PATIENCE)
        for listener in self._listeners:
            listener.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            # Whoever starts over on a thread of the loop needs the loop until that is done.
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.run_until_complete(self._end_tasks())
        finally:
            self._loop.close()

    async def _end_tasks(self) -> None:
        """Cancel what still runs, so that nothing is told of it when it is thrown away."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
