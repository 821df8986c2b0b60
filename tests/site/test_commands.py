"""The commands of the site, run in an empty folder with nothing but what the site serves."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from tests.environment import ROOT
from tests.processes import Output, free_ports, running
from tests.site.commands import LAB, UV
from ticktick_sandbox.browser.browser import Browser

pytestmark = pytest.mark.long

ON_PAGES: dict[str, dict[str, str]] = yaml.safe_load((ROOT / "snippets/commands.yaml").read_text())
PROJECTS = ["👋Welcome", "Website relaunch", "Home", "Reading list"]


@pytest.mark.parametrize("snippet", ON_PAGES)
def test_what_a_page_installs_is_what_the_tests_run_with(snippet: str) -> None:
    pinned = (ROOT / "requirements.txt").read_text() + (ROOT / "constraints.txt").read_text()
    packages = (ROOT / "snippets/javascript/package.json").read_text()
    install = ON_PAGES[snippet].get("install", "")
    for name, version in re.findall(r" ([\w-]+)==([\w.]+)", install):
        assert f"\n{name}=={version}" in pinned
    for name, version in re.findall(r"(@[\w/]+)@([\w.]+)", install):
        assert f'"{name}": "{version}"' in packages


@dataclass
class Place:
    """An empty folder with an environment of its own, and the ports of its sandbox."""

    folder: Path
    site: str
    environment: dict[str, str]
    arcade_port: str
    worker_port: str
    app_port: str

    def fetch(self, *names: str) -> None:
        """Save files of the site in the folder, as a click on their titles does."""
        for name in names:
            self.run(f"curl -fsSLO {self.site}/files/{name}")

    def run(self, line: str, *, ok: bool = True) -> str:
        """Run a command to its end and return what it prints."""
        with self.started(line) as (process, output):
            code = process.wait(timeout=300)
            text = "\n".join(output.rest())
        assert (code == 0) is ok, text
        return text

    def started(self, line: str) -> AbstractContextManager[tuple[subprocess.Popen[str], Output]]:
        """Run a command while the block runs."""
        command = ("bash", "-c", self._elsewhere(line))
        return running(*command, cwd=self.folder, env=self.environment)

    def flow(self, line: str, user: str | None = None) -> list[str]:
        """Run a program that asks for consent, give it at each link, return what follows."""
        before, last = 0, ""
        with self.started(line) as (process, output):
            deadline = time.monotonic() + 120
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
                for said in output.so_far()[before:]:
                    before += 1
                    if said.startswith("http") and "/oauth/authorize?" in said and said != last:
                        last = said
                        self._allow(said, user)
            text = output.rest()
        assert process.returncode == 0, "\n".join(text)
        return text

    def _allow(self, link: str, user: str | None) -> None:
        with Browser(lambda url: url) as browser:
            if user:
                page = browser.open(f"http://localhost:{self.app_port}/sign-in")
                browser.submit(page, "Sign in", {"User": user})
            browser.submit(browser.open(link), "Allow")

    def _elsewhere(self, line: str) -> str:
        """Lead a command to the ports of this place; otherwise it stays as it is."""
        line = line.replace("exec --", f"exec --arcade-port {self.arcade_port} --")
        line = re.sub(r"ticktick-sandbox(?= --(empty|config)|$)", self._serve(), line)
        line = line.replace("--port 8002", f"--port {self.worker_port}")
        return line.replace("uvicorn verifier", f"uvicorn --port {self.app_port} verifier")

    def _serve(self) -> str:
        return f"ticktick-sandbox --arcade-port {self.arcade_port}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, site: Path, site_url: str) -> Place:
    """Make the environment and install the sandbox, as the page says."""
    folder = tmp_path_factory.mktemp("empty")
    arcade_port, ticktick_port, worker_port, app_port = free_ports(4)
    assert int(ticktick_port) == int(arcade_port) + 1
    bin_folder = folder / ".venv" / "bin"
    environment = {
        key: text
        for key, text in os.environ.items()
        if not key.startswith(("PYTHON", "PYTEST", "ARCADE", "TICKTICK", "VIRTUAL_ENV", "CURL_"))
    } | {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "WORKER_PORT": worker_port,
        "WORKER_URI": f"http://127.0.0.1:{worker_port}",
    }
    place = Place(folder, site_url, environment, arcade_port, worker_port, app_port)
    place.run(f"{sys.executable} -m venv .venv && source .venv/bin/activate")
    [wheel] = (site / "downloads").glob("*.whl")
    place.run(f"pip install -q {site_url}/downloads/{wheel.name}")
    return place


@pytest.fixture
def sandbox(place: Place) -> Iterator[Place]:
    with place.started("ticktick-sandbox") as (_, output):
        output.wait_for("Run a program against it")
        yield place


def install(place: Place, snippet: str) -> str:
    """Install what a snippet needs, and return the command that runs it."""
    steps = ON_PAGES[snippet]
    if "install" in steps:
        place.run(steps["install"].replace("install", "install -q", 1))
    return steps.get("run", "")


@pytest.mark.parametrize("name", ["auth_flow.py", "auth_flow_async.py"])
def test_python(sandbox: Place, name: str) -> None:
    sandbox.fetch(f"python/{name}")
    said = sandbox.flow(install(sandbox, f"python/{name}"))
    assert said[-5:-1] == PROJECTS
    assert said[-1].startswith("Created: Try ")


@pytest.mark.parametrize("name", ["javascript/auth_flow.mjs", "curl/auth_flow.sh"])
def test_other_languages(sandbox: Place, name: str) -> None:
    sandbox.fetch(name)
    said = sandbox.flow(install(sandbox, name))
    assert said[-5:-1] == PROJECTS
    assert said[-1].startswith("Created: Try ")


def test_own_tools_in_python_and_javascript(sandbox: Place) -> None:
    sandbox.fetch("python/custom_tool/tools.py", "python/custom_tool/start.sh")
    sandbox.fetch("python/register_worker.py", "python/call_tool.py", "javascript/call_tool.mjs")
    install(sandbox, "python/custom_tool/tools.py")
    with sandbox.started(install(sandbox, "python/custom_tool/start.sh")) as (_, output):
        output.wait_for("Uvicorn running", timeout=60)
        said = sandbox.run(install(sandbox, "python/register_worker.py"))
        assert "Ticktick.CreateTask" in said
        for name in ("python/call_tool.py", "javascript/call_tool.mjs"):
            assert "Website relaunch" in "\n".join(sandbox.flow(install(sandbox, name)))
    (sandbox.folder / "tools.py").unlink()


def test_prebuilt_tools_and_an_agent(sandbox: Place) -> None:
    names = ("prebuilt_worker.sh", "register_worker.py", "prebuilt_tools.py", "agent_tool_call.py")
    sandbox.fetch(*(f"python/{name}" for name in names))
    worker = install(sandbox, "python/prebuilt_worker.sh")
    with sandbox.started(worker) as (_, output):
        output.wait_for("Uvicorn running", timeout=60)
        sandbox.run(install(sandbox, "python/register_worker.py"))
        sandbox.flow(install(sandbox, "python/prebuilt_tools.py"))
        said = sandbox.flow(install(sandbox, "python/agent_tool_call.py"))
    assert "tasks" in said[-1]


def test_a_verifier(sandbox: Place) -> None:
    sandbox.fetch("python/custom_verifier/verifier.py", "python/custom_verifier/your_app.py")
    sandbox.fetch("python/auth_flow.py")
    install(sandbox, "python/auth_flow.py")
    app_url = f"http://localhost:{sandbox.app_port}"
    with sandbox.started(install(sandbox, "python/custom_verifier/your_app.py")) as (_, output):
        output.wait_for("Uvicorn running", timeout=60)
        with Browser(lambda url: url) as browser:
            dashboard = f"http://localhost:{sandbox.arcade_port}/dashboard/user-verification"
            chosen = {
                "Verification Method": "Custom user verifier",
                "Custom verifier URL": f"{app_url}/auth/verify",
            }
            browser.submit(browser.open(dashboard), "Save settings", chosen)
        line = "ticktick-sandbox exec -- env ARCADE_USER_ID=alice python auth_flow.py"
        said = sandbox.flow(line, user="alice")
    assert said[-1] == "Created: Try Arcade with TickTick"


def test_an_mcp_client(sandbox: Place) -> None:
    sandbox.fetch("python/mcp_client.py")
    (sandbox.folder / "mcp_server").mkdir(exist_ok=True)
    sandbox.run(f"cd mcp_server && curl -fsSLO {sandbox.site}/files/python/mcp_server/server.py")
    install(sandbox, "python/mcp_server/server.py")
    assert sandbox.flow(install(sandbox, "python/mcp_client.py"))[-4:] == PROJECTS


def test_engine_yaml(place: Place) -> None:
    place.fetch("engine.yaml")
    said = place.run(install(place, "engine.yaml"))
    assert said == "engine.yaml: 0 errors, 0 warnings"
    ours = "TICKTICK_CLIENT_ID=id TICKTICK_CLIENT_SECRET=secret"
    for strict in ("", " --strict"):
        line = f"export {ours}; ticktick-sandbox --config engine.yaml{strict}"
        with place.started(line) as (_, output):
            output.wait_for("Provider  arcade-ticktick")


def register_app(place: Place, name: str) -> str:
    """Make an app in the portal of an empty sandbox, and return where its page is."""
    portal = f"http://localhost:{int(place.arcade_port) + 1}/manage"
    with Browser(lambda url: url) as browser:
        page = browser.open(f"{portal}/new")
        browser.submit(page, "Add", {"Name": name})
        return browser.click(browser.open(portal), f"Edit {name}").url


def env_of(app_url: str) -> str:
    with Browser(lambda url: url) as browser:
        shown = browser.open(app_url).values
    return "".join(
        f"TICKTICK_{label.upper().replace(' ', '_')}={shown[label]}\n"
        for label in ("Client ID", "Client Secret")
    )


def save_redirect_url(app_url: str, url: str) -> None:
    with Browser(lambda url: url) as browser:
        browser.submit(browser.open(app_url), "Save", {"OAuth redirect URL": url})


def test_the_provider_by_a_program_and_each_way_to_load_the_variables(place: Place) -> None:
    place.fetch("python/create_provider.py", "javascript/auth_flow.mjs")
    place.run('pip install -q "python-dotenv[cli]==1.2.4"')
    with place.started("ticktick-sandbox --empty") as (_, output):
        output.wait_for("Run a program against it")
        app_url = register_app(place, "First")
        (place.folder / ".env").write_text(env_of(app_url))
        run = install(place, "python/create_provider.py")
        said = place.run(f"set -a; . ./.env; set +a; {run}")
        save_redirect_url(app_url, said.splitlines()[-1])
        # The placeholder of the file would take the place of the sandbox's key, were it inside.
        with (place.folder / ".env").open("a") as file:
            file.write("ARCADE_API_KEY=arc_...\n")
        assert said.splitlines()[-1] in place.run(f"dotenv run -- {run}")
        install(place, "javascript/auth_flow.mjs")
        said = place.flow("ticktick-sandbox exec -- node --env-file=.env auth_flow.mjs")
        assert said[-1] == "Created: Try Arcade from JavaScript"


def test_two_providers(place: Place) -> None:
    folder = place.folder / "two"
    folder.mkdir()
    place.run(f"cd two && curl -fsSLO {place.site}/files/python/two_providers/tools.py")
    place.fetch("python/create_provider.py", "python/register_worker.py")
    with place.started("ticktick-sandbox --empty") as (_, output):
        output.wait_for("Run a program against it")
        for name in ("ticktick-work", "ticktick-home"):
            app_url = register_app(place, name)
            variables = env_of(app_url).replace("\n", " ")
            line = f"PROVIDER_ID={name} python create_provider.py"
            said = place.run(f"export {variables}; ticktick-sandbox exec -- env {line}")
            save_redirect_url(app_url, said.splitlines()[-1])
        worker = install(place, "python/two_providers/tools.py")
        with place.started(f"cd two && {worker}") as (_, said_by_worker):
            said_by_worker.wait_for("Uvicorn running", timeout=60)
            place.run(install(place, "python/register_worker.py"))
            for tool in ("ListWorkProjects", "ListHomeProjects"):
                (place.folder / "call.py").write_text(
                    f"""
import os
from arcadepy import Arcade

client, user = Arcade(), os.environ["ARCADE_USER_ID"]
auth = client.tools.authorize(tool_name="Ticktick.{tool}", user_id=user)
print(auth.url)
client.auth.wait_for_completion(auth)
print(client.tools.execute(tool_name="Ticktick.{tool}", user_id=user).output.value)
"""
                )
                said = place.flow("ticktick-sandbox exec -- python call.py")
                assert any("/oauth/authorize?" in line for line in said), "each asks for consent"
                assert "Website relaunch" in said[-1]


def test_tests_of_ones_own_in_three_languages(place: Place) -> None:
    place.fetch("python/test_tasks.py", "python/auth_flow.py")
    place.fetch("javascript/sandbox.test.mjs", "curl/test_flow.sh")
    line = install(place, "python/test_tasks.py")
    assert "4 passed" in place.run(f"{line} test_tasks.py")
    assert "# fail 0" in place.run(install(place, "javascript/sandbox.test.mjs"))
    assert place.run(install(place, "curl/test_flow.sh")).endswith("true")


@pytest.mark.parametrize("way", ["pip", "uv"])
def test_a_new_project_tests_itself(place: Place, tmp_path: Path, way: str) -> None:
    """As the page says, in an environment that has nothing but what the project asks for."""
    place.run(f"cd {tmp_path} && ticktick-sandbox new mytool")
    make = {
        "pip": f"{sys.executable} -m venv .venv && source .venv/bin/activate"
        " && pip install -q -r requirements.txt",
        "uv": "uv venv -q --python 3.13 .venv && source .venv/bin/activate"
        " && uv pip install -q -r requirements.txt",
    }[way]
    there = f"cd {tmp_path}/mytool"
    assert "3 passed" in place.run(f"{there} && {make} && pytest -q")
    call = "ticktick-sandbox exec --autopilot --worker mytool -- python call_tool.py"
    for _ in range(2):
        said = place.run(f"{there} && source .venv/bin/activate && {call}").splitlines()
        assert said[-4:] == PROJECTS
    with place.started("ticktick-sandbox") as (_, output):
        output.wait_for("Run a program against it")
        call = "ticktick-sandbox exec --worker mytool -- python call_tool.py"
        for _ in range(2):  # allowed once, registered twice
            said = place.flow(f"{there} && source .venv/bin/activate && {call}")
            assert said[-4:] == PROJECTS


def test_uv_makes_an_environment_with_pip(place: Place, tmp_path: Path) -> None:
    place.run(f"cd {tmp_path} && uv venv --seed --python 3.13 .venv && .venv/bin/pip --version")


def test_the_archive_opens_in_jupyterlab_and_can_build_the_site(
    tmp_path: Path, place: Place, site_url: str
) -> None:
    begin = f"curl -fsLO {site_url}/downloads/ticktick-kit.tar.gz && tar xzf ticktick-kit.tar.gz"
    place.run(f"cd {tmp_path} && {begin}")
    (port,) = free_ports(1)
    assert shutil.which("uv")
    lab = f"{UV} {LAB} --no-browser --allow-root --port={port}"
    with place.started(f"cd {tmp_path}/ticktick-kit && {lab}") as (process, output):
        output.wait_for("is running at:", timeout=240)
        [link] = re.findall(r"http\S+", output.wait_for("/lab?token="))
        for page in ("lab/tree", "api/contents"):
            answer = httpx.get(
                link.replace("/lab?", f"/{page}/notebooks/00_start_here.ipynb?"), trust_env=False
            )
            assert answer.status_code == 200
        # Not SIGTERM: its handler in JupyterLab logs, and a signal that comes within a write to the
        # log is lost to "reentrant call inside <_io.BufferedWriter>".
        os.killpg(process.pid, signal.SIGKILL)
    said = place.run(f"cd {tmp_path}/ticktick-kit && RUN_HERE=off {UV} mkdocs build --strict")
    assert "Documentation built" in said
