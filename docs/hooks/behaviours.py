"""Builds the reference page of imitated behaviours.

What is imitated comes from ``sandbox/behaviours.yaml``, what of the API is not from the
table by which the sandbox refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

from sandbox.arcade import not_imitated

MARKER = "<!-- behaviours -->"
NOT_IMITATED = "<!-- not imitated -->"
DATA = Path(__file__).parents[2] / "sandbox" / "behaviours.yaml"


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str | None:
    """Put the tables and the list where the page has its markers."""
    if MARKER not in markdown:
        return None
    areas = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    left_out = (f"    - {part.name}: `{part.shown_path}`" for part in not_imitated.PARTS)
    markdown = markdown.replace(NOT_IMITATED, "\n".join(left_out))
    return markdown.replace(MARKER, "\n".join(_tables(areas)))


def on_serve(server: Any, config: MkDocsConfig, **_: Any) -> Any:
    """Rebuild when the data file changes."""
    server.watch(str(DATA))
    return server


def _tables(areas: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    for area, rows in areas.items():
        yield f"## {area}\n"
        yield "| behaviour | confidence | source |"
        yield "|---|---|---|"
        for row in rows:
            cells = (row["behaviour"], row["confidence"], row["source"])
            yield "| " + " | ".join(cell.strip().replace("|", "\\|") for cell in cells) + " |"
        yield ""
