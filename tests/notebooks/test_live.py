"""In live mode a notebook that needs something says so in a sentence."""

from __future__ import annotations

import os
from typing import Any

import nbformat
import pytest

import ticktick_sandbox as sandbox
from tests.environment import ROOT
from tests.notebooks.guards import code_of

NEEDS = {
    "01_create_an_app": r"Live, no page is read for you. Open https://developer.*, copy Client ID",
    "02_dashboard": r"Live, no page is read for you. Open https://developer.*, copy Client ID",
    "05_custom_tool": "set WORKER_URI and ARCADE_WORKER_SECRET, and restart",
    "06_prebuilt_tools": "set WORKER_URI and ARCADE_WORKER_SECRET, and restart",
}


@pytest.mark.parametrize("notebook", NEEDS)
def test_the_first_thing_that_is_missing_is_said(
    notebook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WORKER_URI", "ARCADE_WORKER_SECRET"):
        monkeypatch.delenv(name, raising=False)
    live = {"TUTORIAL_MODE": "live", "ARCADE_API_KEY": "arc_x", "ARCADE_USER_ID": "me@example.com"}
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ARCADE_BASE_URL", "http://127.0.0.1:1")  # nothing of Arcade is reached
    monkeypatch.chdir(ROOT / "notebooks")
    cells = nbformat.read(f"{notebook}.ipynb", as_version=4).cells
    names: dict[str, Any] = {}
    with pytest.raises(sandbox.SandboxError, match=NEEDS[notebook]):
        for cell in cells:
            if cell.cell_type == "code":
                exec(code_of(cell.source), names)  # noqa: S102 -- as a kernel would
    assert "WORKER_URI" not in os.environ


@pytest.mark.parametrize("notebook", ["09_when_things_go_wrong", "11_from_the_published_guide"])
def test_what_breaks_things_does_not_run_live(
    notebook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTORIAL_MODE", "live")
    first = next(
        cell
        for cell in nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells
        if cell.cell_type == "code"
    )
    with pytest.raises(AssertionError, match="is for the sandbox"):
        exec(first.source, {})  # noqa: S102 -- as a kernel would
