"""The sandbox's pages in a real browser: the flow, and no error on any of them."""

from __future__ import annotations

import sys

import pytest
from playwright.sync_api import Browser

from tests.chromium import foreign, watched
from tests.environment import ROOT
from tests.processes import running
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.server.environment import client_environment


def test_a_snippet_completes_when_consent_is_clicked(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in client_environment(world.arcade_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    with running(sys.executable, str(ROOT / "snippets/python/auth_flow.py")) as (process, output):
        link = output.wait_for("/oauth/authorize?")
        tab = browser.new_page()
        told = watched(tab)
        tab.goto(link)
        tab.get_by_role("button", name="Sign in").click()
        assert tab.get_by_role("heading").inner_text() == (
            "My TickTick app wants to access your TickTick account"
        )
        tab.get_by_role("button", name="Allow").click()
        tab.get_by_role("heading", name="Authorization complete").wait_for()
        assert tab.url == f"{world.arcade_url}/api/v1/oauth/callback_success"
        assert foreign(told) == []
        tab.close()
        assert process.wait(timeout=30) == 0
        assert "Created: Try Arcade with TickTick" in output.rest()


def test_an_app_is_created_and_its_redirect_url_saved(bare: World, browser: Browser) -> None:
    tab = browser.new_page()
    told = watched(tab)
    tab.goto(f"{bare.ticktick_url}/manage")
    tab.get_by_role("button", name="Sign in").click()
    tab.get_by_role("link", name="New App").click()
    tab.get_by_label("Name", exact=False).first.fill("Made by hand")
    tab.get_by_role("button", name="Add").click()
    tab.get_by_role("link", name="Edit Made by hand").click()
    assert tab.get_by_label("Client ID").input_value() == bare.app.client_id
    secret = bare.app.client_secret
    tab.get_by_label("OAuth redirect URL").fill("http://localhost:9099/callback")
    tab.get_by_label("OAuth redirect URL").press("Enter")
    tab.get_by_text("Saved.").wait_for()
    assert bare.app.redirect_url == "http://localhost:9099/callback"
    assert bare.app.client_secret == secret
    tab.get_by_role("button", name="Reset").click()
    tab.wait_for_url("**/manage/app/*")
    assert bare.app.client_secret != secret
    assert tab.get_by_label("Client Secret").input_value() == bare.app.client_secret
    assert foreign(told) == []
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_load_nothing_from_elsewhere(
    world: World, browser: Browser, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 800})
    tab = context.new_page()
    told = watched(tab)
    tab.goto(f"{world.ticktick_url}/manage")
    tab.get_by_role("button", name="Sign in").click()
    pages = [
        f"{world.ticktick_url}/signup",
        f"{world.ticktick_url}/manage",
        f"{world.ticktick_url}/manage/new",
        f"{world.ticktick_url}/manage/app/{world.app.client_id}",
        world.arcade.auth.start("somebody@example.com", "arcade-ticktick", scopes=[]).url or "",
        f"{world.arcade_url}/",
        f"{world.arcade_url}/api/v1/oauth/callback_success",
    ]
    for page in pages:
        tab.goto(page)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, page
    assert foreign(told) == []
    context.close()
