"""The five real host names lead to the sandbox, whoever asks, and to nothing else."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import requests

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.redirection import HOSTS, Redirection, child_environment
from ticktick_sandbox.server.environment import ChangedEnvironment, client_environment
from ticktick_sandbox.server.ports import Listener

PROJECTS = "https://api.ticktick.com/open/v1/project"
HEALTH = "https://api.arcade.dev/v1/health"
HEALTHY = {"healthy": True}


@pytest.fixture
def redirected(bare: World) -> Iterator[World]:
    """A world to which the five host names lead."""
    redirection = Redirection(bare.arcade_url)
    redirection.on()
    yield bare
    redirection.off()


def child(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in another Python process."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_every_host_leads_to_its_service(redirected: World, host: str) -> None:
    path = "/v1/health" if host.endswith("arcade.dev") else "/oauth/token"
    assert httpx.get(f"https://{host}{path}").status_code in (200, 405)


def test_httpx(redirected: World) -> None:
    assert httpx.get(HEALTH).json() == HEALTHY


def test_httpx_with_a_transport_of_its_own(redirected: World) -> None:
    with httpx.Client(transport=httpx.HTTPTransport()) as client:
        assert client.get(HEALTH).json() == HEALTHY


def test_httpx_async(redirected: World) -> None:
    async def get() -> object:
        async with httpx.AsyncClient() as client:
            return (await client.get(HEALTH)).json()

    assert asyncio.run(get()) == HEALTHY


def test_a_client_built_before(bare: World) -> None:
    with httpx.Client() as client:
        redirection = Redirection(bare.arcade_url)
        redirection.on()
        try:
            assert client.get(HEALTH).json() == HEALTHY
        finally:
            redirection.off()


def test_requests(redirected: World) -> None:
    assert requests.get(HEALTH, timeout=10).json() == HEALTHY


def test_urllib(redirected: World) -> None:
    with urllib.request.urlopen(HEALTH, timeout=10) as reply:
        assert json.load(reply) == HEALTHY


def test_a_child_process(bare: World) -> None:
    code = f"import urllib.request; print(urllib.request.urlopen({HEALTH!r}).read().decode())"
    run = child(code, **child_environment(bare.arcade_url, os.environ))
    assert json.loads(run.stdout) == HEALTHY, run.stderr


def _ask(results: multiprocessing.SimpleQueue) -> None:
    results.put(httpx.get(HEALTH).json())


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process(redirected: World) -> None:
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    process = context.Process(target=_ask, args=(results,))
    process.start()
    process.join(timeout=30)
    assert process.exitcode == 0
    assert results.get() == HEALTHY
    results.close()


def test_three_hundred_short_lived_clients(redirected: World) -> None:
    for _ in range(300):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with httpx.Client(verify=context) as client:
            assert client.get(HEALTH).json() == HEALTHY


def test_a_proxy_in_the_environment_is_not_asked(bare: World) -> None:
    with Listener(0) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        proxies = {"HTTPS_PROXY": url, "https_proxy": url, "ALL_PROXY": url}
        code = f"import httpx; print(httpx.get({HEALTH!r}).text)"
        run = child(code, **proxies, **child_environment(bare.arcade_url, os.environ))
        assert json.loads(run.stdout) == HEALTHY, run.stderr
        (listening, *_) = proxy.sockets
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_names_that_the_reader_exempts_from_the_proxy_stay_exempt(bare: World) -> None:
    variables = child_environment(bare.arcade_url, {"NO_PROXY": "intranet.example"})
    assert variables["NO_PROXY"].split(",")[0] == "intranet.example"
    assert set(variables["NO_PROXY"].split(",")) > HOSTS


def test_switching_off_restores_everything(bare: World) -> None:
    def patched() -> list[object]:
        return [
            socket.getaddrinfo,
            socket.gethostbyname,
            socket.socket.connect,
            socket.socket.connect_ex,
            ssl.SSLContext.wrap_socket,
            ssl.SSLContext.wrap_bio,
        ]

    before = patched()
    redirection = Redirection(bare.arcade_url)
    redirection.on()
    redirection.on()
    assert all(now is not then for now, then in zip(patched(), before, strict=True))
    redirection.off()
    assert patched() == before
    assert "connect" not in vars(socket.socket)


def test_the_environment_is_put_back(bare: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCADE_API_KEY", "arc_of_the_reader")
    monkeypatch.delenv("ARCADE_USER_ID", raising=False)
    changed = ChangedEnvironment(client_environment(bare.arcade_url))
    assert os.environ["ARCADE_API_KEY"] == "arc_sandbox"
    assert os.environ["ARCADE_USER_ID"] == "learner@example.com"
    changed.restore()
    assert os.environ["ARCADE_API_KEY"] == "arc_of_the_reader"
    assert "ARCADE_USER_ID" not in os.environ


def test_without_a_sandbox_the_connection_is_refused() -> None:
    with Listener(0) as sock:
        free = sock.port
    redirection = Redirection(f"http://localhost:{free}")
    redirection.on()
    try:
        with pytest.raises(httpx.ConnectError, match="not running; start it with"):
            httpx.get(PROJECTS)
    finally:
        redirection.off()


def test_a_child_whose_sandbox_is_gone_is_refused(bare: World) -> None:
    with Listener(0) as sock:
        free = sock.port
    code = f"import urllib.request; urllib.request.urlopen({HEALTH!r})"
    run = child(code, **child_environment(f"http://localhost:{free}", os.environ))
    assert run.returncode == 1
    assert "is not running; start it with: ticktick-sandbox" in run.stderr


def test_plain_http_to_a_real_host_is_refused(redirected: World) -> None:
    with pytest.raises(httpx.ConnectError, match="port 443 only"):
        httpx.get("http://ticktick.com/")


def test_other_hosts_are_left_alone(redirected: World) -> None:
    assert httpx.get(f"{redirected.arcade_url}/v1/health").json() == HEALTHY
    assert socket.getaddrinfo("localhost", 80)[0][4][0] in ("127.0.0.1", "::1")


def test_certificates_are_still_checked(redirected: World) -> None:
    entrance = httpx.get(f"{redirected.arcade_url}/_sandbox/tls").json()
    context = ssl.create_default_context(cadata=entrance["ca"])
    with (
        socket.create_connection(("127.0.0.1", entrance["port"])) as sock,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(sock, server_hostname="example.com")


def test_the_next_sitecustomize_still_runs(bare: World, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('the next one ran')\n")
    run = child("", **child_environment(bare.arcade_url, {"PYTHONPATH": str(tmp_path)}))
    assert run.stdout == "the next one ran\n"


@pytest.mark.parametrize(
    "reach",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "socket.getaddrinfo('example.com', 443)",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
    ],
)
def test_the_guard_stops_and_logs_what_reaches_beyond(tmp_path: Path, reach: str) -> None:
    log = tmp_path / "guard.log"
    run = child(f"import socket\n{reach}", TICKTICK_SANDBOX_GUARD=str(log))
    assert run.returncode == 1
    assert "network guard" in run.stderr
    assert "reached beyond this machine" in log.read_text()


def test_the_guard_lets_this_machine_pass(bare: World, tmp_path: Path) -> None:
    log = tmp_path / "guard.log"
    run = child(
        f"import httpx; print(httpx.get('{bare.arcade_url}/v1/health').text)",
        TICKTICK_SANDBOX_GUARD=str(log),
    )
    assert json.loads(run.stdout) == HEALTHY
    assert not log.exists()
