"""The network guard and the watch over the Engine's answers fail a run from any worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT

REACH = """
import socket


def reach():
    try:
        socket.create_connection(("192.0.2.1", 80))
    except OSError:
        pass
"""
ANSWER = """
import httpx

from tests.rules.ill_engine import ill
from tests.ticktick_sandbox.helpers import make_world
from ticktick_sandbox import arcade


def reach():
    arcade._health = ill
    world = make_world()
    world.http.get(f"{world.arcade_url}/v1/health")
    world.close()
"""
IN_A_TEST = """

def test_one():
    pass


def test_other():
    reach()
"""
AFTER_THE_LAST = """

class Late:
    def pytest_sessionfinish(self):
        reach()


def test_one(request):
    request.config.pluginmanager.register(Late())
"""


@pytest.mark.parametrize("when", [IN_A_TEST, AFTER_THE_LAST], ids=["in a test", "after the last"])
@pytest.mark.parametrize(
    ("what", "said"),
    [
        (REACH, "the network guard stopped:"),
        (ANSWER, "the Engine's answers break the rules:"),
    ],
    ids=["beyond this machine", "a wrong answer"],
)
def test_the_run_fails(tmp_path: Path, what: str, said: str, when: str) -> None:
    path = tmp_path / "test_it.py"
    path.write_text(what + when)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-n2"]
    command += ["--rootdir", str(ROOT), "-p", "conftest", "-p", "no:cacheprovider", str(path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert said in run.stdout
    assert ("1 failed" in run.stdout) == (when is IN_A_TEST)
