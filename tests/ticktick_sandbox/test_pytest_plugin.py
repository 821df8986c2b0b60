"""The two fixtures, in projects of their own as users have them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environment import ROOT

FLOW = """
    me = ticktick_sandbox.user_id
    auth = arcade_client.auth.start(me, "arcade-ticktick", scopes=["tasks:read"])
"""


@dataclass
class Outcome:
    """What a run of pytest said, and how it ended."""

    code: int
    text: str

    def counts(self) -> dict[str, int]:
        return {what: int(n) for n, what in re.findall(r"(\d+) (passed|failed|error)", self.text)}


def run(folder: Path, source: str, *options: str, **variables: str) -> Outcome:
    """Run pytest in a folder with one file of tests, as a user would, and nothing of ours."""
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    variables = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | variables
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    return Outcome(done.returncode, done.stdout + done.stderr)


def test_nothing_is_imported_or_started_before_a_test_asks(tmp_path: Path) -> None:
    source = """
import sys
def test_without():
    ours = ("ticktick_sandbox", "httpx", "starlette", "uvicorn", "arcadepy")
    loaded = [name for name in sys.modules if name.startswith(ours)]
    assert loaded == ["ticktick_sandbox", "ticktick_sandbox.pytest_plugin"], loaded
"""
    outcome = run(tmp_path, source, "-p", "no:hypothesispytest", "-p", "no:nbval", "-p", "no:anyio")
    assert outcome.counts() == {"passed": 1}, outcome.text


@pytest.mark.long
def test_there_are_two_fixtures_and_they_say_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): ...\n", encoding="utf-8")
    said = run(tmp_path, "", "--fixtures").text
    found = re.findall(r"^(\w+).* -- .*ticktick_sandbox/pytest_plugin.py", said, flags=re.M)
    assert found == ["ticktick_sandbox", "arcade_client"]
    assert "no docstring available" not in said.partition("ticktick_sandbox/pytest_plugin")[2]


def test_each_test_begins_anew_and_leaves_nothing_behind(tmp_path: Path) -> None:
    source = f"""
import os
import socket
import httpx
import pytest

BEFORE = dict(os.environ), socket.socket.connect

def unchanged():
    now = dict(os.environ)
    return {{k: v for k, v in now.items() if k != "PYTEST_CURRENT_TEST"}} == {{
        k: v for k, v in BEFORE[0].items() if k != "PYTEST_CURRENT_TEST"
    }} and socket.socket.connect is BEFORE[1]

def test_before():
    assert unchanged()

@pytest.mark.parametrize("turn", range(3))
def test_anew(turn, ticktick_sandbox, arcade_client, tmp_path_factory):
    {FLOW.strip()}
    assert auth.status == "pending"
    assert ticktick_sandbox.clock.now().isoformat() == "2026-01-05T09:00:00+00:00"
    ids = tmp_path_factory.getbasetemp() / "ids"
    ids.open("a").write(f"{{auth.id}}\\n")
    ticktick_sandbox.consent(auth)
    token = arcade_client.auth.wait_for_completion(auth).context.token
    headers = {{"Authorization": f"Bearer {{token}}"}}
    assert len(httpx.get("https://api.ticktick.com/open/v1/project", headers=headers).json()) == 4
    ticktick_sandbox.clock.advance(days=9)
    ticktick_sandbox.users.add("Ben")
    ticktick_sandbox.verify_users(skip=True)
    ticktick_sandbox.patience = 9
    os.environ["ARCADE_API_KEY"] = "changed"

def test_that(ticktick_sandbox):
    assert os.environ["ARCADE_API_KEY"] == ticktick_sandbox.api_key
    assert len(ticktick_sandbox.users) == 1
    assert ticktick_sandbox.patience < 1
    assert ticktick_sandbox.exchanges == []
    assert [str(event) for event in ticktick_sandbox.events if event.problem] == []
    assert not ticktick_sandbox._sandbox.engine.verification.skip

def test_after(tmp_path_factory):
    assert unchanged()
    assert len(set((tmp_path_factory.getbasetemp() / "ids").read_text().split())) == 1
"""
    outcome = run(tmp_path, source)
    assert outcome.counts() == {"passed": 6}, outcome.text


def test_a_fault_that_no_request_has_met_is_a_warning(tmp_path: Path) -> None:
    source = """
import httpx

def test_met(ticktick_sandbox):
    ticktick_sandbox.faults.add("TickTick", "GET /open/v1/project", status=500, times=2)
    assert httpx.get("https://api.ticktick.com/open/v1/project").status_code == 500

def test_unmet(ticktick_sandbox):
    ticktick_sandbox.faults.add("TickTick", "GET /open/v1/projct", status=500, times=None)
"""
    text = run(tmp_path, source).text
    assert text.count("no request has met the fault: TickTick answers 500 to GET") == 1
    assert "GET /open/v1/projct (from now on)" in text


def test_a_test_that_waits_for_a_person_fails_within_a_second(tmp_path: Path) -> None:
    source = f"""
import time

def test_waits(ticktick_sandbox, arcade_client):
    {FLOW.strip()}
    began = time.monotonic()
    try:
        arcade_client.auth.wait_for_completion(auth)
    finally:
        print(f"waited {{time.monotonic() - began}}")
"""
    outcome = run(tmp_path, source)
    assert outcome.counts() == {"failed": 1}
    assert float(re.search(r"waited ([\d.]+)", outcome.text)[1]) < 2  # 1 on a machine with time
    assert "call ticktick_sandbox.consent(auth), or deny(auth)" in outcome.text
    assert "TickTick sandbox: what went over the wire" in outcome.text
    assert "Program → Arcade: POST /v1/auth/authorize → 200 OK, pending" in outcome.text


def tools(folder: Path, body: str) -> Path:
    """Write a tool that does this, in a folder for a worker."""
    place = folder / "mytool"
    place.mkdir()
    text = "from typing import Annotated\nfrom arcade_tdk import tool\n\n\n@tool\n"
    text += "def greet(name: Annotated[str, 'Whom.']) -> Annotated[str, 'A greeting.']:\n"
    text += f'    """Greet."""\n    {body}\n'
    (place / "tools.py").write_text(text, encoding="utf-8")
    return place


def test_what_a_worker_wrote_stands_in_the_report_of_its_test(tmp_path: Path) -> None:
    tools(tmp_path, "print(f'asked for {name}', flush=True)\n    return 1 / 0")
    source = """
import pytest

@pytest.mark.parametrize("name", ["Ada", "Ben"])
def test_greets(ticktick_sandbox, arcade_client, name):
    assert ticktick_sandbox.worker("mytool").tools == ["Mytool.Greet"]
    result = arcade_client.tools.execute(
        tool_name="Mytool.Greet", user_id=ticktick_sandbox.user_id, input={"name": name}
    )
    assert result.success, result.output.error.message
"""
    outcome = run(tmp_path, source)
    assert outcome.counts() == {"failed": 2}, outcome.text
    first, second = outcome.text.split("test_greets[Ben]", 1)
    assert "TickTick sandbox: what the worker mytool wrote" in first
    assert "asked for Ada" in first
    assert "asked for Ben" in second
    assert "asked for Ada" not in second.partition("short test summary")[0]
    assert "Arcade → Worker-mytool: POST" in first


@pytest.mark.long
def test_a_worker_goes_on_until_its_files_or_the_environment_change(tmp_path: Path) -> None:
    tools(tmp_path, "return f'Hello {name}'")
    source = """
from pathlib import Path
FILE = Path("mytool/tools.py")
pids = []

def greet(ticktick_sandbox, arcade_client):
    worker = ticktick_sandbox.worker("mytool")
    pids.append(worker.pid)
    result = arcade_client.tools.execute(
        tool_name="Mytool.Greet", user_id=ticktick_sandbox.user_id, input={"name": "Ada"}
    )
    return result.output.value

def test_first(ticktick_sandbox, arcade_client):
    assert greet(ticktick_sandbox, arcade_client) == "Hello Ada"

def test_again(ticktick_sandbox, arcade_client):
    assert greet(ticktick_sandbox, arcade_client) == "Hello Ada"
    assert pids[0] == pids[1]

def test_a_changed_file(ticktick_sandbox, arcade_client):
    FILE.write_text(FILE.read_text().replace("Hello", "Good morning"))
    assert greet(ticktick_sandbox, arcade_client) == "Good morning Ada"
    assert greet(ticktick_sandbox, arcade_client) == "Good morning Ada"
    assert pids[-1] == pids[-2] != pids[0]

def test_a_changed_environment(ticktick_sandbox, arcade_client, monkeypatch):
    FILE.write_text(FILE.read_text().replace("f'Good", "__import__('os').environ['NAME'] + f'Good"))
    monkeypatch.setenv("NAME", "one: ")
    assert greet(ticktick_sandbox, arcade_client) == "one: Good morning Ada"
    monkeypatch.setenv("NAME", "two: ")
    assert greet(ticktick_sandbox, arcade_client) == "two: Good morning Ada"
"""
    outcome = run(tmp_path, source)
    assert outcome.counts() == {"passed": 4}, outcome.text


@pytest.mark.long
def test_a_worker_that_does_not_start_says_its_last_words(tmp_path: Path) -> None:
    tools(tmp_path, "return name").joinpath("tools.py").write_text("@tool\nbroken(", "utf-8")
    source = """
import pytest
from ticktick_sandbox.testing import SandboxError

def test_broken(ticktick_sandbox):
    with pytest.raises(SandboxError, match="The end of its output"):
        ticktick_sandbox.worker("mytool")
    with pytest.raises(SandboxError, match="nowhere is not a folder"):
        ticktick_sandbox.worker("nowhere")
    with pytest.raises(SandboxError, match="nothing.py is not a file"):
        ticktick_sandbox.app("nothing.py")
    with pytest.raises(SandboxError, match="can't be read|not found|No such|engine.yaml"):
        ticktick_sandbox.reset(config="engine.yaml")
"""
    outcome = run(tmp_path, source)
    assert outcome.counts() == {"passed": 1}, outcome.text


@pytest.mark.long
def test_an_app_is_served_for_one_test(tmp_path: Path) -> None:
    text = "import os\nfrom fastapi import FastAPI\napp = FastAPI()\n"
    text += "@app.get('/')\ndef home():\n    print('was here', flush=True)\n"
    text += "    return {'at': os.environ['ARCADE_BASE_URL'], 'more': os.environ['MORE']}\n"
    (tmp_path / "shop.py").write_text(text, encoding="utf-8")
    source = """
import httpx
import pytest
urls = []

def test_app(ticktick_sandbox):
    app = ticktick_sandbox.app("shop.py", environment={"MORE": "yes"})
    urls.append(app.url)
    said = httpx.get(app.url).json()
    assert said == {"at": f"{ticktick_sandbox.arcade_url}/_from/App", "more": "yes"}
    assert app.output().count("was here") == 1

def test_it_is_gone():
    with pytest.raises(httpx.ConnectError):
        httpx.get(urls[0])
"""
    outcome = run(tmp_path, source)
    assert outcome.counts() == {"passed": 2}, outcome.text


@pytest.mark.long
def test_the_snippet_runs_on_several_workers_at_once(tmp_path: Path) -> None:
    shutil.copy(ROOT / "snippets/python/auth_flow.py", tmp_path)
    source = (ROOT / "snippets/python/test_tasks.py").read_text(encoding="utf-8")
    outcome = run(tmp_path, source, "-n", "2")
    assert outcome.counts() == {"passed": 4}, outcome.text


@pytest.mark.long
def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    tools(tmp_path, "return name")
    source = """
import json, os, signal
def test_it(ticktick_sandbox):
    worker = ticktick_sandbox.worker("mytool")
    open("pids", "w").write(json.dumps([worker.pid]))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run(tmp_path, source).code == -9
    (pid,) = json.loads((tmp_path / "pids").read_text())
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.long
def test_without_arcadepy_the_client_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "arcadepy.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    outcome = run(tmp_path, "def test_it(arcade_client): ...\n", PYTHONPATH=str(tmp_path))
    assert outcome.counts() == {"error": 1}
    assert "pip install arcadepy" in outcome.text


@pytest.mark.long
def test_a_configuration_of_ones_own_is_used(tmp_path: Path) -> None:
    shutil.copy(ROOT / "snippets/engine.yaml", tmp_path)
    source = f"""
def test_it(ticktick_sandbox, arcade_client):
    ticktick_sandbox.reset(config="engine.yaml")
    {FLOW.strip()}
    ticktick_sandbox.consent(auth)
    assert arcade_client.auth.wait_for_completion(auth).context.token
"""
    outcome = run(tmp_path, source)
    assert outcome.counts() == {"passed": 1}, outcome.text
