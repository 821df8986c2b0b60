"""What is missing before going live, looked up under the real names, behind TLS."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest

from tests.environment import ROOT
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.live_setup import LIVE, Check, preflight
from ticktick_sandbox.redirection import Redirection
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

READY = {"ARCADE_API_KEY": "arc_my_own_key", "ARCADE_USER_ID": LEARNER}


class WithOurKey(httpx.BaseTransport):
    """Puts the sandbox's key in place of a reader's, and leads to the sandbox by its real name."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.copy_with(query=None)}")
        if request.headers["Authorization"] == READY["ARCADE_API_KEY"]:
            request.headers["Authorization"] = API_KEY
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def look(world: World, environment: dict[str, str] = READY, provider: str = PROVIDER_ID) -> list:
    redirection = Redirection(world.arcade_url)
    redirection.on()
    transport = WithOurKey()
    try:
        client = httpx.Client(transport=transport, timeout=10)
        checks = list(preflight(environment, provider, client))
    finally:
        redirection.off()
    assert all(asked.startswith(f"GET {LIVE}/v1/admin/") for asked in transport.asked)
    return checks


def missing(checks: list[Check]) -> dict[str, str]:
    return {check.what: check.todo for check in checks if not check.passed}


def test_a_configuration_that_is_whole_misses_nothing(world: World) -> None:
    checks = look(world)
    assert missing(checks) == {}
    text = "\n".join(map(str, checks))
    assert "ok     https://api.arcade.dev: takes the key" in text
    (provider,) = world.arcade.admin.auth_providers.list().items
    assert f"{provider.oauth2.redirect_uri}: paste it into OAuth redirect URL" in text
    assert READY["ARCADE_API_KEY"] not in text
    assert world.app.client_secret not in text


@pytest.mark.parametrize(
    ("environment", "what", "todo"),
    [
        ({}, "ARCADE_API_KEY", "Set it to the key"),
        (READY | {"ARCADE_API_KEY": API_KEY}, "ARCADE_API_KEY", "This is the sandbox's"),
        (READY | {"ARCADE_API_KEY": "sk-1"}, "ARCADE_API_KEY", "begins with arc_"),
        (READY | {"ARCADE_API_KEY": '"arc_x"'}, "ARCADE_API_KEY", "quotation marks"),
        (READY | {"ARCADE_USER_ID": "{arcade_user_id}"}, "ARCADE_USER_ID", "e-mail address"),
        (READY | {"ARCADE_API_KEY": "arc_other"}, LIVE, "Copy the key anew"),
        ({"ARCADE_API_KEY": "arc_my_own_key"}, "ARCADE_USER_ID", "e-mail address"),
        (READY | {"ARCADE_USER_ID": "user-1"}, "who verifies users", "e-mail address"),
        (READY | {"ARCADE_USER_ID": " learner@example.com"}, "ARCADE_USER_ID", "e-mail address"),
        (READY | {"ARCADE_API_KEY": "arc_..."}, "ARCADE_API_KEY", "still a placeholder"),
        (READY | {"ARCADE_BASE_URL": f"{LIVE}/dashboard"}, "ARCADE_BASE_URL", "The dashboard"),
        (READY | {"WORKER_URI": "http://localhost:8002"}, "WORKER_URI", "Arcade has to reach"),
        (READY | {"APP_URL": "https://localhost:8000"}, "APP_URL", "browsers have to reach"),
        (READY | {"APP_URL": "https://[a.example"}, "APP_URL", "browsers have to reach"),
        (READY | {"ARCADE_WORKER_SECRET": "dev"}, "ARCADE_WORKER_SECRET", "openssl rand"),
        (READY | {"TICKTICK_SANDBOX_URL": "x"}, "the sandbox", "without ticktick-sandbox exec"),
    ],
)
def test_what_the_environment_misses_is_said(
    world: World, environment: dict[str, str], what: str, todo: str
) -> None:
    assert todo in missing(look(world, environment))[what]


@pytest.mark.parametrize(
    "change",
    [
        {"ARCADE_API_KEY": "sk-1"},
        {"ARCADE_API_KEY": '"arc_my_own_key"'},
        {"ARCADE_BASE_URL": "http://arcade.example"},
        {"ARCADE_BASE_URL": "https://[arcade.example"},
    ],
)
def test_a_key_goes_nowhere_where_it_does_not_belong(change: dict[str, str]) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    client = httpx.Client(transport=httpx.MockTransport(refuse))
    *_, last = preflight(READY | change, PROVIDER_ID, client)
    assert last.found.startswith("not asked")


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("part", "change", "what", "todo"),
    [
        (
            "token",
            {"endpoint": "https://api.ticktick.com/oauth/token"},
            "token",
            "Enter https://tick",
        ),
        ("authorize", {"endpoint": "https://dida365.com/oauth"}, "authorize", "Enter https://tick"),
        (
            "authorize",
            {"params": {"scope": "tasks:read"}},
            "parameter scope",
            "{{existing_scopes}}",
        ),
        ("token", {"response_content_type": FORM}, "content type", "application/json"),
    ],
)
def test_what_the_provider_misses_is_said(
    world: World, part: str, change: dict, what: str, todo: str
) -> None:
    changed = {f"{part}_request": change}
    world.arcade.admin.auth_providers.patch(PROVIDER_ID, oauth2=changed)
    ((name, said),) = missing(look(world)).items()
    assert what in name
    assert todo in said


def test_a_provider_that_is_not_there_is_said(world: World) -> None:
    found = missing(look(world, provider="ticktick"))
    assert list(found) == ["the provider ticktick"]
    (check,) = [c for c in look(world, provider="ticktick") if not c.passed]
    assert "there is: arcade-ticktick" in check.found


def test_who_verifies_users_is_said(world: World) -> None:
    verification = world.sandbox.engine.verification
    verification.change(None, skip=True)
    assert "anybody gets the token" in missing(look(world))["who verifies users"]
    verification.change("http://localhost:8000/auth/verify", skip=False)
    assert "public https" in missing(look(world))["who verifies users"]
    verification.change("https://app.example/auth/verify", skip=False)
    assert missing(look(world, READY | {"ARCADE_USER_ID": "user-1"})) == {}


@pytest.mark.parametrize("fault", [{"down": True}, {"broken": True}, {"status": 500}])
def test_an_arcade_that_does_not_answer_is_one_line(world: World, fault: dict) -> None:
    world.sandbox.faults.add("Arcade", "GET /v1/admin/*", **fault)
    assert "Look whether this machine reaches it" in missing(look(world))[LIVE]


def test_the_command_prints_and_exits(world: World) -> None:
    command = [sys.executable, "-m", "ticktick_sandbox", "preflight"]
    env = {"PATH": "", "ARCADE_API_KEY": API_KEY, "ARCADE_BASE_URL": world.arcade_url}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("to do  ARCADE_API_KEY: set\n    This is the sandbox's.")
    assert f"ok     {world.arcade_url}: takes the key" in done.stdout
