"""What passes between the kernel and the worker, and httpx led there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from ticktick_sandbox.pyodide.exchange import answer_httpx_by, pack, seen_at, unpack

BASE = "https://site.example/repo/lite/sandbox/1234abcd"


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put httpx's transports back afterwards."""
    for kind in (httpx.HTTPTransport, httpx.AsyncHTTPTransport):
        for name in list(vars(kind)):
            if not name.startswith("__") or name in ("__init__", "__enter__", "__exit__"):
                monkeypatch.setattr(kind, name, vars(kind)[name])
    yield
    monkeypatch.undo()


def test_a_message_comes_out_as_it_went_in() -> None:
    body = bytes(range(256)) * 4
    assert unpack(pack({"ü": ["\n", 1]}, body)) == ({"ü": ["\n", 1]}, body)
    assert unpack(pack({})) == ({}, b"")


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("http://localhost:9100/oauth/authorize?a=%2F#b", "/9100/oauth/authorize?a=%2F#b"),
        ("http://127.0.0.1:8002/worker/health", "/8002/worker/health"),
        ("http://localhost:8000", "/8000/"),
    ],
)
def test_a_local_address_is_found_below_the_page(url: str, seen: str) -> None:
    assert seen_at(BASE, url) == BASE + seen


def test_another_address_stays_as_it_is() -> None:
    assert seen_at(BASE, "https://ticktick.com/x") == "https://ticktick.com/x"


@pytest.mark.usefixtures("replaced")
def test_every_client_is_answered_also_those_made_before() -> None:
    before, before_async = httpx.Client(), httpx.AsyncClient()

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=f"{request.method} {request.url} {request.content!r}")

    async def answer_async(request: httpx.Request) -> httpx.Response:
        return answer(request)

    answer_httpx_by(answer, answer_async)
    with before, httpx.Client() as after:
        for client in (before, after):
            said = client.post("https://api.ticktick.com/x", content=b"\0").text
            assert said == r"POST https://api.ticktick.com/x b'\x00'"
        assert before.put("http://a", content=iter([b"a", b"b"])).text == "PUT http://a b'ab'"

    async def asks() -> list[str]:
        async with before_async, httpx.AsyncClient() as client:
            both = await asyncio.gather(before_async.get("http://a"), client.get("http://b"))
            return [reply.text for reply in both]

    assert asyncio.run(asks()) == ["GET http://a b''", "GET http://b b''"]
