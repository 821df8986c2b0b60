"""The flow by curl: it works, and keeps the key and the token to itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.installed import program
from tests.processes import running
from tests.snippets.helpers import Serving
from ticktick_sandbox.shared.settings import API_KEY

FLOW = "snippets/curl/auth_flow.sh"
PROJECTS = ["👋Welcome", "Website relaunch", "Home", "Reading list"]


@pytest.fixture(autouse=True)
def tools() -> None:
    program("curl")
    program("jq")


def test_the_flow_waits_for_consent_and_uses_the_token_once_and_again(
    serving: Serving,
) -> None:
    run = serving.run("bash", FLOW)
    assert run.code == 0, run.lines
    assert run.scopes == ["tasks:read", "tasks:write"]
    assert run.lines[-5:] == [*PROJECTS, "Created: Try Arcade with curl"]
    with running(*serving.exec("bash", FLOW)) as (process, output):
        assert process.wait(timeout=30) == 0
        assert output.rest()[1:] == [*PROJECTS, "Created: Try Arcade with curl"]


def test_key_and_token_stand_neither_in_the_output_nor_on_the_process_list(
    serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "process list"
    for name in ("curl", "jq"):
        stand_in = tmp_path / name
        stand_in.write_text(
            f'#!/bin/sh\nprintf "%s\\n" {name} "$@" >>"{seen}"\nexec {program(name)} "$@"\n'
        )
        stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    run = serving.run("bash", FLOW)
    assert run.code == 0, run.lines
    told = seen.read_text() + "\n".join(run.lines)
    assert "https://api.ticktick.com/open/v1/project" in told
    assert serving.token() not in told
    assert API_KEY not in told


def test_a_wrong_key_is_told(serving: Serving) -> None:
    command = serving.exec("env", "ARCADE_API_KEY=arc_wrong", "bash", FLOW)
    with running(*command) as (process, output):
        assert process.wait(timeout=30) == 1
        assert "missing or wrong API key" in output.rest()[-1]


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("ARCADE_API_KEY", "ARCADE_API_KEY: set it to your Arcade API key"),
        ("ARCADE_USER_ID", "ARCADE_USER_ID: set it to the e-mail address of your Arcade account"),
        ("PATH", "This program needs jq: https://jqlang.org/download/"),
    ],
)
def test_what_is_missing_is_told(missing: str, told: str) -> None:
    variables = {"ARCADE_API_KEY": "arc_wrong", "ARCADE_USER_ID": "x", "PATH": os.environ["PATH"]}
    run = subprocess.run(
        [program("bash"), FLOW],
        cwd=ROOT,
        env=variables | {missing: ""},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 1
    assert run.stderr.rstrip().endswith(told)
