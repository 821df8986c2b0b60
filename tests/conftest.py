"""A real browser for the tests that look at pages as people do."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import chromium


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what a person does in a browser to the long part."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.long)


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
