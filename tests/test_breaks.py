"""The suite turns red for each fault of ``breaks.yaml``.

``pytest -m long tests/test_breaks.py`` tries them all, which takes about three minutes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.environment import ROOT


class Break(NamedTuple):
    """A fault: in ``file`` the text ``find`` becomes ``put``; the file or test ``red`` fails."""

    file: str
    find: str
    put: str
    red: str


BREAKS = [
    Break(**fields)
    for fields in yaml.safe_load((ROOT / "tests" / "breaks.yaml").read_text("utf-8"))
]
IDS = [f"{number} {fault.file}" for number, fault in enumerate(BREAKS)]


def test_there_are_many() -> None:
    assert len(BREAKS) >= 40
    assert {fault.file.partition("/")[0] for fault in BREAKS} >= {
        "docs",
        "notebooks",
        "snippets",
        "ticktick_sandbox",
    }


@pytest.mark.parametrize("fault", BREAKS, ids=IDS)
def test_a_fault_fits_the_file_of_today(fault: Break) -> None:
    assert (ROOT / fault.file).read_text("utf-8").count(fault.find) == 1
    assert (ROOT / fault.red.partition("::")[0]).is_file()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what git knows, or would."""
    known = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(known, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folder = tmp_path_factory.mktemp("copy")
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    packages = Path("snippets", "javascript", "node_modules")
    (folder / packages).symlink_to(ROOT / packages)
    return folder


def run(copy: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=120)


@pytest.mark.long
@pytest.mark.parametrize("fault", BREAKS, ids=IDS)
def test_the_suite_turns_red(copy: Path, fault: Break) -> None:
    file = copy / fault.file
    good = file.read_text("utf-8")
    file.write_text(good.replace(fault.find, fault.put), "utf-8")
    try:
        ran = run(copy, fault.red)
    finally:
        file.write_text(good, "utf-8")
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout + ran.stderr
