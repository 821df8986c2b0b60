"""Puts the recorded flow into the page that explains it.

On a code host the page has the picture, and a line for each request; here that is the whole
diagram, and each line opens to what was sent.
``docs/exchanges.json`` has the flow; ``python -m tests.site.exchanges`` records it anew.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.pages import Page

from ticktick_sandbox.recording.diagram import to_arrows, to_details
from ticktick_sandbox.recording.exchange import Exchange

DATA = Path(__file__).parents[1] / "exchanges.json"
PAGE = "explanation/brokered-flow.md"
_PICTURE = re.compile(r"^!\[[^]]*\]\(\.\./pictures/flow\.svg\)$", re.M)
_LINE = re.compile(r"^\*(\d+)\. (.+)\*$", re.M)


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put the diagram and the requests in their places."""
    if page.file.src_uri != PAGE:
        return markdown
    exchanges = _exchanges()

    def opens(line: re.Match[str]) -> str:
        exchange = exchanges[int(line[1]) - 1]
        who = f"{exchange.asker} → {exchange.answerer}"
        recorded = f"{who}: {exchange.method} {exchange.path} → {exchange.reason}"
        if line[2] != recorded:
            raise PluginError(f"{PAGE}: request {line[1]} is recorded as: {recorded}")
        return to_details(exchange)

    markdown = _PICTURE.sub(lambda _: to_arrows(exchanges), markdown)
    return _LINE.sub(opens, markdown)


@cache
def _exchanges() -> list[Exchange]:
    return [Exchange.from_json(each) for each in json.loads(DATA.read_text(encoding="utf-8"))]
