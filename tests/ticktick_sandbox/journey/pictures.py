"""Takes the pictures of the docs: ``python -m tests.ticktick_sandbox.journey.pictures``."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.chromium import chromium
from tests.environment import ROOT, set_up
from tests.ticktick_sandbox.journey.person import Person, program
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.redirection import child_environment
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.settings import LEARNER

FOLDER = ROOT / "docs" / "pictures"
SECRET = "a-secret-of-the-pictures-with-32-bytes"
TOOL = ROOT / "snippets" / "python" / "custom_tool"


def take(browser: Browser, sandbox: Sandbox, folder: Path, *, worker_port: int = 0) -> list[str]:
    """Follow the tutorial with the mouse, and take a picture of each step.

    Returns:
        What the browser reported: errors on the console, and every request.
    """
    person = Person(browser, sandbox, folder)
    person.register_app()
    person.add_provider()
    with program(sandbox) as (link, output):
        person.meet_oauth_error(link)
        person.carry_redirect_url_over()
        person.allow(link)
        output.wait_for("Website relaunch")
    variables = child_environment(sandbox.arcade_url, os.environ)
    worker = WorkerProcess(TOOL, "ticktick", SECRET, port=worker_port, variables=variables)
    worker.start()
    try:
        person.add_server(worker.uri, SECRET)
        person.run_tool("Ticktick.CreateTask", {"title": "Try the Playground"})
    finally:
        worker.stop()
    person.revoke(LEARNER)
    person.choose_verifier("http://localhost:8000/auth/verify")
    person.close()
    return person.told


def main() -> None:
    """Take every picture anew."""
    set_up(Path(tempfile.mkdtemp()) / "guard.log")
    sandbox = Sandbox(Context.of(Clock(standing_at=NOTEBOOK_TIME)))
    sandbox.start()
    for path in FOLDER.glob("*.webp"):
        path.unlink()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium())
        take(browser, sandbox, FOLDER, worker_port=8002)
        browser.close()
    sandbox.stop()
    print(*sorted(path.name for path in FOLDER.glob("*.webp")), sep="\n")


if __name__ == "__main__":
    main()
