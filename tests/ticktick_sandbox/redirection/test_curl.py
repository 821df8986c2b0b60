"""The six real host names lead curl to the sandbox, and the reader's options stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installed import program
from tests.processes import free_ports, run_sandbox
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.redirection import HOSTS
from ticktick_sandbox.redirection.curl import curl_home
from ticktick_sandbox.server.running import tls_entrance

HEALTH = "https://api.arcade.dev/v1/health"


def curl(
    world: World, folder: Path, *arguments: str, **inherited: str
) -> subprocess.CompletedProcess[str]:
    """Run curl with the options that the redirection writes."""
    variables = {name: text for name, text in os.environ.items() if "CURL" not in name} | inherited
    home = curl_home(folder, tls_entrance(world.arcade_url), variables)
    return subprocess.run(
        [program("curl"), "--silent", "--show-error", "--max-time", "20", *arguments],
        env=variables | {"CURL_HOME": home},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_every_host_leads_to_its_service(bare: World, tmp_path: Path, host: str) -> None:
    path = "/v1/health" if host.endswith("arcade.dev") else "/oauth/token"
    run = curl(bare, tmp_path, "--write-out", "%{http_code}", f"https://{host}{path}")
    assert run.stdout[-3:] == ("200" if host.endswith("arcade.dev") else "405"), run.stderr


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_a_dot_behind_the_name_leads_nowhere_else(bare: World, tmp_path: Path, host: str) -> None:
    run = curl(bare, tmp_path, f"https://{host}./")
    assert run.stdout == f"The sandbox does not answer for {host}..\n", run.stderr


def test_plain_http_to_a_real_host_is_refused(bare: World, tmp_path: Path) -> None:
    run = curl(bare, tmp_path, "http://ticktick.com/")
    assert run.returncode == 7
    assert "127.0.0.1" in run.stderr


def test_certificates_are_still_checked(bare: World, tmp_path: Path) -> None:
    there = f"example.com:443:127.0.0.1:{tls_entrance(bare.arcade_url)['port']}"
    run = curl(bare, tmp_path, "--connect-to", there, "https://example.com/")
    assert run.returncode == 60
    assert "example.com" in run.stderr


def test_other_hosts_are_left_alone(bare: World, tmp_path: Path) -> None:
    run = curl(bare, tmp_path, f"{bare.arcade_url}/v1/health")
    assert run.stdout == '{"healthy":true}', run.stderr


@pytest.mark.parametrize(
    ("variable", "file"),
    [
        ("CURL_HOME", ".curlrc"),
        ("XDG_CONFIG_HOME", "curlrc"),
        ("HOME", ".curlrc"),
        ("HOME", ".config/curlrc"),
    ],
)
def test_the_readers_own_options_stay_in_force(
    bare: World, tmp_path: Path, variable: str, file: str
) -> None:
    own = tmp_path / "own" / file
    own.parent.mkdir(parents=True)
    own.write_text('write-out = " and mine"\n')
    without = {"CURL_HOME": "", "XDG_CONFIG_HOME": "", "HOME": ""}
    inherited = without | {variable: str(tmp_path / "own")}
    run = curl(bare, tmp_path, HEALTH, **inherited)
    assert run.stdout == '{"healthy":true} and mine', run.stderr


def test_certificates_that_the_reader_trusts_stay_trusted(bare: World, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("# mine\n")
    curl(bare, tmp_path, HEALTH, CURL_CA_BUNDLE=str(own))
    assert (tmp_path / "certificates.pem").read_text().startswith("# mine\n-----BEGIN")


def test_exec_gives_curl_the_redirection_and_cleans_up() -> None:
    port = free_ports(1)[0]
    ask = "import os, subprocess; print(os.environ['CURL_HOME'], flush=True); "
    ask += f"subprocess.run([{program('curl')!r}, '--silent', {HEALTH!r}])"
    run = run_sandbox("exec", "--arcade-port", port, "--", sys.executable, "-c", ask)
    folder, answer = run.stdout.splitlines()
    assert answer == '{"healthy":true}'
    assert not Path(folder).exists()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP])
def test_exec_cleans_up_when_it_is_told_to_end(told: signal.Signals) -> None:
    wait = "import os, time; print(os.environ['CURL_HOME'], flush=True); time.sleep(60)"
    command = ["exec", "--arcade-port", free_ports(1)[0], "--", sys.executable, "-c", wait]
    command = [sys.executable, "-m", "ticktick_sandbox", *map(str, command)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        folder = Path(run.stdout.readline().strip())
        assert folder.is_dir()
        run.send_signal(told)
        assert run.wait(timeout=10) == 128 + told
    assert not folder.exists()
