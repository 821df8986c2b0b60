"""A person before a notebook in JupyterLab, on this machine or in the page itself."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, FrameLocator, Page, Request, expect

# In 04 the page of requests stays, in 07 the reader's own app tells Alice that the authorization
# is not hers, and in 09 and 11 pages say what has failed.
PAGES_LEFT = {"04": 1, "07": 1, "09": 2, "11": 1}

SMALL = {"width": 1280, "height": 800}
"""Of a window in which a notebook has to be scrolled."""
IN_SIGHT = """element => {
  const at = element.getBoundingClientRect();
  return at.top >= 0 && at.bottom <= innerHeight && innerHeight <= 0.75 * screen.height;
}"""
"""Whether something is seen in its frame, and the frame is low enough for the window."""


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

    def open(self, url: str) -> None:
        """Open a notebook and wait for its kernel."""
        self.tab.on("console", self._note_error)
        self.tab.on("request", self._note_request)
        self.tab.goto(url)
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
            button = page.get_by_role("button", name="Sign in")
            for _ in range(100):  # each 0.1 s; then the click says what it misses
                if button.count():
                    break
                if not line.evaluate("line => line.isConnected"):
                    return  # signed in before: the page came without the button
                self.tab.wait_for_timeout(100)
            button.click()
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
            said = self.tab.locator(mime).all_text_contents()
            assert not said, said
        left = self.tab.locator("iframe").count()
        assert left <= pages, left
        assert self.wrong == [], self.wrong
