"""The installed Chromium, and what is seen of its tabs."""

from __future__ import annotations

import shutil
from typing import Any

from playwright.sync_api import Page


def watched(tab: Page, told: list[str] | None = None) -> list[str]:
    """Return a list that fills with every console message, error and address of the tab."""
    told = [] if told is None else told
    tab.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
    tab.on("pageerror", lambda error: told.append(str(error)))
    tab.on("request", lambda request: told.append(request.url))
    return told


def foreign(told: list[str]) -> list[str]:
    return [line for line in told if not line.startswith(("http://localhost:", "data:"))]


_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


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
