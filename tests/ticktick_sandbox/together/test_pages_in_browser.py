"""Every page of both servers in a real browser: readable by all, in both schemes, on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.chromium import foreign, watched
from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.together.every_page import consent_url, every_page, full_world, path_of
from ticktick_sandbox.ticktick.service import SESSION_COOKIE

WIDE, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 800}
LOOKS = {"light": (PHONE, WIDE), "dark": (WIDE, PHONE)}
"""The sizes of each scheme; axe looks at the last, for colours do not depend on the size."""

ONE_TOOL = "/dashboard/playground/Ticktick.SortOut"  # its page stands for those of all tools
KNOWN = {
    ONE_TOOL, "/", "/signin", "/signup", "/manage", "/manage/new", "/oauth/authorize",
    "/dashboard", "/dashboard/playground", "/dashboard/connected-apps",
    "/dashboard/connected-apps/new", "/dashboard/connected-apps/provider/arcade-ticktick",
    "/dashboard/connected-apps/provider/arcade-ticktick/delete",
    "/dashboard/servers", "/dashboard/servers/new", "/dashboard/servers/tests",
    "/dashboard/secrets", "/dashboard/secrets/new", "/dashboard/connected-users",
    "/dashboard/user-verification",
    "/api/v1/oauth/callback_verify", "/api/v1/oauth/callback_success",
}  # fmt: skip
"""Pages that following links has to find; whatever else it finds is looked at, too."""

_FAILED = "Failed to load resource: the server responded with a status of "


class Seen(NamedTuple):
    """The world and the addresses of its pages."""

    world: World
    pages: list[str]


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    """A world with something on every page, and where all its pages are."""
    with full_world() as world:
        pages = [
            page.url
            for page in every_page(world).values()
            if path_of(page.url) == ONE_TOOL or "/playground/" not in page.url
        ]
        yield Seen(world, pages)


@pytest.fixture(params=LOOKS)
def context(request: pytest.FixtureRequest, seen: Seen, browser: Browser) -> Iterator:
    """A browser with one colour scheme, signed in at TickTick."""
    context = browser.new_context(color_scheme=request.param)
    session = seen.world.http.cookies[SESSION_COOKIE]
    context.add_cookies(
        [{"name": SESSION_COOKIE, "value": session, "url": seen.world.ticktick_url}]
    )
    yield context
    context.close()


def faults(tab: Page, told: list[str]) -> list[str]:
    """Return what is wrong with the page that is open, with all its sections open."""
    dark = tab.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    sizes = LOOKS["dark" if dark else "light"]
    for section in tab.locator("summary").all():
        section.click()
    found = []
    for size in sizes:
        tab.set_viewport_size(size)
        if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"scrolls sideways at {size['width']} px")
    found += [
        f"{violation['id']}: {[node['target'] for node in violation['nodes']]}"
        for violation in Axe().run(tab).response["violations"]
    ]
    if tab.get_by_role("heading", level=1).count() != 1:
        found.append("has not one heading of level 1")
    # A browser notes the status of an error page as an error of its own.
    found += [line for line in foreign(told) if not line.startswith(f"error: {_FAILED}4")]
    told.clear()
    return [f"{tab.url}: {fault}" for fault in found]


def test_following_links_finds_every_page(seen: Seen) -> None:
    assert {path_of(url) for url in seen.pages} >= KNOWN
    assert any("/manage/app/" in url for url in seen.pages)


def test_every_page_is_good_to_read(seen: Seen, context: BrowserContext) -> None:
    tab = context.new_page()
    told = watched(tab)
    found = []
    for url in seen.pages:
        tab.goto(url)
        found += faults(tab, told)
    assert found == []


def _wrong_password(tab: Page, world: World) -> None:
    tab.goto(f"{world.ticktick_url}/signin")
    tab.get_by_label("Password").fill("wrong")
    tab.get_by_role("button", name="Sign in").click()


def _taken_address(tab: Page, world: World) -> None:
    tab.goto(f"{world.ticktick_url}/signup")
    tab.get_by_label("Email").fill("learner@example.com")
    tab.get_by_label("Password").fill("pw")
    tab.get_by_role("button", name="Sign up").click()


def _no_name(tab: Page, world: World) -> None:
    tab.goto(f"{world.ticktick_url}/manage/new")
    tab.get_by_label("* Name").fill(" ")
    tab.get_by_role("button", name="Add").click()


def _bad_redirect_url(tab: Page, world: World) -> None:
    tab.goto(f"{world.ticktick_url}/manage/app/{world.app.client_id}")
    tab.get_by_label("OAuth redirect URL").fill("localhost:9099/" + "very-long-" * 20)
    tab.get_by_role("button", name="Save").click()


def _no_such_app(tab: Page, world: World) -> None:
    tab.goto(f"{world.ticktick_url}/manage/app/unknown")


def _refused_form_at_ticktick(tab: Page, world: World) -> None:
    tab.goto(f"{world.ticktick_url}/manage/new")
    _without_token(tab)
    tab.get_by_label("* Name").fill("Mine")
    tab.get_by_role("button", name="Add").click()


def _refused_start_over(tab: Page, world: World) -> None:
    tab.goto(f"{world.ticktick_url}/")
    _without_token(tab)
    tab.get_by_role("button", name="Start over").click()


def _started_over(tab: Page, world: World) -> None:
    tab.goto(f"{world.arcade_url}/?started-over")


def _refused_form_at_arcade(tab: Page, world: World) -> None:
    tab.goto(f"{world.arcade_url}/dashboard/connected-apps/provider/arcade-ticktick/delete")
    _without_token(tab)
    tab.get_by_role("button", name="Delete").click()


def _denied(tab: Page, world: World) -> None:
    tab.goto(consent_url(world))
    tab.get_by_role("button", name="Cancel").click()


def _no_provider(tab: Page, world: World) -> None:
    tab.goto(f"{world.arcade_url}/api/v1/oauth/unknown/callback?code=x&state=y")


def _another_account(tab: Page, world: World) -> None:
    tab.goto(consent_url(world, "user-18"))
    tab.get_by_role("button", name="Allow").click()
    tab.get_by_role("button", name="Continue").click()


def _no_such_provider(tab: Page, world: World) -> None:
    tab.goto(f"{world.arcade_url}/dashboard/connected-apps/provider/unknown")


def _without_token(tab: Page) -> None:
    tab.evaluate("for (const field of document.getElementsByName('form_token')) field.value = ''")


STATES: dict[Callable[[Page, World], None], str] = {
    _wrong_password: "The e-mail address or the password is wrong.",
    _taken_address: "already has an account. Sign in instead.",
    _no_name: "Name is required.",
    _bad_redirect_url: "is not a complete http or https address.",
    _no_such_app: "No such app",
    _refused_form_at_ticktick: "This form can't be accepted",
    _refused_start_over: "This form can't be accepted",
    _started_over: "Started over.",
    _refused_form_at_arcade: "This form can't be accepted",
    _denied: "You did not allow access",
    _no_provider: "No provider has this redirect URI",
    _another_account: "user_mismatch",
    _no_such_provider: "No such provider",
}


def test_every_state_of_a_page_is_good_to_read(seen: Seen, context: BrowserContext) -> None:
    tab = context.new_page()
    told = watched(tab)
    found = []
    for reach, words in STATES.items():
        reach(tab, seen.world)
        tab.get_by_text(words).first.wait_for()
        found += faults(tab, told)
    assert found == []


def test_the_oauth_error_page_is_as_bare_as_the_real_one(seen: Seen, browser: Browser) -> None:
    tab = browser.new_page()
    told = watched(tab)
    tab.goto(f"{seen.world.ticktick_url}/signin?dest=/oauth/authorize")
    tab.get_by_role("button", name="Sign in").click()
    assert tab.get_by_role("heading").inner_text() == "OAuth Error"
    assert tab.locator("link, style, script").count() == 0
    assert [line for line in foreign(told) if not line.startswith(f"error: {_FAILED}4")] == []
    tab.close()


def test_a_dialog_of_the_portal_is_done_by_keyboard_alone(seen: Seen, browser: Browser) -> None:
    tab = browser.new_page()
    tab.goto(f"{seen.world.ticktick_url}/signin?dest=/manage/new")
    tab.get_by_label("Password").press("Enter")
    tab.get_by_label("* Name").focus()
    for text in ("By keyboard", "https://planner.example", "Typed"):
        tab.keyboard.type(text)
        tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab.get_by_role("link", name="Edit By keyboard").press("Enter")
    tab.get_by_label("OAuth redirect URL").fill("http://localhost:9099/callback")
    tab.get_by_label("OAuth redirect URL").press("Enter")
    tab.get_by_text("Saved.").wait_for()
    assert seen.world.app.redirect_url == "http://localhost:9099/callback"
    seen.world.sandbox.ticktick.apps.delete(seen.world.app)
    tab.close()
