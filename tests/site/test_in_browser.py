"""Every page of the site in a real browser: readable by all, and nothing comes from elsewhere."""

from __future__ import annotations

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from tests.chromium import watched
from tests.environment import ROOT
from tests.site.pages import PAGES

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 800}
LOOKS = [pytest.param("light", WIDE, id="light"), pytest.param("dark", NARROW, id="dark")]


def violations(tab: Page) -> list[str]:
    return [
        f"{violation['id']}: {node['html']}"
        for violation in Axe().run(tab).response["violations"]
        for node in violation["nodes"]
    ]


def settled(tab: Page, address: str) -> None:
    """Open a page and wait until its scripts have done what they do at the start."""
    tab.goto(address)
    tab.evaluate("() => new Promise(done => requestIdleCallback(done))")


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
@pytest.mark.parametrize("page", [*PAGES, "404.html"])
def test_a_page_is_good_to_read(
    browser: Browser, site_url: str, page: str, scheme: str, size: ViewportSize
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport=NARROW)
    tab = context.new_page()
    told = watched(tab)
    settled(tab, f"{site_url}/{page}")
    assert tab.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    for box in tab.locator(".md-typeset__scrollwrap").all():
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
    tab.set_viewport_size(size)
    tab.add_style_tag(content=".tabbed-block { display: block !important }")
    assert violations(tab) == []
    assert tab.get_by_role("heading", level=1).count() == 1
    assert [line for line in told if not line.startswith((f"{site_url}/", "data:"))] == []
    context.close()


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_search_is_accessible(
    browser: Browser, site_url: str, scheme: str, size: ViewportSize
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport=size)
    tab = context.new_page()
    tab.goto(site_url)
    tab.keyboard.press("/")
    tab.keyboard.type("engine.yaml")
    tab.locator(".md-search-result__item").first.wait_for()
    assert violations(tab) == []
    context.close()


def test_the_menu_on_a_phone_is_accessible(browser: Browser, site_url: str) -> None:
    tab = browser.new_page(viewport=NARROW)
    tab.goto(site_url)
    tab.locator(".md-header label[for=__drawer]").click()
    tab.get_by_role("link", name="Verify your users").first.wait_for()
    assert violations(tab) == []
    tab.close()


def test_the_copy_button_copies_the_snippet(browser: Browser, site_url: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{site_url}/snippets/authorize/")
    block = tab.locator(".highlight", has_text="from arcadepy import Arcade").first
    block.hover()
    block.get_by_role("button", name="Copy to clipboard").click()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == (ROOT / "snippets/python/auth_flow.py").read_text("utf-8").strip()
    context.close()


def test_a_page_that_is_not_there_looks_like_the_others(browser: Browser, site_url: str) -> None:
    tab = browser.new_page(viewport=WIDE)
    told = watched(tab)
    tab.goto(f"{site_url}/some/where/else/")
    assert "404" in tab.get_by_role("heading", level=1).inner_text()
    logo = tab.locator(".md-header__button.md-logo svg").bounding_box()
    assert logo is not None
    assert logo["height"] < 60
    tab.get_by_role("link", name="Glossary").first.click()
    tab.get_by_role("heading", name="Glossary", level=1).wait_for()
    assert [
        line for line in told if not line.startswith(f"{site_url}/") and "404" not in line
    ] == []
    tab.close()


def test_a_page_is_copied_as_markdown(browser: Browser, site_url: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{site_url}/snippets/authorize/")
    tab.get_by_role("button", name="Copy this page as Markdown").click()
    tab.get_by_role("button", name="Copied").wait_for()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert (ROOT / "snippets/python/auth_flow.py").read_text("utf-8") in copied
    context.close()


def test_outputs_have_no_copy_button(browser: Browser, site_url: str) -> None:
    tab = browser.new_page()
    settled(tab, f"{site_url}/notebooks/00_start_here/")
    notebook = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert tab.locator(".cell.highlight button").count() == len(code) > 0
    assert tab.locator(".output.highlight button").count() == 0
    tab.close()
