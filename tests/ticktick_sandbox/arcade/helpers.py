"""What the tests of the Engine do with it, and the workers that they give it."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.processes import free_ports
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.browser.browser import local_client
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.redirection import child_environment
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

READ = ["tasks:read"]


WRITE = ["tasks:write"]


def call(world: World, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
    """Send a request with the API key."""
    sent = {} if body is None else {"json": body}
    headers = {"Authorization": API_KEY} | more.pop("headers", {})
    return world.http.request(method, world.arcade_url + path, headers=headers, **sent, **more)


def asked(**changes: Any) -> dict[str, Any]:
    """Return the body of an authorization request; a change to ``...`` leaves the field out."""
    body = {
        "auth_requirement": {
            "provider_id": PROVIDER_ID,
            "provider_type": "oauth2",
            "oauth2": {"scopes": READ},
        },
        "user_id": LEARNER,
    } | changes
    return {key: value for key, value in body.items() if value is not ...}


def authorize(world: World, scopes: list[str] = READ, **changes: Any) -> dict[str, Any]:
    """Ask for an authorization and return the answer."""
    requirement = {"provider_id": PROVIDER_ID, "oauth2": {"scopes": scopes}}
    body = asked(**{"auth_requirement": requirement} | changes)
    reply = call(world, "POST", "/v1/auth/authorize", body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def consented(world: World, pending: dict[str, str]) -> str:
    """Click Allow and return the callback URL with its code, not yet opened."""
    seen: list[str] = []

    def stop_at_callback(url: str) -> str:
        if urlsplit(url).path.endswith("/callback"):
            seen.append(url)
            return f"{world.arcade_url}/v1/health"
        return local(url)

    local, world.sandbox.local = world.sandbox.local, stop_at_callback
    try:
        world.visit(pending["url"], click="Allow")
    finally:
        world.sandbox.local = local
    return seen[0]


def provider_body(provider_id: str = "made-up", **changes: Any) -> dict[str, Any]:
    """Return the body that creates a provider; changes go into its ``oauth2``."""
    return {
        "id": provider_id,
        "type": "oauth2",
        "oauth2": {
            "client_id": "made-up-client",
            "client_secret": "made-up-secret",
            "authorize_request": {
                "endpoint": "https://provider.example/authorize",
                "params": {
                    "response_type": "code",
                    "client_id": "{{client_id}}",
                    "redirect_uri": "{{redirect_uri}}",
                    "scope": "{{scopes}} {{existing_scopes}}",
                },
            },
            "token_request": {
                "endpoint": "https://provider.example/token",
                "auth_method": "client_secret_basic",
                "params": {"grant_type": "authorization_code", "redirect_uri": "{{redirect_uri}}"},
            },
        }
        | changes,
    }


def problems(world: World) -> list[str]:
    """Return what the Engine has written into the event log as problems."""
    events = world.http.get(f"{world.arcade_url}/_sandbox/events").json()
    return [event["text"] for event in events if event["problem"] and event["service"] == "Arcade"]


SECRET = "a-secret-of-the-tests-with-more-than-32-bytes"


TOOLS = Path(__file__).parent.parent / "data" / "worker"


def make_worker(sandbox_url: str, folder: Path = TOOLS, **more: Any) -> WorkerProcess:
    """Return a worker with the tools of a folder of the tests, not yet started."""
    variables = child_environment(sandbox_url, os.environ)
    return WorkerProcess(folder, "ticktick", SECRET, variables=variables, **more)


def http_of(uri: str, **changes: Any) -> dict[str, Any]:
    """Return how a worker is registered; a change to ``...`` leaves the field out."""
    http = {"uri": uri, "secret": SECRET, "timeout": 10, "retry": 3} | changes
    return {key: value for key, value in http.items() if value is not ...}


def register(world: World, worker_id: str, uri: str, **changes: Any) -> None:
    """Add a worker."""
    sent = {"id": worker_id, "http": http_of(uri, **changes)}
    assert call(world, "POST", "/v1/workers", sent).status_code == 201


OTHER_SECRET = "another-secret-of-the-tests-with-over-32-bytes"


def free_uri() -> str:
    """Return an address at which nothing listens."""
    return f"http://127.0.0.1:{free_ports(1)[0]}"


@contextmanager
def answering(
    status: int,
    text: bytes,
    offered: bytes | None = None,
    received: list[dict[str, Any]] | None = None,
) -> Iterator[str]:
    """Serve the same answer to whatever is asked, or to calls only, and offer these tools.

    What the calls carry is added to ``received``.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if offered is None:
                self.answer(status, text)
            else:
                self.answer(200, offered)

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if received is not None:
                received.append(sent)
            self.answer(status, text)

        def answer(self, status: int, text: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


def returned(world: World, **wanted: Any) -> str:
    """Start a flow, consent, come back from TickTick without verifying; return the flow id."""
    url = authorize(world, **wanted)["url"]
    state = query(url)["state"][0]
    callback = urlsplit(query(url)["redirect_uri"][0]).path
    reply = call(world, "GET", f"{callback}?code=abcdef&state={state}")
    assert reply.status_code == 303
    return state


class Poll(threading.Thread):
    """A poll with a long wait, its answer and when that came."""

    def __init__(self, world: World, auth_id: str) -> None:
        super().__init__()
        self._url = f"{world.arcade_url}/v1/auth/status?id={auth_id}&wait=59"
        self.body: dict[str, Any] = {}
        self.answered_at = 0.0

    def run(self) -> None:
        with local_client() as client:
            headers = {"Authorization": API_KEY}
            self.body = client.get(self._url, headers=headers, timeout=70).json()
        self.answered_at = time.monotonic()


def parked(world: World, auth_id: str, flow: str | None = None) -> Poll:
    """Start a poll and return once the Engine has parked it, on another flow if one is named."""
    poll = Poll(world, auth_id)
    waiters = world.sandbox.engine.authorizations._flows[flow or auth_id].changed._waiters
    poll.start()
    deadline = time.monotonic() + 5
    while not waiters and time.monotonic() < deadline:
        time.sleep(0.001)
    assert waiters
    return poll


def consent(world: World, url: str | None, user_id: str) -> None:
    assert url
    page = world.visit(url, click="Allow")
    world.visit(page.url, click="Continue", fill={"Arcade account": user_id})
