"""Links each term of the glossary where a page uses it first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

GLOSSARY = "reference/glossary/"
TERMS = {
    "access-token": r"\b(?<!refresh )(?:access )?tokens?\b",
    "authorization": r"\b[Aa]uthorizations?\b(?! code)",
    "authorization-code": r"\bauthorization codes?\b",
    "consent": r"\b[Cc]onsent(?:s|ed)?\b",
    "engine": r"\bEngines?\b",
    "flow-id": r"\bflow_id\b|\bflow id\b",
    "http-basic": r"\bHTTP Basic\b",
    "mcp": r"\bMCP\b",
    "pkce": r"\bPKCE\b",
    "provider": r"\b[Pp]roviders?\b",
    "redirect-uri": r"\b[Rr]edirect UR[IL]s?\b",
    "refresh-token": r"\brefresh tokens?\b",
    "scope": r"\b[Ss]copes?\b",
    "state": r"\bOAuth state\b",
    "tool": r"\b[Tt]ools?\b",
    "toolkit": r"\b[Tt]oolkits?\b",
    "verifier": r"\b[Vv]erifiers?\b",
    "worker": r"\b[Ww]orkers?\b",
}
"""How the terms look in a sentence, by the anchor of their entry."""

_PIECE = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+", re.S)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)")
_NOT_IN = {"a", "code", "pre", "h1", "h2", "h3", "h4", "label", "mark", "script", "style"}
_NOT_IN |= {"summary", "th"}


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Link what is not linked yet, in sentences only."""
    if page.url == GLOSSARY:
        return html
    place = get_relative_url(GLOSSARY, page.url)
    left = {term: re.compile(look) for term, look in TERMS.items()}
    return "".join(_linked(html, left, place))


def _linked(html: str, left: dict[str, re.Pattern[str]], place: str) -> Iterator[str]:
    inside: list[str] = []
    for piece in _PIECE.findall(html):
        tag = _TAG.match(piece)
        if tag and tag.group(2) in _NOT_IN:
            if tag.group(1):
                inside.remove(tag.group(2))
            else:
                inside.append(tag.group(2))
                for term in [each for each in left if f'{GLOSSARY}#{each}"' in piece]:
                    del left[term]
        yield piece if piece[0] == "<" or inside else _with_links(piece, left, place)


def _with_links(text: str, left: dict[str, re.Pattern[str]], place: str) -> str:
    found = [(term, match) for term, look in left.items() if (match := look.search(text))]
    for term, match in sorted(found, key=lambda each: each[1].start(), reverse=True):
        del left[term]
        link = f'<a href="{place}#{term}">{match.group()}</a>'
        text = text[: match.start()] + link + text[match.end() :]
    return text
