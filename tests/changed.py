"""Runs the tests that a change can turn red first: ``python -m tests.changed [REVISION]``.

They are those that lie where the change lies, those that ``breaks.yaml`` names for it, and
what checks structure and style. What they leave out, ``pytest`` finds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.environment import ROOT

ALWAYS = ["tests/test_structure.py", "tests/test_style.py"]


def changed_files(revision: str) -> list[str]:
    """Return what differs from a revision, new files included, from the top of the repository."""
    differing = ["git", "diff", "--name-only", "--diff-filter=d", revision]
    unknown = ["git", "ls-files", "--others", "--exclude-standard"]
    found: list[str] = []
    for command in (differing, unknown):
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found += ran.stdout.splitlines()
    return found


def tests_for(file: str) -> set[str]:
    """Return the test files and notebooks to run for a change in a file."""
    faults = yaml.safe_load((ROOT / "tests" / "breaks.yaml").read_text("utf-8"))
    return {fault["red"] for fault in faults if fault["file"] == file} | set(_beside(Path(file)))


def _beside(path: Path) -> Iterator[str]:
    top = path.parts[0]
    if path.name.startswith("test_") or path.suffix == ".ipynb":
        yield str(path)
    if top == "notebooks":
        yield from ("tests/notebooks/test_guards.py", "tests/notebooks/test_snippets.py")
    if top in ("docs", "notebooks", "mkdocs.yml"):
        yield "tests/site/test_site.py"
    if top in ("README.md", ".ci", ".github"):
        yield "tests/test_readme.py"
    if top == "ticktick_sandbox":
        yield from _mirrored(path)
    if top == "snippets":
        name = path.name if len(path.parts) < 4 else path.parts[2]  # a file, or its folder
        mentions = [t for t in (ROOT / "tests").rglob("test_*.py") if f'{name}"' in t.read_text()]
        yield from (str(test.relative_to(ROOT)) for test in mentions)


def _mirrored(path: Path) -> Iterator[str]:
    """Return the test file of a module, or else all that lie where it would lie."""
    name = "test_main.py" if path.stem == "__main__" else f"test_{path.stem}.py"
    folder = ROOT / "tests" / path.parent
    tests = [folder / name] if (folder / name).is_file() else sorted(folder.glob("test_*.py"))
    yield from (str(test.relative_to(ROOT)) for test in tests)


def main() -> int:
    """Run them, and say which."""
    revision = sys.argv[1] if len(sys.argv) > 1 else "HEAD"
    files = changed_files(revision)
    found = {test for file in files for test in tests_for(file) if (ROOT / test).is_file()}
    command = ["pytest", "-q", *sorted(found), *ALWAYS]
    print(f"{len(files)} changed since {revision}:", " ".join(command), flush=True)
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
