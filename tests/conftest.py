"""A real browser for the tests that look at pages as people do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the installed Chromium. Without one, CI fails and a reader's run skips.

    Per module: while Playwright's synchronous interface is open, no other event loop can
    run in this thread.
    """
    try:
        settings = chromium()
    except LookupError as problem:
        if os.environ.get("CI"):
            pytest.fail(str(problem))
        pytest.skip(str(problem))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**settings)
        yield started
        started.close()


def chromium() -> dict[str, Any]:
    """Return how to launch the installed Chromium.

    Raises:
        LookupError: there is none.
    """
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise LookupError(f"none of {', '.join(_BROWSERS)} is installed")
    quiet = ["--disable-background-networking", "--disable-component-update"]
    return {"executable_path": found, "args": ["--no-sandbox", *quiet]}
