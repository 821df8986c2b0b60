"""Writes the error index from ``docs/errors.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

MARK = "<!-- errors -->"
DATA = Path(__file__).parents[1] / "errors.yaml"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the index where the page asks for it."""
    if MARK not in markdown:
        return markdown
    areas = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return markdown.replace(MARK, "\n".join(_index(areas)))


def on_serve(server: Any, **_: Any) -> Any:
    """Rebuild when the data file changes."""
    server.watch(str(DATA))
    return server


def _index(areas: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    for area, entries in areas.items():
        yield f"## {area}\n"
        for entry in entries:
            yield f"### `{entry['message']}`\n"
            yield f"You see it {entry['seen']}.\n"
            yield f"**Why:** {entry['why']}\n"
            yield f"**What to do:** {entry['do']}\n"
            yield f"**Where the kit provokes it:** {entry['provoked'].rstrip('.')}.\n"
