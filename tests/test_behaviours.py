"""The data files of what is imitated and of what is not known: each row is whole, with a test."""

from __future__ import annotations

import ast
from functools import cache

import pytest
import yaml

from tests.environment import ROOT

FOLDER = ROOT / "ticktick_sandbox"
AREAS = yaml.safe_load((FOLDER / "behaviours.yaml").read_text(encoding="utf-8"))
ROWS = [row for rows in AREAS.values() for row in rows]
UNKNOWN = yaml.safe_load((FOLDER / "unknowns.yaml").read_text(encoding="utf-8"))
QUESTIONS = [row for rows in UNKNOWN.values() for row in rows]


@cache
def functions_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def assert_test_exists(row: dict[str, str]) -> None:
    path, _, name = row["test"].partition("::")
    assert name in functions_in(path)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["behaviour"][:40])
def test_a_row_is_complete_and_its_test_exists(row: dict[str, str]) -> None:
    assert set(row) == {"behaviour", "source", "confidence", "test"}
    assert row["confidence"] in ("high", "medium", "low", "choice")
    assert_test_exists(row)


def test_no_behaviour_is_told_twice() -> None:
    told = [row["behaviour"] for row in ROWS]
    assert len(told) == len(set(told))


@pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: row["question"][:40])
def test_an_unknown_says_what_would_settle_it_and_its_test_exists(row: dict[str, str]) -> None:
    assert set(row) == {"question", "sandbox", "settled_by", "test"}
    assert all(row.values())
    assert row["settled_by"].endswith(".")  # sentences; the other cells are one without a stop
    assert not row["question"].endswith((".", "?"))
    assert_test_exists(row)


def test_no_question_is_asked_twice() -> None:
    asked = [row["question"] for row in QUESTIONS]
    assert len(asked) == len(set(asked))


def test_the_areas_are_those_of_the_behaviours() -> None:
    assert [area for area in AREAS if area in UNKNOWN] == list(UNKNOWN)


def test_what_a_source_names_as_not_known_has_a_question() -> None:
    """A choice says no more than that; these say what it is that is missing."""
    tests = {row["test"] for row in QUESTIONS}
    plain = "not known; the sandbox's choice"
    named = [row for row in ROWS if "not known" in row["source"] and row["source"] != plain]
    assert named
    assert [row["behaviour"] for row in named if row["test"] not in tests] == []
