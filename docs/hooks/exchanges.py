"""Shows the recorded flow where a page asks for it: the diagram, and each request of it.

``docs/exchanges.json`` has the flow; ``python -m tests.site.exchanges`` records it anew.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from ticktick_sandbox.recording.diagram import to_arrows, to_details
from ticktick_sandbox.recording.exchange import Exchange

DATA = Path(__file__).parents[1] / "exchanges.json"
_DIAGRAM = "<!-- diagram -->"
_EXCHANGE = re.compile(r"<!-- exchange (\d+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the diagram and the requests in their places."""
    if _DIAGRAM in markdown:
        markdown = markdown.replace(_DIAGRAM, to_arrows(_exchanges()))
    return _EXCHANGE.sub(lambda found: to_details(_exchanges()[int(found[1]) - 1]), markdown)


@cache
def _exchanges() -> list[Exchange]:
    return [Exchange.from_json(each) for each in json.loads(DATA.read_text(encoding="utf-8"))]
