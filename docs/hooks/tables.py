"""Writes the heading of its column into each cell of a wide table.

On a phone site.css puts the cells of such a table below each other, each with its heading.
"""

from __future__ import annotations

import re
from itertools import cycle
from typing import Any

_TABLE = re.compile(r"<table>.*?</table>", re.S)
_HEADING = re.compile(r"<th[^>]*>(.*?)</th>")


def on_page_content(html: str, **_: Any) -> str:
    """Label the cells of tables with three columns or more that hold code."""
    return _TABLE.sub(_labelled, html)


def _labelled(found: re.Match[str]) -> str:
    table = found.group()
    headings = _HEADING.findall(table)
    if len(headings) < 3 or "<code>" not in table:
        return table
    labels = cycle(headings)
    return re.sub("<td", lambda _: f'<td data-label="{next(labels)}"', table)
