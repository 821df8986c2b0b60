"""The whole way by mouse and keyboard, and where it can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.sandbox.conftest import World
from tests.sandbox.journey.person import Person, program
from tests.sandbox.journey.pictures import take
from tests.sandbox.test_pages import foreign


@pytest.fixture
def person(bare: World, browser: Browser, tmp_path: Path) -> Iterator[Person]:
    """A person who has an app and a provider; the redirect URL is not in the app yet."""
    person = Person(browser, bare.sandbox, tmp_path)
    person.register_app()
    person.add_provider()
    yield person
    person.close()
    assert [line for line in foreign(person.told) if line.startswith("http")] == []


def test_from_the_app_to_the_projects(bare: World, browser: Browser, tmp_path: Path) -> None:
    told = take(browser, bare.sandbox, tmp_path)
    assert foreign(told) == []


def test_a_denied_consent_says_so_and_can_be_given_after_all(person: Person) -> None:
    person.carry_redirect_url_over()
    with program(person.sandbox) as (link, output):
        person.deny(link)
        expect(person.heading()).to_have_text("You did not allow access")
        person.tab.get_by_role("link", name="Decide again").click()
        person.click_allow()
        output.wait_for("Website relaunch")


def test_a_redirect_url_that_differs_by_a_slash_is_an_oauth_error(person: Person) -> None:
    url = person.redirect_url()
    person.type_redirect_url(url + "/")
    person.save_app()
    with program(person.sandbox) as (link, _):
        person.tab.goto(link)
        expect(person.heading()).to_have_text("OAuth Error")
        expect(person.tab.get_by_text(f"Invalid redirect: {url} does not match")).to_be_visible()


def test_a_redirect_url_that_was_not_saved_is_an_oauth_error(person: Person) -> None:
    person.type_redirect_url(person.redirect_url())
    with program(person.sandbox) as (link, _):
        person.tab.goto(link)
        expect(person.heading()).to_have_text("OAuth Error")
        expect(person.tab.get_by_text("At least one redirect_uri must be")).to_be_visible()
