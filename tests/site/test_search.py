"""What readers type into the site's own search, and what has to come first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import yaml
from playwright.sync_api import Browser, expect

from tests.environment import ROOT

ENTRIES = [
    entry
    for entries in yaml.safe_load((ROOT / "docs" / "errors.yaml").read_text("utf-8")).values()
    for entry in entries
]
QUESTIONS: dict[str, str] = yaml.safe_load((ROOT / "docs" / "questions.yaml").read_text("utf-8"))

type Search = Callable[[str], list[tuple[str, str]]]


@pytest.fixture(scope="module")
def search(browser: Browser, site_url: str) -> Iterator[Search]:
    """Type into the search of the site; return the places and titles that it shows."""
    tab = browser.new_page()
    tab.goto(f"{site_url}/")
    tab.keyboard.press("/")
    box = tab.get_by_role("textbox", name="Search")
    shown = tab.locator(".md-search-result__link")

    def typed(text: str) -> list[tuple[str, str]]:
        for wanted, said in (("", "Type to start searching"), (text, "matching document")):
            box.fill(wanted)
            box.press("End")  # Material looks at keys
            expect(tab.locator(".md-search-result__meta")).to_contain_text(said)
        return shown.evaluate_all(
            "links => links.map(link => [link.href.split('?')[0] + new URL(link.href).hash,"
            " link.querySelector('h1, h2')?.innerText ?? ''])"
        )

    yield typed
    tab.close()


def words_of(message: str) -> str:
    return re.sub(r"\W+", " ", message).strip().lower()


@pytest.mark.parametrize("kind", ["message", "words"])
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["message"])
def test_a_message_leads_to_its_entry(search: Search, entry: dict[str, str], kind: str) -> None:
    found = search(entry[kind])
    # The first result is the page, below which its best sections stand.
    sections = [title for place, title in found if "/reference/errors/" in place and "#" in place]
    assert "/reference/errors/" in found[0][0], found[:4]
    assert words_of(sections[0]) == words_of(entry["message"]), sections


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_leads_to_its_page(search: Search, question: str) -> None:
    found = search(question)
    assert f"/{QUESTIONS[question]}" in found[0][0], found[:4]


def test_there_are_as_many_as_promised() -> None:
    assert len(ENTRIES) >= 30
    assert len(QUESTIONS) >= 25
