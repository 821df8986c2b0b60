"""The code that a notebook teaches is the code of the snippets, word for word."""

from __future__ import annotations

import textwrap

import nbformat
import pytest

from tests.environment import ROOT
from tests.notebooks.guards import code_of

TAUGHT_IN = {
    "04_authorize_a_user": {
        "auth_flow.py": slice(0, 6),
        "auth_flow_async.py": slice(10, None),
    },
    "05_custom_tool": {"custom_tool/tools.py": slice(1, 2)},
    "06_prebuilt_tools": {
        "register_worker.py": slice(0, 1),
        "prebuilt_tools.py": slice(1, 13),
        "agent_tool_call.py": slice(15, 20),
    },
    "08_mcp_host": {"mcp_client.py": slice(1, 3)},
    "09_when_things_go_wrong": {"careful_flow.py": slice(-4, -1)},
    "10_go_live": {"careful_flow.py": slice(-4, -1)},
}

OURS = {"sandbox", "exercise"}
"""Tags of cells that are no code to take away."""

# Beginnings of cells that show what fails, or look at what the taught code did.
LOOKS = {
    "04_authorize_a_user": ('response = ticktick.get("/project/inbox/data")', "again = client."),
    "06_prebuilt_tools": (
        "for offered in",
        "from arcadepy import PermissionDeniedError",
        "try:",
        'call("DeleteSpecificTask", project_id="inbox"',
        "wrong =",
        "import httpx",
    ),
}


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
        code_of(cell.source)
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and not OURS & set(cell.metadata.get("tags", []))
    ]
    text, position = program(snippet), 0
    for source in production[cells]:
        if source.startswith(LOOKS.get(notebook, ())):
            continue
        found = text.find(source, position)
        assert found >= 0, f"{snippet} does not hold, in this order, the cell:\n{source}"
        position = found + len(source)


@pytest.mark.parametrize("notebook", LOOKS)
def test_every_cell_is_taught_or_looks(notebook: str) -> None:
    text = "\n".join(program(name) for name in TAUGHT_IN[notebook])
    path = ROOT / "notebooks" / f"{notebook}.ipynb"
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and not OURS & set(cell.metadata.get("tags", [])):
            assert cell.source in text or cell.source.startswith(LOOKS[notebook]), cell.source


def test_the_taught_tool_is_the_whole_file() -> None:
    cells = nbformat.read(ROOT / "notebooks" / "05_custom_tool.ipynb", as_version=4).cells
    writes = [cell.source for cell in cells if cell.source.startswith("%%writefile")]
    taught = program("custom_tool/tools.py").strip()
    assert writes == [f"%%writefile my_tool/tools.py\n{taught}"]


def test_the_shown_verifier_is_the_whole_file() -> None:
    cells = nbformat.read(ROOT / "notebooks" / "07_verify_your_users.ipynb", as_version=4).cells
    (shown,) = (c.outputs[0].text for c in cells if 'verifier.py").read_text' in c.source)
    assert shown == program("custom_verifier/verifier.py")
