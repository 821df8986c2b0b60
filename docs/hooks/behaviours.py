"""Builds the reference pages of imitated behaviours, and of what is not known.

What is imitated comes from ``ticktick_sandbox/behaviours.yaml``, what is not known from
``unknowns.yaml`` beside it, and what of the API is left out from the table by which the sandbox
refuses it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from markdown.extensions.toc import slugify
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

from ticktick_sandbox.arcade.api import not_imitated

AREAS = "<!-- areas -->"
BEHAVIOURS = re.compile(r"<!-- behaviours: (\w+) -->")
NOT_IMITATED = "<!-- not imitated -->"
UNKNOWNS = re.compile(r"<!-- unknowns: (\w+) -->")
_SANDBOX = Path(__file__).parents[2] / "ticktick_sandbox"
DATA, UNKNOWN = _SANDBOX / "behaviours.yaml", _SANDBOX / "unknowns.yaml"
CONFIDENCE = ("high", "medium", "low", "choice")

Areas = dict[str, list[dict[str, str]]]


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put tables and lists where the page has their markers."""
    if AREAS in markdown:
        left_out = (f"    - {part.name}: `{part.shown_path}`" for part in not_imitated.PARTS)
        markdown = markdown.replace(NOT_IMITATED, "\n".join(left_out))
        markdown = markdown.replace(AREAS, "\n".join(_overview(_areas())))
    if found := BEHAVIOURS.search(markdown):
        tables = "\n".join(_tables(_areas(), found.group(1)))
        markdown = markdown.replace(found.group(), tables)
    return UNKNOWNS.sub(lambda found: "\n".join(_unknowns(found.group(1))), markdown)


def on_serve(server: Any, config: MkDocsConfig, **_: Any) -> Any:
    """Rebuild when a data file changes."""
    for path in (DATA, UNKNOWN):
        server.watch(str(path))
    return server


def _areas(path: Path = DATA) -> Areas:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _overview(areas: Areas) -> Iterator[str]:
    """Count the behaviours of each area. A link fails the build if no page has the area."""
    yield f"| area | {' | '.join(CONFIDENCE)} |"
    yield "|---|" + "--:|" * len(CONFIDENCE)
    for area, rows in areas.items():
        service, _, name = area.partition(": ")
        link = f"{service.lower()}-behaviours.md#{slugify(name, '-')}"
        counts = Counter(row["confidence"] for row in rows)
        numbers = (str(counts[confidence] or "–") for confidence in CONFIDENCE)
        yield f"| [{area}]({link}) | {' | '.join(numbers)} |"


def _tables(areas: Areas, service: str) -> Iterator[str]:
    for name, rows in _of(service, areas):
        yield f"## {name}\n"
        yield "| behaviour | how sure, and known from |"
        yield "|---|---|"
        for row in rows:
            yield _line(row["behaviour"], f"**{row['confidence']}** · {row['source']}")
        yield ""


def _unknowns(service: str) -> Iterator[str]:
    for name, rows in _of(service, _areas(UNKNOWN)):
        yield f"### {name}\n"
        yield "| not known | what the sandbox does | what would settle it |"
        yield "|---|---|---|"
        for row in rows:
            yield _line(row["question"], row["sandbox"], row["settled_by"])
        yield ""


def _of(service: str, areas: Areas) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Yield the areas of a service by their names alone, with their rows."""
    for area, rows in areas.items():
        if area.startswith(f"{service}: "):
            name = area.removeprefix(f"{service}: ")
            yield f"{name[0].upper()}{name[1:]}", rows


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.strip().replace('|', '\\|') for cell in cells)} |"
