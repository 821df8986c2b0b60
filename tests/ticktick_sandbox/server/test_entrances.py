"""Entrances of their own for programs."""

from __future__ import annotations

import os
import subprocess
import sys

import httpx

from tests.installed import node
from tests.ticktick_sandbox.helpers import World, make_world
from tests.ticktick_sandbox.recording.helpers import lines
from ticktick_sandbox.server.entrances import entrance
from ticktick_sandbox.server.environment import client_environment
from ticktick_sandbox.server.running import tls_entrance

ASKS = "import httpx; print(httpx.get('https://api.ticktick.com/open/v1/project').status_code)"


def test_a_name_is_taken_off_the_path_and_nothing_else(world: World) -> None:
    for path in ("/_from/a/v1/health", "/_from/a.b-c_9/v1/health?x=/_from/b/"):
        assert world.http.get(world.arcade_url + path).status_code == 200
    assert lines(world) == [
        "a → Arcade: GET /v1/health",
        "a.b-c_9 → Arcade: GET /v1/health",
    ]
    for path in ("/_from", "/_from/a", "/_from/a%20b/v1/health", "/_from/a/_from/b/v1/health"):
        assert world.http.get(world.arcade_url + path).status_code == 404
    assert world.http.get(f"{world.arcade_url}/_from/{'x' * 41}/v1/health").status_code == 404


def test_a_name_becomes_what_a_path_takes() -> None:
    assert entrance("http://localhost:9099", "my tool/ü.py") == (
        "http://localhost:9099/_from/my-tool-.py"
    )
    assert entrance("http://localhost:9099", "x" * 90).endswith("/" + "x" * 40)


def test_the_real_host_names_lead_to_the_same_entrance(world: World) -> None:
    environment = os.environ | client_environment(world.arcade_url, "asks.py")
    run = subprocess.run(
        [sys.executable, "-c", ASKS], env=environment, capture_output=True, text=True, timeout=30
    )
    assert run.stdout == "401\n", run.stderr
    program = "fetch('https://api.ticktick.com/open/v1/project').then(r => console.log(r.status))"
    environment = os.environ | client_environment(world.arcade_url, "asks.mjs")
    run = subprocess.run(
        [node(), "-e", program], env=environment, capture_output=True, text=True, timeout=30
    )
    assert run.stdout == "401\n", run.stderr
    assert lines(world) == [
        "asks.py → TickTick: GET /open/v1/project",
        "asks.mjs → TickTick: GET /open/v1/project",
    ]


def test_each_name_has_one_tls_entrance_and_there_are_only_so_many() -> None:
    world = make_world()
    one, again, other = (
        tls_entrance(entrance(world.arcade_url, name)) for name in ("one", "one", "other")
    )
    assert one == again
    assert other["port"] != one["port"]
    assert other["ca"] == one["ca"]
    ports = {tls_entrance(entrance(world.arcade_url, f"n{n}"))["port"] for n in range(60)}
    assert len(ports) == 49  # and the last of them is everybody's
    assert tls_entrance(world.arcade_url)["port"] in ports
    world.close()


def test_the_secret_of_workers_is_that_of_the_sandbox(world: World) -> None:
    plain, named = (client_environment(world.arcade_url, name) for name in (None, "x"))
    assert plain["ARCADE_WORKER_SECRET"] == named["ARCADE_WORKER_SECRET"]
    assert named["ARCADE_BASE_URL"] == f"{world.arcade_url}/_from/x"
    assert httpx.get(f"{named['ARCADE_BASE_URL']}/v1/health").json() == {"healthy": True}
