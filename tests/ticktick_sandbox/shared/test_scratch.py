"""Temporary folders: those of killed processes are cleared, and without any a clear error."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.processes import run_sandbox
from ticktick_sandbox.processes.child_server import ChildServer, DidNotStart
from ticktick_sandbox.shared.scratch import NoScratch, scratch

FULL = "No temporary folder can be made: .+ Free some space, or set TMPDIR to a folder"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for temporary folders."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_what_a_killed_process_left_is_cleared_and_nothing_else(place: Path) -> None:
    program = (
        "import os, signal; from ticktick_sandbox.shared.scratch import scratch\n"
        "kept = scratch(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    (left,) = place.iterdir()
    (left / "log.txt").write_text("any")
    for name in ("ticktick-sandbox-notes", f"ticktick-sandbox-{os.getpid()}-running", "other"):
        (place / name).mkdir()
    with scratch() as folder:
        assert not left.exists()
        assert len(list(place.iterdir())) == 4
        assert Path(folder).parent == place
    assert len(list(place.iterdir())) == 3


def test_without_a_temporary_folder_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object, **__: object) -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(NoScratch, match=FULL):
        scratch()
    with pytest.raises(DidNotStart, match=FULL):
        ChildServer("any", (sys.executable, "-c", ""), folder=None).start()


def test_exec_without_a_temporary_folder_says_so(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "sitecustomize.py").write_text(
        "import tempfile\ndef full(*a, **k): raise OSError(28, 'No space left on device')\n"
        "tempfile.mkdtemp = full\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(place))
    run = run_sandbox("exec", "--arcade-port", "0", "--", "true")
    assert run.returncode == 1
    assert "No temporary folder can be made: No space left on device." in run.stderr
    assert "Traceback" not in run.stderr
