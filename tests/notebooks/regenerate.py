"""Runs every notebook and stores its outputs: ``python -m tests.notebooks.regenerate``.

Give paths to regenerate only those.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.environment import ROOT, set_up
from tests.notebooks.guards import problems


def regenerate(path: Path) -> None:
    """Run one notebook from its first cell and write it back.

    Raises:
        SystemExit: a cell fails or the result breaks a guard; the file is left as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    client = NotebookClient(
        notebook,
        timeout=30,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
    )
    client.execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if found := problems(notebook):
        raise SystemExit(f"{path.name}: " + "\n".join(found))
    nbformat.write(notebook, path)


def main() -> None:
    """Regenerate the notebooks named on the command line, or all."""
    # Under pytest the kernel captures output differently; make it the same here.
    os.environ["PYTEST_CURRENT_TEST"] = "regenerate"
    set_up(Path(tempfile.mkdtemp()) / "guard.log")
    paths = [Path(name) for name in sys.argv[1:]] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in paths:
        regenerate(path)
        print(path.name)


if __name__ == "__main__":
    main()
