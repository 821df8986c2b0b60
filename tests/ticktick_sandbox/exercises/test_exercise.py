"""Each exercise: untouched it scolds nobody, typical errors get their hint, the solution passes.

The attempts are in ``attempts/``, by exercise. Each runs in the notebook itself, in one kernel,
after everything that stands above the exercise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

import ticktick_sandbox as sandbox
from tests.environment import ROOT
from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Exercise

FOLDER = Path(__file__).parent / "attempts"
EXERCISES = {path.stem[3:]: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))[:11]}
HERE = [name for name in EXERCISES if (FOLDER / f"{name}.yaml").is_file()]


def attempts(name: str) -> list[dict[str, str]]:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def cells_of(name: str) -> list[Any]:
    return nbformat.read(EXERCISES[name], as_version=4).cells


def module_of(name: str) -> Any:
    return Exercise(name, str)._module


def text_of(cell: Any) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def answers(name: str, codes: list[str]) -> Iterator[str]:
    """Yield what the exercise says after each of these, each begun anew."""
    notebook = nbformat.read(EXERCISES[name], as_version=4)
    place = next(n for n, cell in enumerate(notebook.cells) if cell.id == "exercise-begin")
    begin, check = notebook.cells[place].source, notebook.cells[place + 2].source
    notebook.cells = notebook.cells[:place]
    for code in codes:
        notebook.cells += [new_code_cell(each) for each in (begin, code, check)]
    where = {"metadata": {"path": str(ROOT / "notebooks")}}
    NotebookClient(notebook, timeout=60, resources=where, allow_errors=False).execute()
    yield from (text_of(cell).strip() for cell in notebook.cells[place + 2 :: 3])


@pytest.mark.long
@pytest.mark.parametrize("name", HERE)
def test_errors_get_their_answers_and_the_solution_passes(name: str) -> None:
    tried = attempts(name)
    codes = [*(each["code"] for each in tried), module_of(name).SOLUTION]
    *wrong, right = answers(name, codes)
    assert right.startswith(CORRECT), right
    for each, said in zip(tried, wrong, strict=True):
        assert said.startswith(each["says"]), f"{each['code']}\n{said}"
        assert not said.startswith((CORRECT, NOT_YET))


@pytest.mark.parametrize("name", HERE)
def test_there_are_three_errors_at_least_with_answers_of_their_own(name: str) -> None:
    said = {each["says"] for each in attempts(name)}
    assert len(said) >= 3


@pytest.mark.parametrize("name", HERE)
def test_the_untouched_exercise_is_not_scolded(name: str) -> None:
    begin, cell, check = [each for each in cells_of(name) if "exercise" in tags(each)]
    assert begin.source.endswith(f'exercise = sandbox.exercise("{name}")')
    assert text_of(begin) + text_of(cell) == ""
    assert text_of(check) == f"{NOT_YET}\n"


def tags(cell: Any) -> list[str]:
    return cell.metadata.get("tags", [])


@pytest.mark.parametrize("name", HERE)
def test_there_is_one_prediction_with_a_folded_answer(name: str) -> None:
    cells = cells_of(name)
    (asks,) = [n for n, cell in enumerate(cells) if cell.source.startswith("**Predict:**")]
    assert "<details><summary>Answer</summary>\n\n" in cells[asks].source
    assert any(cell.cell_type == "code" for cell in cells[:asks])
    assert cells[asks + 1].cell_type in ("code", "markdown")


@pytest.mark.parametrize("name", HERE)
def test_two_hints_and_a_solution(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    exercise = Exercise(name, lambda: CORRECT)
    exercise.check()
    for _ in range(3):
        exercise.hint()
    exercise.solution()
    first, *said = capsys.readouterr().out.split("\n", 4)
    assert first == CORRECT
    assert [line.partition(":")[0] for line in said[:2]] == ["Hint 1 of 2", "Hint 2 of 2"]
    assert said[2] == "There are no more hints. exercise.solution() shows a solution."
    assert said[3] == f"{module_of(name).SOLUTION}\n"


def test_an_unknown_exercise_is_a_clear_error() -> None:
    with pytest.raises(sandbox.SandboxError, match="There is no exercise 'nothing'"):
        Exercise("nothing", str)


def test_live_nothing_is_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUTORIAL_MODE", "live")
    sandbox.exercise("start_here").check()
    assert capsys.readouterr().out == "Live: exercises are checked in the sandbox only.\n"
