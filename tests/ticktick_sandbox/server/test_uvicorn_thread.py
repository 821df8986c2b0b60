"""The servers: clients that leave, and stopping while something still needs the loop."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.server import uvicorn_thread
from ticktick_sandbox.server.ports import Listener
from ticktick_sandbox.server.uvicorn_thread import UvicornThread

HALF = b"POST /dashboard/secrets/new HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n"
FORM = b"application/x-www-form-urlencoded"


async def nothing() -> None:
    pass


def serve(app: ASGIApp) -> tuple[UvicornThread, int]:
    """Serve an application and return its servers and its port."""
    serving, listener = UvicornThread(), Listener(0)

    async def on_the_loop() -> None:
        serving.serve(app, listener)

    serving.run(on_the_loop())
    return serving, listener.port


def test_a_client_that_leaves_halfway_leaves_no_traceback(
    bare: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    address = ("127.0.0.1", int(bare.arcade_url.rpartition(":")[2]))
    with socket.create_connection(address) as leaving:
        leaving.sendall(HALF % FORM + b"Content-Length: 100\r\n\r\nkey=")
    for _ in range(3):  # the loop has seen that it is gone
        assert bare.http.get(f"{bare.arcade_url}/v1/health").status_code == 200

    assert caplog.records == []
    assert capfd.readouterr().err == ""


def test_a_request_that_is_still_running_at_the_stop_leaves_no_traceback(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    begun = threading.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    serving, port = serve(endless)
    with socket.create_connection(("127.0.0.1", port)) as asking:
        asking.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        begun.wait()
        serving.stop(nothing)

        assert asking.recv(1) == b""
    assert caplog.records == []
    assert capfd.readouterr().err == ""


def test_what_a_thread_of_the_loop_still_runs_is_finished_when_the_servers_stop() -> None:
    serving = UvicornThread()
    begun = threading.Event()
    done: list[int] = []

    async def again(number: int) -> int:
        return number

    def work() -> None:
        for number in range(500):
            done.append(serving.run(again(number)))
            begun.set()

    async def start_work() -> None:
        asyncio.get_running_loop().run_in_executor(None, work)

    serving.run(start_work())
    begun.wait()
    serving.stop(nothing)

    assert done == list(range(500))


def test_a_busy_loop_keeps_no_port(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(uvicorn_thread, "_PATIENCE", 0.1)
    begun, go_on = threading.Event(), threading.Event()

    async def busy(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        go_on.wait()

    serving, port = serve(busy)
    with socket.create_connection(("127.0.0.1", port)) as asking:
        asking.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        begun.wait()
        serving.stop(nothing)
        Listener(port).close()
        go_on.set()
        serving._thread.join(timeout=5)
    assert not serving._thread.is_alive()
    assert capfd.readouterr().err == ""


def test_a_request_is_answered_although_its_client_says_no_more(bare: World) -> None:
    address = ("127.0.0.1", int(bare.arcade_url.rpartition(":")[2]))
    with socket.create_connection(address) as asking:
        asking.sendall(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        asking.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: asking.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'{"healthy":true}' in answer


def test_stopping_with_open_connections_tells_nothing(
    bare: World, capfd: pytest.CaptureFixture[str]
) -> None:
    address = ("127.0.0.1", int(bare.arcade_url.rpartition(":")[2]))
    with socket.create_connection(address), socket.create_connection(address) as half:
        half.sendall(HALF % FORM + b"Content-Length: 100\r\n\r\nkey=")
        assert bare.http.get(f"{bare.arcade_url}/v1/health").is_success
        bare.sandbox.stop()
    gc.collect()
    assert capfd.readouterr().err == ""
