"""The Open API: who may do what, and what comes back."""

from __future__ import annotations

from tests.sandbox.conftest import World


def test_projects_are_listed_without_the_inbox(world: World) -> None:
    projects = world.open_api().get("/project").json()
    assert [project["name"] for project in projects] == [
        "👋Welcome",
        "Website relaunch",
        "Home",
        "Reading list",
    ]
