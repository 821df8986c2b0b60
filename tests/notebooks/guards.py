"""What nbval lets pass and must not be in a notebook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from nbformat import NotebookNode

_LAX = re.compile(r"#\s*(NBVAL_|PYTEST_VALIDATE_)")
_LAX_TAGS = {"nbval-ignore-output", "nbval-skip", "nbval-check-output", "raises-exception"}
_WRITES = re.compile(r"\A%%writefile my_tool/\w+\.py\n")
_PROGRESS = re.compile(r"\bclear_output\b|\bupdate_display\b|\.update\(\s*\)")
_LOCAL_PATH = re.compile(r"(?<![\w.:/])/(home|root|Users|tmp|var|usr|opt|work)/\S+")
_SECRET = re.compile(r"\bfa4e[0-9a-f]{4}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}\b")
_NO_SECRET = re.compile(r"(state=|run_id(&quot;|[\\\": ])+)[0-9a-f-]{36}")


def problems(notebook: NotebookNode) -> list[str]:
    """Return what is wrong with a notebook, a sentence with its mending each."""
    return list(_problems(notebook))


def _problems(notebook: NotebookNode) -> Iterator[str]:
    cells = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    if [c.execution_count for c in cells] != list(range(1, len(cells) + 1)):
        yield (
            "cells are not executed in order from 1: regenerate the outputs with "
            "python -m tests.notebooks.regenerate"
        )
    for number, cell in enumerate(cells, start=1):
        for problem in _cell_problems(cell):
            yield f"cell {number}: {problem}"


def _cell_problems(cell: NotebookNode) -> Iterator[str]:
    tags = set(cell.metadata.get("tags", []))
    lines = cell.source.splitlines()
    if any(line.lstrip().startswith(("!", "%")) for line in code_of(cell.source).splitlines()):
        yield (
            "uses ! or %, whose failures pass unseen: write Python instead; only a first line "
            "%%writefile my_tool/NAME.py may stand"
        )
    if _LAX.search(cell.source) or tags & _LAX_TAGS:
        yield "asks nbval not to compare: make the output deterministic instead"
    if _PROGRESS.search(cell.source):
        yield "updates an output in place, which never compares equal: print once instead"
    if "sandbox" in tags and not lines[0].startswith("# Sandbox:"):
        yield "has the tag sandbox: begin it with a line '# Sandbox: …' that says why"
    if "sandbox" not in tags and re.search(r"\bsandbox\b", cell.source, re.I):
        yield "calls the sandbox: give it the tag sandbox and a first line '# Sandbox: …'"
    for output in cell.outputs:
        yield from _output_problems(output, tags)


def code_of(source: str) -> str:
    """Return a cell without the one magic that is allowed, which writes the rest to a file."""
    return _WRITES.sub("", source)


def _output_problems(output: NotebookNode, tags: set[str]) -> Iterator[str]:
    if output.output_type == "error":
        yield "ends in an error, which is never compared: catch it and print its type and text"
    if output.get("name") == "stderr" and "stderr" not in tags:
        yield "writes to stderr: mend the cause, or give the cell the tag stderr"
    text = json.dumps(output, ensure_ascii=False)
    if "<iframe" in text.lower():
        yield "stores a frame, as your own run does: git restore notebooks, or regenerate"
    if _SECRET.search(_NO_SECRET.sub("", text)) or "sandboxsecret" in text:
        yield "shows a token or a secret: do not print it"
    if "was in use)" in text:
        yield "was made while another sandbox was running: stop that one and regenerate"
    if path := _LOCAL_PATH.search(text):
        yield f"shows a path of this machine ({path.group()}): do not print it"
