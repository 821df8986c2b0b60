"""The page on which a person sees their tasks."""

from __future__ import annotations

import re

from tests.ticktick_sandbox.helpers import World


def shown(world: World) -> list[tuple[str, list[str]]]:
    """Return the lists and their tasks, as the page has them."""
    text = world.http.get(world.visit(f"{world.ticktick_url}/webapp").url).text
    parts = re.split("<h2>(.*?)</h2>", text)[1:]
    return [
        (name, re.findall("<li>(.*?)</li>", body))
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    ]


def test_a_created_task_appears_and_a_completed_one_goes(world: World) -> None:
    api = world.open_api()
    before = dict(shown(world))
    assert list(before) == ["Inbox", *(p["name"] for p in api.get("/project").json())]
    task = api.post("/task", json={"title": "<b>Milk</b>"}).json()
    assert dict(shown(world))["Inbox"] == ["&lt;b&gt;Milk&lt;/b&gt;", *before["Inbox"]]
    api.post(f"/project/{task['projectId']}/task/{task['id']}/complete")
    assert dict(shown(world)) == before


def test_who_is_not_signed_in_is_asked_to(world: World) -> None:
    reply = world.http.get(f"{world.ticktick_url}/webapp")
    assert (reply.status_code, reply.headers["location"]) == (302, "/signin?dest=%2Fwebapp")
