"""The six real host names lead Node to the sandbox, too, whichever client asks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.installed import program
from tests.processes import free_ports
from tests.ticktick_sandbox.helpers import World, restarted
from ticktick_sandbox import redirection
from ticktick_sandbox.redirection import HOSTS, child_environment, node_options
from ticktick_sandbox.server.ports import Listener

HEALTH = "https://api.arcade.dev/v1/health"
REQUEST = "GET /v1/health HTTP/1.1\\r\\nHost: api.arcade.dev\\r\\nConnection: close\\r\\n\\r\\n"

# Programs that print what the Engine answers. Each asks by another client.
CLIENTS = {
    "fetch": f"console.log(await (await fetch('{HEALTH}')).text());",
    "https": f"""
        import https from "node:https";
        https.get("{HEALTH}", (response) => response.pipe(process.stdout));
    """,
    "https with an agent of its own": f"""
        import {{ Agent, get }} from "node:https";
        get("{HEALTH}", {{ agent: new Agent({{ keepAlive: true }}) }}, (response) => {{
          response.pipe(process.stdout);
          response.on("end", () => process.nextTick(() => process.exit()));
        }});
    """,
    "CommonJS": f"""
        import {{ createRequire }} from "node:module";
        const https = createRequire(import.meta.url)("https");
        https.get("{HEALTH}", (response) => response.pipe(process.stdout));
    """,
    "tls, written to before it is connected": f"""
        import {{ connect }} from "node:tls";
        const socket = connect({{ host: "api.arcade.dev", port: 443 }});
        socket.write("{REQUEST}");
        socket.pipe(process.stdout);
    """,
    "tls by port and host": f"""
        import {{ connect }} from "node:tls";
        const options = {{ servername: "api.arcade.dev" }};
        const socket = connect(443, "api.arcade.dev", options, () => socket.write("{REQUEST}"));
        socket.pipe(process.stdout);
    """,
    "tls over a socket": f"""
        import net from "node:net";
        import tls from "node:tls";
        const socket = net.connect(443, "api.arcade.dev");
        const secure = tls.connect({{ socket, servername: "api.arcade.dev" }});
        secure.write("{REQUEST}");
        secure.pipe(process.stdout);
    """,
    "tls over a connected socket": f"""
        import net from "node:net";
        import tls from "node:tls";
        const socket = net.connect(443, "api.arcade.dev", () => {{
          const secure = tls.connect({{ socket, servername: "api.arcade.dev" }});
          secure.write("{REQUEST}");
          secure.pipe(process.stdout);
        }});
    """,
    "tls to an address it has looked up": f"""
        import {{ lookup }} from "node:dns/promises";
        import {{ connect }} from "node:tls";
        const {{ address }} = await lookup("api.arcade.dev");
        const socket = connect({{ host: address, port: 443, servername: "api.arcade.dev" }});
        socket.write("{REQUEST}");
        socket.pipe(process.stdout);
    """,
    "tls to an address that it knows from elsewhere": f"""
        import {{ connect }} from "node:tls";
        const socket = connect({{ host: "203.0.113.7", port: 443, servername: "api.arcade.dev" }});
        socket.write("{REQUEST}");
        socket.pipe(process.stdout);
    """,
    "tls with a certificate authority of its own": f"""
        import {{ connect, rootCertificates }} from "node:tls";
        const socket = connect({{ host: "api.arcade.dev", port: 443, ca: rootCertificates[0] }});
        socket.write("{REQUEST}");
        socket.pipe(process.stdout);
    """,
    "a worker thread": f"""
        import {{ Worker }} from "node:worker_threads";
        const code = "fetch('{HEALTH}').then(async (reply) => console.log(await reply.text()))";
        new Worker(code, {{ eval: true }});
    """,
    "a child process": f"""
        import {{ execFileSync }} from "node:child_process";
        const code = "fetch('{HEALTH}').then(async (reply) => console.log(await reply.text()))";
        process.stdout.write(execFileSync(process.execPath, ["--eval", code]));
    """,
}


def node(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run an ES module in Node."""
    return subprocess.run(
        [program("node"), "--input-type=module", "--eval", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


def redirected(world: World) -> dict[str, str]:
    return child_environment(world.arcade_url, os.environ)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_reaches_the_sandbox(bare: World, client: str) -> None:
    run = node(CLIENTS[client], **redirected(bare))
    assert run.returncode == 0, run.stderr
    assert run.stdout.rstrip().endswith('{"healthy":true}'), run.stderr


def test_every_host_leads_to_its_service(bare: World) -> None:
    code = f"""
        const statuses = {{}};
        for (const host of {sorted(HOSTS)}) {{
          const path = host.endsWith("arcade.dev") ? "/v1/health" : "/oauth/token";
          statuses[host] = (await fetch(`https://${{host}}${{path}}`)).status;
        }}
        console.log(JSON.stringify(statuses));
    """
    run = node(code, **redirected(bare))
    expected = {host: 200 if host.endswith("arcade.dev") else 405 for host in HOSTS}
    assert json.loads(run.stdout) == expected


def test_many_requests_at_once(bare: World) -> None:
    code = f"""
        const asked = Array.from({{ length: 50 }}, () => fetch("{HEALTH}"));
        const replies = await Promise.all(asked);
        console.log(replies.filter((reply) => reply.ok).length);
    """
    assert node(code, **redirected(bare)).stdout == "50\n"


def test_without_a_sandbox_the_connection_is_refused() -> None:
    url = f"http://localhost:{free_ports(1)[0]}"
    run = node(f"await fetch('{HEALTH}');", **child_environment(url, os.environ))
    assert run.returncode == 1
    assert f"the sandbox at {url} is not running; start it with: ticktick-sandbox" in run.stderr


def test_a_sandbox_that_is_started_later_is_found(bare: World) -> None:
    code = f"""
        import {{ createServer }} from "node:http";
        const first = await fetch("{HEALTH}").catch((problem) => problem.cause.code);
        const entrance = await (await fetch("{bare.arcade_url}/_sandbox/tls")).text();
        const port = new URL(process.env.TICKTICK_SANDBOX_URL).port;
        const server = createServer((_, response) => response.end(entrance));
        await new Promise((listening) => server.listen(port, "127.0.0.1", listening));
        console.log(first, (await fetch("{HEALTH}")).status);
        process.exit();
    """
    url = f"http://localhost:{free_ports(1)[0]}"
    run = node(code, **child_environment(url, os.environ))
    assert run.stdout == "ECONNREFUSED 200\n", run.stderr


def test_a_sandbox_that_was_started_anew_is_found(bare: World) -> None:
    code = f"""
        import {{ once }} from "node:events";
        console.log((await fetch("{HEALTH}")).status);
        await once(process.stdin, "data");
        console.log((await fetch("{HEALTH}")).status);
        process.exit();
    """
    with subprocess.Popen(
        [program("node"), "--input-type=module", "--eval", code],
        env=os.environ | redirected(bare),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdin
        assert run.stdout
        assert run.stdout.readline() == "200\n"
        with restarted(bare):
            assert run.communicate("go on\n", timeout=30)[0] == "200\n"


@pytest.mark.parametrize("when", ["connected", "connecting"])
def test_a_socket_to_another_machine_is_refused(bare: World, when: str) -> None:
    """One that only says so: no test may reach beyond this machine."""
    code = f"""
        import {{ once }} from "node:events";
        import net from "node:net";
        import tls from "node:tls";
        const server = net.createServer((peer) => peer.on("data", () => console.log("told")));
        await once(server.listen(0, "127.0.0.1"), "listening");
        const socket = net.connect(server.address().port, "127.0.0.1");
        if ("{when}" === "connected") await once(socket, "connect");
        Object.defineProperty(socket, "remoteAddress", {{ value: "203.0.113.7" }});
        const secure = tls.connect({{ socket, servername: "api.arcade.dev" }});
        secure.write("{REQUEST}");
        const [problem] = await once(secure, "error").catch((problem) => [problem]);
        console.log(problem.message);
        setTimeout(() => process.exit(), 200);
    """
    run = node(code, **redirected(bare))
    assert run.stdout == "api.arcade.dev leads to the sandbox, not to 203.0.113.7\n", run.stderr


def test_plain_http_to_a_real_host_is_refused(bare: World) -> None:
    run = node("await fetch('http://ticktick.com/');", **redirected(bare))
    assert run.returncode == 1
    assert "the sandbox answers for ticktick.com on port 443 only, not on 80" in run.stderr


@pytest.mark.parametrize(
    ("host", "servername"),
    [("api.arcade.dev", "example.com"), ("127.0.0.1", "example.com")],
)
def test_certificates_are_still_checked(bare: World, host: str, servername: str) -> None:
    code = f"""
        import {{ connect }} from "node:tls";
        const {{ port }} = await (await fetch("{bare.arcade_url}/_sandbox/tls")).json();
        const options = {{ host: "{host}", port: "{host}" === "127.0.0.1" ? port : 443 }};
        const socket = connect({{ ...options, servername: "{servername}" }});
        socket.on("error", (problem) => console.log(problem.code));
        socket.on("secureConnect", () => console.log("connected", socket.authorized));
    """
    run = node(code, **redirected(bare))
    assert run.stdout == "UNABLE_TO_VERIFY_LEAF_SIGNATURE\n", run.stderr


def test_a_certificate_for_another_name_is_refused(bare: World) -> None:
    code = f"""
        import tls from "node:tls";
        const {{ ca }} = await (await fetch("{bare.arcade_url}/_sandbox/tls")).json();
        const options = {{ host: "api.arcade.dev", port: 443, servername: "example.com", ca }};
        const socket = tls.connect(options);
        socket.on("error", (problem) => console.log(problem.code));
        socket.on("secureConnect", () => console.log("connected", socket.authorized));
    """
    run = node(code, **redirected(bare))
    assert run.stdout == "ERR_TLS_CERT_ALTNAME_INVALID\n", run.stderr


def test_other_hosts_are_left_alone(bare: World) -> None:
    code = f"console.log(await (await fetch('{bare.arcade_url}/v1/health')).text());"
    assert node(code, **redirected(bare)).stdout == '{"healthy":true}\n'


def test_a_proxy_in_the_environment_is_not_asked(bare: World) -> None:
    with Listener(0) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        proxies = {"HTTPS_PROXY": url, "https_proxy": url, "NODE_USE_ENV_PROXY": "1"}
        run = node(CLIENTS["fetch"], **proxies, **redirected(bare))
        assert run.stdout == '{"healthy":true}\n', run.stderr
        (listening, *_) = proxy.sockets
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_options_that_the_reader_gives_node_stay_in_force(bare: World) -> None:
    inherited = {"NODE_OPTIONS": "--stack-trace-limit=7"}
    once = child_environment(bare.arcade_url, inherited)
    twice = child_environment(bare.arcade_url, once)
    assert once["NODE_OPTIONS"] == twice["NODE_OPTIONS"]
    run = node("console.log(Error.stackTraceLimit);", **twice)
    assert run.stdout == "7\n", run.stderr


def test_a_folder_may_be_called_anything(
    bare: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'a "folder" of \\ mine'
    folder.mkdir()
    shutil.copy(Path(redirection.__file__).with_name("preload.cjs"), folder)
    monkeypatch.setattr(redirection, "__file__", str(folder / "__init__.py"))
    options = node_options({})
    assert "folder" in options
    run = node(CLIENTS["fetch"], **redirected(bare) | {"NODE_OPTIONS": options})
    assert run.stdout == '{"healthy":true}\n', run.stderr


@pytest.mark.parametrize(
    ("reach", "event"),
    [
        ("fetch('https://example.com/')", "net.connect 'example.com'"),
        ("fetch('http://192.0.2.1/')", "net.connect '192.0.2.1'"),
        ("fetch('https://api.ticktick.com/')", "net.connect 'api.ticktick.com'"),
        ("import('node:dns/promises').then((dns) => dns.lookup('example.com'))", "dns.lookup"),
        ("import('node:dns/promises').then((dns) => dns.resolve4('example.com'))", "dns.resolve4"),
        (
            "new Promise((done, failed) => import('node:dns').then((dns) =>"
            " dns.resolveTxt('example.com', failed)))",
            "dns.resolveTxt 'example.com'",
        ),
        (
            "new Promise((done, failed) => import('node:dgram').then((dgram) =>"
            " dgram.createSocket('udp4').send('', 53, '192.0.2.1', failed)))",
            "dns.lookup '192.0.2.1'",
        ),
    ],
)
def test_the_guard_stops_and_logs_what_reaches_beyond(
    tmp_path: Path, reach: str, event: str
) -> None:
    log = tmp_path / "guard.log"
    run = node(f"await {reach};", TICKTICK_SANDBOX_GUARD=str(log))
    assert run.returncode == 1
    assert "network guard" in run.stderr
    assert f"reached beyond this machine: {event}" in log.read_text()


def test_the_guard_lets_this_machine_and_the_redirection_pass(bare: World, tmp_path: Path) -> None:
    log = tmp_path / "guard.log"
    run = node(CLIENTS["fetch"], TICKTICK_SANDBOX_GUARD=str(log), **redirected(bare))
    assert run.stdout == '{"healthy":true}\n', run.stderr
    assert not log.exists()
