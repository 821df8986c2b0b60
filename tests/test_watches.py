"""The network guard and the watch over the Engine's answers fail a run from any worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT

DEEDS = """
import socket

import httpx

from tests.rules.ill_engine import ill
from tests.ticktick_sandbox.helpers import make_world
from ticktick_sandbox import arcade


def reach():
    try:
        socket.create_connection(("192.0.2.1", 80))
    except OSError:
        pass


def answer():
    arcade._health = ill
    world = make_world()
    world.http.get(f"{world.arcade_url}/v1/health")
    world.close()
"""
IN_TESTS = """

def test_one():
    pass


def test_reach():
    reach()


def test_answer():
    answer()
"""
AFTER_THE_LAST = """

class Late:
    def pytest_sessionfinish(self):
        reach()
        answer()


def test_one(request):
    request.config.pluginmanager.register(Late())
"""


@pytest.mark.parametrize(
    ("when", "ends"),
    [(IN_TESTS, "2 failed, 1 passed"), (AFTER_THE_LAST, "1 passed")],
    ids=["in a test", "after the last"],
)
def test_the_run_fails(tmp_path: Path, when: str, ends: str) -> None:
    path = tmp_path / "test_it.py"
    path.write_text(DEEDS + when)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-n2"]
    command += ["--rootdir", str(ROOT), "-p", "conftest", "-p", "no:cacheprovider", str(path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    for said in ("the network guard stopped:", "the Engine's answers break the rules:"):
        assert said in run.stdout
    assert f" {ends} in " in run.stdout
