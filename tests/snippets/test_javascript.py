"""The JavaScript snippets, run by Node, and what they mend of the published block."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.installed import JAVASCRIPT, NODE_MODULES, node
from tests.snippets.helpers import Serving
from ticktick_sandbox.shared.settings import LEARNER

BOTH = ["tasks:read", "tasks:write"]
PROJECTS = ["👋Welcome", "Website relaunch", "Home", "Reading list"]
PUBLISHED = (ROOT / "notebooks/data/published_guide/auth_flow.mjs").read_text("utf-8")
ARRAY = '[\n  "tasks:read",\n  "tasks:write",\n]'
OPTIONS = '{ scopes: ["tasks:read", "tasks:write"] }'


def test_the_flow_waits_for_consent_and_uses_the_token(serving: Serving) -> None:
    run = serving.run(node(), "snippets/javascript/auth_flow.mjs")
    assert run.code == 0, run.lines
    assert run.scopes == BOTH
    assert run.lines[-5:] == [*PROJECTS, "Created: Try Arcade from JavaScript"]
    assert serving.token() not in "\n".join(run.lines)


def published(folder: Path, *mended: tuple[str, str]) -> str:
    """Write the published block, with what is mended of it, and return its path."""
    (folder / "node_modules").symlink_to(NODE_MODULES)
    text = PUBLISHED
    for fault, repair in (("{arcade_user_id}", LEARNER), *mended):
        assert text.count(fault) == 1
        text = text.replace(fault, repair)
    path = folder / "published.mjs"
    path.write_text(text + "\nconsole.log(JSON.stringify(authResponse));\n", encoding="utf-8")
    return str(path)


def test_the_published_block_drops_its_scopes(serving: Serving, tmp_path: Path) -> None:
    program = published(tmp_path, ("const authResponse", "let authResponse"))
    run = serving.run(node(), program)
    assert run.code == 0, run.lines
    assert run.scopes == []  # TickTick then grants whatever the app may have


def test_the_published_block_loses_the_token_after_the_consent(
    serving: Serving, tmp_path: Path
) -> None:
    run = serving.run(node(), published(tmp_path, (ARRAY, OPTIONS)))
    assert run.code == 1
    assert "TypeError: Assignment to constant variable." in run.lines
    assert serving.token()


def test_both_repairs_make_the_published_block_work(serving: Serving, tmp_path: Path) -> None:
    program = published(tmp_path, (ARRAY, OPTIONS), ("const authResponse", "let authResponse"))
    run = serving.run(node(), program)
    assert run.code == 0, run.lines
    assert json.loads(run.lines[-1])["scopes"] == BOTH
    assert json.loads(run.lines[-1])["context"]["token"] == serving.token()


@pytest.fixture
def locked() -> dict[str, dict[str, object]]:
    return json.loads((JAVASCRIPT / "package-lock.json").read_text("utf-8"))["packages"]


def test_every_package_is_pinned(locked: dict[str, dict[str, object]]) -> None:
    wanted = json.loads((JAVASCRIPT / "package.json").read_text("utf-8"))["dependencies"]
    assert wanted == {"@arcadeai/arcadejs": "2.4.1"}
    assert locked["node_modules/@arcadeai/arcadejs"]["version"] == "2.4.1"


def test_the_lock_file_leaves_the_registry_to_the_reader(
    locked: dict[str, dict[str, object]],
) -> None:
    for name, package in locked.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"], name


def test_installed_packages_are_not_committed() -> None:
    assert "node_modules/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
