"""Each guard catches a bad notebook, and so does nbval where it is meant to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.environment import ROOT
from tests.notebooks.guards import problems

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def stream(text: str, name: str = "stdout") -> NotebookNode:
    return new_output("stream", text=text, name=name)


def cell(
    source: str, *outputs: NotebookNode, count: int | None = 1, tags: str = ""
) -> NotebookNode:
    return new_code_cell(
        source, execution_count=count, outputs=list(outputs), metadata={"tags": tags.split()}
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_our_notebooks_are_good(path: Path) -> None:
    assert problems(nbformat.read(path, as_version=4)) == []


BAD = {
    "not executed": (cell("1 + 1", count=None), "cells are not executed in order from 1"),
    "executed late": (cell("1 + 1", count=2), "cells are not executed in order from 1"),
    "a failing command": (cell("!false"), "uses ! or %"),
    "an unknown magic": (cell("x = 1\n%unknown"), "uses ! or %"),
    "a cell magic": (cell("%%capture\n1"), "uses ! or %"),
    "a file elsewhere": (cell("%%writefile ../tools.py\n1"), "uses ! or %"),
    "a magic in a file": (cell("%%writefile my_tool/tools.py\n%cd x"), "uses ! or %"),
    "a skip marker": (cell("# NBVAL_SKIP because\n1"), "asks nbval not to compare"),
    "an ignored output": (cell("1", tags="nbval-ignore-output"), "asks nbval not to compare"),
    "an expected error": (cell("1", tags="raises-exception"), "asks nbval not to compare"),
    "progress": (cell("from IPython.display import clear_output"), "updates an output in place"),
    "an updated display": (cell("handle.update()"), "updates an output in place"),
    "stderr": (cell("1", stream("warning", "stderr")), "writes to stderr"),
    "an error": (
        cell("1 / 0", new_output("error", ename="E", evalue="e", traceback=[])),
        "ends in an error",
    ),
    "a frame": (
        cell("1", new_output("display_data", data={"text/html": "<IFRAME src='http://x'>"})),
        "stores a frame",
    ),
    "a token": (cell("1", stream("fa4e1c21-d575-44d1-a8ea-42b76ac77b91")), "shows a token"),
    "a secret": (cell("1", stream("sandboxsecretXYZ")), "shows a token or a secret"),
    "another port": (cell("1", stream("(port 9099 was in use)")), "another sandbox was running"),
    "a path": (cell("1", stream("in /home/reader/x.py")), "shows a path of this machine"),
    "an unmarked call": (cell("sandbox.start()"), "give it the tag sandbox"),
    "a tag without its line": (cell("sandbox.start()", tags="sandbox"), "begin it with a line"),
}


@pytest.mark.parametrize(("bad", "expected"), BAD.values(), ids=BAD.keys())
def test_a_guard_catches(bad: NotebookNode, expected: str) -> None:
    found = problems(new_notebook(cells=[bad]))
    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize(
    "good",
    [
        cell("1", stream("warning", "stderr"), tags="stderr"),
        cell("# Sandbox: starts it.\nimport ticktick_sandbox as sandbox", tags="sandbox"),
        cell("1", stream("http://localhost:9100/?state=fa4e5207-e61c-4028-ad93-24ad22b96438")),
        cell("a % b"),
        cell("%%writefile my_tool/tools.py\nx = 1"),
    ],
)
def test_a_guard_lets_good_cells_pass(good: NotebookNode) -> None:
    assert problems(new_notebook(cells=[new_markdown_cell("x"), good])) == []


RESULT = new_output("execute_result", data={"text/plain": "2"}, execution_count=1)
REACH = """import socket
try:
    socket.create_connection(("192.0.2.1", 80))
except OSError as problem:
    print("network guard" in str(problem))"""
PASSES = {
    "the same result": cell("1 + 1", RESULT),
    "another port": cell("print('http://localhost:9099/')", stream("http://localhost:5/\n")),
    "a port that was in use": cell(
        "print('http://localhost:9 (port 8 was in use)')", stream("http://localhost:5\n")
    ),
    "what the network guard stopped": cell(REACH, stream("True\n")),
}
CAUGHT = {
    "another result": cell("1 + 2", RESULT),
    "a missing output": cell("1 + 1"),
    "an output too many": cell("x = 1", RESULT),
    "an exception": cell("1 / 0"),
    "another line": cell("print('a')", stream("b\n")),
    "more than another port": cell(
        "print('http://localhost:9099/a')", stream("http://localhost:5/\n")
    ),
    "new stderr": cell("import sys\nprint('x', file=sys.stderr)"),
    "a cell that hangs": cell("import time\ntime.sleep(60)"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], str]:
    """Run a notebook with all these cells as the test command would.

    Returns what became of each cell, and what the network guard wrote.
    """
    folder = tmp_path_factory.mktemp("nbval")
    path, log = folder / "cells.ipynb", folder / "guard.log"
    nbformat.write(new_notebook(cells=[*PASSES.values(), *CAUGHT.values()]), path)
    command = [sys.executable, "-m", "pytest", "-rA", "-n0", "-c", str(ROOT / "pyproject.toml")]
    command += ["--rootdir", str(ROOT), "--nbval-cell-timeout=1", str(path)]
    environment = os.environ | {"TICKTICK_SANDBOX_GUARD": str(log)}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 1, ran.stdout
    found = {int(number): outcome for outcome, number in re.findall(OUTCOME, ran.stdout)}
    return [found[number] for number in sorted(found)], log.read_text("utf-8")


OUTCOME = r"(?m)^(PASSED|FAILED) .*::Cell (\d+)"


def test_nbval_compares(run: tuple[list[str], str]) -> None:
    expected = ["PASSED"] * len(PASSES) + ["FAILED"] * len(CAUGHT)
    cells = [*PASSES, *CAUGHT]
    assert dict(zip(cells, run[0], strict=True)) == dict(zip(cells, expected, strict=True))


def test_a_kernel_that_reaches_beyond_this_machine_is_stopped(run: tuple[list[str], str]) -> None:
    assert "reached beyond this machine" in run[1]
