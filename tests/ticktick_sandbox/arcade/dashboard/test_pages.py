"""The dashboard in a real browser: by mouse, by keyboard, on a phone, light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import foreign, watched
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.shared.settings import PROVIDER_ID

APPS = "/dashboard/connected-apps"
FILLED = {
    "ID": "made-up",
    "Client ID": "made-up-client",
    "Client Secret": "made-up-secret",
    "Authorization Endpoint": "https://provider.example/authorize",
    "Token Endpoint": "https://provider.example/token",
}
UNLABELLED = """[...document.querySelectorAll("input:not([type=hidden]), select")]
    .filter(field => !field.labels.length).map(field => field.outerHTML)"""


def field(tab: Page, label: str):
    """Return the field whose label begins like this; hints may follow."""
    return tab.get_by_label(re.compile(f"^{label}"))


def fill(tab: Page, **changes: str) -> None:
    for label, text in (FILLED | changes).items():
        field(tab, label).fill(text)


def test_a_provider_is_added_edited_and_deleted_by_hand(bare: World, browser: Browser) -> None:
    tab = browser.new_page()
    told = watched(tab)
    tab.goto(f"{bare.arcade_url}/dashboard")
    tab.get_by_role("navigation").get_by_role("link", name="Connected Apps").click()
    tab.get_by_role("link", name="Add OAuth Provider").click()
    fill(tab)
    tab.get_by_text("Token Settings", exact=True).click()
    field(tab, "Authentication Method").select_option("Client ID and secret in the body")
    tab.get_by_text("PKCE Settings").click()
    field(tab, "Enable PKCE").check()
    tab.get_by_role("button", name="Create").click()
    expect(tab.get_by_role("status")).to_have_text("Created.")
    provider = bare.sandbox.engine.providers.get("made-up")
    assert provider
    expect(field(tab, "Redirect URI")).to_have_value(
        bare.sandbox.engine.authorizations.redirect_uri(provider)
    )
    assert (provider.pkce, provider.token_request.auth_method) == (True, "")

    tab.get_by_role("link", name="Connected Apps").click()
    tab.get_by_role("link", name="Edit made-up").click()
    field(tab, "Description").fill("Edited")
    field(tab, "Description").press("Enter")
    expect(tab.get_by_role("status")).to_have_text("Saved.")

    tab.get_by_role("link", name="Connected Apps").click()
    expect(tab.get_by_role("cell", name="Edited")).to_be_visible()
    tab.get_by_role("link", name="Delete made-up").click()
    tab.get_by_role("button", name="Delete").click()
    expect(tab.get_by_text("No provider yet.")).to_be_visible()
    assert bare.sandbox.provider_ids() == []
    assert foreign(told) == []
    tab.close()


def test_the_form_is_filled_in_with_the_keyboard_alone(bare: World, browser: Browser) -> None:
    tab = browser.new_page()
    tab.goto(f"{bare.arcade_url}{APPS}/new")
    field(tab, "ID").focus()
    filled = FILLED | {"Description": "By keyboard"}
    for label in ("ID", "Description", *list(FILLED)[1:]):
        expect(field(tab, label)).to_be_focused()
        tab.keyboard.type(filled[label])
        tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")  # opens PKCE Settings
    tab.keyboard.press("Tab")
    expect(field(tab, "Enable PKCE")).to_be_focused()
    tab.keyboard.press("Space")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("status")).to_have_text("Created.")
    provider = bare.sandbox.engine.providers.get("made-up")
    assert provider
    assert (provider.description, provider.pkce) == ("By keyboard", True)
    tab.close()


def test_a_refused_field_is_in_sight_and_marked(bare: World, browser: Browser) -> None:
    tab = browser.new_page()
    tab.goto(f"{bare.arcade_url}{APPS}/new")
    fill(tab)
    tab.get_by_text("Authorization Settings").click()
    field(tab, "Scope").fill("{{scope}}")
    tab.get_by_role("button", name="Create").click()
    scope = field(tab, "Scope")
    expect(scope).to_be_visible()
    expect(scope).to_have_attribute("aria-invalid", "true")
    expect(scope).to_have_accessible_description(
        re.compile("^Scope: {{scope}} is not a placeholder")
    )
    expect(field(tab, "ID")).to_have_value("made-up")
    expect(field(tab, "Client Secret")).to_have_value("")
    expect(field(tab, "Response Content Type")).to_be_hidden()
    tab.close()


def test_the_browser_asks_for_what_is_missing(bare: World, browser: Browser) -> None:
    tab = browser.new_page()
    tab.goto(f"{bare.arcade_url}{APPS}/new")
    tab.get_by_role("button", name="Create").click()
    required = "[...document.querySelectorAll(':invalid[required]')].map(field => field.name)"
    assert tab.evaluate(required) == [
        "id",
        "client_id",
        "client_secret",
        "authorization_endpoint",
        "token_endpoint",
    ]
    expect(field(tab, "ID")).to_be_focused()
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone_and_label_every_field(
    world: World, browser: Browser, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 800})
    tab = context.new_page()
    told = watched(tab)
    for path in (
        "/dashboard",
        APPS,
        f"{APPS}/new",
        f"{APPS}/provider/{PROVIDER_ID}",
        f"{APPS}/provider/{PROVIDER_ID}/delete",
    ):
        tab.goto(world.arcade_url + path)
        for section in tab.locator("summary").all():
            section.click()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert tab.evaluate(UNLABELLED) == [], path
        assert tab.get_by_role("heading", level=1).count() == 1
    assert foreign(told) == []
    context.close()
