"""The capstone: a tool, a program and a test of one's own, from an empty folder to live.

Looked at is what they do: what the worker serves, what the program asks Arcade for, and whether
the tests notice it when the tool fails.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ticktick_sandbox.arcade.config.findings import ERROR
from ticktick_sandbox.browser.browser import local_client
from ticktick_sandbox.checker import check_project
from ticktick_sandbox.live_setup import Check, preflight
from ticktick_sandbox.processes.registered_worker import RegisteredWorker
from ticktick_sandbox.recording.exchange import Exchange
from ticktick_sandbox.server.environment import client_environment
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.server.unattended import Allow
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import API_KEY, PROVIDER_ID

if TYPE_CHECKING:
    import httpx

PROGRAM = "call_tool.py"
GIVEN = ("list_projects", "create_task")  # those of ticktick-sandbox new
_EMPTY = ("bool", "dict", "float", "int", "list", "str")  # types that make an empty value
_PATIENCE = 120  # seconds that the program, or the tests, may take
_LEFT_OUT = shutil.ignore_patterns(".venv", "venv", ".git", "node_modules", "__pycache__")


def look(folder: Path) -> Iterator[Check]:
    """Yield one check after the other, until one says what is missing.

    Args:
        folder: the project, as ``ticktick-sandbox new`` begins one.
    """
    tools = _tools_of(folder)
    if tools is None or not (folder / PROGRAM).is_file():
        missing = [] if tools else ["one folder with a tools.py in it"]
        missing += [] if (folder / PROGRAM).is_file() else [PROGRAM]
        todo = f"It misses {' and '.join(missing)}. "
        todo += "Write one with ticktick-sandbox new mytool, and run this in its folder."
        if below := sorted(folder.glob(f"*/{PROGRAM}")):
            todo = f"Go there: cd {below[0].parent.name}"
        yield Check("the project", f"{folder.resolve()} is none", todo)
        return
    yield Check("the project", tools.name)
    for step in (_code, _tool_and_program, _tests):
        for check in step(folder, tools):
            yield check
            if not check.passed:
                return
    if not os.environ.get("ARCADE_API_KEY"):
        todo = "Set ARCADE_API_KEY and ARCADE_USER_ID to your own, and run this again."
        yield Check("live", "no account yet", todo)
        return
    yield from preflight(os.environ)


def _tools_of(folder: Path) -> Path | None:
    """Return the folder of the tools; ``None`` if there is not exactly one."""
    found = [path.parent for path in sorted(folder.glob("*/tools.py"))]
    return found[0] if len(found) == 1 else None


def _code(folder: Path, _: Path) -> Iterator[Check]:
    errors = [each for each in check_project(folder) if each[1].severity == ERROR]
    todo = "\n    ".join(f"{file}: {finding}" for file, finding in errors)
    yield Check("the code", "checked" if not errors else "has errors", todo)


def _tool_and_program(folder: Path, tools: Path) -> Iterator[Check]:
    with _sandbox() as sandbox, ExitStack() as ends:
        try:
            worker = RegisteredWorker(tools, sandbox.arcade_url)
            ends.callback(worker.stop)
            worker.serve()
            with local_client() as client:
                worker.register(client)
                scopes = _scopes(client, sandbox.arcade_url, worker)
            given = {_called(worker.name, name) for name in GIVEN}
            own = [name for name in worker.tools if name not in given]
            todo = f"Write one more function with @tool into {tools.name}/tools.py."
            yield Check("a tool of your own", ", ".join(own) or "none", "" if own else todo)
            run = _run([sys.executable, PROGRAM], folder, sandbox.arcade_url)
        except SandboxError as problem:
            yield Check("a tool of your own", "can't be served", str(problem))
            return
        calls = sandbox.wire.since()
        runs = [call for call in calls if call.path == "/v1/tools/execute"]
        done = [
            call.request.fields.get("tool_name")
            for call in runs
            if call.response.fields.get("success")
        ]
        failed = [
            f"{call.request.fields.get('tool_name')} failed: {error.get('message')}"
            for call in runs
            if (error := (call.response.fields.get("output") or {}).get("error"))
        ]
    if run.returncode:
        said = (run.stderr or run.stdout).strip().splitlines()[-1:] or ["nothing"]
        said += failed
        if "EOFError" in run.stderr or "IndexError" in run.stderr:
            said += ["it is run without arguments and input"]
        yield Check(f"the program {PROGRAM}", "ends with an error", f"It says: {'; '.join(said)}")
        return
    called = [name for name in own if name in done]
    todo = f"Let it authorize and execute {own[0]}, with its input={{…}}."
    if not called and failed:
        todo = f"{failed[-1]}. Look at its input and its scopes."
    found = f"has called {', '.join(map(str, called or done)) or 'no tool'}"
    yield Check(f"the program {PROGRAM}", found, "" if called else todo)
    for name in called:
        asked = " ".join(sorted(scopes[name])) or "none"
        needless = " ".join(sorted(scopes[name] - _used(calls, name)))
        todo = f"{name} asks for {needless}, and made no request that needs it. Ask for less, or "
        todo += "let the program call it so that it needs all."
        yield Check("its scopes", asked, todo if needless else "")


def _scopes(client: httpx.Client, arcade_url: str, worker: RegisteredWorker) -> dict[str, set[str]]:
    """Return what each tool of a worker asks for."""
    url = f"{arcade_url}/v1/workers/{worker.name}/tools"
    items = client.get(url, params={"limit": 1000}, headers={"Authorization": API_KEY}).json()
    asked = {}
    for tool in items["items"]:
        authorization = tool["requirements"].get("authorization") or {}
        asked[tool["qualified_name"]] = set((authorization.get("oauth2") or {}).get("scopes") or [])
    return asked


def _used(calls: list[Exchange], name: str) -> set[str]:
    """Return the scopes that what a tool asked TickTick for needs: reading, or writing."""
    runs = [
        call
        for call in calls
        if call.path == "/v1/tools/execute" and call.request.fields.get("tool_name") == name
    ]
    return {
        "tasks:read" if each.method == "GET" else "tasks:write"
        for each in calls
        for run in runs
        if each.answerer == "TickTick" and run.asked < each.asked < run.answered
    }


def _tests(folder: Path, tools: Path) -> Iterator[Check]:
    with tempfile.TemporaryDirectory(prefix="capstone-") as scratch:
        copy = Path(scratch) / "project"
        shutil.copytree(folder, copy, ignore=_LEFT_OUT)
        tested = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        run = _run(tested, copy)
        if run.returncode:
            last = (run.stdout.strip() or run.stderr.strip() or "nothing").splitlines()[-1]
            yield Check("the tests", last, "Run pytest, and mend what fails.")
            return
        broken = _break(copy / tools.name)
        noticed = _run(tested, copy).returncode == 1
    todo = (
        f"They pass even where {', '.join(broken)} does nothing and returns nothing but an empty "
        "value. Write a test that calls it and "
        "looks at what it returns, or at what TickTick has then."
    )
    found = "pass, and fail when the tool does nothing" if noticed else "pass"
    yield Check("the tests", found, "" if noticed else todo)


def _break(tools: Path) -> list[str]:
    """Let each tool of one's own do nothing and return an empty value; return their names."""
    broken = []
    for path in tools.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.decorator_list and node.name not in GIVEN:
                said = ast.get_docstring(node) or ""  # without it, it is no tool
                node.body = [ast.Expr(ast.Constant(said)), ast.Return(_empty(node.returns))]
                broken.append(node.name)
        path.write_text(ast.unparse(tree), encoding="utf-8")
    return broken


def _empty(returns: ast.expr | None) -> ast.expr | None:
    """Return an empty value of the type that a tool returns: a failure alone is no result."""
    while isinstance(returns, ast.Subscript):
        annotated = getattr(returns.value, "id", "") == "Annotated"
        inner = returns.slice
        returns = inner.elts[0] if annotated and isinstance(inner, ast.Tuple) else returns.value
    name = getattr(returns, "id", "")
    return ast.Call(ast.Name(name), [], []) if name in _EMPTY else None


def _called(toolkit: str, function: str) -> str:
    names = ("".join(part.capitalize() for part in name.split("_")) for name in (toolkit, function))
    return ".".join(names)


@contextmanager
def _sandbox() -> Iterator[Sandbox]:
    """Start a sandbox that allows what is asked for."""
    sandbox = Sandbox(
        Context.of(Clock(standing_at=NOTEBOOK_TIME)), ports=(0, 0), unattended=Allow()
    )
    try:
        sandbox.prepare(PROVIDER_ID)
        sandbox.start()
        yield sandbox
    finally:
        sandbox.stop()


def _run(
    command: list[str], folder: Path, arcade_url: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, against a sandbox if there is an address, and never live."""
    own = client_environment(arcade_url, PROGRAM) if arcade_url else {}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARCADE_")}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=kept | own,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"not done after {_PATIENCE} seconds")
