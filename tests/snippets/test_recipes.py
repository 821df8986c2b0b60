"""The recipes' own tests, each in a copy of its folder and with the packages that it pins."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.installed import missing, program
from tests.processes import running, sandbox
from ticktick_sandbox.redirection import python_path

RECIPES = ROOT / "snippets" / "recipes"
IN_PYTHON = sorted(path.parent.name for path in RECIPES.glob("*/requirements.txt"))
IN_JAVASCRIPT = sorted(path.parent.name for path in RECIPES.glob("*/package.json"))


def copied(name: str, folder: Path) -> Path:
    """Copy a recipe to where nothing of the kit is found, and return its folder."""
    left_out = shutil.ignore_patterns("node_modules", "__pycache__")
    return Path(shutil.copytree(RECIPES / name, folder / name, ignore=left_out))


@pytest.mark.long
@pytest.mark.parametrize("name", IN_PYTHON)
def test_a_recipe_in_python_passes_its_tests(name: str, tmp_path: Path) -> None:
    python = ROOT / ".cache" / "recipes" / name / "bin" / "python"
    if not python.exists():
        missing(f"{name} has no environment; see CONTRIBUTING.md")
    env = {key: text for key, text in os.environ.items() if not key.startswith("PYTEST")}
    env["PYTHONPATH"] = python_path({})  # the network guard, and nothing of this tree
    command = (str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider")
    with running(*command, cwd=copied(name, tmp_path), env=env) as (process, output):
        code = process.wait(timeout=180)
        said = output.rest()
    assert code == 0, "\n".join(said)
    assert int(re.search(r"(\d+) passed", said[-1])[1]) >= 10


@pytest.mark.long
@pytest.mark.parametrize("name", IN_JAVASCRIPT)
def test_a_recipe_in_javascript_passes_its_tests(name: str, tmp_path: Path) -> None:
    program("npm")
    packages = RECIPES / name / "node_modules"
    if not packages.is_dir():
        missing(f"the packages are not installed; run: npm ci --prefix snippets/recipes/{name}")
    folder = copied(name, tmp_path)
    (folder / "node_modules").symlink_to(packages)
    tools = ("--worker", "mytools") if (folder / "mytools").is_dir() else ()
    command = sandbox("exec", "--autopilot", *tools, "--", "npm", "test")
    with running(*command, cwd=folder) as (process, output):
        code = process.wait(timeout=180)
        said = output.rest()
    assert code == 0, "\n".join(said)
    assert "# fail 0" in said
    assert int(next(line for line in said if line.startswith("# pass"))[7:]) >= 5


def test_every_recipe_is_one_of_these() -> None:
    folders = {path.name for path in RECIPES.iterdir() if path.is_dir()}
    assert folders == {*IN_PYTHON, *IN_JAVASCRIPT}
    assert len(folders) == 4


@pytest.mark.parametrize("name", IN_PYTHON)
def test_what_a_recipe_needs_is_pinned(name: str) -> None:
    lines = (RECIPES / name / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted
    for line in wanted:
        assert re.fullmatch(r"[\w-]+==[\w.]+", line), line


@pytest.mark.parametrize("name", IN_JAVASCRIPT)
def test_what_a_recipe_of_node_needs_is_pinned_and_names_no_registry(name: str) -> None:
    described = json.loads((RECIPES / name / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((RECIPES / name / "package-lock.json").read_text(encoding="utf-8"))
    for package, version in described["dependencies"].items():
        assert locked["packages"][f"node_modules/{package}"]["version"] == version
    for place, package in locked["packages"].items():
        assert "resolved" not in package, place


def test_the_tools_of_both_agents_are_the_same() -> None:
    one, other = (path.read_bytes() for path in RECIPES.glob("agent_*/mytools/tools.py"))
    assert one == other
