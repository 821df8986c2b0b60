"""The whole way by mouse and keyboard, and where it can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.chromium import foreign
from tests.environment import ROOT
from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.journey.person import Person, program
from tests.ticktick_sandbox.journey.pictures import take
from ticktick_sandbox.shared.settings import LEARNER


@pytest.fixture
def person(bare: World, browser: Browser) -> Iterator[Person]:
    """A person who has an app and a provider; the redirect URL is not in the app yet."""
    person = Person(browser, bare.sandbox)
    person.register_app()
    person.add_provider()
    yield person
    person.close()
    assert [line for line in foreign(person.told) if line.startswith("http")] == []


def test_the_whole_way_and_every_picture_is_one_of_the_docs(
    bare: World, browser: Browser, tmp_path: Path
) -> None:
    told = take(browser, bare.sandbox, tmp_path)
    assert [line for line in foreign(told) if line.startswith("http")] == []
    taken = {path.name for path in tmp_path.iterdir()}
    assert taken == {path.name for path in (ROOT / "docs" / "pictures").glob("*.webp")}


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
        person.meet_oauth_error(link)
        expect(person.tab.get_by_text(f"Invalid redirect: {url} does not match")).to_be_visible()


def test_a_redirect_url_that_was_not_saved_is_an_oauth_error(person: Person) -> None:
    person.type_redirect_url(person.redirect_url())
    with program(person.sandbox) as (link, _):
        person.meet_oauth_error(link)
        expect(person.tab.get_by_text("At least one redirect_uri must be")).to_be_visible()


def test_who_is_revoked_is_asked_again(person: Person) -> None:
    person.carry_redirect_url_over()
    with program(person.sandbox) as (link, output):
        person.allow(link)
        output.wait_for("Website relaunch")
    person.revoke(LEARNER)
    with program(person.sandbox) as (link, output):
        person.allow(link)
        output.wait_for("Website relaunch")
