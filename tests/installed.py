"""Programs that tests need besides Python. Without one, CI fails and a reader's run skips."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.environment import ROOT

JAVASCRIPT = ROOT / "snippets" / "javascript"
NODE_MODULES = JAVASCRIPT / "node_modules"


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or missing(f"none of {', '.join(names)} is installed")


def node() -> str:
    """Return the path of Node, once the packages of the JavaScript snippets are there."""
    path = program("node")
    if not (NODE_MODULES / "@arcadeai" / "arcadejs").is_dir():
        missing("the packages are not installed; run: npm ci --prefix snippets/javascript")
    return path


def missing(reason: str) -> str:
    """Fail where everything has to be installed, in CI; skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
