"""The two imitated services know nothing of each other, nor of who uses them."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from tests.environment import ROOT

SANDBOX = ROOT / "ticktick_sandbox"
SHARED = {"shared"}


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    return {name for name in names if name}


@pytest.mark.parametrize("service", ["arcade", "ticktick"])
def test_a_service_uses_itself_and_the_shared_parts_only(service: str) -> None:
    paths = list((SANDBOX / service).rglob("*.py"))
    assert paths
    for path in paths:
        parts = {
            name.split(".")[1] for name in imported(path) if name.startswith("ticktick_sandbox.")
        }
        assert parts <= SHARED | {service}, path


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
