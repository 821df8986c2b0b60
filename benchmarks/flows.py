"""OAuth flows per second, and what many of them leave behind in memory."""

from __future__ import annotations

import base64
from statistics import median
from urllib.parse import parse_qsl, urlencode, urlsplit

import psutil

from benchmarks import baseline, processes
from benchmarks.http_client import request
from benchmarks.load import CODE, TOKEN
from benchmarks.processes import Load, Server
from ticktick_sandbox.browser.browser import Browser, local_client
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID
from ticktick_sandbox.ticktick.service import SESSION_COOKIE

Requests = tuple[str, str, str, str]


def rates(clients: int, flows: int, rounds: int) -> tuple[float, float]:
    """Return the median flows per second of the sandbox and of the bare application.

    Both run all the time and get the load in turn. A first round is not counted.
    """
    with processes.sandbox() as ours, processes.baseline() as theirs:
        sides = ((ours.ports[1], _of_sandbox(ours)), (theirs.ports[0], _of_bare(theirs)))
        measured: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds + 1):
            for (port, requests), rates in zip(sides, measured, strict=True):
                load = Load(port, clients, flows, requests)
                rates.append(processes.flows_per_second(load))
    return median(measured[0][1:]), median(measured[1][1:])


def memory(flows: int) -> tuple[float, float, float]:
    """Return the sandbox's megabytes at first, after so many flows, and after twice as many."""
    with processes.sandbox() as server:
        load = Load(server.ports[1], 16, flows, _of_sandbox(server))
        process = psutil.Process(server.process.pid)
        seen = [process.memory_info().rss]
        for _ in range(2):
            processes.flows_per_second(load)
            seen.append(process.memory_info().rss)
    before, after, later = (size / 2**20 for size in seen)
    return before, after, later


def _of_sandbox(server: Server) -> Requests:
    arcade, ticktick = (f"http://localhost:{port}" for port in server.ports)
    wanted = {
        "user_id": LEARNER,
        "auth_requirement": {
            "provider_id": PROVIDER_ID,
            "oauth2": {"scopes": ["tasks:read", "tasks:write"]},
        },
    }
    with local_client() as client:
        headers = {"Authorization": API_KEY}
        reply = client.post(f"{arcade}/v1/auth/authorize", json=wanted, headers=headers)
        url = reply.raise_for_status().json()["url"]
    query = dict(parse_qsl(urlsplit(url).query))
    with Browser(lambda url: url) as browser:
        form = browser.open(url).forms[0].fields
        app = browser.open(f"{ticktick}/manage/app/{query['client_id']}").values
    return _requests(query, form, app["Client Secret"])


def _of_bare(server: Server) -> Requests:
    url = f"http://localhost:{server.ports[0]}/oauth/authorize?{urlencode(baseline.QUERY)}"
    with Browser(lambda url: url) as browser:
        form = browser.open(url).forms[0].fields
    return _requests(baseline.QUERY, form, baseline.CLIENT_SECRET)


def _requests(query: dict[str, str], form: dict[str, str], secret: str) -> Requests:
    cookie = {"Cookie": f"{SESSION_COOKIE}={form['session']}"}
    credentials = base64.b64encode(f"{query['client_id']}:{secret}".encode()).decode()
    exchange = {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": query["redirect_uri"],
    }
    sent = (
        request("GET", f"/oauth/authorize?{urlencode(query)}", cookie),
        request("POST", "/oauth/authorize", cookie, form=form | {"user_oauth_approval": "true"}),
        request("POST", "/oauth/token", {"Authorization": f"Basic {credentials}"}, form=exchange),
        request("GET", "/open/v1/project", {"Authorization": f"Bearer {TOKEN}"}),
    )
    authorize, approve, token, projects = (text.decode() for text in sent)
    return authorize, approve, token, projects
