"""The sandbox's worker, in an ordinary interpreter: what it answers to which message."""

from __future__ import annotations

import asyncio
import json
import pickle
import re
from typing import Any

import httpx
import pytest

from ticktick_sandbox.pyodide import worker as module
from ticktick_sandbox.pyodide.exchange import pack, unpack
from ticktick_sandbox.pyodide.worker import InWorker, run_now
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import API_KEY

BASE = "https://site.example/lite/sandbox/1234abcd"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Kernel:
    """Asks the worker, as the kernel and the service worker do."""

    def __init__(self) -> None:
        self.worker = InWorker(BASE)
        self._keys = iter(range(10_000))

    async def ask(self, method: str, url: str, body: bytes = b"", **head: Any) -> tuple[Any, bytes]:
        head = {"key": str(next(self._keys)), "patience": 5, "headers": [], **head}
        message = pack({"method": method, "url": url, **head}, body)
        return unpack(await self.worker.answer(message))

    async def page(self, url: str, body: bytes | None = None) -> tuple[dict[str, str], str]:
        """Ask as a frame does, and return the headers with the status, and the text."""
        headers = [] if body is None else list(FORM.items())
        method = "GET" if body is None else "POST"
        head, content = await self.ask(method, url, body or b"", framed=True, headers=headers)
        return dict(head["headers"]) | {"status": head["status"]}, content.decode()

    async def call(self, name: str, *args: Any, **named: Any) -> Any:
        _, content = await self.ask("CALL", "sandbox://worker", pickle.dumps((name, args, named)))
        problem, value = pickle.loads(content)  # noqa: S301 -- made a line above
        if problem:
            raise problem(value)
        return value


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


def test_the_same_question_is_answered_once(kernel: Kernel) -> None:
    """An answer may get lost on its way, and the question comes again by the same key."""

    async def asks() -> None:
        await kernel.call("start", False, None)
        form = b"Name=Mine"
        for _ in range(3):
            await kernel.ask("POST", "http://localhost:9100/signup", form, key="same")
        first, _ = await kernel.ask("GET", "http://localhost:9100/signin", key="first")
        again, _ = await kernel.ask("GET", "http://localhost:9100/signin", key="first")
        other, _ = await kernel.ask("GET", "http://localhost:9100/signin", key="other")
        assert first == again
        assert first["status"] == other["status"] == 200
        recorded = await kernel.call("front.wire.since")
        assert [each.path for each in recorded] == ["/signup", "/signin", "/signin"]

    asyncio.run(asks())


def test_a_poll_is_parked_and_tells_what_it_waits_for(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticktick_sandbox.server.long_waits.AFTER", 0.05)
    headers = [["authorization", API_KEY], ["content-type", "application/json"]]
    wants = {"user_id": "alice", "auth_requirement": {"id": "arcade-ticktick"}}
    wants["auth_requirement"] |= {"provider_type": "oauth2", "oauth2": {"scopes": ["tasks:read"]}}

    async def asks() -> None:
        await kernel.call("start", False, ("arcade-ticktick", None, None))
        arcade = "http://localhost:9099/v1/auth"
        body = json.dumps(wants).encode()
        _, content = await kernel.ask("POST", f"{arcade}/authorize", body, headers=headers)
        auth = json.loads(content)
        status = f"{arcade}/status?id={auth['id']}&wait=45"
        parked = {"key": "poll", "headers": headers, "patience": 0.2}
        head, _ = await kernel.ask("GET", status, **parked)
        (told,) = head["told"]
        assert f"Open {BASE}/9100/oauth/authorize?" in told

        headers_, text = await kernel.page(auth["url"])
        while "location" in headers_:
            assert headers_["location"].startswith(f"{BASE}/")
            local = headers_["location"].replace(f"{BASE}/9100", "http://localhost:9100")
            headers_, text = await kernel.page(local)
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
        assert hidden
        assert f'action="{BASE}/9100/signin"' in text

        # What was told may have got lost, too, so the kernel says how much it has heard.
        for heard, again in ((0, [told]), (1, [])):
            head, _ = await kernel.ask("GET", status, **parked, heard=heard)
            assert head == {"told": again}
        dropped, _ = await kernel.ask("GET", status, key="poll", drop=True)
        assert dropped == {}

    asyncio.run(asks())


def test_what_a_page_says_stays_while_its_addresses_are_led(kernel: Kernel) -> None:
    html = (
        '<form action="/a"><input type="hidden" name="redirect_uri" '
        'value="http://localhost:9099/callback"></form>'
        '<a href="http://localhost:9099/b?x=1">http://localhost:9099/b</a>'
        '<a href="//elsewhere.example/">x</a><a href="?c">y</a><a href="https://ticktick.com/d">z</a>'
    )

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"set-cookie", b"a=b; Path=/")]
        cookies = dict(scope["headers"]).get(b"cookie", b"").decode()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": f"{html}{cookies}".encode()})

    kernel.worker._ports[8000] = app

    async def asks() -> None:
        headers, text = await kernel.page("http://localhost:8000/")
        assert "set-cookie" not in headers
        led = html.replace('action="/a"', f'action="{BASE}/8000/a"')
        led = led.replace('href="http://localhost:9099/b', f'href="{BASE}/9099/b')
        assert text == led
        _, text = await kernel.page("http://localhost:8000/")
        assert text == f"{led}a=b"  # the browser's cookie, which no service worker can set

    asyncio.run(asks())


def test_where_nothing_is_served_is_said(kernel: Kernel) -> None:
    async def asks() -> None:
        said = "Nothing answers at localhost:8004 in this browser"
        refused, _ = await kernel.ask("GET", "http://localhost:8004/")
        assert refused["refused"].startswith(said)
        headers, text = await kernel.page("http://localhost:8004/")
        assert headers["status"] == 502
        assert text.startswith(said)
        refused, _ = await kernel.ask("GET", "https://example.com/")
        assert refused["refused"].startswith("Nothing answers at example.com")

    asyncio.run(asks())


def test_a_service_that_is_down_does_not_answer(kernel: Kernel) -> None:
    async def asks() -> None:
        await kernel.call("start", False, ("arcade-ticktick", None, None))
        await kernel.call("add_fault", "TickTick", down=True)
        refused, _ = await kernel.ask("GET", "https://ticktick.com/signin")
        assert refused["refused"] == "the sandbox lets this service be down"
        answered, _ = await kernel.ask("GET", "https://ticktick.com/signin")
        assert answered["status"] == 200

    asyncio.run(asks())


def test_what_cannot_be_used_is_an_error_of_the_kernel(kernel: Kernel) -> None:
    async def asks() -> None:
        with pytest.raises(ValueError, match="provider 'a/b'"):
            await kernel.call("start", False, ("a/b", None, None))
        await kernel.call("start", False, None)
        with pytest.raises(ValueError, match="only moves forward"):
            await kernel.call("front.clock.advance", days=-1)

    asyncio.run(asks())


def test_a_file_that_is_broken_is_an_error_with_its_last_words(
    kernel: Kernel, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def load_nothing(*_: object) -> None:
        pass

    monkeypatch.setattr(module, "_load_what_is_imported", load_nothing)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "broken.py"
    file.write_text("1 / 0\n@tool\ndef f(): pass\n")

    async def asks() -> None:
        with pytest.raises(SandboxError, match=r"(?s)did not start.*ZeroDivisionError"):
            await kernel.call("start_app", file)
        with pytest.raises(SandboxError, match=r"(?s)did not start.*ZeroDivisionError"):
            await kernel.call("start_worker", tmp_path, "ticktick")

    asyncio.run(asks())


def test_what_would_wait_is_refused_at_once() -> None:
    async def waits() -> None:
        await asyncio.sleep(0)
        await asyncio.get_running_loop().create_future()

    async def runs() -> None:
        with pytest.raises(RuntimeError, match="use an async client"):
            run_now(waits())
        assert run_now(asyncio.sleep(0, "done")) == "done"

    asyncio.run(runs())


def test_a_request_of_a_tool_reaches_the_services_by_their_real_names(kernel: Kernel) -> None:
    async def asks() -> None:
        await kernel.call("start", False, None)
        request = httpx.Request("GET", "https://api.ticktick.com/open/v1/project")
        assert (await kernel.worker.reach(request)).status_code == 401

    asyncio.run(asks())


def test_the_record_says_who_asks(kernel: Kernel, tmp_path: Any, monkeypatch: Any) -> None:
    """There are no ports to tell them apart, so the worker does."""

    async def load_nothing(*_: object) -> None:
        pass

    monkeypatch.setattr(module, "_load_what_is_imported", load_nothing)
    (tmp_path / "app.py").write_text(
        "import httpx\n"
        "async def app(scope, receive, send):\n"
        "    await reach(httpx.Request('GET', 'https://api.ticktick.com/open/v1/project'))\n"
        "    await send({'type': 'http.response.start', 'status': 204, 'headers': []})\n"
        "    await send({'type': 'http.response.body'})\n"
    )
    monkeypatch.setattr("builtins.reach", kernel.worker.reach, raising=False)

    async def asks() -> None:
        await kernel.call("start", False, None)
        await kernel.call("start_app", tmp_path / "app.py")
        await kernel.ask("GET", "http://localhost:9099/v1/health")
        await kernel.page("http://localhost:9100/signin")
        await kernel.page("http://localhost:8000/")
        await kernel.ask("GET", "https://api.ticktick.com/open/v1/project")
        recorded = await kernel.call("front.wire.since")
        assert [(each.asker, each.answerer) for each in recorded] == [
            ("Program", "Arcade"),
            ("Browser", "TickTick"),
            ("App", "TickTick"),
            ("Program", "TickTick"),
        ]

    asyncio.run(asks())
