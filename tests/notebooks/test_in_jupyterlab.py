"""The notebooks in JupyterLab, by mouse and keyboard, as a reader goes through them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Page, Request, expect

from tests.environment import ROOT
from tests.processes import LAB_OPTIONS, Output, free_ports

NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
TOKEN = "made-up"
SMALL = {"width": 1280, "height": 800}
"""Of a window in which a notebook has to be scrolled."""
IN_SIGHT = """element => {
  const at = element.getBoundingClientRect();
  return at.top >= 0 && at.bottom <= innerHeight && innerHeight <= 0.75 * screen.height;
}"""
"""Whether something is seen in its frame, and the frame is low enough for the window."""


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
    ignored = shutil.ignore_patterns("node_modules", "my_tool")
    for name in ("notebooks", "docs/pictures", "snippets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
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


def clicked(todo: str) -> str | None:
    """Return what is to be clicked on the page itself."""
    found = re.search("click ((?!Go on).*?)(, then|$)", todo)
    return found[1] if found else None


@dataclass
class Reader:
    """A person before a notebook: sees what it waits for, and does it."""

    tab: Page
    wrong: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def open(self, lab: str, notebook: str) -> None:
        """Open a notebook and wait for its kernel."""
        self.tab.on("console", self._note_error)
        self.tab.on("request", self._note_request)
        self.tab.goto(f"{lab}/lab/tree/notebooks/{notebook}.ipynb?token={TOKEN}&reset")
        expect(self.tab.get_by_text("| Idle")).to_be_visible(timeout=60_000)

    def run_all(self) -> None:
        self.tab.get_by_role("menuitem", name="Run", exact=True).click()
        self.tab.get_by_text("Run All Cells", exact=True).first.click()

    def waiting(self, within: float = 30) -> str | None:
        """Return what the notebook waits for, in sight; ``None`` once it has run to its end."""
        deadline = time.monotonic() + within
        before: str | None = None
        quiet = 0  # looks in a row without a cell that runs; JupyterLab may hide the one that does
        while time.monotonic() < deadline:
            todo = self.tab.evaluate(
                "[...document.querySelectorAll('[data-waiting]')].at(-1)?.dataset.waiting"
            )
            if todo and todo == before and self._in_sight():
                return todo
            if todo or not self.tab.get_by_text("| Idle").count() or not self._ran_to_its_end():
                quiet = 0
            elif (quiet := quiet + 1) == 4:
                return None
            before = todo
            self.tab.wait_for_timeout(400)
        raise AssertionError(f"neither waiting in sight nor at its end; done: {self.done}")

    def _in_sight(self) -> bool:
        box = self.tab.locator("[data-waiting]").last.bounding_box()
        return box is not None and 0 < box["y"] < SMALL["height"] - box["height"]

    def _ran_to_its_end(self) -> bool:
        prompts = self.tab.locator(".jp-InputPrompt").all_inner_texts()
        return not any("*" in prompt for prompt in prompts)

    def page(self) -> FrameLocator:
        return self.tab.frame_locator("iframe[title='The page']").last

    def do(self, todo: str) -> None:
        """Do what the notebook waits for."""
        self.done.append(todo)
        line = self.tab.locator("[data-waiting]").last.element_handle()
        page = self.page()
        if "fill in" in todo:
            self.fill()
        if "sign in" in todo:
            page.get_by_role("button", name="Sign in").click()
        elif name := clicked(todo):
            button = page.get_by_role("button", name=name)
            button.or_(page.get_by_role("link", name=name)).first.click()
        if "Go on" in todo:
            self.tab.frame_locator("iframe[title='Go on']").get_by_role("button").click()
        self.tab.wait_for_function("line => !line.isConnected", arg=line, timeout=10_000)

    def fill(self, **instead: str) -> None:
        """Copy what stands beside the page into its fields, with what is different."""
        rows = self.tab.locator("[data-label]").all()
        todo = self.tab.locator("[data-waiting]").last.get_attribute("data-waiting") or ""
        button = self.page().get_by_role("button", name=clicked(todo))
        for row in rows:
            label = row.get_attribute("data-label") or ""
            row.get_by_role("button", name="Copy").click()
            value = instead.get(label) or self.tab.evaluate("navigator.clipboard.readText()")
            choice = self.page().get_by_role("group", name=label).get_by_label(value)
            if choice.count():
                choice.check()
            else:
                place = re.compile(rf"^(\* )?{re.escape(label)}\b")
                field = self.page().get_by_label(place).first
                field.fill(value)
                # What sends it off is seen together with each field.
                for seen in (field, button):
                    assert seen.evaluate(IN_SIGHT)

    def _note_error(self, message: ConsoleMessage) -> None:
        refused = "the server responded with a status of 4" in message.text  # a page of ours
        ended = message.location["url"].partition("?")[0].endswith("/_sandbox/alive.svg")
        if message.type == "error" and not refused and not ended:
            self.wrong.append(message.text)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:")):
            self.wrong.append(request.url)

    def check(self, *, pages: int = 0) -> None:
        """Nothing went wrong, and no page is left but those that say how it went on."""
        broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        assert self.tab.evaluate(broken) == []
        for kind in ("stderr", "error"):
            mime = f"[data-mime-type='application/vnd.jupyter.{kind}']"
            assert self.tab.locator(mime).all_inner_texts() == []
        assert self.tab.locator("iframe").count() <= pages
        assert self.wrong == []


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
    reader.open(lab, notebook)
    for _ in range(2):
        reader.run_all()
        while todo := reader.waiting():
            reader.do(todo)
        # In 07 the reader's own app tells Alice that the authorization is not hers.
        reader.check(pages=notebook.startswith("07"))


@pytest.mark.parametrize("mode", ["defer", "full", "none"])
def test_what_waits_comes_into_sight_however_jupyterlab_draws(
    lab: str, folder: Path, reader: Reader, mode: str
) -> None:
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True, exist_ok=True)
    chosen = settings / "tracker.jupyterlab-settings"
    chosen.write_text(f'{{"windowingMode": "{mode}"}}')
    reader.open(lab, "04_authorize_a_user")
    reader.run_all()
    while todo := reader.waiting():
        reader.do(todo)
    chosen.unlink()
    assert len(reader.done) == 4


def test_at_another_address_the_right_one_is_said_once(lab: str, reader: Reader) -> None:
    reader.open(lab.replace("localhost", "127.0.0.1"), "02_dashboard")
    reader.run_all()
    reader.waiting()
    told = reader.tab.get_by_role("link", name=f"{lab}/lab/tree/notebooks/02_dashboard.ipynb")
    expect(told).to_be_visible()
    reader.page().get_by_role("button", name="Sign in").click()
    expect(reader.tab.get_by_text("step 2 of 2")).to_be_visible()
    assert told.count() <= 1


def test_wrong_entries_are_said_and_leave_nothing_behind(lab: str, reader: Reader) -> None:
    reader.open(lab, "02_dashboard")
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


def test_settings_saved_without_a_change_are_no_settings(lab: str, reader: Reader) -> None:
    reader.open(lab, "07_verify_your_users")
    reader.run_all()
    while "Save settings" not in (todo := reader.waiting() or ""):
        reader.do(todo)
    reader.page().get_by_role("button", name="Save settings").click()
    told = reader.tab.locator("[data-waiting]").last
    expect(told).to_contain_text("Verification Method is Arcade.dev users only; needed is Custom")
    reader.do(todo)
    assert "Sign in" in (reader.waiting() or "")


def test_a_cell_that_was_stopped_says_how_to_go_on(lab: str, reader: Reader) -> None:
    reader.open(lab, "00_start_here")
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
    reader.open(lab, "00_start_here")
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
    reader.open(lab, "00_start_here")
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
    reader.open(lab, "00_start_here")
    for _ in range(2):
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
    reader.run_all()
    while todo := reader.waiting():
        reader.do(todo)
    reader.check()
    said = terminal.so_far()
    assert [line for line in said if re.search("Traceback|ZMQError|closed stream", line)] == []
