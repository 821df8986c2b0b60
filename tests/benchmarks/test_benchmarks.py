"""The benchmark runs and prints every figure; the figures themselves are not judged."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.environment import ROOT
from tests.rules.watching import LOG

pytestmark = pytest.mark.long

FIGURES = [
    "start to first answer, ms",
    "OAuth flows per second, 1 client",
    "OAuth flows per second, 16 clients",
    "memory at first, MB",
    "memory after 100 flows, MB",
    "memory after 200 flows, MB",
    "growth in the second half, MB",
    "wake-up of a poll, 50 others parked, ms",
    "stop, 50 polls parked, ms",
    "first cell to running sandbox, ms",
    "first test to running sandbox, ms",
    "reset between two tests, ms",
    "a test with the sandbox, longer by, ms",
]
ROW = re.compile(
    r"(?P<name>\S.*?) {2,}-?\d+(\.\d)?( +\d+ +\d+\.\d\d)? +(ratio )?at (most|least) \S+ +(yes|no)"
)


@pytest.fixture(scope="module")
def lines() -> list[str]:
    # Measured is the sandbox, without the watch over its answers.
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != LOG},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_every_figure_is_printed_once_with_its_target(lines: list[str]) -> None:
    rows = [ROW.fullmatch(line) for line in lines[1:]]
    assert all(rows), lines
    assert [row["name"] for row in rows if row] == FIGURES


@pytest.mark.parametrize("name", [figure for figure in FIGURES if "second," in figure])
def test_flows_are_made_on_both_sides(lines: list[str], name: str) -> None:
    (line,) = (line for line in lines if line.startswith(name))
    ours, theirs = line.removeprefix(name).split()[:2]
    assert int(ours) > 0
    assert int(theirs) > 0
