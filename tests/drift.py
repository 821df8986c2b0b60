"""Compares the newest packages, unpinned, with what the kit states; a scheduled job runs it.

``python -m tests.drift`` works in a copy of the tree: it looks at what the packages do, and runs
the tests in which they talk to the sandbox. It ends with 1 if anything but a version differs.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.environment import ROOT
from ticktick_sandbox.shared.settings import ISOLATION_ENV

PYPI = ("arcadepy", "arcade-core", "arcade-mcp-server", "arcade-serve", "arcade-tdk")
PYPI += ("arcade-ticktick-api", "httpx", "mcp")
NPM, PACKAGE = "@arcadeai/arcadejs", "snippets/javascript/package.json"
TOOLS = ("jsonschema", "playwright", "pytest")  # what the tests need besides, as it is pinned
FLOWS, SNIPPETS = "tests/ticktick_sandbox/arcade/together/test_", "tests/snippets/test_"
TESTS = [f"{FLOWS}{name}.py" for name in ("every_call", "prebuilt_tools", "javascript_client")]
TESTS += [f"{SNIPPETS}{name}.py" for name in ("custom_tool", "mcp", "prebuilt_tools", "javascript")]
TESTS += ["-k", "not of_the_reference_page and not every_package_is_pinned"]  # about versions
KEY, ADDRESS = "arc_made_up", "http://localhost:1"


def stated() -> dict[str, Any]:
    """Return what the kit says that the packages do."""
    page = (ROOT / "docs" / "reference" / "ticktick.md").read_text(encoding="utf-8")
    section = page.partition("## The pre-built tools")[2]
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| `([\w:]+)` \| (.*) \|$", section, re.M)
    tools = {name: [scope, re.sub(r"[`\\]", "", names)] for name, scope, names in rows}
    requirement = {"provider_id": "p", "provider_type": "oauth2", "oauth2": {"scopes": ["s"]}}
    return {
        "arcadepy, the address unless one is set": "https://api.arcade.dev",
        "arcadepy, what `ARCADE_API_KEY` and `ARCADE_BASE_URL` set": [KEY, ADDRESS],
        "arcadepy, path and `Authorization` of `auth.start`": ["/v1/auth/authorize", KEY],
        "arcadepy, body of `auth.start`": {"auth_requirement": requirement, "user_id": "u"},
        "arcadepy, requests after `failed`": ["/v1/auth/status?id=ar_1&wait=45"] * 3,
        "arcadepy, seconds to read and to connect, repetitions": [60, 5, 2],
        "arcade-tdk, what `OAuth2` takes": ["id", "scopes"],
    } | {f"tool `{name}`": ["arcade-ticktick", *shown] for name, shown in tools.items()}


def look() -> dict[str, Any]:
    """Return what the installed packages do, by the names that ``stated`` has."""
    import httpx
    from arcade_core.catalog import ToolCatalog
    from arcade_core.toolkit import Toolkit
    from arcade_tdk.auth import OAuth2
    from arcadepy import Arcade

    asked: list[httpx.Request] = []
    statuses = iter(("pending", "failed", "failed", "completed"))

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"id": "ar_1", "status": next(statuses)})

    os.environ["ARCADE_API_KEY"] = KEY
    seconds: Any = Arcade().timeout
    client = Arcade(http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    client.auth.wait_for_completion(client.auth.start("u", "p", scopes=["s"]))
    start, *polls = asked
    os.environ["ARCADE_BASE_URL"] = ADDRESS
    told = Arcade()
    found = (
        str(client.base_url).rstrip("/"),
        [told.api_key, str(told.base_url).rstrip("/")],
        [start.url.path, start.headers["authorization"]],
        json.loads(start.content),
        [poll.url.raw_path.decode() for poll in polls],
        [seconds.read, seconds.connect, client.max_retries],
        [*inspect.signature(OAuth2).parameters],
    )
    seen = dict(zip(stated(), found, strict=False))
    catalog = ToolCatalog()
    catalog.add_toolkit(Toolkit.from_package("arcade_ticktick_api"))
    for tool in (each.definition for each in catalog):
        needs: Any = tool.requirements.authorization
        names = ", ".join(f"{p.name}{'*' if p.required else ''}" for p in tool.input.parameters)
        seen[f"tool `{tool.name}`"] = [needs.id, *needs.oauth2.scopes, names or "–"]
    return seen


def seen_by(python: str, folder: Path = ROOT) -> dict[str, Any]:
    """Return what ``look`` finds in another environment, or the line that says why it can't."""
    program = "import json; from tests import drift; print(json.dumps(drift.look()))"
    *_, last = ["no output", *_run(folder, python, "-c", program).splitlines()]
    return json.loads(last) if last.startswith("{") else {"looking at the packages": last}


def differences(wanted: dict[str, Any], seen: dict[str, Any]) -> list[str]:
    """Return a line for each thing that is not as it is stated, is missing or is new."""
    both = [(name, wanted.get(name), seen.get(name)) for name in {**wanted, **seen}]
    return [f"{name}: the kit says `{a}`, the newest `{b}`" for name, a, b in both if a != b]


def failures(output: str) -> list[str]:
    """Return the tests that failed or could not begin, or that none has passed."""
    found = re.findall(r"^(?:FAILED|ERROR) .+$", output, re.M)
    return found or ([] if re.search(r"\d+ passed", output) else ["No test has passed."])


def pinned(*texts: str) -> dict[str, str]:
    """Return the versions in ``name==version`` lines, and in the dependencies of npm."""
    versions = r'^ *"?([\w@/.-]+)(?:==|": ")(\d[\w.]*)'
    return dict(re.findall(versions, "\n".join(texts), re.M))


def report(*versions: dict[str, str], found: list[str], tests: str) -> str:
    """Return the report: versions by package, what differs, and what the tests said last."""
    rows = [[name, *(of.get(name, "?") for of in versions)] for name in (*PYPI, NPM)]
    table = "| package | pinned | newest | tried |\n|---|---|---|---|"
    table += "".join(f"\n| {' | '.join(row)} |" for row in rows)
    lines = "\n".join(f"- {line}" for line in found) or "Nothing but versions."
    return f"# Drift\n\n{table}\n\n## What differs\n\n{lines}\n\n{tests}\n"


def main() -> int:
    """Try the newest packages, print the report, and return the exit status."""
    left_out = shutil.ignore_patterns(".*cache", ".git", ".venv", "__pycache__", "node_modules")
    pins = pinned(*((ROOT / name).read_text("utf-8") for name in ("constraints.txt", PACKAGE)))
    npm = ("npm", "install", "--ignore-scripts", "--save-exact", f"{NPM}@latest")
    pytest = ("pytest", "-o", "addopts=--import-mode=importlib", "-W", "default", "-q", *TESTS)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(ROOT, f"{folder}/copy", ignore=left_out))
        (copy / "newest.in").write_text("\n".join(PYPI), encoding="utf-8")
        install = ["install", "-e", ".", "-r", "newest.in", *(f"{n}=={pins[n]}" for n in TOOLS)]
        said = _run(copy, "uv", "venv", "--python", sys.executable, "venv")
        said += _run(copy, "uv", "pip", *install, "--python", "venv")
        said += _run((copy / PACKAGE).parent, *npm)
        package = (copy / PACKAGE).read_text(encoding="utf-8")
        newest = pinned(_run(copy, "uv", "pip", "compile", "--no-deps", "newest.in"), package)
        tried = pinned(_run(copy, "uv", "pip", "freeze", "--python", "venv"), package)
        python = f"{copy}/venv/bin/python"
        seen, ran = seen_by(python, copy), _run(copy, python, "-m", *pytest)
    found = [*differences(stated(), seen), *failures(ran)]
    text = report(pins, newest, tried, found=found, tests=ran.strip().splitlines()[-1])
    print(f"{said}\n{ran}\n{text}" if found else text)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        Path(summary).write_text(text, encoding="utf-8")
    return 1 if found else 0


def _run(folder: Path, *command: str) -> str:
    """Return what a command prints, whether it succeeds or not."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("ARCADE_")}
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(command, cwd=folder, env=own | ISOLATION_ENV, **pipes).stdout


if __name__ == "__main__":
    sys.exit(main())
