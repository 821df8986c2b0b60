"""Writes the page of requests and responses from ``docs/bodies.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

MARK = "<!-- bodies -->"
DATA = Path(__file__).parents[1] / "bodies.yaml"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the exchanges where the page asks for them."""
    if MARK not in markdown:
        return markdown
    areas = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return markdown.replace(MARK, "\n".join(_shown(areas)))


def _shown(areas: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    for area, entries in areas.items():
        yield f"## {area}\n"
        for entry in entries:
            yield f"### {entry['what']}\n"
            yield f"`{entry['request']}`\n"
            if "body" in entry:
                language = "json" if entry["body"][0] in "{[" else "text"
                yield f"```{language}\n{entry['body']}\n```\n"
            if "json" in entry:
                yield f"answers {entry['answer']}:\n\n```json\n{entry['json']}\n```\n"
            else:
                yield f"answers {entry['answer']}, without a body.\n"
