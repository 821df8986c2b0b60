"""The JavaScript snippets, run by Node, and what they mend of the published block."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.installed import JAVASCRIPT, NODE_MODULES, missing, node
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


def test_an_editor_tells_both_faults_of_the_published_block(tmp_path: Path) -> None:
    """As docs/how-to/sandbox.md and notebook 11 say of ``// @ts-check``."""
    compiler = ROOT / "tests/node_modules/typescript/bin/tsc"
    if not compiler.is_file():
        missing("TypeScript is not installed; run: npm ci --prefix tests")
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    options = [
        "--noEmit",
        "--allowJs",
        "--skipLibCheck",
        "--module",
        "nodenext",
        "--target",
        "es2022",
    ]

    def said_of(text: str) -> str:
        (tmp_path / "flow.mjs").write_text(f"// @ts-check\n{text}", encoding="utf-8")
        command = [node(), str(compiler), *options, "flow.mjs"]
        run = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        return run.stdout

    assert said_of(PUBLISHED).splitlines() == [
        "flow.mjs(9,73): error TS2559: Type 'string[]' has no properties in common with type "
        "'AuthStartOptions'.",
        "flow.mjs(20,1): error TS2588: Cannot assign to 'authResponse' because it is a constant.",
    ]
    mended = PUBLISHED.replace(ARRAY, OPTIONS).replace("const authResponse", "let authResponse")
    assert said_of(mended) == ""


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
