"""Which names the sandbox answers for, and where real addresses lead."""

from __future__ import annotations

import socket

import httpx
import pytest

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.server.hosts import LocalAddresses


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST:9099", "api.arcade.dev"])
def test_arcade_answers_for_its_names(bare: World, host: str) -> None:
    assert bare.http.get(f"{bare.arcade_url}/v1/health", headers={"Host": host}).is_success


@pytest.mark.parametrize("host", ["evil.example", "ticktick.com", "localhost.evil.example", ""])
def test_a_forged_name_is_refused(bare: World, host: str) -> None:
    reply = bare.http.get(f"{bare.arcade_url}/v1/health", headers={"Host": host})
    assert reply.status_code == 421
    assert "does not answer for" in reply.text


def test_two_names_are_refused(bare: World) -> None:
    address = ("127.0.0.1", int(bare.arcade_url.rpartition(":")[2]))
    with socket.create_connection(address) as asking:
        host = b"Host: localhost\r\n"
        asking.sendall(b"GET /v1/health HTTP/1.1\r\n" + host * 2 + b"Connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: asking.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"More than one Host header.\n")


def test_nothing_that_is_answered_may_be_stored(world: World) -> None:
    token = world.token()
    arcade, api = {"Authorization": "arc_sandbox"}, {"Authorization": f"Bearer {token}"}
    asked = {"user_id": "learner@example.com", "auth_requirement": {"id": "arcade-ticktick"}}
    answers = [
        world.http.post(f"{world.arcade_url}/v1/auth/authorize", json=asked, headers=arcade),
        world.http.get(f"{world.arcade_url}/v1/admin/user_connections", headers=arcade),
        world.http.get(f"{world.arcade_url}/_sandbox/events"),
        world.http.get(f"{world.arcade_url}/_sandbox/state"),
        world.http.get(f"{world.ticktick_url}/_sandbox/tls"),
        world.http.get(f"{world.ticktick_url}/open/v1/project", headers=api),
        world.http.get(f"{world.ticktick_url}/signin"),
        world.http.get(f"{world.ticktick_url}/manage"),
        world.http.post(f"{world.ticktick_url}/oauth/token"),
    ]
    assert [answer.request.url.path for answer in answers if _storable(answer)] == []


def _storable(answer: httpx.Response) -> bool:
    return "no-store" not in answer.headers.get("cache-control", "")


def test_ticktick_does_not_answer_for_arcade(bare: World) -> None:
    reply = bare.http.get(f"{bare.ticktick_url}/signin", headers={"Host": "api.arcade.dev"})
    assert reply.status_code == 421


def test_a_real_address_keeps_path_and_query() -> None:
    local = LocalAddresses({"https://ticktick.com": "http://localhost:9100"})
    assert local("https://ticktick.com/a/b?c=d%2Fe") == "http://localhost:9100/a/b?c=d%2Fe"


@pytest.mark.parametrize(
    "url", ["http://ticktick.com/", "https://ticktick.com:444/", "https://example.com/", "/path"]
)
def test_another_address_stays_as_it_is(url: str) -> None:
    assert LocalAddresses({"https://ticktick.com": "http://localhost:9100"})(url) == url
