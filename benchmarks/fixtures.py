"""What the fixtures for pytest cost: the first start, a reset, and each test."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import processes

_TIMES = """
import json, time
began = time.perf_counter()
from ticktick_sandbox.testing import TickTickSandbox
sandbox = TickTickSandbox()
started = time.perf_counter() - began
sandbox.reset()
resets = []
for _ in range({resets}):
    began = time.perf_counter()
    sandbox.reset()
    resets.append(time.perf_counter() - began)
sandbox.stop()
print(json.dumps([started, sorted(resets)[len(resets) // 2]]))
"""
_PLAIN = "import pytest\n@pytest.mark.parametrize('n', range({tests}))\ndef test_it(n): ...\n"
_WITH = _PLAIN.replace("(n)", "(n, ticktick_sandbox)")


def start_and_reset(processes_: int, resets: int) -> tuple[float, float]:
    """Return the median seconds of the first start in a process, imports included, and a reset.

    A first process is not counted: it may have to compile.
    """
    found = []
    for _ in range(processes_ + 1):
        done = _run("-c", _TIMES.format(resets=resets))
        found.append(json.loads(done))
    starts, times = zip(*found[1:], strict=True)
    return median(starts), median(times)


def overhead(tests: int, pairs: int) -> float:
    """Return the median seconds by which a test is longer that has the sandbox, after the first.

    Runs of an empty test, many times and twice as many, with the fixture and without it.
    """
    with tempfile.TemporaryDirectory() as folder:
        return median(
            (_extra(Path(folder), _WITH, tests) - _extra(Path(folder), _PLAIN, tests)) / tests
            for _ in range(pairs)
        )


def _extra(folder: Path, source: str, tests: int) -> float:
    """Return by how much a run takes longer with twice as many tests."""
    return _pytest(folder, source, 2 * tests) - _pytest(folder, source, tests)


def _pytest(folder: Path, source: str, tests: int) -> float:
    file = folder / "test_it.py"
    file.write_text(source.format(tests=tests), encoding="utf-8")
    began = time.perf_counter()
    _run("-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}", str(file))
    return time.perf_counter() - began


def _run(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tempfile.gettempdir(),
        env=processes.environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
