"""A running sandbox for programs that attach to it, and a person who clicks Allow."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.processes import running, sandbox
from ticktick_sandbox.browser.browser import Browser
from ticktick_sandbox.server.hosts import LocalAddresses
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID


def wait_until_served(port: str) -> None:
    transport = httpx.HTTPTransport(retries=8)
    with httpx.Client(transport=transport) as client:
        assert client.get(f"http://127.0.0.1:{port}/worker/health").is_success


@dataclass
class Run:
    """What became of a program: its exit code, its output, and the scopes it asked for."""

    code: int
    lines: list[str]
    scopes: list[str]


class Serving:
    """``ticktick-sandbox`` in another process."""

    def __init__(self, port: str) -> None:
        self.port = port

    def exec(self, *program: str) -> list[str]:
        """Return the command that runs a program against this sandbox."""
        return sandbox("exec", "--arcade-port", self.port, "--", *program)

    def run(self, *program: str) -> Run:
        """Run a program that prints a link and goes on once the user has allowed it."""
        with running(*self.exec(*program)) as (process, output):
            link = output.wait_for("/oauth/authorize?")
            assert process.poll() is None
            with Browser(LocalAddresses({})) as browser:
                done = browser.submit(browser.open(link), "Allow")
            assert done.heading == "Authorization complete"
            code = process.wait(timeout=30)
            scopes = parse_qs(urlsplit(link).query).get("scope", [""])[0].split()
            return Run(code, output.rest(), scopes)

    def token(self) -> str:
        """Return the token that the user's consent gave."""
        asked = {
            "user_id": LEARNER,
            "auth_requirement": {"id": PROVIDER_ID, "oauth2": {"scopes": ["tasks:read"]}},
        }
        url = f"http://localhost:{self.port}/v1/auth/authorize"
        reply = httpx.post(url, json=asked, headers={"Authorization": API_KEY})
        return reply.json()["context"]["token"]
