"""The house: which part may know which, and where tests lie."""

from __future__ import annotations

import ast
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.environment import ROOT

SANDBOX = ROOT / "ticktick_sandbox"
TOGETHER = {"together", "journey"}
"""Folders for tests of several modules at once."""


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in SANDBOX.rglob("*.py")}


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it, ``TYPE_CHECKING`` included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & set(MODULES) or {node.module}
    return found


ARROWS = {name: imported(path) & set(MODULES) for name, path in MODULES.items()}


def inside(name: str, *parts: str) -> bool:
    """Return whether a module is, or lies in, one of these parts of the sandbox."""
    wholes = [f"ticktick_sandbox.{part}" for part in parts]
    return any(name == whole or name.startswith(f"{whole}.") for whole in wholes)


@pytest.mark.parametrize("depth", [2, 3, None], ids=["parts", "folders", "modules"])
def test_nothing_is_imported_in_a_circle(depth: int | None) -> None:
    def room(name: str) -> str:
        return ".".join(name.split(".")[:depth])

    rooms: dict[str, set[str]] = {}
    for name, targets in ARROWS.items():
        above = rooms.setdefault(room(name), set())
        above |= {room(target) for target in targets if room(target) != room(name)}
    try:
        list(TopologicalSorter(rooms).static_order())
    except CycleError as problem:
        pytest.fail(f"imported in a circle: {' -> '.join(problem.args[1])}")


MAY_USE = {
    "arcade": ("arcade", "shared"),
    "ticktick": ("ticktick", "shared"),
    "shared": ("shared",),
    "arcade.oauth": ("arcade.oauth", "shared"),
    "arcade.engine": (
        "arcade.engine",
        "arcade.oauth",
        "arcade.strict_json",
        "arcade.timestamps",
        "arcade.urls",
        "shared",
    ),
}


@pytest.mark.parametrize("part", MAY_USE)
def test_a_part_knows_only_what_it_may(part: str) -> None:
    names = [name for name in MODULES if inside(name, part)]
    assert names
    for name in names:
        unknown = {target for target in ARROWS[name] if not inside(target, *MAY_USE[part])}
        assert not unknown, f"{name} imports {', '.join(sorted(unknown))}"


def test_nothing_in_arcade_mentions_ticktick() -> None:
    for path in (SANDBOX / "arcade").rglob("*"):
        if path.suffix in (".py", ".html"):
            text = path.read_text(encoding="utf-8").replace("ticktick_sandbox", "")
            assert "ticktick" not in text.lower(), path


def test_every_file_of_the_sandbox_is_installed_with_it() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = ["*.py", *settings["tool"]["setuptools"]["package-data"]["*"]]
    files = [path for path in SANDBOX.rglob("*") if path.is_file()]
    for path in files:
        if "__pycache__" not in path.parts:
            assert any(path.match(pattern) for pattern in patterns), path


def test_a_test_file_lies_where_its_module_lies() -> None:
    """A module's tests have its name; those of several are in a folder that says so."""
    tests = ROOT / "tests" / "ticktick_sandbox"
    for path in tests.rglob("test_*.py"):
        folder = path.relative_to(tests).parent
        if folder.name in TOGETHER:
            continue
        name = path.stem.removeprefix("test_")
        beside = SANDBOX / folder
        known = {file.stem for file in beside.glob("*") if file.suffix in (".py", ".cjs", ".js")}
        known |= {file.parent.name for file in beside.glob("*/__init__.py")} | {"main"}
        assert name in known, f"{path.relative_to(ROOT)}: {beside} has no module {name}"


def test_what_tests_share_lies_in_helpers() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        for name in imported(path):
            last = name.rpartition(".")[2]
            shared = name.startswith("tests.") and (last == "conftest" or last.startswith("test_"))
            assert not shared, f"{path.relative_to(ROOT)} imports {name}: move it to helpers"
