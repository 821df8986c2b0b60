"""No page of the site has a violation that axe-core finds, light and wide, dark and narrow."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

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


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
@pytest.mark.parametrize("page", [*PAGES, "404.html"])
def test_a_page_is_accessible(
    browser: Browser, site_url: str, page: str, scheme: str, size: ViewportSize
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport=size)
    tab = context.new_page()
    tab.goto(f"{site_url}/{page}")
    tab.wait_for_load_state("networkidle")
    tab.add_style_tag(content=".tabbed-block { display: block !important }")
    assert violations(tab) == []
    assert tab.get_by_role("heading", level=1).count() == 1
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
