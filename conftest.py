"""Sets up what every test, kernel and child process runs in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.environment import set_up

_log = Path(tempfile.mkdtemp(prefix="sandbox-tests-")) / "reached-beyond-this-machine.log"


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment before the first kernel starts; fixtures don't reach notebooks."""
    set_up(_log)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail the run if anything reached beyond this machine, even if the error was swallowed."""
    if _log.exists() and os.getpid() == _log_owner:
        print(f"\nThe network guard stopped:\n{_log.read_text(encoding='utf-8')}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


_log_owner = os.getpid()
