"""People at TickTick, as a test sees them."""

from __future__ import annotations

import pytest

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.server.users import Users
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import LEARNER


@pytest.fixture
def users(world: World) -> Users:
    return Users(lambda: world.sandbox.ticktick)


def test_the_learner_is_there_from_the_start(users: Users) -> None:
    assert [user.email for user in users] == [LEARNER]
    assert repr(users.learner) == f"User('Learner', '{LEARNER}')"
    assert len(users.learner.projects) == 4
    with pytest.raises(KeyError):
        users["nobody@example.com"]


def test_tasks_are_what_the_api_shows(world: World, users: Users) -> None:
    api = world.open_api()
    api.post("/task", json={"title": "In the Inbox"})
    place = api.get("/project").json()[1]["id"]
    api.post("/task", json={"title": "In a project", "projectId": place})
    titles = users.learner.titles
    assert {"In the Inbox", "In a project"} <= set(titles)
    (made,) = [task for task in users.learner.tasks if task["title"] == "In a project"]
    assert made == api.get(f"/project/{place}/task/{made['id']}").json()
    api.post(f"/project/{place}/task/{made['id']}/complete")
    assert "In a project" not in users.learner.titles
    assert users.learner.completed[0]["title"] == "In a project"
    assert users.learner.completed[0]["status"] == 2


def test_what_is_handed_out_is_a_copy(users: Users) -> None:
    users.learner.tasks[0]["title"] = "changed"
    assert "changed" not in users.learner.titles


def test_somebody_else_has_what_nobody_else_has(users: Users) -> None:
    ben = users.add("Ben of Bristol")
    assert ben.email == "ben.of.bristol@example.com"
    assert [project["name"] for project in ben.projects][-1] == "Ben of Bristol's project"
    assert len(users) == 2
    assert len(users.learner.projects) == 4
    with pytest.raises(SandboxError, match="already has an account"):
        users.add("Another", email=ben.email)


def test_who_takes_access_back_has_tokens_that_work_no_more(world: World, users: Users) -> None:
    api, ben = world.open_api(), users.add("Ben")
    ben.revoke()
    assert api.get("/project").status_code == 200
    users.learner.revoke()
    assert api.get("/project").status_code == 401
    assert "took back" in str(world.sandbox.event_log.events[-2]) + str(
        world.sandbox.event_log.events[-1]
    )
