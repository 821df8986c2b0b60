"""The Open API against a model of projects and tasks, in whatever order they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tests.ticktick_sandbox.together.in_process import TICKTICK, InProcess

CALLBACK = "http://localhost:3000/callback"
Json = dict[str, Any]
TITLES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": TITLES,
        "content": st.text(st.characters(codec="utf-8"), max_size=30),
        "priority": st.sampled_from([0, 1, 3, 5]),
        "tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
        "isAllDay": st.booleans(),
        "sortOrder": st.integers(-(2**63), 2**63 - 1),
    },
)


class OpenApi(RuleBasedStateMachine):
    """Projects and tasks are created, changed, moved, completed and deleted."""

    projects: Bundle[str] = Bundle("projects")
    tasks: Bundle[str] = Bundle("tasks")

    def __init__(self) -> None:
        super().__init__()
        self.world = InProcess()
        self.kept: dict[str, Json] = {}  # the tasks that are there, by id
        self.deleted: dict[str, Json] = {}
        self.first: int | None = None  # where the newest task stands
        self.names: dict[str, str] = {}  # of the projects that are there, by id

    def teardown(self) -> None:
        """End what still runs."""
        self.world.close()

    @initialize(target=projects)
    def begin(self) -> str:
        """Get a token; the Inbox stands for the first project."""
        client_id = self.world.add_app("App", CALLBACK)
        app = self.world.ticktick.apps.get(client_id)
        assert app
        asked = {"client_id": client_id, "redirect_uri": CALLBACK, "response_type": "code"}
        body = {
            "grant_type": "authorization_code",
            "code": self.world.allow(asked)["code"],
            "redirect_uri": CALLBACK,
        }
        auth = client_id, app.client_secret
        reply = self.world.http.post(f"{TICKTICK}/oauth/token", data=body, auth=auth)
        self.token = reply.json()["access_token"]
        for project in self.api("GET", "/project"):
            self.api("DELETE", f"/project/{project['id']}")
        for task in self.api("GET", "/project/inbox/data")["tasks"]:
            self.api("DELETE", f"/project/inbox/task/{task['id']}")
        return self.world.learner.inbox_id

    def api(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        reply = self.world.api(self.token, method, path, body)
        assert reply.status_code == status, reply.text
        assert (status == 200) or reply.json()["errorCode"]
        return reply.json() if reply.content else None

    def known(self, project: str) -> bool:
        return project in self.names or project == self.world.learner.inbox_id

    @rule(target=projects, name=TITLES)
    def create_project(self, name: str) -> str:
        made = self.api("POST", "/project", {"name": name})
        self.names[made["id"]] = name[:64]
        return made["id"]

    @rule(project=projects, name=TITLES)
    def rename_project(self, project: str, name: str) -> None:
        status = 200 if project in self.names else 500
        self.api("POST", f"/project/{project}", {"name": name}, status=status)
        if project in self.names:
            self.names[project] = name[:64]

    @rule(project=projects)
    def delete_project(self, project: str) -> None:
        status = 200 if project in self.names else 500
        self.api("DELETE", f"/project/{project}", status=status)
        if self.names.pop(project, None) is not None:
            for there in (self.kept, self.deleted):
                for task in [t for t in there.values() if t["projectId"] == project]:
                    del there[task["id"]]

    @rule(target=tasks, project=projects, title=TITLES, fields=FIELDS)
    def create_task(self, project: str, title: str, fields: Json) -> str:
        body = fields | {"title": title, "projectId": project}
        status = 200 if self.known(project) else 500
        made = self.api("POST", "/task", body, status=status)
        if status == 500:
            return "f" * 24
        expected = body | {"tags": sorted(body["tags"])} if "tags" in body else body
        assert {name: made[name] for name in expected} == expected
        if "sortOrder" not in fields:  # newer ones come first
            if self.first is not None:
                assert made["sortOrder"] < self.first
            self.first = made["sortOrder"]
        self.kept[made["id"]] = made
        return made["id"]

    @rule(task=tasks, fields=FIELDS, project=projects)
    def update_task(self, task: str, fields: Json, project: str) -> None:
        known = self.kept.get(task) or self.deleted.get(task)
        right = known is not None and known["projectId"] == project
        body = fields | {"id": task, "projectId": project}
        changed = self.api("POST", f"/task/{task}", body)
        assert (changed is not None) is right
        if right and known:
            known |= fields | ({"tags": sorted(fields["tags"])} if "tags" in fields else {})
            known |= {name: changed[name] for name in ("etag", "etimestamp")}
            assert changed == known

    @rule(task=tasks)
    def complete_task(self, task: str) -> None:
        project = self.kept.get(task, {}).get("projectId", "inbox")
        status = 200 if task in self.kept else 500
        self.api("POST", f"/project/{project}/task/{task}/complete", status=status)
        if task in self.kept:
            self.kept[task] = self.api("GET", f"/project/{project}/task/{task}")
            assert self.kept[task]["status"] == 2

    @rule(task=tasks)
    def delete_task(self, task: str) -> None:
        project = self.kept.get(task, {}).get("projectId", "inbox")
        assert self.api("DELETE", f"/project/{project}/task/{task}") is None
        if task in self.kept:
            self.deleted[task] = self.kept.pop(task)

    @rule(task=tasks, project=projects)
    def move_task(self, task: str, project: str) -> None:
        source = self.kept.get(task, {}).get("projectId", "inbox")
        move = {"fromProjectId": source, "toProjectId": project, "taskId": task}
        answer = self.api("POST", "/task/move", [move])
        assert [entry["id"] for entry in answer] == ([task] if self.known(project) else [])
        if task in self.kept and self.known(project):
            self.kept[task] = self.api("GET", f"/project/{project}/task/{task}")
            assert self.kept[task]["etag"] == answer[0]["etag"]

    @rule(task=tasks)
    def read_task(self, task: str) -> None:
        known = self.kept.get(task) or self.deleted.get(task)
        project = known["projectId"] if known else "inbox"
        assert self.api("GET", f"/project/{project}/task/{task}") == known

    @invariant()
    def everything_undone_is_listed_in_order(self) -> None:
        if not hasattr(self, "token"):
            return
        listed = self.api("GET", "/project")
        assert {project["id"]: project["name"] for project in listed} == self.names
        for project in [*self.names, "inbox"]:
            place = self.world.learner.inbox_id if project == "inbox" else project
            there = [t for t in self.kept.values() if t["projectId"] == place and not t["status"]]
            tasks = self.api("GET", f"/project/{project}/data")["tasks"]
            assert [task["sortOrder"] for task in tasks] == sorted(t["sortOrder"] for t in there)
            assert {task["id"]: task for task in tasks} == {task["id"]: task for task in there}


OpenApi.TestCase.settings = settings(
    derandomize=True, database=None, deadline=None, max_examples=100, stateful_step_count=40
)


@pytest.mark.long
class TestOpenApi(OpenApi.TestCase):
    """Runs the machine."""
