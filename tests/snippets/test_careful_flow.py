"""The flow with an end: it goes through, and says in a sentence why it does not."""

from __future__ import annotations

import subprocess
import sys

import pytest
from arcadepy import Arcade

from tests.environment import ROOT
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID
from ticktick_sandbox.testing.double import TickTickSandbox

PROGRAM = str(ROOT / "snippets" / "python" / "careful_flow.py")
BOTH = ["tasks:read", "tasks:write"]
PROJECT = "GET /open/v1/project"


def ended() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM], capture_output=True, text=True, timeout=30, check=False
    )


def why_it_ends() -> str:
    run = ended()
    assert run.returncode == 1
    return run.stderr.strip()


@pytest.fixture
def consented(ticktick_sandbox: TickTickSandbox) -> TickTickSandbox:
    ticktick_sandbox.consent(Arcade().auth.start(LEARNER, PROVIDER_ID, scopes=BOTH))
    return ticktick_sandbox


def test_it_lists_the_projects(consented: TickTickSandbox) -> None:
    assert ended().stdout.split("\n")[:2] == ["👋Welcome", "Website relaunch"]


def test_a_wrong_key(consented: TickTickSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCADE_API_KEY", "arc_cut_off")
    assert why_it_ends().startswith("Arcade: Error code: 401")


def test_an_authorization_that_fails(ticktick_sandbox: TickTickSandbox) -> None:
    failed = {"id": "ar_1", "status": "failed"}
    ticktick_sandbox.faults.add("Arcade", "GET /v1/auth/status", status=200, body=failed)
    assert why_it_ends() == "Nobody has allowed access: the authorization is failed."
    assert len(ticktick_sandbox.exchanges.find("GET /v1/auth/status")) == 1


def test_an_arcade_that_fails_meanwhile(ticktick_sandbox: TickTickSandbox) -> None:
    ticktick_sandbox.faults.add("Arcade", "GET /v1/auth/status", status=400)
    assert why_it_ends().startswith("Arcade: Error code: 400")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"down": True}, "TickTick does not answer: "),
        ({"status": 502, "body": "<h1>Bad Gateway</h1>"}, "TickTick answers 502: <h1>Bad"),
        ({"broken": True}, "TickTick answers no JSON: [{"),
    ],
)
def test_a_ticktick_that_does_not_work(consented: TickTickSandbox, fault: dict, said: str) -> None:
    consented.faults.add("TickTick", PROJECT, **fault)
    assert why_it_ends().startswith(said)


def test_a_refused_token_is_not_shown(consented: TickTickSandbox) -> None:
    consented.faults.add("TickTick", PROJECT, status=401, body="Invalid access token: SECRET")
    assert why_it_ends() == "TickTick refuses the token. Start the program again."
