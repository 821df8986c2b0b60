"""What a notebook calls: ``start``, ``open``, ``wire``, ``clock``, ``events``, ``stop``."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from arcadepy import Arcade
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

import ticktick_sandbox as sandbox
from tests.environment import ROOT
from tests.installed import program
from ticktick_sandbox import notebook
from ticktick_sandbox.browser import viewer
from ticktick_sandbox.browser.browser import Browser, Page
from ticktick_sandbox.server.hosts import LocalAddresses
from ticktick_sandbox.server.ports import Listener, PortInUse
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME
from ticktick_sandbox.shared.settings import ARCADE_PORT

LEARNER = "learner@example.com"
REDIRECT = "http://localhost:9099/api/v1/oauth/made-up/callback"


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    sandbox.stop()


@pytest.fixture
def started() -> None:
    sandbox.start()


def pending() -> str:
    auth = Arcade().auth.start(LEARNER, "arcade-ticktick", scopes=["tasks:read"])
    assert auth.url
    return auth.url


def test_starting_says_so_in_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.start()
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Sandbox", "Clients", "Network"]


def test_what_is_said_of_the_network_is_what_holds(capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.start()
    line = capsys.readouterr().out.splitlines()[2]
    names = "Network: the real host names of the services lead Python, Node and curl to the sandbox"
    assert line == names


def test_starting_twice_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.start()
    first = capsys.readouterr().out
    url = pending()
    sandbox.start()
    again = "It ran already and keeps what you made. Restart the kernel to begin anew.\n"
    assert capsys.readouterr().out == first + again
    assert pending() == url


def test_starting_again_with_other_arguments_is_a_clear_error(started: None) -> None:
    with pytest.raises(sandbox.SandboxError, match=r"Call sandbox\.stop\(\) first"):
        sandbox.start(provider="another")


def test_stopping_frees_everything() -> None:
    before = set(threading.enumerate())
    sandbox.start()
    url = os.environ["ARCADE_BASE_URL"]
    assert [thread.name for thread in set(threading.enumerate()) - before] == ["sandbox"]
    sandbox.stop()
    assert "ARCADE_BASE_URL" not in os.environ
    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/v1/health")


def test_stopping_without_a_start_does_nothing() -> None:
    sandbox.stop()


def test_a_used_port_gives_another_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        taken = Listener(ARCADE_PORT)
    except PortInUse:
        taken = None  # a sandbox in a terminal does just as well
    sandbox.start()
    assert f"(port {ARCADE_PORT} was in use)" in capsys.readouterr().out
    assert pending()
    if taken:
        taken.close()


def test_without_an_app_there_is_neither_app_nor_provider() -> None:
    sandbox.start(provider=None, app=False)
    assert Arcade().admin.auth_providers.list().total_count == 0
    with pytest.raises(sandbox.SandboxError, match="has no form with Edit"):
        sandbox.open("https://developer.ticktick.com/manage", click="Edit")


@pytest.mark.parametrize("autopilot", ["0", "1"])
def test_without_a_provider_there_is_an_app(
    autopilot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKTICK_SANDBOX_AUTOPILOT", autopilot)
    sandbox.start(provider=None)
    assert Arcade().admin.auth_providers.list().total_count == 0
    page = sandbox.open("https://developer.ticktick.com/manage", click="Edit")
    assert page["Name"] == "My TickTick app"
    assert page["OAuth redirect URL"] == ""
    assert page.url.endswith(f"/manage/app/{page['Client ID']}")


def test_a_provider_of_another_name() -> None:
    sandbox.start(provider="my-ticktick")
    providers = Arcade().admin.auth_providers.list().items
    assert providers
    assert [provider.id for provider in providers] == ["my-ticktick"]


def test_a_provider_name_that_cannot_be_is_a_clear_error() -> None:
    with pytest.raises(sandbox.SandboxError, match="not a usable id"):
        sandbox.start(provider="My TickTick")


def test_a_configuration_that_does_not_exist_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(sandbox.SandboxError, match="the file does not exist"):
        sandbox.start(config=tmp_path / "engine.yaml")
    sandbox.start()


def test_the_clock_stands_still_until_it_is_moved(started: None) -> None:
    assert sandbox.clock.now() == NOTEBOOK_TIME
    assert sandbox.clock.advance(days=180) == NOTEBOOK_TIME + timedelta(days=180)
    with pytest.raises(ValueError, match="only moves forward"):
        sandbox.clock.advance(seconds=-1)


def test_before_the_start_every_call_says_what_to_do() -> None:
    for call in (sandbox.events, sandbox.clock.now, lambda: sandbox.open("http://localhost:1/")):
        with pytest.raises(sandbox.SandboxError, match=r"Call sandbox\.start\(\) first"):
            call()


@pytest.mark.parametrize("autopilot", ["0", "1"])
def test_a_consent_that_was_given_is_not_asked_for_again(
    autopilot: str,
    started: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As by Shift+Enter, when the page below its cell has made the cell the chosen one again."""
    url = pending()
    sandbox.open(url, click="Allow")
    monkeypatch.setenv("TICKTICK_SANDBOX_AUTOPILOT", autopilot)
    capsys.readouterr()
    sandbox.open(url, click="Allow")
    said = "Done before: clicked Allow. To do it anew, restart the kernel.\n"
    assert capsys.readouterr().out == said


def test_the_autopilot_consents(started: None, capsys: pytest.CaptureFixture[str]) -> None:
    url = pending()
    capsys.readouterr()
    sandbox.open(url, click="Allow")
    assert (
        capsys.readouterr().out == "Autopilot: signed in, clicked Allow → Authorization complete\n"
    )


def test_the_autopilot_can_deny(started: None, capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.open(pending(), click="Cancel")
    assert "access_denied, User denied access" in capsys.readouterr().out


def test_a_button_that_is_not_there_is_a_clear_error(started: None) -> None:
    with pytest.raises(
        sandbox.SandboxError, match=r"has no form with Agree\. It has: Cancel, Allow"
    ):
        sandbox.open(pending(), click="Agree")


def test_an_address_elsewhere_is_not_opened(started: None) -> None:
    with pytest.raises(sandbox.SandboxError, match="not on this machine"):
        sandbox.open("https://example.com/")


def test_nothing_to_open_on_a_second_run(capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.open(None, click="Allow")
    assert capsys.readouterr().out == "Nothing to open: access was allowed before.\n"


def test_a_person_gets_a_link(
    started: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    monkeypatch.setattr(viewer, "_AGAIN", 0.2)
    url = pending()
    capsys.readouterr()
    person = a_person_who(url, {}, "Allow")
    person.start()
    sandbox.open(url, click="Allow")
    person.join()
    assert capsys.readouterr().out.splitlines() == [
        f"Open {url} : click Allow.",
        f"Still waiting: step 1 of 2, sign in, at {url}",
    ]


@pytest.mark.parametrize(("clicked", "wanted"), [("Allow", "Cancel"), ("Cancel", "Allow")])
def test_who_clicks_the_other_button_is_told_and_can_still_click_the_right_one(
    started: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    clicked: str,
    wanted: str,
) -> None:
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    url = pending()
    people = [a_person_who(url, {}, clicked), a_person_who(url, {}, wanted, after=1)]
    for person in people:
        person.start()
    sandbox.open(url, click=wanted)
    for person in people:
        person.join()
    assert f"You clicked {clicked}, not {wanted}." in capsys.readouterr().out.splitlines()
    allowed = "allowed My TickTick app" in "".join(event.text for event in sandbox.events())
    assert allowed is (wanted == "Allow")
    assert len(Arcade().admin.user_connections.list().items) == allowed


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            {"App Service URL": REDIRECT},
            "OAuth redirect URL is still empty; you filled in App Service URL.",
        ),
        ({"OAuth redirect URL": f"{REDIRECT}/"}, f"is {REDIRECT}/; needed is {REDIRECT}."),
        ({}, "OAuth redirect URL is still empty."),
    ],
)
def test_a_form_with_something_else_is_not_taken_and_says_what_differs(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: dict[str, str],
    said: str,
) -> None:
    sandbox.start(provider=None)
    app = sandbox.open("https://developer.ticktick.com/manage", click="Edit")
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    before = len(sandbox.events())
    fill = {"OAuth redirect URL": REDIRECT}
    pages: list[Page] = []
    people = [
        a_person_who(app.url, typed, "Save", pages=pages),
        a_person_who(app.url, fill, "Save", after=1, pages=pages),
    ]
    for person in people:
        person.start()
    sandbox.open(app.url, fill=fill, click="Save")
    for person in people:
        person.join()
    assert said in capsys.readouterr().out
    assert (pages[0].status, pages[0].heading) == (400, "App Setting")
    assert said in pages[0].error
    assert pages[0].values.items() >= typed.items()
    assert [event.text.partition(";")[0] for event in sandbox.events()[before:]] == [
        "learner@example.com saved My TickTick app"
    ]
    assert app["OAuth redirect URL"] == REDIRECT


def test_what_is_suggested_may_differ(started: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    new = "https://developer.ticktick.com/manage/new"
    person = a_person_who(notebook._local()(new), {"Name": "Mine"}, "Add")
    person.start()
    sandbox.open(new, suggest={"Name": "My app", "Description": "Anything"}, click="Add")
    person.join()
    assert "registered the app Mine" in sandbox.events()[-1].text


def a_person_who(
    url: str,
    fill: dict[str, str],
    click: str,
    *,
    after: float = 0.5,
    pages: list[Page] | None = None,
) -> threading.Thread:
    """Return a person who fills in a form in a browser of their own, a little later."""

    def do() -> None:
        with Browser(LocalAddresses({})) as browser:
            page = browser.submit(browser.open(url), click, fill)
        if pages is not None:
            pages.append(page)

    return threading.Timer(after, do)


def test_a_form_is_waited_for_and_no_secret_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.start(provider=None)
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    monkeypatch.setattr(viewer, "_PATIENCE", 20)
    capsys.readouterr()
    fill = {
        "ID": "my-ticktick",
        "Client ID": "x",
        "Client Secret": "hush",
        "Authorization Endpoint": "https://ticktick.com/oauth/authorize",
        "Token Endpoint": "https://ticktick.com/oauth/token",
    }
    address = f"{os.environ['ARCADE_BASE_URL']}/dashboard/connected-apps/new"
    person = a_person_who(address, fill, "Create")
    person.start()
    sandbox.open("https://api.arcade.dev/dashboard/connected-apps/new", fill=fill, click="Create")
    assert Arcade().admin.auth_providers.get("my-ticktick").id == "my-ticktick"
    person.join()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"Open {address} : fill in the form, then click Create."
    assert printed[1] == "  ID: my-ticktick"
    assert printed[3] == "  Client Secret: copy it from the page that shows it"


def test_a_form_that_nobody_sends_off_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox.start(provider=None)
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    monkeypatch.setattr(viewer, "_PATIENCE", 0.1)
    with pytest.raises(sandbox.SandboxError, match=r"Nobody clicked Add .*\. Run this again\."):
        sandbox.open("https://developer.ticktick.com/manage/new", fill={"Name": "x"}, click="Add")


def test_a_page_shows_its_labelled_values(started: None) -> None:
    page = sandbox.open("https://developer.ticktick.com/manage/new")
    assert list(page) == ["Name", "App Service URL", "Description"]
    with pytest.raises(KeyError, match=r"shows no 'Client ID'\. It shows: Name"):
        page["Client ID"]


def test_the_autopilot_fills_in_a_form(started: None, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    new = "https://developer.ticktick.com/manage/new"
    sandbox.open(new, fill={"Name": "Second app"}, click="Add")
    assert (
        capsys.readouterr().out
        == "Autopilot: signed in, filled in Name, clicked Add → Manage Apps\n"
    )
    assert "registered the app Second app" in sandbox.events()[-1].text


def tool_folder(folder: Path, name: str) -> Path:
    folder.mkdir()
    function = f'@tool\ndef {name}() -> int:\n    "Count."\n    return 1\n'
    text = f"from arcade_tdk import tool\n\n\n{function}"
    (folder / "tools.py").write_text(text)
    return folder


def test_a_worker_whose_port_is_taken_says_so_and_takes_another(
    started: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        taken = Listener(8002)
    except PortInUse:
        taken = nullcontext()
    with taken:
        uri = sandbox.start_worker(tool_folder(tmp_path / "one", "first"))
    assert not uri.endswith(":8002")
    assert f"served at {uri} (port 8002 was in use)" in capsys.readouterr().out


def test_a_worker_serves_the_folder_it_was_given_last(started: None, tmp_path: Path) -> None:
    client = Arcade()
    uri = sandbox.start_worker(tool_folder(tmp_path / "one", "first"))
    secret = os.environ["ARCADE_WORKER_SECRET"]
    http = {"uri": uri, "secret": secret, "timeout": 30, "retry": 3}
    client.workers.create(id="mine", http=http)
    assert [tool.name for tool in client.workers.tools("mine")] == ["First"]
    uri = sandbox.start_worker(tool_folder(tmp_path / "two", "second"))
    client.workers.update("mine", http=http | {"uri": uri})
    assert [tool.name for tool in client.workers.tools("mine")] == ["Second"]


def test_without_a_folder_the_installed_toolkits_are_served(
    started: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.start_worker(tool_folder(tmp_path / "one", "first"))
    capsys.readouterr()
    uri = sandbox.start_worker()
    client = Arcade()
    http = {"uri": uri, "secret": os.environ["ARCADE_WORKER_SECRET"], "timeout": 30, "retry": 3}
    client.workers.create(id="installed", http=http)
    assert len(list(client.workers.tools("installed"))) == 11
    line = f"Worker: the installed toolkits are served at {uri}\n"
    assert capsys.readouterr().out == line


def test_a_folder_that_is_none_is_a_clear_error(started: None, tmp_path: Path) -> None:
    with pytest.raises(sandbox.SandboxError, match="nowhere is not a folder"):
        sandbox.start_worker(tmp_path / "nowhere")


def test_a_tool_that_cannot_be_read_is_a_clear_error(started: None, tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("from arcade_tdk import tool\n\n@tool\ndef broken(:\n")
    with pytest.raises(sandbox.SandboxError, match="The end of its output"):
        sandbox.start_worker(tmp_path)


APP = """
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

FORM = "<h1>%s</h1><form method=post action=/in><button>Sign in</button></form>"


async def home(request):
    return HTMLResponse(FORM % request.cookies.get("who", "nobody"))


async def sign_in(request):
    reply = RedirectResponse("/", status_code=303)
    reply.set_cookie("who", "alice")
    return reply


app = Starlette(routes=[Route("/", home), Route("/in", sign_in, methods=["POST"])])
"""


@pytest.fixture
def app(started: None, tmp_path: Path) -> Path:
    path = tmp_path / "my_app.py"
    path.write_text(APP)
    return path


def test_an_app_is_served_until_the_sandbox_stops(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    url = sandbox.start_app(app)
    assert capsys.readouterr().out == f"App: my_app.py is served at {url}\n"
    assert "nobody" in httpx.get(url).text
    sandbox.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_an_app_started_again_is_what_its_file_holds_then(app: Path) -> None:
    url = sandbox.start_app(app)
    app.write_text(APP.replace("nobody", "somebody"))
    assert sandbox.start_app(app) == url
    assert "somebody" in httpx.get(url).text


def test_the_autopilot_stays_signed_in_to_an_app_as_a_person_would(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = sandbox.start_app(app)
    sandbox.open(pending(), click="Allow")
    sandbox.open(url, click="Sign in")
    capsys.readouterr()
    sandbox.open(url)
    sandbox.open("https://developer.ticktick.com/manage")
    assert capsys.readouterr().out.splitlines() == [
        "Autopilot: looked → alice",
        "Autopilot: signed in → Manage Apps",  # at TickTick it begins anew
    ]


def test_a_form_of_an_app_is_shown_and_not_waited_for(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = sandbox.start_app(app)
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    capsys.readouterr()
    sandbox.open(url, fill={"User": "alice"}, click="Sign in")
    assert capsys.readouterr().out.splitlines() == [
        f"Open {url} : fill in the form, then click Sign in.",
        "  User: alice",
    ]


def test_a_file_that_is_none_is_a_clear_error(started: None, tmp_path: Path) -> None:
    with pytest.raises(sandbox.SandboxError, match=r"nothing\.py is not a file"):
        sandbox.start_app(tmp_path / "nothing.py")


def test_an_app_that_cannot_be_read_is_a_clear_error(app: Path) -> None:
    app.write_text("app = broken")
    with pytest.raises(sandbox.SandboxError, match=r"(?s)the app in .*my_app\.py ended.*NameError"):
        sandbox.start_app(app)


def test_a_click_is_waited_for_where_the_program_does_not(
    started: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    monkeypatch.setattr(viewer, "_PATIENCE", 20)
    url = pending()
    person = a_person_who(url, {}, "Allow")
    person.start()
    sandbox.open(url, click="Allow")
    assert "allowed My TickTick app" in "".join(event.text for event in sandbox.events())
    person.join()


def with_two_connected_users() -> Arcade:
    client = Arcade()
    skip = {"unsafe_skip_verification": True}
    client.put("/v1/admin/settings/session_verification", body=skip, cast_to=object)
    for user_id in ("alice", "mallory"):
        auth = client.auth.start(user_id, "arcade-ticktick", scopes=["tasks:read"])
        sandbox.open(auth.url, click="Allow")
    return client


def test_any_button_of_that_name_ends_the_waiting(
    started: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = with_two_connected_users()
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    monkeypatch.setattr(viewer, "_PATIENCE", 20)
    url = f"{os.environ['ARCADE_BASE_URL']}/dashboard/connected-users"

    def revoke_the_last() -> None:
        with Browser(LocalAddresses({})) as browser:
            page = browser.open(url)
            page.forms.reverse()
            browser.submit(page, "Revoke", {})

    person = threading.Timer(0.5, revoke_the_last)
    person.start()
    sandbox.open(url, click="Revoke")
    again = client.auth.start("mallory", "arcade-ticktick", scopes=["tasks:read"])
    assert again.status == "pending"
    person.join()


def test_the_button_beside_another_user_is_not_taken(
    started: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = with_two_connected_users()
    monkeypatch.delenv("TICKTICK_SANDBOX_AUTOPILOT")
    url = f"{os.environ['ARCADE_BASE_URL']}/dashboard/connected-users"
    clicks = ("Revoke alice at arcade-ticktick", "Revoke mallory at arcade-ticktick")
    people = [a_person_who(url, {}, click, after=i) for i, click in enumerate(clicks, start=1)]
    for person in people:
        person.start()
    sandbox.open(url, click=clicks[1])
    for person in people:
        person.join()
    assert f"You clicked {clicks[0]}, not {clicks[1]}." in capsys.readouterr().out
    for user_id, status in (("alice", "completed"), ("mallory", "pending")):
        auth = client.auth.start(user_id, "arcade-ticktick", scopes=["tasks:read"])
        assert auth.status == status


def test_checking_prints_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.check(ROOT / "snippets" / "engine.yaml")
    assert capsys.readouterr().out.endswith("engine.yaml: 0 errors, 0 warnings\n")


def test_events_hold_no_secret(started: None) -> None:
    sandbox.open(pending(), click="Allow")
    auth = Arcade().auth.start(LEARNER, "arcade-ticktick", scopes=["tasks:read"])
    assert auth.context
    assert auth.context.token
    text = "\n".join(str(event) for event in sandbox.events())
    assert "completed for learner@example.com" in text
    assert auth.context.token not in text
    assert "sandboxsecret" not in text


def test_live_starts_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUTORIAL_MODE", "live")
    monkeypatch.setenv("ARCADE_API_KEY", "arc_of_the_reader")
    monkeypatch.setenv("ARCADE_USER_ID", "reader@example.com")
    monkeypatch.setenv("APP_URL", "https://app.example")
    before = dict(os.environ)
    sandbox.start()
    sandbox.open("https://ticktick.com/oauth/authorize?client_id=x", click="Allow")
    sandbox.clock.advance(days=180)
    assert sandbox.start_app("any.py") == "https://app.example"
    assert sandbox.events() == []
    assert dict(os.environ) == before
    assert notebook._running is None
    assert capsys.readouterr().out.splitlines() == [
        "Live: no sandbox is started. Your key is used, and the real services answer.",
        "Open https://ticktick.com/oauth/authorize?client_id=x",
        "Live: the real clock can't be moved.",
        "Live: your app is at https://app.example.",
    ]


def test_live_without_a_key_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTORIAL_MODE", "live")
    with pytest.raises(sandbox.SandboxError, match="needs ARCADE_API_KEY and ARCADE_USER_ID"):
        sandbox.start()


def test_an_unknown_mode_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTORIAL_MODE", "Live")
    with pytest.raises(sandbox.SandboxError, match="TUTORIAL_MODE is 'Live'"):
        sandbox.start()


def test_a_kernel_restart_frees_everything() -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        text = printed(client, "import ticktick_sandbox as sandbox; sandbox.start()")
        ports = [int(port) for port in re.findall(r"localhost:(\d+)", text)]
        assert len(ports) == 2
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=30)
        for port in ports:
            Listener(port).close()
        printed(client, "import ticktick_sandbox as sandbox; sandbox.start()")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_curl_leads_to_the_sandbox_until_it_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """However a notebook starts it; and the sandbox opens its TLS entrance no earlier."""
    monkeypatch.setenv("CURL_HOME", "/of/the/reader")
    curl = f"{program('curl')} -sS --max-time 20 https://api.arcade.dev/v1/health"
    code = f"""
import os, sys, ticktick_sandbox as sandbox
sandbox.start()
print("trustme" in sys.modules)
!{curl}
sandbox.stop()
print("", os.environ["CURL_HOME"])
"""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        lines = printed(client, code).split()[-3:]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert lines == ["False", '{"healthy":true}', "/of/the/reader"]


def test_curl_leads_to_a_sandbox_that_was_started_again(started: None) -> None:
    command = [program("curl"), "-sS", "--max-time", "20", "https://api.arcade.dev/v1/health"]
    for _ in range(2):
        folder = Path(os.environ["CURL_HOME"])
        assert subprocess.check_output(command, text=True) == '{"healthy":true}'
        sandbox.stop()
        assert not folder.exists()
        sandbox.start()


def test_without_a_temporary_folder_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/not/there")
    with pytest.raises(sandbox.SandboxError, match="No temporary folder can be made"):
        sandbox.start()


def printed(client: BlockingKernelClient, code: str) -> str:
    texts: list[str] = []
    client.execute_interactive(
        code,
        timeout=30,
        output_hook=lambda message: texts.append(message["content"].get("text", "")),
    )
    assert "Sandbox: Arcade at" in "".join(texts)
    return "".join(texts)


def test_wire_shows_what_is_new_since_the_last_call(
    started: None, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    sandbox.wire()
    assert capsys.readouterr().out == "Nothing went over the wire since the last call.\n"
    pending()
    sandbox.wire()
    line = "  1 Program → Arcade: POST /v1/auth/authorize → 200 OK, pending\n"
    assert capsys.readouterr().out == line
    for _ in range(3):
        pending()
    sandbox.wire(last=2)
    assert [text[:3] for text in capsys.readouterr().out.splitlines()] == ["  3", "  4"]
    notebook._require().place._sandbox.start_over()  # type: ignore[union-attr]
    pending()
    sandbox.wire()
    assert capsys.readouterr().out == line


def test_wire_is_a_diagram_in_a_notebook() -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    outputs: list[dict[str, str]] = []
    code = (
        "import os, ticktick_sandbox as sandbox, httpx; sandbox.start();"
        "httpx.get(os.environ['ARCADE_BASE_URL'] + '/v1/health'); sandbox.wire();"
        "os.environ.pop('TICKTICK_SANDBOX_AUTOPILOT', None); sandbox.watch()"
    )
    try:
        client.execute_interactive(
            code,
            timeout=60,
            output_hook=lambda told: outputs.append(told["content"].get("data", {})),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    drawn = next(data for data in outputs if "ticktick-sandbox-wire" in data.get("text/html", ""))
    assert drawn["text/plain"] == "  1 Program → Arcade: GET /v1/health → 200 OK"
    assert any("_sandbox%2Fwire" in data.get("text/html", "") for data in outputs)


@pytest.mark.parametrize("call", [sandbox.wire, sandbox.watch])
def test_live_nothing_is_seen_of_the_wire(
    call: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUTORIAL_MODE", "live")
    call()
    said = "Live: what goes over the wire does not pass here.\n"
    assert capsys.readouterr().out == said


def test_who_serves_and_who_asks_have_names(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app.write_text(ASKS_ARCADE)
    url = sandbox.start_app(app)
    assert httpx.get(url, timeout=20).text == "200"
    capsys.readouterr()
    sandbox.wire()
    lines = capsys.readouterr().out.splitlines()  # it was asked, too, whether it is up
    assert {line[4:] for line in lines} == {"App → Arcade: GET /v1/health → 200 OK"}


ASKS_ARCADE = """
import os, httpx
async def app(scope, receive, send):
    async with httpx.AsyncClient() as client:
        reply = await client.get(os.environ["ARCADE_BASE_URL"] + "/v1/health")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(reply.status_code).encode()})
"""


def test_something_goes_wrong_because_one_wants_it_to(
    started: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    health = f"{os.environ['ARCADE_BASE_URL']}/v1/health"
    sandbox.faults.add("Arcade", "GET /v1/health", status=503, times=2)
    assert [httpx.get(health).status_code for _ in range(3)] == [503, 503, 200]
    sandbox.faults.add("Arcade", status=500, times=None)
    sandbox.faults.clear()
    assert httpx.get(health).status_code == 200
    sandbox.faults.limit(per_minute=7)
    assert "takes 7 requests a minute" in sandbox.events()[-1].text
    with pytest.raises(sandbox.SandboxError, match="The service is Arcade or TickTick"):
        sandbox.faults.add("Nobody", down=True)
    capsys.readouterr()
    monkeypatch.setenv("TUTORIAL_MODE", "live")
    sandbox.faults.add("Arcade", down=True, times=None)
    assert capsys.readouterr().out == "Live: nothing goes wrong on demand.\n"
    monkeypatch.delenv("TUTORIAL_MODE")
    assert httpx.get(health).status_code == 200


def test_nothing_goes_wrong_where_nothing_runs() -> None:
    with pytest.raises(sandbox.SandboxError, match=r"Call sandbox\.start\(\) first"):
        sandbox.faults.clear()
