"""``ticktick-sandbox``: serve, ``exec`` and ``check`` as a reader runs them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from arcadepy import Arcade

from tests.environment import ROOT
from tests.processes import Output, free_ports, run_sandbox, running, sandbox
from tests.ticktick_sandbox.arcade.helpers import answering
from ticktick_sandbox.__main__ import _called
from ticktick_sandbox.browser.browser import Browser
from ticktick_sandbox.server.hosts import LocalAddresses

HEALTH = "https://api.arcade.dev/v1/health"
ASK = f"import httpx; print(httpx.get({HEALTH!r}).text)"


@pytest.fixture
def ports() -> tuple[str, str]:
    arcade, ticktick = free_ports(2)
    return arcade, ticktick


@pytest.fixture
def serving(ports: tuple[str, str]) -> Iterator[str]:
    """A sandbox in another process; gives its Arcade port."""
    arcade, ticktick = ports
    command = sandbox("--arcade-port", arcade, "--ticktick-port", ticktick)
    with running(*command) as (_, output):
        output.wait_for("your_program.py")
        yield arcade


def test_serving_prints_what_a_reader_needs(ports: tuple[str, str]) -> None:
    arcade, ticktick = ports
    command = sandbox("--arcade-port", arcade, "--ticktick-port", ticktick)
    with running(*command) as (process, output):
        output.wait_for("your_program.py")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        text = "\n".join(output.rest())
    assert f"http://localhost:{arcade}" in text
    assert f"http://localhost:{ticktick}" in text
    assert "API key arc_sandbox" in text
    assert "sign in as learner@example.com" in text
    assert "Provider  arcade-ticktick" in text
    assert f"exec --arcade-port {arcade} -- python" in text
    assert "Traceback" not in text


def test_serving_listens_on_loopback_only(serving: str) -> None:
    listening = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
    ]
    here = [
        row[1] for row in listening if row[3] == "0A" and row[1].endswith(f":{int(serving):04X}")
    ]
    loopback = {"0100007F", f"{'0' * 24}01000000"}
    assert {row.partition(":")[0] for row in here} <= loopback
    assert f"0100007F:{int(serving):04X}" in here


def test_a_used_port_is_a_clear_error(ports: tuple[str, str]) -> None:
    with answering(404, b"") as uri:
        used = uri.rpartition(":")[2]
        run = run_sandbox("--arcade-port", used, "--ticktick-port", ports[1])
    assert run.returncode == 1
    assert run.stderr == (
        f"Another program already listens on port {used}. "
        "Stop it, or choose another port with --arcade-port, or by "
        "TICKTICK_SANDBOX_ARCADE_PORT for exec, too.\n"
    )


def test_a_port_used_by_a_sandbox_is_told_so(serving: str, ports: tuple[str, str]) -> None:
    run = run_sandbox("--arcade-port", serving, "--ticktick-port", free_ports(1)[0])
    assert run.returncode == 1
    said = f"of another terminal, already listens on port {serving}. Use it by exec"
    assert said in run.stderr


@pytest.mark.parametrize("port", ["http", "-1", "65536"])
def test_a_port_that_is_none_is_a_usage_error(port: str) -> None:
    run = run_sandbox(f"--arcade-port={port}")
    assert run.returncode == 2
    assert "is not a port; use a number up to 65535" in run.stderr


def test_exec_attaches_to_a_running_sandbox(serving: str) -> None:
    run = run_sandbox("exec", "--arcade-port", serving, "--", sys.executable, "-c", ASK)
    assert run.returncode == 0
    assert run.stdout == '{"healthy":true}\n'
    assert run.stderr == f"sandbox: using http://localhost:{serving}\n"


def test_exec_starts_a_sandbox_where_none_runs() -> None:
    port = free_ports(1)[0]
    run = run_sandbox("exec", "--arcade-port", port, "--", sys.executable, "-c", ASK)
    assert run.returncode == 0
    assert run.stdout == '{"healthy":true}\n'
    url = f"http://localhost:{port}"
    assert run.stderr == f"sandbox: none was running, so one was started at {url}\n"


def test_exec_sets_what_clients_read(serving: str) -> None:
    names = "ARCADE_BASE_URL ARCADE_API_URL ARCADE_API_KEY ARCADE_USER_ID ARCADE_USAGE_TRACKING"
    code = f"import os; print(*[os.environ[name] for name in {names.split()}])"
    run = run_sandbox("exec", "--arcade-port", serving, "--", sys.executable, "-c", code)
    url = f"http://localhost:{serving}"
    own = f"{url}/_from/{Path(sys.executable).name}"  # by which the record knows who asks
    assert run.stdout.split() == [own, own, "arc_sandbox", "learner@example.com", "0"]


def test_a_program_can_act_for_another_user(serving: str) -> None:
    program = [sys.executable, "-c", "import os; print(os.environ['ARCADE_USER_ID'])"]
    run = run_sandbox(
        "exec", "--arcade-port", serving, "--", "env", "ARCADE_USER_ID=alice", *program
    )
    assert run.stdout == "alice\n"


def test_exec_hands_on_the_exit_code(serving: str) -> None:
    code = "raise SystemExit(3)"
    run = run_sandbox("exec", "--arcade-port", serving, "--", sys.executable, "-c", code)
    assert run.returncode == 3


def test_exec_of_a_missing_program_is_a_clear_error(serving: str) -> None:
    run = run_sandbox("exec", "--arcade-port", serving, "--", "no-such-program")
    assert run.returncode == 127
    assert "no-such-program can't be run: No such file or directory." in run.stderr


def test_two_equal_ports_are_a_usage_error() -> None:
    run = run_sandbox("--arcade-port", "9199", "--ticktick-port", "9199")
    assert run.returncode == 2
    assert "--arcade-port and --ticktick-port must differ" in run.stderr


@pytest.mark.parametrize("command", [["exec"], ["exec", "--"]])
def test_exec_without_a_program_is_a_usage_error(command: list[str]) -> None:
    run = run_sandbox(*command)
    assert run.returncode == 2
    assert "name the program: ticktick-sandbox exec -- python app.py" in run.stderr


def test_what_is_for_serving_is_refused_elsewhere(tmp_path: Path) -> None:
    run = run_sandbox("--config", str(tmp_path / "engine.yaml"), "exec", "--", "echo", "hi")
    assert run.returncode == 2
    assert "start it with them in one terminal, and run exec in another" in run.stderr
    run = run_sandbox("exec", "--strict", "--", "true")
    assert run.returncode == 2
    assert "give --autopilot" in run.stderr


def test_exec_live_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTORIAL_MODE", "live")
    code = "import os; print(os.environ.get('ARCADE_BASE_URL'))"
    run = run_sandbox("exec", "--", sys.executable, "-c", code)
    assert (run.stdout, run.stderr) == ("None\n", "")


@pytest.mark.parametrize("program", ["auth_flow.py", "auth_flow_async.py"])
def test_a_snippet_waits_for_the_consent_page(serving: str, program: str) -> None:
    path = str(ROOT / "snippets" / "python" / program)
    command = sandbox("exec", "--arcade-port", serving, "--", sys.executable, path)
    with running(*command) as (process, output):
        link = output.wait_for("/oauth/authorize?")
        assert process.poll() is None
        with Browser(LocalAddresses({})) as browser:
            done = browser.submit(browser.open(link), "Allow")
        assert done.heading == "Authorization complete"
        assert process.wait(timeout=30) == 0
        lines = output.rest()
    assert "Website relaunch" in lines
    assert lines[-1].startswith("Created: Try ")


def test_a_configuration_completes_the_flow(ports: tuple[str, str]) -> None:
    arcade, ticktick = ports
    config = str(ROOT / "snippets" / "engine.yaml")
    command = sandbox(
        "--strict", "--config", config, "--arcade-port", arcade, "--ticktick-port", ticktick
    )
    with running(*command) as (_, output):
        output.wait_for("Provider  arcade-ticktick")
        base = f"http://localhost:{arcade}"
        key = {"Authorization": "arc_sandbox"}
        asked = {
            "user_id": "learner@example.com",
            "auth_requirement": {"id": "arcade-ticktick", "oauth2": {"scopes": ["tasks:read"]}},
        }
        auth = httpx.post(f"{base}/v1/auth/authorize", json=asked, headers=key).json()
        with Browser(LocalAddresses({})) as browser:
            browser.submit(browser.open(auth["url"]), "Allow")
        status = f"{base}/v1/auth/status?id={auth['id']}"
        assert httpx.get(status, headers=key).json()["status"] == "completed"


def test_a_configuration_that_cannot_be_used_is_a_clear_error(
    ports: tuple[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "engine.yaml"
    config.write_text("auth:\n  providers:\n    - id: arcade-ticktick\n")
    arcade, ticktick = ports
    run = run_sandbox("--config", str(config), "--arcade-port", arcade, "--ticktick-port", ticktick)
    assert run.returncode == 1
    assert run.stderr.startswith(f"{config} can't be used:\nline 3: error: auth.providers[0]")
    assert "Traceback" not in run.stderr


def test_check_of_a_good_file_finds_nothing() -> None:
    run = run_sandbox("check", "snippets/engine.yaml")
    assert (run.returncode, run.stdout) == (0, "snippets/engine.yaml: 0 errors, 0 warnings\n")


def test_check_of_a_missing_file_is_a_clear_error() -> None:
    run = run_sandbox("check", "nowhere.yaml")
    assert run.returncode == 1
    assert "the file does not exist" in run.stdout
    assert "Traceback" not in run.stderr


# What others do to it


def made_up(serving: str) -> str:
    """Return the state and the Client ID in the first URL that asks for consent."""
    asked = {"auth_requirement": {"id": "arcade-ticktick"}, "user_id": "a"}
    url = f"http://localhost:{serving}/v1/auth/authorize"
    headers = {"Authorization": "arc_sandbox"}
    link = httpx.post(url, json=asked, headers=headers, trust_env=False).json()["url"]
    query = parse_qs(urlsplit(link).query)
    return query["state"][0] + query["client_id"][0]


def test_what_others_could_foresee_differs_at_every_start_unless_a_seed_is_given() -> None:
    seen = []
    for options in ((), (), ("--seed", "one"), ("--seed", "one"), ("--seed", "two")):
        with running(*sandbox("--arcade-port", "0", *options)) as (_, output):
            shown = output.wait_for("--arcade-port ")
            seen.append(made_up(shown.partition("--arcade-port ")[2].split()[0]))
    assert seen[2] == seen[3]
    assert len(set(seen)) == 4


def test_the_second_port_follows_the_first() -> None:
    port = two_neighbours()
    with running(*sandbox("--arcade-port", port)) as (_, output):
        shown = output.wait_for("TickTick")
    assert f"http://localhost:{int(port) + 1} " in shown


def two_neighbours() -> str:
    """Return a port that nothing listens on, nor on the next one."""
    while True:
        first, second = free_ports(2)
        if int(second) == int(first) + 1:
            return first


def test_no_port_follows_the_last_one() -> None:
    run = run_sandbox("--arcade-port", "65535")
    assert run.returncode == 2
    assert "no port follows --arcade-port: name one with --ticktick-port" in run.stderr


def sign_up(url: str, email: str, name: str) -> None:
    """Sign up and register an app of this name, which the events tell."""
    with Browser(LocalAddresses({})) as browser:
        page = browser.open(f"{url}/signup")
        fill = {"Email": email, "Password": "pw", "Name": "Any"}
        page = browser.submit(page, "Sign up", {k: v for k, v in fill.items() if k in page.values})
        browser.submit(browser.open(f"{url}/manage/new"), "Add", {"Name": name})


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_character_that_the_terminal_lacks_ends_nothing(
    ports: tuple[str, str], monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    command = sandbox("--arcade-port", ports[0], "--ticktick-port", ports[1])
    with running(*command) as (process, output):
        output.wait_for("your_program.py")
        sign_up(f"http://localhost:{ports[1]}", "a@example.com", "日本 👋")
        output.wait_for("registered the app \\u65e5\\u672c")
        assert httpx.get(f"http://localhost:{ports[0]}/v1/health").is_success
        assert process.poll() is None


def test_a_reader_who_stops_reading_ends_nothing(ports: tuple[str, str]) -> None:
    command = sandbox("--arcade-port", ports[0], "--ticktick-port", ports[1])
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        for number in range(3):
            sign_up(f"http://localhost:{ports[1]}", f"{number}@example.com", "App")
            time.sleep(0.2)
        assert httpx.get(f"http://localhost:{ports[0]}/v1/health").is_success
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_answers_parked_polls_and_ends_it_cleanly(
    serving_process: tuple[subprocess.Popen[str], Output, str], number: signal.Signals
) -> None:
    process, output, port = serving_process
    arcade = Arcade(api_key="arc_sandbox", base_url=f"http://localhost:{port}", max_retries=0)
    pending = arcade.auth.start("a", "arcade-ticktick", scopes=["tasks:read"])
    assert pending.id
    answers: list[str | None] = []

    def poll(auth_id: str) -> None:
        answers.append(arcade.auth.status(id=auth_id, wait=30).status)

    parked = threading.Thread(target=poll, args=(pending.id,))
    parked.start()
    time.sleep(0.5)
    process.send_signal(number)
    parked.join(timeout=10)
    assert answers == ["pending"]
    assert process.wait(timeout=10) == 0
    assert "Traceback" not in "\n".join(output.rest())


@pytest.fixture
def serving_process(
    ports: tuple[str, str],
) -> Iterator[tuple[subprocess.Popen[str], Output, str]]:
    command = sandbox("--arcade-port", ports[0], "--ticktick-port", ports[1])
    with running(*command) as (process, output):
        output.wait_for("your_program.py")
        yield process, output, ports[0]


@pytest.mark.parametrize("after", [0.15, 0.3, 0.45, 0.6])
def test_interrupting_the_start_leaves_no_traceback(ports: tuple[str, str], after: float) -> None:
    command = sandbox("--arcade-port", ports[0], "--ticktick-port", ports[1])
    with running(*command) as (process, output):
        time.sleep(after)
        for _ in range(1 if after > 0.3 else 5):  # an interpreter that starts may lose the first
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=3)
                break
        code = process.wait(timeout=10)
        text = "\n".join(output.rest())
    # Before these lines it is the interpreter that starts, and reads what packages put in its way.
    if "Traceback" not in text or ("__main__.py" in text and "import signal" not in text):
        assert code in (0, -signal.SIGINT, 130), text
        assert "Traceback" not in text


def test_nobody_is_told_that_it_is_healthy_before_the_configuration_is_loaded(
    ports: tuple[str, str],
) -> None:
    config = str(ROOT / "snippets" / "engine.yaml")
    command = sandbox("--config", config, "--arcade-port", ports[0], "--ticktick-port", ports[1])
    headers = {"Authorization": "arc_sandbox"}
    with running(*command), httpx.Client(base_url=f"http://localhost:{ports[0]}") as client:
        for _ in range(200):
            with suppress(httpx.ConnectError):
                healthy = client.get("/v1/health").json()["healthy"]
                providers = client.get("/v1/admin/auth_providers", headers=headers).json()["items"]
                break
            time.sleep(0.02)
    assert healthy
    assert [provider["id"] for provider in providers] == ["arcade-ticktick"]


@pytest.mark.parametrize("way", ["before", "after", "variable"])
def test_exec_uses_the_port_that_was_meant(
    serving: str, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    option = ["--arcade-port", serving]
    if way == "variable":
        monkeypatch.setenv("TICKTICK_SANDBOX_ARCADE_PORT", serving)
        option = []
    before, after = (option, []) if way == "before" else ([], option)
    run = run_sandbox(*before, "exec", *after, "--", "true")
    assert run.stderr == f"sandbox: using http://localhost:{serving}\n"


def test_a_variable_that_is_no_port_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKTICK_SANDBOX_ARCADE_PORT", "http")
    run = run_sandbox("exec", "--", "true")
    assert run.returncode == 2
    assert "'http' is not a port" in run.stderr


def test_wire_lists_what_a_running_sandbox_has_seen(serving: str, tmp_path: Path) -> None:
    code = "import httpx; httpx.get('https://api.ticktick.com/open/v1/project')"
    program = tmp_path / "asks.py"
    program.write_text(code)
    run_sandbox("exec", "--arcade-port", serving, "--", sys.executable, str(program))
    line = "asks.py → TickTick: GET /open/v1/project → 401"
    run = run_sandbox("wire", "--arcade-port", serving)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"  1 {line}")
    assert run_sandbox("--arcade-port", serving, "wire").stdout == run.stdout
    run = run_sandbox("wire", "--arcade-port", serving, "--mermaid")
    assert run.stdout.splitlines()[:2] == ["sequenceDiagram", "  participant p0 as asks.py"]
    har = tmp_path / "flow.har"
    run = run_sandbox("wire", "--arcade-port", serving, "--har", str(har))
    assert (run.returncode, run.stdout) == (0, f"Wrote 1 requests to {har}.\n")
    (entry,) = json.loads(har.read_text("utf-8"))["log"]["entries"]
    assert entry["request"]["url"] == "https://api.ticktick.com/open/v1/project"
    run = run_sandbox("wire", "--arcade-port", serving, "--har", str(tmp_path / "none" / "x"))
    assert run.returncode == 1
    assert run.stderr.endswith("can't be written: No such file or directory.\n")


def test_wire_follows_until_it_is_stopped_or_the_sandbox_is(serving: str) -> None:
    run = run_sandbox("wire", "--arcade-port", serving)
    assert (run.stdout, run.stderr) == ("", "Nothing went over the wire yet.\n")
    client = Arcade(api_key="arc_sandbox", base_url=f"http://localhost:{serving}")
    pending = client.auth.start("a@example.com", "arcade-ticktick", scopes=["tasks:read"])
    with running(*sandbox("wire", "--arcade-port", serving, "--follow")) as (process, output):
        poll = threading.Thread(target=lambda: client.auth.status(id=str(pending.id), wait=2))
        poll.start()
        asked = "  2 Program → Arcade: GET /v1/auth/status →"
        output.wait_for(f"{asked} no answer yet")
        output.wait_for(f"{asked} 200 OK, pending")
        poll.join()
        client.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        assert "Traceback" not in "\n".join(output.rest())


def test_wire_without_a_sandbox_says_how_to_start_one(ports: tuple[str, str]) -> None:
    run = run_sandbox("wire", "--arcade-port", ports[0])
    assert run.returncode == 1
    said = f"No sandbox runs at port {ports[0]}. Start one with: ticktick-sandbox\n"
    assert run.stderr == said


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (["python3", "app.py"], "app.py"),
        (["/usr/bin/python3.13", "-m", "uvicorn", "verifier:app"], "uvicorn"),
        (["node", "--env-file=.env", "web/auth.mjs"], "auth.mjs"),
        (["env", "A=b", "python", "x/y.py"], "y.py"),
        (["bash"], "bash"),
        (["python", "-m"], "python"),
    ],
)
def test_a_program_is_called_by_what_it_runs(program: list[str], name: str) -> None:
    assert _called(program) == name


TOOLS = str(ROOT / "snippets" / "python" / "custom_tool")
CALL = """
import os
from arcadepy import Arcade
client, user = Arcade(), os.environ["ARCADE_USER_ID"]
name = "CustomTool.ListProjects"
auth = client.tools.authorize(tool_name=name, user_id=user)
client.auth.wait_for_completion(auth)
print(len(client.tools.execute(tool_name=name, user_id=user).output.value["projects"]), "projects")
print([worker.id for worker in client.workers.list()])
"""


def test_on_autopilot_a_program_has_a_sandbox_of_its_own(serving: str) -> None:
    command = ("--arcade-port", serving, "--autopilot", "--worker", TOOLS)
    done = run_sandbox("exec", *command, "--", sys.executable, "-c", CALL)
    assert done.stdout == "4 projects\n['custom_tool']\n", done.stderr
    assert f"localhost:{serving}" not in done.stderr
    assert "serving CustomTool.CreateTask, CustomTool.ListProjects" in done.stderr


def test_on_autopilot_a_program_has_a_configuration_of_its_own(tmp_path: Path) -> None:
    show = "import arcadepy; print(arcadepy.Arcade().admin.auth_providers.list().items[0].id)"
    text = (ROOT / "snippets" / "engine.yaml").read_text(encoding="utf-8")
    config = tmp_path / "engine.yaml"
    config.write_text(text.replace("- id: arcade-ticktick", "- id: mine"), encoding="utf-8")
    run = ("exec", "--autopilot", "--config", str(config))
    program = ("--", sys.executable, "-c", show)
    assert run_sandbox(*run, "--strict", *program).stdout == "mine\n"

    wrong = text.replace("application/json", "application/x-www-form-urlencoded")
    config.write_text(wrong.replace("client_secret_basic", "client_secret_post"), encoding="utf-8")
    lenient, strict = run_sandbox(*run, *program), run_sandbox(*run, "--strict", *program)
    assert lenient.stdout == "arcade-ticktick\n"
    assert "'client_secret_post' is not an allowed method" in lenient.stderr
    assert (strict.returncode, strict.stdout) == (1, "")
    assert "'client_secret_post' is not an allowed method" in strict.stderr


@pytest.mark.long
def test_a_worker_is_served_while_a_program_runs_and_forgotten_afterwards(serving: str) -> None:
    show = "import arcadepy; print([worker.id for worker in arcadepy.Arcade().workers.list()])"
    in_turn = ("exec", "--arcade-port", serving)
    for _ in range(2):
        done = run_sandbox(*in_turn, "--worker", TOOLS, "--", sys.executable, "-c", show)
        assert done.stdout == "['custom_tool']\n", done.stderr
    assert run_sandbox(*in_turn, "--", sys.executable, "-c", show).stdout == "[]\n"


@pytest.mark.parametrize("folder", ["nowhere", str(ROOT / "notebooks" / "data")])
def test_a_folder_without_tools_is_a_clear_error(folder: str) -> None:
    done = run_sandbox("exec", "--autopilot", "--worker", folder, "--", "true")
    assert done.returncode == 1
    assert "is not a folder" in done.stderr or "The end of its output" in done.stderr
    assert "Traceback" not in done.stderr


def test_something_goes_wrong_on_demand(serving: str) -> None:
    def fault(*options: str) -> subprocess.CompletedProcess[str]:
        return run_sandbox("fault", "--arcade-port", serving, *options)

    health = f"http://localhost:{serving}/v1/health"
    done = fault("Arcade", "GET /v1/health", "--status", "503", "--body", "sorry", "--times", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert [httpx.get(health).text for _ in range(3)][:2] == ["sorry", "sorry"]
    assert httpx.get(health).is_success
    fault("Arcade", "--status", "500", "--always")
    assert httpx.get(health).status_code == 500
    assert fault("--clear").returncode == 0
    assert httpx.get(health).is_success
    assert fault("--limit", "7").returncode == 0
    wrong = fault("Nobody", "--down")
    assert (wrong.returncode, wrong.stderr) == (
        1,
        "The service is Arcade or TickTick, not 'Nobody'.\n",
    )
    assert "service is missing" in fault("--down").stderr


def test_exec_hands_out_the_key_of_the_sandbox_that_it_uses(serving: str) -> None:
    show = "import os; print(os.environ['TICKTICK_SANDBOX_KEY'])"
    done = run_sandbox("exec", "--arcade-port", serving, "--", sys.executable, "-c", show)
    key = httpx.get(f"http://localhost:{serving}/_sandbox/key").json()["key"]
    assert done.stdout == f"{key}\n"
