"""The six real host names lead to the sandbox, whoever asks, and to nothing else."""

from __future__ import annotations

import _socket
import asyncio
import json
import multiprocessing
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from socket import getaddrinfo  # before the redirection is on
from types import ModuleType

import httpx
import pytest
import requests
import trustme

from tests.processes import free_ports
from tests.ticktick_sandbox.helpers import World, restarted
from ticktick_sandbox import redirection
from ticktick_sandbox.processes.child_server import ChildServer
from ticktick_sandbox.redirection import HOSTS, Redirection, child_environment
from ticktick_sandbox.server.environment import ChangedEnvironment, client_environment
from ticktick_sandbox.server.ports import Listener
from ticktick_sandbox.server.running import tls_entrance
from ticktick_sandbox.shared.settings import ARCADE_HOSTS, TICKTICK_HOSTS

PROJECTS = "https://api.ticktick.com/open/v1/project"
HEALTH = "https://api.arcade.dev/v1/health"
HEALTHY = {"healthy": True}


@pytest.fixture
def redirected(bare: World) -> Iterator[World]:
    """A world to which the six host names lead."""
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


def test_a_second_copy_of_the_package_changes_nothing(bare: World, tmp_path: Path) -> None:
    own, copy = Path(redirection.__file__).parent, tmp_path / "copy"
    shutil.copytree(own, copy)
    variables = child_environment(bare.arcade_url, os.environ)
    variables["PYTHONPATH"] = f"{own}{os.pathsep}{copy}"
    run = child(f"import httpx; print(httpx.get({HEALTH!r}).text)", **variables)
    assert run.stderr == ""
    assert json.loads(run.stdout) == HEALTHY


def test_names_that_the_reader_exempts_from_the_proxy_stay_exempt(bare: World) -> None:
    variables = child_environment(bare.arcade_url, {"NO_PROXY": "intranet.example"})
    assert variables["NO_PROXY"].split(",")[0] == "intranet.example"
    assert set(variables["NO_PROXY"].split(",")) > HOSTS


def test_switching_off_restores_everything(bare: World) -> None:
    def patched() -> list[object]:
        return [
            _socket.getaddrinfo,
            socket.gethostbyname,
            socket.gethostbyname_ex,
            socket.gethostbyaddr,
            socket.socket.connect,
            socket.socket.connect_ex,
            socket.socket.sendto,
            socket.socket.sendmsg,
            ssl.SSLSocket.do_handshake,
            ssl.SSLObject.do_handshake,
            sys.meta_path[0],
        ]

    before = patched()
    redirection = Redirection(bare.arcade_url)
    redirection.on()
    redirection.on()
    assert all(now is not then for now, then in zip(patched(), before, strict=True))
    redirection.off()
    assert patched() == before
    assert "connect" not in vars(socket.socket)


def test_the_hosts_are_those_that_the_sandbox_answers_for() -> None:
    assert {*TICKTICK_HOSTS, *ARCADE_HOSTS} == HOSTS


def test_a_look_up_stays_on_this_machine(redirected: World) -> None:
    assert socket.gethostbyname("api.arcade.dev").startswith("127.")
    assert socket.gethostbyname_ex("api.arcade.dev")[2][0].startswith("127.")
    assert getaddrinfo("api.arcade.dev", 443)[0][4][0].startswith("127.")


@pytest.mark.parametrize("port", [53, 443])
def test_datagrams_are_refused(redirected: World, port: int) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        for send in (
            lambda address: sock.sendto(b"", address),
            lambda address: sock.sendmsg([b""], [], 0, address),
            sock.connect,
        ):
            with pytest.raises(ConnectionRefusedError, match="the sandbox answers"):
                send(("api.ticktick.com", port))


def test_an_address_known_from_elsewhere_is_refused(
    redirected: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that only says so: no test may reach beyond this machine."""
    elsewhere = ("203.0.113.7", 443)
    monkeypatch.setattr(socket.socket, "getpeername", lambda sock: elsewhere, raising=False)
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", redirected.sandbox._listeners[0].port)) as sock,
        pytest.raises(ssl.SSLError, match=r"api\.arcade\.dev leads to the sandbox, not to 203"),
    ):
        context.wrap_socket(sock, server_hostname="api.arcade.dev")


class Stranger:
    """A server that has a certificate for a real name, trusted but not the sandbox's."""

    def __init__(self) -> None:
        authority = trustme.CA()
        self.context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
        self._own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("api.arcade.dev").configure_cert(self._own)
        self._sock = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._sock.getsockname()[1]}"
        self.told = b""
        self._sock.settimeout(10)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        server = self._own.wrap_socket(self._sock, server_side=True)
        with server, suppress(OSError), server.accept()[0] as client:
            self.told = client.recv(1000)

    def close(self) -> None:
        self._thread.join(timeout=10)


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    stranger = Stranger()
    yield stranger
    stranger.close()


def by_name(stranger: Stranger) -> dict[str, object]:
    """Return what makes a request to a stranger's address one in a real name."""
    return {
        "url": stranger.url,
        "headers": {"Host": "api.arcade.dev"},
        "extensions": {"sni_hostname": "api.arcade.dev"},
    }


async def get_async(stranger: Stranger) -> None:
    async with httpx.AsyncClient(verify=stranger.context) as client:
        await client.get(**by_name(stranger))


async def open_streams(stranger: Stranger) -> None:
    url = httpx.URL(stranger.url)
    _, writer = await asyncio.open_connection(
        url.host, url.port, ssl=stranger.context, server_hostname="api.arcade.dev"
    )
    writer.write(b"GET / HTTP/1.1")
    await writer.drain()
    writer.close()


def get(stranger: Stranger) -> None:
    with httpx.Client(verify=stranger.context) as client:
        client.get(**by_name(stranger))


ASKING = {
    "httpx": get,
    "httpx async": lambda stranger: asyncio.run(get_async(stranger)),
    "asyncio": lambda stranger: asyncio.run(open_streams(stranger)),
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_nobody_else_is_told_anything(
    redirected: World, stranger: Stranger, ask: Callable[[Stranger], None]
) -> None:
    with pytest.raises((httpx.ConnectError, ssl.SSLError), match="another server answered"):
        ask(stranger)
    stranger.close()
    assert stranger.told == b""


def test_a_sandbox_that_was_started_anew_is_found(redirected: World) -> None:
    with httpx.Client() as client:
        assert client.get(HEALTH).json() == HEALTHY
        with restarted(redirected):
            assert client.get(HEALTH).json() == HEALTHY


def test_a_sandbox_that_was_started_anew_is_found_by_asyncio(redirected: World) -> None:
    async def get_twice() -> list[object]:
        async with httpx.AsyncClient() as client:
            first = (await client.get(HEALTH)).json()
            with restarted(redirected):
                return [first, (await client.get(HEALTH)).json()]

    assert asyncio.run(get_twice()) == [HEALTHY, HEALTHY]


def test_a_sandbox_that_was_started_anew_on_the_same_port_is_found(bare: World) -> None:
    redirection = Redirection(bare.arcade_url)
    redirection.on()
    try:
        with httpx.Client() as client:
            assert client.get(HEALTH).json() == HEALTHY
            before = redirection.entrance()
            with restarted(bare) as sandbox:
                redirection._entrance = {**before, "port": tls_entrance(sandbox.arcade_url)["port"]}
                with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                    client.get(HEALTH)
                assert client.get(HEALTH).json() == HEALTHY
    finally:
        redirection.off()


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
    free = int(free_ports(1)[0])
    redirection = Redirection(f"http://localhost:{free}")
    redirection.on()
    try:
        with pytest.raises(httpx.ConnectError, match="not running; start it with"):
            httpx.get(PROJECTS)
    finally:
        redirection.off()


def test_a_child_whose_sandbox_is_gone_is_refused(bare: World) -> None:
    free = int(free_ports(1)[0])
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


@pytest.fixture
def uvloop() -> ModuleType:
    return pytest.importorskip("uvloop")


REQUEST = b"GET /v1/health HTTP/1.1\r\nHost: api.arcade.dev\r\nConnection: close\r\n\r\n"


async def by_httpx() -> bytes:
    async with httpx.AsyncClient() as client:
        return (await client.get(HEALTH)).content


async def by_streams(**options: object) -> bytes:
    given = {"host": "api.arcade.dev", "port": 443, "ssl": True} | options
    reader, writer = await asyncio.open_connection(**given)
    writer.write(REQUEST)
    reply = await reader.read()
    writer.close()
    return reply


async def by_a_socket_of_its_own() -> bytes:
    sock = socket.socket()
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("api.arcade.dev", 443))
    given = {"host": None, "port": None, "server_hostname": "api.arcade.dev", "sock": sock}
    return await by_streams(**given)


async def by_a_look_up() -> bytes:
    loop = asyncio.get_running_loop()
    address = (await loop.getaddrinfo("api.arcade.dev", 443))[0][4]
    return await by_streams(host=address[0], server_hostname="api.arcade.dev")


ON_UVLOOP = {
    "httpx": by_httpx,
    "streams": by_streams,
    "streams by service": lambda: by_streams(port="https", family=socket.AF_INET),
    "a socket of its own": by_a_socket_of_its_own,
    "a look-up": by_a_look_up,
}


@pytest.mark.parametrize("ask", ON_UVLOOP.values(), ids=ON_UVLOOP)
def test_uvloop(
    redirected: World, uvloop: ModuleType, ask: Callable[[], Coroutine[None, None, bytes]]
) -> None:
    assert uvloop.run(ask()).endswith(b'{"healthy":true}')


def test_what_uvloop_can_not_send_here_is_refused(redirected: World, uvloop: ModuleType) -> None:
    async def refused() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(ConnectionRefusedError, match="port 443 only"):
            await loop.create_connection(asyncio.Protocol, "ticktick.com", 80)
        with pytest.raises(ConnectionRefusedError, match="no datagrams"):
            address = ("api.ticktick.com", 443)
            await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=address)
        numeric = socket.NI_NUMERICHOST
        assert (await loop.getnameinfo(("ticktick.com", 443), numeric))[0].startswith("127.")

    uvloop.run(refused())


def test_uvloop_tells_nobody_else_anything(
    redirected: World, uvloop: ModuleType, stranger: Stranger
) -> None:
    with pytest.raises(ssl.SSLError, match="another server answered"):
        uvloop.run(open_streams(stranger))
    stranger.close()
    assert stranger.told == b""


def test_a_sandbox_that_was_started_anew_is_found_by_uvloop(
    redirected: World, uvloop: ModuleType
) -> None:
    async def get_twice() -> list[bytes]:
        first = await by_httpx()
        with restarted(redirected):
            return [first, await by_httpx()]

    assert uvloop.run(get_twice()) == [b'{"healthy":true}'] * 2


def test_uvloop_leaves_other_hosts_alone(redirected: World, uvloop: ModuleType) -> None:
    async def get() -> int:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{redirected.arcade_url}/v1/health")).status_code

    assert uvloop.run(get()) == 200


def test_switching_off_leaves_uvloop_as_it_was(bare: World, uvloop: ModuleType) -> None:
    before = dict(vars(uvloop.Loop))
    redirection = Redirection(bare.arcade_url)
    redirection.on()
    assert dict(vars(uvloop.Loop)) != before
    redirection.off()
    assert dict(vars(uvloop.Loop)) == before


def test_a_child_that_imports_uvloop(bare: World, uvloop: ModuleType) -> None:
    code = f"""
import sys
assert "uvloop" not in sys.modules
import asyncio, httpx, uvloop

async def get():
    async with httpx.AsyncClient() as client:
        print((await client.get({HEALTH!r})).text)

uvloop.run(get())
"""
    run = child(code, **child_environment(bare.arcade_url, os.environ))
    assert json.loads(run.stdout) == HEALTHY, run.stderr


APP = f"""
import asyncio, httpx

async def app(scope, receive, send):
    async with httpx.AsyncClient() as client:
        body = (await client.get({HEALTH!r})).text
    body = type(asyncio.get_running_loop()).__module__ + body
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": body.encode()}})
"""


def test_a_server_that_chooses_uvloop_by_itself(
    bare: World, uvloop: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "asks.py").write_text(APP)
    command = (sys.executable, "-m", "uvicorn", "asks:app", "--lifespan", "off", "--port", "{port}")
    variables = child_environment(bare.arcade_url, os.environ)
    server = ChildServer("the server", command, folder=tmp_path, variables=variables)
    server.start()
    try:
        assert httpx.get(server.uri).text == 'uvloop{"healthy":true}', server.output()
    finally:
        server.stop()
