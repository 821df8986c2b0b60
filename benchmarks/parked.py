"""Long polls: how fast one wakes among many, and how fast a sandbox with many stops."""

from __future__ import annotations

import asyncio
import json
import time
from statistics import median
from urllib.parse import parse_qsl, urlsplit

from benchmarks import processes
from benchmarks.http_client import Connection, location, request
from ticktick_sandbox.browser.browser import Browser
from ticktick_sandbox.browser.html import read_page
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.settings import API_KEY, PROVIDER_ID

_KEY = {"Authorization": API_KEY}
_POLLS_OF_ONE_FLOW = 4


def wake_up(others: int, samples: int) -> float:
    """Return the median seconds from the end of a consent to the answer of its parked poll.

    A consent ends with the redirect to the success page. The poll's answer may even arrive
    before that; then the time counts as none.
    """
    with processes.sandbox() as server:
        arcade, ticktick = server.ports
        with Browser(lambda url: url) as browser:
            page = browser.open(f"http://localhost:{ticktick}/manage")
        hidden = page.form_with("Sign out", []).fields
        return median(asyncio.run(_wake_ups(arcade, ticktick, hidden, others, samples)))


def stop(others: int, samples: int) -> float:
    """Return the median seconds that a sandbox with so many parked polls takes to stop."""
    return median(asyncio.run(_stop(others)) for _ in range(samples))


async def _wake_ups(
    arcade: int, ticktick: int, hidden: dict[str, str], others: int, samples: int
) -> list[float]:
    parked = await _park(arcade, others)
    api, consent, poll = [await Connection.to(port) for port in (arcade, ticktick, arcade)]
    took = []
    for number in range(samples):
        user = f"woken-{number}@example.com"
        auth = await _begin(api, user)
        answer = poll.ask(_poll(auth["id"]))
        form = dict(parse_qsl(urlsplit(auth["url"]).query))
        form |= hidden | {"user_oauth_approval": "true"}
        callback = urlsplit(
            location(await consent.ask(request("POST", "/oauth/authorize", form=form)))
        )
        verify = await api.ask(request("GET", f"{callback.path}?{callback.query}"))
        page = (await api.ask(request("GET", location(verify)))).decode()
        form = read_page("", 200, page).form_with("Continue", []).fields | {"account": user}
        location(await api.ask(request("POST", "/api/v1/oauth/callback_verify", form=form)))
        if b'"completed"' not in await answer:
            raise RuntimeError("the poll was answered without the completed authorization")
        took.append(max(poll.at - api.at, 0))
    if any(answer.done() for answer in parked):
        raise RuntimeError("polls of others were answered, too")
    return took


async def _stop(others: int) -> float:
    sandbox = Sandbox(Context.of(Clock()), ports=(0, 0))
    sandbox.start()
    await asyncio.to_thread(sandbox.prepare, PROVIDER_ID)
    answers = await _park(urlsplit(sandbox.arcade_url).port or 0, others)
    began = time.perf_counter()
    sandbox.stop()  # holds this loop up meanwhile, so that the clients take no time
    took = time.perf_counter() - began
    if not all(b'"pending"' in answer for answer in await asyncio.gather(*answers)):
        raise RuntimeError("a parked poll was not answered")
    return took


async def _park(port: int, number: int) -> list[asyncio.Future[bytes]]:
    """Return the unanswered polls, each on a connection of its own, once all are parked."""
    api = await Connection.to(port)
    answers = []
    for start in range(0, number, _POLLS_OF_ONE_FLOW):
        auth = await _begin(api, f"parked-{start}@example.com")
        for _ in range(min(_POLLS_OF_ONE_FLOW, number - start)):
            connection = await Connection.to(port)
            answers.append(connection.ask(_poll(auth["id"])))
    for _ in range(3):  # what came before has been read when these are answered
        await api.ask(request("GET", "/v1/health"))
    return answers


async def _begin(api: Connection, user: str) -> dict[str, str]:
    wanted = {
        "user_id": user,
        "auth_requirement": {"provider_id": PROVIDER_ID, "oauth2": {"scopes": ["tasks:read"]}},
    }
    answer = await api.ask(request("POST", "/v1/auth/authorize", _KEY, json=json.dumps(wanted)))
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def _poll(auth_id: str) -> bytes:
    return request("GET", f"/v1/auth/status?id={auth_id}&wait=59", _KEY)
