"""Takes the pictures of the docs: ``python -m tests.sandbox.journey.pictures``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from sandbox.clocks import NOTEBOOK_TIME, Clock
from sandbox.front_door import Sandbox
from sandbox.journal import Journal
from tests.conftest import chromium
from tests.environment import ROOT, set_up
from tests.sandbox.journey.person import Person, program

FOLDER = ROOT / "docs" / "pictures"


def take(browser: Browser, sandbox: Sandbox, folder: Path) -> list[str]:
    """Follow the tutorial from the app to the projects, and take a picture of each step.

    Returns:
        What the browser reported: errors on the console, and every request.
    """
    person = Person(browser, sandbox, folder)
    person.register_app()
    person.add_provider()
    person.carry_redirect_url_over()
    with program(sandbox) as (link, output):
        person.allow(link)
        output.wait_for("Website relaunch")
    person.close()
    return person.told


def main() -> None:
    """Take every picture anew."""
    set_up(Path(tempfile.mkdtemp()) / "guard.log")
    clock = Clock(standing_at=NOTEBOOK_TIME)
    sandbox = Sandbox(clock, Journal(clock))
    sandbox.start()
    for path in FOLDER.glob("*.png"):
        path.unlink()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium())
        take(browser, sandbox, FOLDER)
        browser.close()
    sandbox.stop()
    print(*sorted(path.name for path in FOLDER.glob("*.png")), sep="\n")


if __name__ == "__main__":
    main()
