"""The page "What happens" beside a program and a person: it shows each request as it is made."""

from __future__ import annotations

import time

from playwright.sync_api import Browser, expect

from tests.chromium import foreign, watched
from tests.ticktick_sandbox.arcade.helpers import authorize, call
from tests.ticktick_sandbox.helpers import World


def test_each_request_appears_and_a_label_is_marked_wherever_it_is(
    browser: Browser, world: World
) -> None:
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    page = context.new_page()
    wrong = watched(page)
    page.goto(f"{world.arcade_url}/_sandbox/wire")
    said = page.get_by_role("status")
    expect(said).to_have_text("Nothing yet. Run a program, or open a page of the sandbox.")
    pending = authorize(world)
    began = time.monotonic()
    expect(said).to_have_text("1 requests", timeout=1000)
    assert time.monotonic() - began < 0.8
    rows = page.locator(".requests tbody tr")
    opened = rows.first.locator("details")
    opened.locator("summary").click()
    person = context.new_page()
    person.goto(pending["url"])
    person.get_by_role("button", name="Sign in").click()
    person.get_by_role("button", name="Allow").click()
    expect(person.get_by_role("heading", name="Authorization complete")).to_be_visible()
    page.bring_to_front()
    row = page.locator(".requests tr", has_text="Arcade → TickTick")
    expect(row).to_have_class("new", timeout=3000)
    assert opened.evaluate("details => details.open")  # what was open stays open
    page.locator(".arrows mark", has_text="code 1").first.hover()
    marked = page.locator("mark.same")
    assert set(marked.all_text_contents()) == {"code 1"}
    assert marked.count() == page.locator("mark[data-secret='code 1']").count() > 3
    call(world, "GET", f"/v1/auth/status?id={pending['id']}")
    expect(rows.last).to_contain_text("200 OK, completed", timeout=1000)
    world.sandbox.start_over()
    expect(said).to_have_text("Nothing yet.", timeout=1000)
    assert foreign(wrong) == []
    world.sandbox.stop()
    expect(said).to_contain_text("The sandbox has stopped.", timeout=2000)
    context.close()


def test_nothing_else_runs_on_the_page(browser: Browser, world: World) -> None:
    """Neither a script of others, nor one that somebody would write into it."""
    call(world, "POST", "/v1/auth/authorize", {"<img src=x onerror=alert(1)>": "</script>"})
    page = browser.new_page()
    dialogs: list[object] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog), dialog.dismiss()))
    page.goto(f"{world.arcade_url}/_sandbox/wire")
    page.evaluate(
        """document.body.append(Object.assign(document.createElement('script'),
        {textContent: 'window.ran = true'}))"""
    )
    page.locator("summary").first.click()
    expect(page.locator("pre").first).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.evaluate("window.ran") is None
    assert dialogs == []
    page.close()
