"""A notebook in JupyterLab, with a person who clicks in its frames."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tests.environment import ROOT
from tests.processes import Output, free_ports

NOTEBOOK = "04_authorize_a_user.ipynb"
TOKEN = "made-up"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """Start JupyterLab on a copy of the notebooks, as a reader has it; return its address."""
    for folder in ("notebooks", "docs/pictures"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    # JupyterLab's own questions to the network: its news, and whether it has a new version.
    news = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (news / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    (port,) = free_ports(1)
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
    }
    for name in ("TICKTICK_SANDBOX_AUTOPILOT", "PYTEST_CURRENT_TEST"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--notebook-dir={tmp_path}"]
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        output = Output(server)
        output.wait_for("is running at:")
        url = f"http://localhost:{port}"
        yield url
        # Kernels first, so that they put the sandbox's ports back.
        headers = {"Authorization": f"token {TOKEN}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
            for kernel in client.get("/api/kernels").json():
                client.delete(f"/api/kernels/{kernel['id']}")
        server.terminate()
        server.wait(timeout=20)
        output.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab tall enough for a whole notebook: JupyterLab takes out what is not in sight."""
    page = browser.new_page(viewport={"width": 1200, "height": 9000})
    yield page
    page.close()


def allow(tab: Page, number: int) -> None:
    """Click Allow inside a frame of the notebook."""
    frame = tab.frame_locator(f"iframe >> nth={number}")
    frame.get_by_role("button", name="Allow").click()
    expect(frame.get_by_role("heading", name="Authorization complete")).to_be_visible()


def test_the_cells_go_on_once_the_person_has_clicked_allow_inside_the_frame(
    lab: str, tab: Page
) -> None:
    wrong: list[str] = []

    def note_error(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(message.text)

    def note_request(request: Request) -> None:
        if not request.url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:")):
            wrong.append(request.url)

    tab.on("console", note_error)
    tab.on("request", note_request)
    tab.goto(f"{lab}/lab/tree/notebooks/{NOTEBOOK}?token={TOKEN}")
    expect(tab.get_by_text("| Idle")).to_be_visible(timeout=60_000)
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_text("Run All Cells", exact=True).first.click()
    tab.frame_locator("iframe").get_by_role("button", name="Sign in").click(timeout=30_000)
    allow(tab, 0)
    expect(tab.get_by_text("Created: Try Arcade with TickTick")).to_be_visible(timeout=10_000)
    allow(tab, 1)
    expect(tab.get_by_text("Created: Try the async client")).to_be_visible(timeout=10_000)
    expect(tab.get_by_text("issued an access token to My TickTick app").first).to_be_visible()
    assert tab.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert tab.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert wrong == []
