"""The data file of imitated behaviours: every row has a source, a confidence and a test."""

from __future__ import annotations

import ast

import pytest
import yaml

from tests.environment import ROOT

AREAS = yaml.safe_load((ROOT / "ticktick_sandbox" / "behaviours.yaml").read_text(encoding="utf-8"))
ROWS = [row for rows in AREAS.values() for row in rows]


def functions_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["behaviour"][:40])
def test_a_row_is_complete_and_its_test_exists(row: dict[str, str]) -> None:
    assert set(row) == {"behaviour", "source", "confidence", "test"}
    assert row["confidence"] in ("high", "medium", "low", "choice")
    path, _, name = row["test"].partition("::")
    assert name in functions_in(path)


def test_no_behaviour_is_told_twice() -> None:
    told = [row["behaviour"] for row in ROWS]
    assert len(told) == len(set(told))
