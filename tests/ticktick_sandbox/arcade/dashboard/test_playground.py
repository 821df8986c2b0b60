"""The playground: a tool is run by hand, for a user who has allowed it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ticktick_sandbox.arcade.helpers import http_of
from tests.ticktick_sandbox.helpers import BOTH, World
from ticktick_sandbox.browser.browser import Browser, Page
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.shared.settings import LEARNER

HOME = "/dashboard/playground"


@pytest.fixture
def playing(working: tuple[World, WorkerProcess]) -> Iterator[World]:
    """A world whose worker is registered and whose learner has granted nothing."""
    world, worker = working
    world.arcade.workers.create(id="tests", type="http", http=http_of(worker.uri))
    yield world
    world.arcade.workers.delete("tests")
    provider = world.sandbox.engine.providers.get("arcade-ticktick")
    assert provider
    world.sandbox.engine.authorizations.forget_provider(provider)


def run(world: World, tool: str, fill: dict[str, str] | None = None) -> Page:
    return world.visit(f"{world.arcade_url}{HOME}/Ticktick.{tool}", "Execute", fill or {})


def shown(world: World, tool: str, form: dict[str, str]) -> str:
    """Return the page that answers a form sent with its token."""
    token = world.sandbox.engine.form_token
    reply = world.http.post(
        f"{world.arcade_url}{HOME}/Ticktick.{tool}", data={"form_token": token} | form
    )
    return reply.text


def test_it_lists_every_tool(playing: World) -> None:
    text = playing.http.get(playing.arcade_url + HOME).text
    for tool in playing.arcade.tools.list():
        assert f'href="{HOME}/{tool.qualified_name}"' in text


def test_without_a_server_it_says_what_to_do(bare: World) -> None:
    text = bare.http.get(bare.arcade_url + HOME).text
    assert 'No tool yet. Add a server that offers some under <a href="/dashboard/servers">' in text


def test_a_tool_runs_with_what_was_typed_as_the_types_of_its_parameters(playing: World) -> None:
    form = {"user_id": LEARNER, "input.numbers": "[3, 1, 2]", "input.order": "down"}
    text = shown(playing, "SortOut", form)
    assert "<h2>Completed</h2>" in text
    assert "[\n    3,\n    2,\n    1\n  ]" in text


def test_without_consent_it_shows_the_link_and_comes_back_after_it(playing: World) -> None:
    with Browser(playing.sandbox.local) as browser:
        page = browser.open(f"{playing.arcade_url}{HOME}/Ticktick.CreateTask")
        page = browser.submit(page, "Execute", {"title": "Buy milk"})
        assert "Authorize" in page.links
        page = browser.click(page, "Authorize", {})
        page = browser.click(page, "Allow", {})
        assert page.url.startswith(f"{playing.arcade_url}{HOME}/Ticktick.CreateTask")
        assert page.values["title"] == "Buy milk"
        browser.submit(page, "Execute", {})
    inbox = playing.open_api(BOTH).get("/project/inbox/data").json()
    assert "Buy milk" in [task["title"] for task in inbox["tasks"]]


def test_a_tool_that_fails_is_shown_as_failed(playing: World) -> None:
    text = shown(playing, "Fail", {"user_id": LEARNER})
    assert "<h2>Failed</h2>" in text
    assert "TOOL_RUNTIME_FATAL" in text


@pytest.mark.parametrize(
    ("numbers", "error"),
    [
        ("", "numbers is required."),
        ("3, 1", "numbers is a list in JSON, such as [1, 2]."),
        ("{}", "numbers is a list in JSON, such as [1, 2]."),
        ("[NaN]", "numbers is a list in JSON, such as [1, 2]."),
        ('["\\ud800"]', "numbers is a list in JSON, such as [1, 2]."),
    ],
)
def test_a_value_of_another_type_is_shown_again_with_what_is_wanted(
    playing: World, numbers: str, error: str
) -> None:
    page = run(playing, "SortOut", {"numbers": numbers, "order": "down"})
    assert page.error == error
    assert page.values["order"] == "down"


def test_a_user_is_needed(playing: World) -> None:
    assert "User ID is required." in shown(playing, "Fail", {"user_id": " "})


def test_a_missing_secret_is_named(playing: World) -> None:
    assert run(playing, "NameTeam").error == "secret not found: TEAM."


@pytest.mark.parametrize("name", ["Ticktick.Nothing", "nonsense"])
def test_an_unknown_tool_is_a_page_that_says_so(playing: World, name: str) -> None:
    reply = playing.http.get(f"{playing.arcade_url}{HOME}/{name}")
    assert reply.status_code == 404
    assert "<h1>No such tool</h1>" in reply.text


def test_a_form_from_elsewhere_runs_nothing(playing: World) -> None:
    reply = playing.http.post(
        f"{playing.arcade_url}{HOME}/Ticktick.Fail",
        data={"user_id": LEARNER, "form_token": "made-up"},
    )
    assert reply.status_code == 403
    assert "<h1>This form can&#39;t be accepted</h1>" in reply.text
