"""The README's commands are the ones that CI and a new reader run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.environment import ROOT
from tests.processes import LAB_OPTIONS

README = (ROOT / "README.md").read_text(encoding="utf-8")
UV = "uv run --no-project --python 3.13 --with-requirements requirements.txt"


def test_both_commands_stand_in_the_readme() -> None:
    joined = README.replace(" \\\n  ", " ")
    assert f"\n{UV} jupyter lab {LAB_OPTIONS} notebooks/00_start_here.ipynb\n" in joined
    assert f"\n{UV} pytest\n" in joined


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    found = re.search(r"sed -n '(.*)' README\.md", script)
    assert found
    command = ["sed", "-n", found.group(1), "README.md"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == f"{UV} pytest\n"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    workflow = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    assert "bash .ci/run" in workflow
    assert "needs: test" in workflow


def test_the_tests_run_the_programs_of_the_readme() -> None:
    programs = re.findall(r"(?m)^ticktick-sandbox exec -- (.+)$", README)
    assert programs == [
        "python snippets/python/auth_flow.py",
        "node snippets/javascript/auth_flow.mjs",
        "bash snippets/curl/auth_flow.sh",
    ]
    others = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    tests = "".join(path.read_text(encoding="utf-8") for path in others)
    for program in programs:
        assert f'"{program.split()[1]}"' in tests, program


def test_ci_installs_the_packages_as_the_readme_does() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    command = "npm ci --prefix snippets/javascript"
    assert f"\n{command}\n" in README
    assert f"\n{command} " in script


def test_every_file_the_readme_names_exists() -> None:
    named = re.findall(
        r"[(` ]((?:docs|notebooks|snippets|sandbox|tests|benchmarks)/[\w./-]*)", README
    )
    assert len(named) > 5
    for name in named:
        assert (ROOT / name).exists(), name
