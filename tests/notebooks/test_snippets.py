"""The code that a notebook teaches is the code of the snippets, word for word."""

from __future__ import annotations

import textwrap

import nbformat
import pytest

from tests.environment import ROOT

TAUGHT_IN = {
    "04_authorize_a_user": {
        "auth_flow.py": slice(0, 6),
        "auth_flow_async.py": slice(8, None),
    },
}

# Cells that only look at what the taught code did.
LOOKS = ("/project/inbox/data", "again = client.auth.start(")


def program(name: str) -> str:
    """Return a snippet as the lines of a notebook: without ``main`` around them."""
    text = (ROOT / "snippets" / "python" / name).read_text(encoding="utf-8")
    head, _, body = text.partition("async def main() -> None:\n")
    return head + textwrap.dedent(body.partition("\n\n\nasyncio.run")[0]) if body else text


@pytest.mark.parametrize(
    ("notebook", "snippet", "cells"),
    [(nb, name, cells) for nb, names in TAUGHT_IN.items() for name, cells in names.items()],
)
def test_cells_stand_in_the_snippet_in_order(notebook: str, snippet: str, cells: slice) -> None:
    path = ROOT / "notebooks" / f"{notebook}.ipynb"
    production = [
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and "sandbox" not in cell.metadata.get("tags", [])
    ]
    text, position = program(snippet), 0
    for source in production[cells]:
        found = text.find(source, position)
        assert found >= 0, f"{snippet} does not hold, in this order, the cell:\n{source}"
        position = found + len(source)


def test_every_cell_is_taught_or_looks() -> None:
    for notebook, snippets in TAUGHT_IN.items():
        text = "\n".join(program(name) for name in snippets)
        path = ROOT / "notebooks" / f"{notebook}.ipynb"
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code" or "sandbox" in cell.metadata.get("tags", []):
                continue
            assert cell.source in text or any(look in cell.source for look in LOOKS), cell.source
