"""Each term is a link to its entry where a page or a notebook uses it first."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from markdown import markdown
from markdown.extensions.toc import slugify

from docs.hooks.glossary import TERMS
from tests.environment import ROOT
from tests.site.pages import NOTEBOOKS, PAGES

NOT_IN = {"code", "pre", "h1", "h2", "h3", "h4", "label", "th", "nav", "title", "script", "details"}


class Sentences(HTMLParser):
    """The text of a page in which terms count, each piece with the link that it is in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[tuple[str, str]] = []
        self._inside: list[str] = []
        self._link = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NOT_IN:
            self._inside.append(tag)
        if tag == "a":
            self._link = dict(attrs).get("href") or "-"

    def handle_endtag(self, tag: str) -> None:
        if tag in NOT_IN:
            self._inside.remove(tag)
        if tag == "a":
            self._link = ""

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.pieces.append((data, self._link))


def not_linked_first(html: str) -> list[str]:
    pieces = Sentences(html).pieces
    found = []
    for term, look in TERMS.items():
        for text, link in pieces:
            if f"#{term}" in link:
                break
            # Other links, and what is bold, such as the name of a field, lead elsewhere.
            if not link and re.search(look, text):
                found.append(f"{term}: {text.strip()[:80]}")
                break
    return found


def test_the_glossary_has_each_term_in_two_sentences() -> None:
    text = (ROOT / "docs/reference/glossary.md").read_text("utf-8")
    entries = re.split(r"^## ", text, flags=re.M)[1:]
    headings = [entry.partition("\n")[0] for entry in entries]
    assert [slugify(heading, "-") for heading in headings] == sorted(TERMS)
    for entry in entries:
        body = entry.partition("\n")[2]
        assert len(re.findall(r"[.;](?: |$)", body.strip())) >= 2, entry


@pytest.mark.parametrize("page", [page for page in PAGES if page != "reference/glossary/"])
def test_a_page_links_its_terms(site: Path, page: str) -> None:
    html = (site / page / "index.html").read_text("utf-8")
    article = html.partition("<article")[2].partition("</article")[0]
    assert not_linked_first(f"<article{article}") == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_links_its_terms(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"<details>.*?</details>|\*\*[^*\n]*\*\*|^\|.*$", "", text, flags=re.S | re.M)
    html = markdown(text)
    assert not_linked_first(html) == []
    for term in re.findall(r"glossary\.md#([\w-]+)", text):
        assert term in TERMS
