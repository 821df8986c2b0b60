"""The notebooks in JupyterLab, by mouse and keyboard, as a reader goes through them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.environment import ROOT
from tests.installed import NODE_MODULES
from tests.notebooks.reader import PAGES_LEFT, SMALL, Reader
from tests.processes import LAB_OPTIONS, Output, free_ports

NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
TOKEN = "made-up"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def started(folder: Path) -> Iterator[tuple[str, Output]]:
    """Start JupyterLab on a copy of the notebooks, as a reader has it.

    Yields:
        its address, and what it says in the terminal.
    """
    tmp_path = folder
    ignored = shutil.ignore_patterns("node_modules", "my_tool", "my_published_tool")
    for name in ("notebooks", "docs/pictures", "snippets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    (tmp_path / "snippets/javascript/node_modules").symlink_to(NODE_MODULES)
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
    command += [f"--IdentityProvider.token={TOKEN}", *LAB_OPTIONS.split()]
    command += ["notebooks/00_start_here.ipynb"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        output = Output(server)
        output.wait_for("is running at:")
        yield f"http://localhost:{port}", output
        server.terminate()
        server.wait(timeout=20)
        output.close()


@pytest.fixture
def lab(started: tuple[str, Output]) -> str:
    return started[0]


def address(lab: str, notebook: str) -> str:
    return f"{lab}/lab/tree/notebooks/{notebook}.ipynb?token={TOKEN}&reset"


@pytest.fixture
def reader(lab: str, browser: Browser) -> Iterator[Reader]:
    may = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(viewport=SMALL, permissions=may)
    yield Reader(context.new_page())
    context.close()
    # The kernels end, so that they put the sandbox's ports back.
    headers = {"Authorization": f"token {TOKEN}"}
    with httpx.Client(base_url=lab, headers=headers, trust_env=False) as client:
        for kernel in client.get("/api/kernels").json():
            client.delete(f"/api/kernels/{kernel['id']}")


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_whole_way_twice(lab: str, reader: Reader, notebook: str) -> None:
    reader.open(address(lab, notebook))
    for _ in range(2):
        reader.run_all()
        while todo := reader.waiting():
            reader.do(todo)
        reader.check(pages=PAGES_LEFT.get(notebook[:2], 0))


def test_no_language_server_is_started(lab: str, reader: Reader) -> None:
    """The type checker brings one, which JupyterLab would start with any Python, for nothing."""
    reader.open(address(lab, "00_start_here"))
    reader.run_all()
    assert reader.waiting()
    reader.tab.goto(f"{lab}/lab/tree/snippets/python/auth_flow.py?token={TOKEN}&reset")
    expect(reader.tab.locator(".jp-FileEditor")).to_contain_text("import Arcade", timeout=30_000)
    reader.tab.wait_for_timeout(2000)  # what would be started is started by then
    headers = {"Authorization": f"token {TOKEN}"}
    answer = httpx.get(f"{lab}/lsp/status", headers=headers, trust_env=False).json()
    assert {each["status"] for each in answer["sessions"].values()} == {"not_started"}


@pytest.mark.parametrize("mode", ["defer", "full", "none"])
def test_what_waits_comes_into_sight_however_jupyterlab_draws(
    lab: str, folder: Path, reader: Reader, mode: str
) -> None:
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True, exist_ok=True)
    chosen = settings / "tracker.jupyterlab-settings"
    chosen.write_text(f'{{"windowingMode": "{mode}"}}')
    reader.open(address(lab, "04_authorize_a_user"))
    reader.run_all()
    while todo := reader.waiting():
        reader.do(todo)
    chosen.unlink()
    assert len(reader.done) == 4


def test_at_another_address_the_right_one_is_said_once(lab: str, reader: Reader) -> None:
    reader.open(address(lab.replace("localhost", "127.0.0.1"), "02_dashboard"))
    reader.run_all()
    reader.waiting()
    told = reader.tab.get_by_role("link", name=f"{lab}/lab/tree/notebooks/02_dashboard.ipynb")
    expect(told).to_be_visible()
    reader.page().get_by_role("button", name="Sign in").click()
    expect(reader.tab.get_by_text("step 2 of 2")).to_be_visible()
    assert told.count() <= 1


def test_wrong_entries_are_said_and_leave_nothing_behind(lab: str, reader: Reader) -> None:
    reader.open(address(lab, "02_dashboard"))
    reader.run_all()
    while not (todo := reader.waiting() or "").endswith("click Create"):
        reader.do(todo)
    for label, value, said in (
        ("ID", "ticktick", "ID is ticktick; needed is arcade-ticktick."),
        ("Client Secret", "wrong", "Client Secret is not the one that the app's page shows."),
    ):
        reader.fill(**{label: value})
        reader.page().get_by_role("button", name="Create").click()
        expect(reader.tab.locator("[data-waiting]").last).to_contain_text(said)
        expect(reader.page().get_by_role("alert")).to_contain_text(said)
    reader.do(todo)
    while not (todo := reader.waiting() or "").endswith("click Save"):
        reader.do(todo)
    url = reader.tab.locator("[data-label='OAuth redirect URL'] td").first.inner_text()
    # Typed, and not saved.
    reader.fill()
    told = reader.tab.locator("[data-waiting]").last
    expect(told).to_contain_text(f"Still waiting for you: {todo}", timeout=15_000)
    reader.page().get_by_label("OAuth redirect URL").fill("")
    for label, value, said in (
        (
            "App Service URL",
            url,
            "OAuth redirect URL is still empty; you filled in App Service URL.",
        ),
        ("OAuth redirect URL", f"{url}/", f"OAuth redirect URL is {url}/; needed is {url}."),
    ):
        reader.page().get_by_label(label).first.fill(value)
        reader.page().get_by_role("button", name="Save").click()
        expect(reader.tab.locator("[data-waiting]").last).to_contain_text(said)
    reader.do(todo)
    while (todo := reader.waiting()) and "Allow" not in todo:
        reader.do(todo)
    reader.page().get_by_role("button", name="Cancel").click()
    expect(reader.tab.locator("[data-waiting]").last).to_contain_text("You clicked Cancel")
    while todo := reader.waiting():
        reader.do(todo)
    reader.check()
    expect(reader.tab.get_by_text("Website relaunch").first).to_be_visible()


def test_what_is_clicked_too_early_or_by_mistake_has_not_happened(lab: str, reader: Reader) -> None:
    reader.open(address(lab, "09_when_things_go_wrong"))
    reader.run_all()
    while "click Edit, then click Go on" not in (todo := reader.waiting() or ""):
        reader.do(todo)
    line = reader.tab.locator("[data-waiting]").last
    go_on = reader.tab.frame_locator("iframe[title='Go on']")
    go_on.get_by_role("button").click()
    expect(line).to_contain_text("Click Edit on the page below first, and then Go on.")
    reader.do(todo)
    while not (todo := reader.waiting() or "").endswith("click Cancel"):
        reader.do(todo)
    reader.page().get_by_role("button", name="Allow").click()
    expect(line).to_contain_text("You clicked Allow, not Cancel.")
    reader.do(todo)
    expect(reader.tab.get_by_text("Nobody has allowed access.").last).to_be_visible()
    while todo := reader.waiting():
        reader.do(todo)
    reader.check(pages=PAGES_LEFT["09"])


def test_settings_saved_without_a_change_are_no_settings(lab: str, reader: Reader) -> None:
    reader.open(address(lab, "07_verify_your_users"))
    reader.run_all()
    while "Save settings" not in (todo := reader.waiting() or ""):
        reader.do(todo)
    reader.page().get_by_role("button", name="Save settings").click()
    told = reader.tab.locator("[data-waiting]").last
    expect(told).to_contain_text("Verification Method is Arcade.dev users only; needed is Custom")
    reader.do(todo)
    assert "Sign in" in (reader.waiting() or "")


def test_a_cell_that_was_stopped_says_how_to_go_on(lab: str, reader: Reader) -> None:
    reader.open(address(lab, "00_start_here"))
    reader.run_all()
    reader.waiting()
    reader.tab.get_by_role("menuitem", name="Kernel", exact=True).click()
    reader.tab.get_by_text("Interrupt Kernel", exact=True).click()
    expect(reader.tab.get_by_text("Stopped.", exact=True)).to_be_visible()
    error = reader.tab.locator("[data-mime-type='application/vnd.jupyter.stderr']")
    said = "SandboxError: You stopped this cell. Run it again, then the cells below it."
    expect(error).to_have_text(said)
    reader.run_all()
    while todo := reader.waiting():
        reader.do(todo)
    reader.check()


def test_the_keyboard_belongs_to_the_notebook_again(lab: str, reader: Reader) -> None:
    reader.open(address(lab, "00_start_here"))
    cells = reader.tab.locator(".jp-Notebook .jp-Cell")
    cells.first.click()
    for _ in range(6):  # to the consent, which is the sixth cell
        reader.tab.keyboard.press("Shift+Enter")
        reader.tab.wait_for_timeout(300)
    while (todo := reader.waiting()) and not todo.endswith("click Allow"):
        reader.do(todo)
    reader.do(todo or "")
    expect(reader.tab.get_by_text("Done: clicked Allow.")).to_be_visible()
    reader.tab.wait_for_timeout(500)
    assert reader.tab.evaluate("document.activeElement.closest('.jp-Notebook') !== null")
    for _ in range(2):
        reader.tab.keyboard.press("Shift+Enter")
    expect(reader.tab.get_by_text("Website relaunch").first).to_be_visible()
    expect(reader.tab.locator(".jp-InputPrompt", has_text="[5]:")).to_be_visible()


def test_a_page_whose_run_has_ended_says_so(lab: str, reader: Reader) -> None:
    reader.open(address(lab, "00_start_here"))
    reader.run_all()
    reader.waiting()
    reader.tab.route("**/_sandbox/alive.svg?*", lambda route: route.abort())
    over = "This page is over: the kernel was restarted. Choose Run, Run All Cells."
    expect(reader.tab.get_by_text(over)).to_be_visible(timeout=10_000)
    expect(reader.tab.locator("iframe, .ticktick-sandbox-waits")).to_have_count(0)


def test_a_restart_under_a_waiting_cell_is_no_noise(
    started: tuple[str, Output], reader: Reader
) -> None:
    lab, terminal = started
    reader.open(address(lab, "00_start_here"))
    noise = []
    for _ in range(2):
        before = len(terminal.so_far())
        reader.run_all()
        reader.waiting()
        reader.tab.get_by_role("menuitem", name="Kernel", exact=True).click()
        reader.tab.get_by_text("Restart Kernel…", exact=True).first.click()
        reader.tab.get_by_role("button", name="Confirm Kernel Restart").click()
        # A restart interrupts first; whether the kernel can still say so is chance.
        over = reader.tab.get_by_text(re.compile(r"^(Stopped\.|This page is over: .*)$"))
        expect(over).to_be_visible(timeout=15_000)
        expect(reader.tab.locator("iframe")).to_have_count(0)
        expect(reader.tab.get_by_text("| Idle")).to_be_visible(timeout=30_000)
        said = "\n".join(terminal.so_far()[before:])
        noise.append(said if re.search("Traceback|ZMQError", said) else "")
    reader.run_all()
    while todo := reader.waiting():
        reader.do(todo)
    reader.check()
    # On a busy machine a socket may, once in a long while, be closed while the kernel reads it.
    assert "" in noise, noise[0]
