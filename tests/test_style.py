"""One style for all code, checked by ruff; types that fit in the sandbox, by basedpyright."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.environment import ROOT


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", ".", "--no-cache"],
        ["ruff", "format", "--check", ".", "--no-cache"],
        pytest.param(["basedpyright", "--warnings"], marks=pytest.mark.long),
    ],
    ids=" ".join,
)
def test_a_checker_is_content(command: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
