"""The notebooks as a reader runs them from the site: in the browser, with nothing behind it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.environment import ROOT
from tests.notebooks.reader import PAGES_LEFT, SMALL, Reader
from tests.site.helpers import PREFIX, REPOSITORY, build, serving

pytestmark = pytest.mark.long

NOTEBOOKS = [
    "00_start_here",
    "01_create_an_app",
    "02_dashboard",
    "03_engine_yaml",
    "04_authorize_a_user",
    "05_custom_tool",
    "07_verify_your_users",
    "09_when_things_go_wrong",
    "10_go_live",
]
OVER = "This page is over: the kernel was restarted. Choose Run, Run All Cells."
SAVED = """async ([path]) => {
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => {
      indexedDB.open(name).onsuccess = (event) => resolve(event.target.result);
    });
    if (!database.objectStoreNames.contains("files")) continue;
    const found = await new Promise((resolve) => {
      const store = database.transaction("files").objectStore("files");
      store.get(path).onsuccess = (event) => resolve(event.target.result);
    });
    database.close();
    if (found) return JSON.stringify(found.content);
  }
}"""
"""The notebook as JupyterLite has saved it."""


@dataclass
class Site:
    """The built site, where it is served, and which paths were asked for."""

    folder: Path
    url: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Build and serve the site as it is published, below a path."""
    folder = tmp_path_factory.mktemp("site")
    asked: list[str] = []
    with serving(folder, asked) as url:
        build(folder, run_here=True, SITE_URL=f"{url}/", REPO_URL=REPOSITORY, EDIT_URI="edit/")
        yield Site(folder, url, asked)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Open a browser in which nobody has been here."""
    may = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(viewport=SMALL, permissions=may)
    yield context
    context.close()


class InBrowser(Reader):
    """A person who came to the site."""

    def click_run_here(self, site: Site, notebook: str) -> None:
        """Click the button on a notebook's page and wait for the kernel."""
        self.tab.on("console", self._note_error)
        self.tab.context.on("request", self._note_request)
        self.tab.goto(f"{site.url}/notebooks/{notebook}/")
        self.tab.get_by_role("link", name="Run it here").click()
        self.idle()

    def idle(self) -> None:
        expect(self.tab.get_by_text("| Idle")).to_be_visible(timeout=60_000)

    def go_through(self) -> None:
        self.run_all()
        while todo := self.waiting(60):
            self.do(todo)

    def run(self, code: str) -> None:
        """Put code into a new cell and run it."""
        self.tab.locator(".jp-CodeCell .jp-InputPrompt").last.click()
        self.tab.keyboard.press("b")
        self.tab.keyboard.press("Enter")
        self.tab.keyboard.insert_text(code)
        self.tab.keyboard.press("Shift+Enter")

    def restart(self) -> None:
        self.tab.get_by_role("menuitem", name="Kernel", exact=True).click()
        self.tab.get_by_text("Restart Kernel…", exact=True).first.click()
        self.tab.get_by_role("button", name="Confirm Kernel Restart").click()

    def saved(self, notebook: str) -> dict[str, Any]:
        self.tab.keyboard.press("Control+s")
        self.tab.wait_for_timeout(1000)
        text = self.tab.evaluate(SAVED, [f"notebooks/{notebook}.ipynb"])
        return json.loads(text)


@pytest.fixture
def reader(context: BrowserContext) -> InBrowser:
    return InBrowser(context.new_page())


def texts(notebook: dict[str, Any]) -> list[str]:
    """Return what each cell of code shows, but for what depends on who clicks, and where."""
    shown = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            text = ""
            for output in cell["outputs"]:
                text += "".join(output.get("text", output.get("data", {}).get("text/plain", "")))
                text += "\n" * (output["output_type"] == "execute_result")
                text = text.replace("<IPython.core.display.HTML object>", "")
            by_hand = r"(Autopilot: |Network: |In the page below, or at |Seen it\? Go on: |"
            by_hand += r"Open http|  ).*\n?"
            # A person stays signed in, so the pages and the numbers are others.
            text = re.sub(r"^ *\d+ Browser → .*\n?", "", text, flags=re.M)
            # After a while the Engine looks anew which tools there are.
            text = re.sub(r"^ *\d+ Arcade → Worker: GET /worker/tools .*\n?", "", text, flags=re.M)
            text = re.sub(r"^ *\d+ (\w+ → .*?)(, after \d+)?$", r"\1", text, flags=re.M)
            text = re.sub(rf"^{by_hand}", "", text, flags=re.M)
            shown.append(text.strip())
    return shown


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_whole_way_twice(site: Site, reader: InBrowser, notebook: str) -> None:
    reader.click_run_here(site, notebook)
    stored = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))
    reader.go_through()
    reader.check(pages=PAGES_LEFT.get(notebook[:2], 0))
    ran = reader.saved(notebook)
    assert texts(ran) == texts(stored)
    sources = [["".join(cell["source"]) for cell in each["cells"]] for each in (ran, stored)]
    assert sources[0] == sources[1]
    reader.go_through()
    reader.check(pages=PAGES_LEFT.get(notebook[:2], 0))


def test_every_page_has_the_button_that_it_should(site: Site) -> None:
    for path in (site.folder / "notebooks").glob("*/index.html"):
        has = "Run it here</a>" in path.read_text(encoding="utf-8")
        assert has is (path.parent.name in NOTEBOOKS), path
    for page in ("", "snippets/authorize/", "snippets/tools/", "snippets/users/"):
        text = (site.folder / page / "index.html").read_text(encoding="utf-8")
        for notebook in re.findall(r'href="[./]*lite/\?notebook=(\w+)"', text):
            assert notebook in NOTEBOOKS
        assert "Run it here</a>" in text


def test_a_wrong_entry_is_said_and_leaves_nothing_behind(site: Site, reader: InBrowser) -> None:
    reader.click_run_here(site, "02_dashboard")
    reader.run_all()
    while not (todo := reader.waiting(60) or "").endswith("click Create"):
        reader.do(todo)
    reader.fill(ID="ticktick")
    reader.page().get_by_role("button", name="Create").click()
    said = "ID is ticktick; needed is arcade-ticktick."
    expect(reader.tab.locator("[data-waiting]").last).to_contain_text(said)
    expect(reader.page().get_by_role("alert")).to_contain_text(said)
    while todo := reader.waiting():
        reader.do(todo)
    reader.check()


def test_the_second_visit_fetches_nothing(site: Site, context: BrowserContext) -> None:
    first = InBrowser(context.new_page())
    first.click_run_here(site, "00_start_here")
    first.go_through()
    first.tab.close()
    second = InBrowser(context.new_page())
    site.asked.clear()
    second.click_run_here(site, "00_start_here")
    second.go_through()
    second.check()
    lite = [path for path in site.asked if path.startswith(f"{PREFIX}/lite/")]
    # The browser itself looks whether the service worker is still the same.
    assert {path.partition("?")[0] for path in lite} <= {f"{PREFIX}/lite/service-worker.js"}


def test_by_keyboard_alone(site: Site, reader: InBrowser) -> None:
    tab = reader.tab
    tab.goto(f"{site.url}/notebooks/00_start_here/")
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.textContent") == "Run it here":
            break
    tab.keyboard.press("Enter")
    reader.idle()
    tab.wait_for_timeout(1000)
    for _ in range(20):  # to the notebook, if it has not the keyboard already
        if tab.evaluate("document.activeElement.closest('.jp-Notebook') !== null"):
            break
        tab.keyboard.press("Tab")
    for _ in range(6):
        tab.keyboard.press("Shift+Enter")
        tab.wait_for_timeout(300)
    for button in ("Sign in", "Allow"):
        assert reader.waiting(30)
        for _ in range(60):
            tab.keyboard.press("Tab")
            if button in _focused(tab):
                break
        tab.keyboard.press("Enter")
        tab.wait_for_timeout(1500)
    expect(tab.get_by_text("Done: clicked Allow.")).to_be_visible()
    tab.wait_for_timeout(500)
    for _ in range(4):  # the page has made its cell the chosen one again; that asks nothing anew
        tab.keyboard.press("Shift+Enter")
    expect(tab.get_by_text("Website relaunch").first).to_be_visible()


def _focused(tab: Page) -> str:
    """Return the text of what has the keyboard, in whichever frame."""
    for frame in reversed(tab.frames):
        text = frame.evaluate("document.activeElement?.closest('button')?.textContent ?? ''")
        if text:
            return text
    return ""


def test_a_poll_stays_parked_for_as_long_as_a_person_takes(site: Site, reader: InBrowser) -> None:
    """Beyond the client's 59 s, and whatever becomes of the service worker."""
    reader.click_run_here(site, "00_start_here")
    tab = reader.tab
    devtools = tab.context.new_cdp_session(tab)
    devtools.send("ServiceWorker.enable")
    cells = tab.locator(".jp-Notebook .jp-CodeCell")
    for cell in (0, 1, 3):  # start, ask, wait; without the page below a cell
        cells.nth(cell).click()
        tab.keyboard.press("Shift+Enter")
    link = tab.locator(".jp-OutputArea a[href*='/oauth/authorize']").first
    link.wait_for(timeout=30_000)
    for seconds in (15, 25, 25):
        tab.wait_for_timeout(1000 * seconds)
        devtools.send("ServiceWorker.stopAllWorkers")
    told = tab.get_by_text("Still waiting for the user's consent. Open http")
    expect(told).to_be_visible()
    with tab.context.expect_page() as opened:
        link.click()
    page = opened.value
    assert page.url.startswith(f"{site.url}/lite/sandbox/")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", name="Authorization complete")).to_be_visible()
    expect(tab.get_by_text("'completed'")).to_be_visible(timeout=5000)


def test_a_tool_that_loops_disturbs_no_other_tab(site: Site, context: BrowserContext) -> None:
    other = InBrowser(context.new_page())
    other.click_run_here(site, "00_start_here")
    looping = InBrowser(context.new_page())
    looping.click_run_here(site, "05_custom_tool")
    looping.go_through()
    looping.run(
        'loops = "while True: pass\\n    headers ="\n'
        'tools.write_text(tools.read_text().replace("headers =", loops))\n'
        'sandbox.start_worker("my_tool")\n'
        "short = client.with_options(timeout=15, max_retries=0)\n"
        'short.tools.execute(tool_name="Ticktick.ListProjects", user_id=user_id)'
    )
    told = looping.tab.get_by_text("perhaps with a tool of yours that runs for ever")
    expect(told).to_be_visible(timeout=20_000)
    timed_out = looping.tab.get_by_text("APITimeoutError: Request timed out.").last
    expect(timed_out).to_be_visible(timeout=20_000)
    other.tab.bring_to_front()
    other.go_through()
    other.check()
    looping.tab.bring_to_front()
    looping.restart()
    looping.idle()
    looping.go_through()  # its first cells write the tools anew


@pytest.mark.parametrize("again", ["restart", "reload"])
def test_a_new_kernel_begins_anew_and_ends_what_was_before(
    site: Site, reader: InBrowser, again: str
) -> None:
    reader.click_run_here(site, "00_start_here")
    reader.run_all()
    reader.waiting(60)
    frame = reader.tab.locator("iframe[title='The page']").get_attribute("src") or ""
    if again == "restart":
        reader.restart()
        expect(reader.tab.get_by_text(OVER)).to_be_visible(timeout=20_000)
    else:
        reader.tab.reload()
    page = reader.tab.context.new_page()
    answer = page.goto(frame)
    assert answer
    assert answer.status == 410
    expect(page.get_by_role("heading", name="This page is over")).to_be_visible()
    page.close()
    reader.idle()
    reader.go_through()
    assert reader.done[-2:] == ["step 1 of 2, sign in", "step 2 of 2, click Allow"]
    reader.check()


@pytest.mark.parametrize(
    ("notebook", "said"),
    [
        ("06_prebuilt_tools", "The pre-built tools need packages that no browser can run."),
        ("08_mcp_host", "An MCP host starts programs, which no browser can."),
    ],
)
def test_what_needs_more_than_a_browser_says_so(
    site: Site, reader: InBrowser, notebook: str, said: str
) -> None:
    reader.tab.goto(f"{site.url}/lite/?notebook={notebook}")
    reader.idle()
    first = reader.tab.locator(".jp-Notebook .jp-Cell").first
    expect(first).to_contain_text("This notebook does not run in a browser.")
    reader.run_all()
    told = reader.tab.locator(".jp-OutputArea-output", has_text=said).first
    expect(told).to_contain_text("jupyter lab --notebook-dir .", timeout=30_000)


def test_on_a_phone(site: Site, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    tab = context.new_page()
    tab.goto(f"{site.url}/notebooks/00_start_here/")
    tab.get_by_role("link", name="Run it here").click()
    cells = tab.locator(".jp-Notebook .jp-Cell")
    expect(cells.first).to_be_visible(timeout=60_000)
    wide = "document.querySelector('.jp-Notebook .jp-Cell')?.getBoundingClientRect().width > 300"
    tab.wait_for_function(wide, timeout=10_000)
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_text("Run All Cells", exact=True).first.click()
    page = tab.frame_locator("iframe[title='The page']")
    page.get_by_role("button", name="Sign in").click(timeout=60_000)
    page.get_by_role("button", name="Allow").click()
    expect(tab.get_by_text("Website relaunch").first).to_be_visible(timeout=20_000)
    context.close()


def test_a_cell_completes_what_is_typed(site: Site, reader: InBrowser) -> None:
    reader.click_run_here(site, "00_start_here")
    reader.run("import os")
    reader.tab.keyboard.press("b")
    reader.tab.keyboard.press("Enter")
    reader.tab.keyboard.type("os.pathc")
    reader.tab.keyboard.press("Tab")
    offered = reader.tab.locator(".jp-Completer-item", has_text="pathconf_names")
    expect(offered).to_be_visible(timeout=10_000)


def test_nothing_is_installed_from_elsewhere(site: Site, reader: InBrowser) -> None:
    reader.click_run_here(site, "00_start_here")
    reader.run("%pip install requests")
    told = "Nothing can be installed here: the page fetches nothing but its own files."
    expect(reader.tab.get_by_text(told)).to_be_visible(timeout=20_000)
    reader.run('import httpx\nhttpx.get("https://example.com")')
    refused = reader.tab.get_by_text("ConnectError: Call sandbox.start() first").last
    expect(refused).to_be_visible()
    assert reader.wrong == []


def test_the_first_visit_says_how_much_is_left(site: Site, reader: InBrowser) -> None:
    tab = reader.tab

    def slowly(route: Route) -> None:
        tab.wait_for_timeout(2000)
        route.continue_()

    tab.route("**/pyodide.asm.wasm", slowly)
    tab.goto(f"{site.url}/lite/?notebook=00_start_here")
    expect(tab.get_by_role("status")).to_have_text(re.compile(r"^[\d.]+ of 1[\d.]+ MB$"))
    reader.idle()


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ("delete Navigator.prototype.serviceWorker", "lacks service workers"),
        ("delete Navigator.prototype.locks", "lacks a newer version"),
        ("delete globalThis.WebAssembly", "lacks WebAssembly"),
    ],
)
def test_a_browser_that_cannot_is_told_why(
    site: Site, reader: InBrowser, without: str, said: str
) -> None:
    reader.tab.add_init_script(without)
    reader.tab.goto(f"{site.url}/lite/?notebook=00_start_here")
    state = reader.tab.get_by_role("status")
    expect(state).to_contain_text(said)
    expect(state).to_contain_text("Try a current Chrome, Edge, Firefox or Safari")
    instead = reader.tab.get_by_role("link", name="run the tutorial on your own machine")
    assert instead.get_attribute("href") == "../how-to/get/"


def test_a_broken_service_worker_is_said_at_the_first_cell(
    site: Site, tmp_path: Path, reader: InBrowser
) -> None:
    shutil.copytree(site.folder, tmp_path, dirs_exist_ok=True)
    worker = tmp_path / "lite" / "service-worker.js"
    text = worker.read_text(encoding="utf-8")
    assert text.count("fromSandbox(event.request)") == 1
    worker.write_text(text.replace("fromSandbox(event.request)", "Response.error()"))
    with serving(tmp_path) as url:
        reader.tab.goto(f"{url}/lite/?notebook=00_start_here")
        reader.idle()
        reader.run_all()
        said = "SandboxError: This page has lost its sandbox. Reload it, and run all cells again."
        expect(reader.tab.get_by_text(said)).to_be_visible(timeout=60_000)
        with pytest.raises(AssertionError):
            reader.check()  # as the way through each notebook does
