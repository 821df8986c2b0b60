"""The comparison with the newest packages says what differs, and nothing of what does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from tests import drift
from tests.environment import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "drift.yml"
OF_TWELVE = "1 failed, 11 passed in 9.9s"


def test_the_pinned_packages_do_what_the_kit_states() -> None:
    assert drift.differences(drift.stated(), drift.seen_by(sys.executable)) == []
    assert len([name for name in drift.stated() if name.startswith("tool ")]) == 11


@pytest.mark.parametrize("name", drift.stated())
def test_what_has_changed_or_gone_is_told(name: str) -> None:
    stated = drift.stated()
    (changed,) = drift.differences(stated, stated | {name: ["another"]})
    assert changed == f"{name}: the kit says `{stated[name]}`, the newest `['another']`"
    left = {other: value for other, value in stated.items() if other != name}
    (gone,) = drift.differences(stated, left)
    assert gone.endswith("the newest `None`")


def test_a_tool_that_is_new_is_told() -> None:
    seen = drift.stated() | {"tool `CreateHabit`": ["arcade-ticktick", "tasks:write", "name*"]}
    (new,) = drift.differences(drift.stated(), seen)
    assert new.startswith("tool `CreateHabit`: the kit says `None`, the newest `['arcade-tick")


def test_packages_that_can_not_be_looked_at_are_told(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").touch()
    (tmp_path / "tests" / "drift.py").write_text("raise ImportError('no arcade_core.catalog')\n")
    seen = drift.seen_by(sys.executable, tmp_path)
    assert seen == {"looking at the packages": "ImportError: no arcade_core.catalog"}
    assert len(drift.differences(drift.stated(), seen)) == len(drift.stated()) + 1


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("125 passed, 2 deselected in 116.32s", []),
        (f"FAILED tests/a.py::b - assert\n{OF_TWELVE}", ["FAILED tests/a.py::b - assert"]),
        ("ERROR tests/a.py\n1 error in 0.1s", ["ERROR tests/a.py"]),
        ("No module named pytest", ["No test has passed."]),
        ("3 skipped in 0.1s", ["No test has passed."]),
    ],
)
def test_tests_that_fail_or_do_not_run_are_told(output: str, found: list[str]) -> None:
    assert drift.failures(output) == found


def test_the_report_has_versions_differences_and_the_tests() -> None:
    files = [ROOT / name for name in ("constraints.txt", drift.PACKAGE)]
    pins = drift.pinned(*(file.read_text(encoding="utf-8") for file in files))
    assert {*drift.PYPI, drift.NPM, *drift.TOOLS} <= set(pins)
    newest = pins | {"arcadepy": "9.0.0"}
    text = drift.report(pins, newest, pins, found=["tool `A` is new"], tests=OF_TWELVE)
    assert f"\n| arcadepy | {pins['arcadepy']} | 9.0.0 | {pins['arcadepy']} |\n" in text
    assert "\n## What differs\n\n- tool `A` is new\n" in text
    assert text.endswith(f"\n{OF_TWELVE}\n")
    assert "Nothing but versions." in drift.report(pins, newest, newest, found=[], tests="")


def test_the_tests_that_are_run_exist() -> None:
    files = [name for name in drift.TESTS if name.endswith(".py")]
    assert len(files) == 7
    assert [name for name in files if not (ROOT / name).is_file()] == []
    texts = "".join((ROOT / name).read_text(encoding="utf-8") for name in files)
    for left_out in ("of_the_reference_page", "every_package_is_pinned"):
        assert left_out in drift.TESTS[-1]
        assert left_out in texts


def test_the_job_runs_it_every_week_and_may_only_read() -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    job = yaml.safe_load(text.replace("\non:", "\n'on':"))  # which YAML takes for true
    assert set(job["on"]) == {"schedule", "workflow_dispatch"}
    assert job["permissions"] == {"contents": "read"}
    assert f"python -m {drift.__name__}\n" in text
