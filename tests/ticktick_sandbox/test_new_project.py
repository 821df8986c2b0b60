"""A project to begin with, and the wheel that lies in it."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
import yaml

from tests.environment import ROOT
from tests.processes import sandbox
from ticktick_sandbox.new_project import write_project, write_wheel
from ticktick_sandbox.shared.errors import SandboxError

TEMPLATE = ROOT / "ticktick_sandbox" / "new_project" / "template"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wheel(tmp_path_factory.mktemp("wheel"))


def test_a_project_has_its_name_everywhere(tmp_path: Path) -> None:
    folder = write_project("weekly_review", tmp_path)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    (packed,) = (folder / "wheels").iterdir()
    assert files == {
        ".github/workflows/test.yml",
        ".gitignore",
        "README.md",
        "call_tool.py",
        "requirements.txt",
        "tests/test_weekly_review.py",
        "weekly_review/tools.py",
        f"wheels/{packed.name}",
    }
    texts = {name: (folder / name).read_text("utf-8") for name in files if "wheels" not in name}
    assert "mytool" not in "".join(texts.values()).lower()
    assert 'tool_name="WeeklyReview.ListProjects"' in texts["call_tool.py"]
    assert f"./wheels/{packed.name}" in texts["requirements.txt"]
    assert yaml.safe_load(texts[".github/workflows/test.yml"])["jobs"]["test"]["steps"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My-Tool", "such as mytool or weekly_review"),
        ("my tool", "can't be the name"),
        ("../elsewhere", "can't be the name"),
        ("", "can't be the name"),
        ("_x", "can't be the name"),
        ("x" * 51, "can't be the name"),
        ("json", "has something called json"),
        ("class", "has something called class"),
        ("tests", "has something called tests"),
        ("arcade_todo", "Call it todo."),
    ],
)
def test_a_name_that_cannot_be_one_is_said(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SandboxError, match=said):
        write_project(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "mytool" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(SandboxError, match="exists already"):
        write_project("mytool", tmp_path)
    assert list(mine.parent.iterdir()) == [mine]


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match="can't be written"):
        write_project("mytool", tmp_path / "file")


def test_the_command_says_how_to_go_on(tmp_path: Path) -> None:
    command = sandbox("new", "mytool")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "  cd mytool\n" in done.stdout
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1


def test_what_it_teaches_is_what_the_snippets_teach() -> None:
    snippets = ROOT / "snippets" / "python"
    tools = (snippets / "custom_tool" / "tools.py").read_text("utf-8")
    assert (TEMPLATE / "mytool" / "tools.py").read_text("utf-8") == tools
    call = (snippets / "call_tool.py").read_text("utf-8").replace("Ticktick.", "Mytool.")
    assert (TEMPLATE / "call_tool.py").read_text("utf-8") == call


def test_it_needs_what_the_tests_run_with() -> None:
    pinned = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pinned = {line.partition("  #")[0].partition(";")[0] for line in pinned}
    for line in (TEMPLATE / "requirements.txt").read_text("utf-8").splitlines():
        if "==" in line:
            assert line.partition("  #")[0] in pinned


def test_the_wheel_is_one(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        assert packed.testzip() is None
        (record,) = (name for name in names if name.endswith("RECORD"))
        rows = list(csv.reader(io.StringIO(packed.read(record).decode())))
        assert [row[0] for row in rows] == names
        for name, digest, size in rows[:-1]:
            content = packed.read(name)
            counted = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={counted}", str(len(content)))
        entries = packed.read(record.replace("RECORD", "entry_points.txt")).decode()
    assert "ticktick_sandbox = ticktick_sandbox.pytest_plugin" in entries
    assert "ticktick-sandbox = ticktick_sandbox.__main__:main" in entries
    assert len(names) == len(set(names))
    assert not [name for name in names if "__pycache__" in name or name.startswith("/")]
    assert "ticktick_sandbox/new_project/template/github/workflows/test.yml" in names


def test_the_wheel_is_the_same_each_time(wheel: Path, tmp_path: Path) -> None:
    assert write_wheel(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_wheel_runs_and_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """From the archive alone, put before everything else on the path."""
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    env = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    command = [sys.executable, "-m", "ticktick_sandbox", "new", "mytool"]
    subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True)
    made = tmp_path / "mytool" / "wheels" / wheel.name
    assert made.read_bytes() == wheel.read_bytes()


@pytest.mark.long
def test_the_projects_own_tests_pass(tmp_path: Path) -> None:
    folder = write_project("mytool", tmp_path)
    env = {key: text for key, text in os.environ.items() if not key.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert "3 passed" in done.stdout, done.stdout
