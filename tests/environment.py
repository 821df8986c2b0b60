"""The environment in which notebooks are checked and their outputs regenerated."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from ticktick_sandbox.redirection import node_options, python_path
from ticktick_sandbox.redirection.sitecustomize import guard
from ticktick_sandbox.shared.settings import ISOLATION_ENV

ROOT = Path(__file__).parent.parent

_READERS_OWN = ("ARCADE_", "TICKTICK_", "TUTORIAL_MODE")


def set_up(guard_log: Path) -> None:
    """Set the variables and switch the network guard on, here and in every child.

    Args:
        guard_log: the guard writes there what it stopped.
    """
    for name in [name for name in os.environ if name.startswith(_READERS_OWN)]:
        del os.environ[name]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each child would compile all that it imports
    ipython = tempfile.mkdtemp(prefix="sandbox-ipython-")
    atexit.register(shutil.rmtree, ipython, ignore_errors=True)
    os.environ |= {
        **ISOLATION_ENV,
        "IPYTHONDIR": ipython,
        "NO_MKDOCS_2_WARNING": "1",
        "NODE_OPTIONS": node_options({}),
        "PYTHONPATH": python_path({"PYTHONPATH": str(ROOT)}),  # this tree, whichever is installed
        "TICKTICK_SANDBOX_AUTOPILOT": "1",
        "TICKTICK_SANDBOX_GUARD": str(guard_log),
    }
    guard(str(guard_log))
