"""The dashboard's pages of servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes import free_ports
from tests.ticktick_sandbox.arcade.helpers import SECRET
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.browser.browser import Page
from ticktick_sandbox.processes.worker import WorkerProcess

HOME = "/dashboard/servers"


@pytest.fixture
def served(working: tuple[World, WorkerProcess]) -> Iterator[tuple[World, WorkerProcess]]:
    """A world and a worker that it does not know yet."""
    world, worker = working
    yield world, worker
    for known in world.sandbox.engine.workers.all():
        world.sandbox.engine.workers.remove(known)


def add(world: World, **changes: str) -> Page:
    fill = {"ID": "tests", "Secret": SECRET} | changes
    return world.visit(f"{world.arcade_url}{HOME}/new", "Add Server", fill)


def test_a_server_is_added_and_shows_its_tools(served: tuple[World, WorkerProcess]) -> None:
    world, worker = served
    page = add(world, URI=worker.uri)
    assert page.url == f"{world.arcade_url}{HOME}/tests"
    text = world.http.get(page.url).text
    assert '<span class="badge">Enabled</span>' in text
    assert f'<tr><th scope="row">Endpoint</th><td>{worker.uri}</td></tr>' in text
    tools = world.arcade.tools.list().items or []
    assert f'<tr><th scope="row">Tools</th><td>{len(tools)}</td></tr>' in text
    assert [tool for tool in tools if f'"row">{tool.name}</th>' not in text] == []
    assert 'href="/dashboard/playground/Ticktick.ListProjects"' in text
    assert SECRET not in text


def test_the_list_leads_to_each_server(served: tuple[World, WorkerProcess]) -> None:
    world, worker = served
    add(world, URI=worker.uri)
    text = world.http.get(world.arcade_url + HOME).text
    assert f'<a href="{HOME}/tests">tests</a>' in text
    assert worker.uri in text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ID": "no blanks"}, "an id has letters, digits, underscores and hyphens."),
        ({"ID": ""}, "id is a required field."),
        ({"Secret": ""}, "secret is a required field."),
        ({"Timeout": "long"}, "timeout must be a whole number from 1 to 3600."),
        ({"Timeout": "9" * 5000}, "timeout must be a whole number from 1 to 3600."),
        ({"Timeout": "²"}, "timeout must be a whole number from 1 to 3600."),
        ({"Retry": "11"}, "retry must be a whole number from 0 to 10."),
        (
            {"URI": "8002"},
            "uri must be a plain http or https address such as http://127.0.0.1:8002.",
        ),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(
    bare: World, changes: dict[str, str], error: str
) -> None:
    page = add(bare, **{"URI": "http://localhost:8002"} | changes)
    assert page.error == error
    shown = {"ID": "tests", "URI": "http://localhost:8002"} | changes | {"Secret": ""}
    assert {label: page.values[label] for label in shown} == shown
    assert bare.sandbox.engine.workers.all() == []


def test_a_server_that_does_not_answer_says_why(bare: World) -> None:
    (port,) = free_ports(1)
    page = add(bare, URI=f"http://127.0.0.1:{port}")
    assert page.error == "worker tests can't be reached."
    assert "<td>not known</td>" in bare.http.get(page.url).text


def test_a_server_is_deleted(bare: World) -> None:
    page = add(bare, URI="http://127.0.0.1:1")
    page = bare.visit(page.url, "Delete")
    assert page.url == f"{bare.arcade_url}{HOME}?done=Deleted"
    assert bare.sandbox.engine.workers.all() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_server_is_a_page_that_says_so(bare: World, method: str) -> None:
    path = f"{HOME}/gone" if method == "GET" else f"{HOME}/gone/delete"
    data = {"form_token": bare.sandbox.engine.form_token}
    reply = bare.http.request(method, bare.arcade_url + path, data=data)
    assert reply.status_code == 404
    assert "<h1>No such server</h1>" in reply.text
