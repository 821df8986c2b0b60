"""Sets up what every test, kernel and child process runs in."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.environment import set_up
from tests.rules import watching

_logs = Path(tempfile.mkdtemp(prefix="sandbox-tests-"))
atexit.register(shutil.rmtree, _logs, ignore_errors=True)
_log = _logs / "reached-beyond-this-machine.log"


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment before the first kernel starts; fixtures don't reach notebooks."""
    set_up(_log)
    watching.watch_here_and_in_children(_logs / "answers.log")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail the test in which an Engine answered what Arcade's would not."""
    try:
        return (yield)
    finally:
        _fail_on_wrong_answers()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Fail a test whose fixtures met a wrong answer."""
    yield
    _fail_on_wrong_answers()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Fail a test whose fixtures met a wrong answer at their end."""
    yield
    _fail_on_wrong_answers()


def _fail_on_wrong_answers() -> None:
    if found := watching.take_violations():
        pytest.fail(f"the Engine's answers break the rules:\n{found}", pytrace=False)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail the run if anything reached beyond this machine, even if the error was swallowed."""
    if _log.exists() and os.getpid() == _log_owner:
        print(f"\nThe network guard stopped:\n{_log.read_text(encoding='utf-8')}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


_log_owner = os.getpid()
