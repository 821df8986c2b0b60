"""The real arcade-ticktick-api in a real worker: each tool, its effect, and what goes wrong."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import arcadepy
import httpx
import pytest
from arcadepy import Arcade
from arcadepy.types import ExecuteToolResponse
from arcadepy.types.execute_tool_response import OutputError

from tests.environment import ROOT
from tests.ticktick_sandbox.arcade.helpers import SECRET, WRITE, free_uri, http_of
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.redirection import child_environment
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID
from ticktick_sandbox.ticktick.tasks import ApiError


def serve(world: World, worker_id: str, sandbox_url: str) -> WorkerProcess:
    """Serve the installed toolkits from a worker that reaches TickTick at this sandbox."""
    variables = child_environment(sandbox_url, os.environ)
    worker = WorkerProcess(None, "", SECRET, variables=variables)
    worker.start()
    world.arcade.workers.create(id=worker_id, http=http_of(worker.uri))  # type: ignore[arg-type]
    return worker


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A world with the pre-built tools, for which the learner has allowed both scopes."""
    world = make_world()
    world.sandbox.prepare(PROVIDER_ID)
    worker = serve(world, "prebuilt", world.arcade_url)
    world.token()
    yield world
    worker.stop()
    world.close()


@pytest.fixture(scope="module")
def ticktick(world: World) -> httpx.Client:
    return world.open_api()


@pytest.fixture
def project(ticktick: httpx.Client) -> Iterator[str]:
    """The id of a new project."""
    project_id = ticktick.post("/project", json={"name": "Garden"}).json()["id"]
    yield project_id
    ticktick.delete(f"/project/{project_id}")


@pytest.fixture
def task(ticktick: httpx.Client, project: str) -> dict[str, Any]:
    """A new task in the new project."""
    sent = {"title": "Water the tomatoes", "projectId": project}
    return ticktick.post("/task", json=sent).json()


def execute(world: World, tool: str, /, **inputs: Any) -> ExecuteToolResponse:
    return world.arcade.tools.execute(
        tool_name=f"TicktickApi.{tool}", user_id=LEARNER, input=inputs
    )


def value(world: World, tool: str, /, **inputs: Any) -> Any:
    """Run a tool that has to succeed and return what TickTick answered, ``None`` for nothing."""
    answer = execute(world, tool, **inputs)
    assert answer.success, answer
    assert answer.output
    told = answer.output.value
    if told == {"response_text": ""}:
        return None
    assert isinstance(told, dict)
    assert set(told) == {"response_json"}
    return told["response_json"]


def error(answer: ExecuteToolResponse) -> OutputError:
    assert (answer.success, answer.status) == (False, "failed")
    assert answer.output
    assert answer.output.error
    return answer.output.error


def everything(ticktick: httpx.Client) -> list[Any]:
    """Return all that is open in the learner's account."""
    projects = ticktick.get("/project").json()
    places = ["inbox", *(project["id"] for project in projects)]
    return [projects, *(ticktick.get(f"/project/{place}/data").json() for place in places)]


# Which tools there are


def documented() -> dict[str, tuple[str, str]]:
    """Return scope and parameters by tool, as the reference page has them."""
    page = (ROOT / "docs" / "reference" / "ticktick.md").read_text(encoding="utf-8")
    section = page.partition("## The pre-built tools")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| `([\w:]+)` \| (.*) \|$", section, re.M)
    return {name: (scope, re.sub(r"[`\\]", "", text)) for name, scope, text in rows}


def test_the_tools_are_those_of_the_reference_page(world: World) -> None:
    offered = list(world.arcade.tools.list(toolkit="TicktickApi"))
    shown = {}
    for tool in offered:
        assert tool.requirements
        assert tool.requirements.authorization
        assert tool.requirements.authorization.id == "arcade-ticktick"
        assert tool.requirements.authorization.oauth2
        (scope,) = tool.requirements.authorization.oauth2.scopes or []
        names = [f"{p.name}{'*' if p.required else ''}" for p in tool.input.parameters or []]
        shown[tool.name] = (scope, ", ".join(names) or "–")

    assert shown == documented()
    assert len(shown) == 11
    assert {tool.toolkit.version for tool in offered} == {"0.1.1"}
    assert version("arcade-ticktick-api") == "0.1.1"


def test_all_parameters_are_strings_but_the_sort_order(world: World) -> None:
    parameters = [
        parameter
        for tool in world.arcade.tools.list(toolkit="TicktickApi")
        for parameter in tool.input.parameters or []
    ]

    others = {
        p.name: p.value_schema.val_type for p in parameters if p.value_schema.val_type != "string"
    }
    choices = {p.name: p.value_schema.enum for p in parameters if p.value_schema.enum}
    assert others == {"project_sort_order": "integer"}
    assert choices == {"mode": ["get_request_schema", "execute"]}


def test_the_openai_format_names_them_with_an_underscore(world: World) -> None:
    listed = list(world.arcade.tools.formatted.list(format="openai", toolkit="TicktickApi"))

    names = [tool["function"]["name"] for tool in listed]  # type: ignore[index]
    assert names == [f"TicktickApi_{name}" for name in sorted(documented())]


# The tools that read


def test_get_user_projects(world: World, ticktick: httpx.Client, project: str) -> None:
    projects = value(world, "GetUserProjects")

    assert projects == ticktick.get("/project").json()
    assert project in [each["id"] for each in projects]


def test_get_ticktick_project_by_id(world: World, ticktick: httpx.Client, project: str) -> None:
    found = value(world, "GetTicktickProjectById", project_id=project)

    assert found == ticktick.get(f"/project/{project}").json()
    assert found["name"] == "Garden"


def test_retrieve_project_with_tasks(world: World, project: str, task: dict[str, Any]) -> None:
    data = value(world, "RetrieveProjectWithTasks", project_id=project)

    assert data["project"]["name"] == "Garden"
    assert (data["tasks"], data["columns"]) == ([task], [])


def test_the_inbox_has_tasks_and_no_project(world: World, ticktick: httpx.Client) -> None:
    data = value(world, "RetrieveProjectWithTasks", project_id="inbox")

    assert data == ticktick.get("/project/inbox/data").json()
    assert sorted(data) == ["columns", "tasks"]


def test_retrieve_task_details(world: World, project: str, task: dict[str, Any]) -> None:
    found = value(
        world, "RetrieveTaskDetails", project_identifier=project, task_identifier=task["id"]
    )

    assert found == task


# The tools that write


def test_create_project_in_ticktick(world: World, ticktick: httpx.Client) -> None:
    created = value(
        world,
        "CreateProjectInTicktick",
        project_name="Balcony",
        project_color="#35D870",
        project_kind="NOTE",
        project_sort_order=7,
        project_view_mode="timeline",
    )

    assert created == ticktick.get(f"/project/{created['id']}").json()
    assert created == {
        "id": created["id"],
        "name": "Balcony",
        "color": "#35D870",
        "kind": "NOTE",
        "sortOrder": 7,
        "viewMode": "timeline",
    }
    ticktick.delete(f"/project/{created['id']}")


def test_update_project_properties(world: World, ticktick: httpx.Client, project: str) -> None:
    before = ticktick.get(f"/project/{project}").json()
    changes = {"project_name": "Balcony", "project_view_mode": "kanban", "project_sort_order": 7}
    changed = value(world, "UpdateProjectProperties", project_identifier=project, **changes)

    assert changed == ticktick.get(f"/project/{project}").json()
    assert changed == before | {"name": "Balcony", "viewMode": "kanban", "sortOrder": 7}


def test_delete_ticktick_project(world: World, ticktick: httpx.Client, project: str) -> None:
    assert value(world, "DeleteTicktickProject", project_id=project) is None

    assert ticktick.get(f"/project/{project}").status_code == 404


def test_create_task_ticktick(world: World, ticktick: httpx.Client, project: str) -> None:
    body = {"title": "Buy soil", "projectId": project, "priority": 3, "items": [{"title": "Peat"}]}
    created = value(world, "CreateTaskTicktick", mode="execute", request_body=json.dumps(body))

    [kept] = ticktick.get(f"/project/{project}/data").json()["tasks"]
    assert kept == created | {"items": [created["items"][0] | {"isAllDay": False}]}
    assert (created["title"], created["priority"]) == ("Buy soil", 3)
    assert [item["title"] for item in created["items"]] == ["Peat"]


def test_update_task_properties(
    world: World, ticktick: httpx.Client, project: str, task: dict[str, Any]
) -> None:
    body = {"id": task["id"], "projectId": project, "title": "Water the basil", "priority": 5}
    changed = value(
        world,
        "UpdateTaskProperties",
        mode="execute",
        task_identifier=task["id"],
        request_body=json.dumps(body),
    )

    assert changed == ticktick.get(f"/project/{project}/task/{task['id']}").json()
    new = {"title": "Water the basil", "priority": 5, "etag": changed["etag"]}
    assert changed == task | new


@pytest.mark.parametrize(
    ("tool", "required"),
    [
        ("CreateTaskTicktick", ["title", "projectId"]),
        ("UpdateTaskProperties", ["id", "projectId"]),
    ],
)
def test_the_schema_of_a_body_comes_on_request_and_changes_nothing(
    world: World, ticktick: httpx.Client, tool: str, required: list[str]
) -> None:
    before = everything(ticktick)
    answer = execute(world, tool, mode="get_request_schema", request_body="is ignored")

    assert answer.output
    told = answer.output.value
    assert isinstance(told, dict)
    assert sorted(told) == ["instructions", "request_body_schema"]
    assert json.loads(told["request_body_schema"])["required"] == required  # type: ignore[arg-type]
    assert everything(ticktick) == before


def test_mark_task_complete(
    world: World, ticktick: httpx.Client, project: str, task: dict[str, Any]
) -> None:
    ids = {"project_id": project, "task_identifier": task["id"]}
    assert value(world, "MarkTaskComplete", **ids) is None

    assert ticktick.get(f"/project/{project}/task/{task['id']}").json()["status"] == 2
    assert ticktick.get(f"/project/{project}/data").json()["tasks"] == []


def test_delete_specific_task(
    world: World, ticktick: httpx.Client, project: str, task: dict[str, Any]
) -> None:
    ids = {"project_id": project, "task_identifier_to_delete": task["id"]}
    assert value(world, "DeleteSpecificTask", **ids) is None

    assert ticktick.get(f"/project/{project}/data").json()["tasks"] == []


# What goes wrong before TickTick is asked


@pytest.mark.parametrize(
    ("tool", "inputs", "kind", "reason"),
    [
        ("GetTicktickProjectById", {}, "BAD_INPUT_VALUE", "project_id: Field required"),
        ("GetUserProjects", {"all": 1}, "BAD_INPUT_VALUE", "all: Extra inputs are not permitted"),
        (
            "CreateProjectInTicktick",
            {"project_name": "x", "project_sort_order": "first"},
            "BAD_INPUT_VALUE",
            "project_sort_order: Input should be a valid integer",
        ),
        ("CreateTaskTicktick", {}, "BAD_INPUT_VALUE", "mode: Field required"),
        (
            "CreateTaskTicktick",
            {"mode": "create"},
            "BAD_INPUT_VALUE",
            "mode: Input should be 'get_request_schema' or 'execute'",
        ),
        (
            "CreateTaskTicktick",
            {"mode": "execute", "request_body": {"title": "x"}},
            "BAD_INPUT_VALUE",
            "request_body: Input should be a valid string",
        ),
        (
            "CreateTaskTicktick",
            {"mode": "execute"},
            "RETRY",
            "Request body is required when mode is 'execute'",
        ),
        (
            "CreateTaskTicktick",
            {"mode": "execute", "request_body": "{title: x}"},
            "RETRY",
            "Invalid JSON in request body",
        ),
        (
            "UpdateTaskProperties",
            {"mode": "execute", "request_body": "{}"},
            "RETRY",
            "Missing required parameters: ['task_identifier']",
        ),
    ],
)
def test_a_wrong_input_fails_in_the_tool(
    world: World,
    ticktick: httpx.Client,
    tool: str,
    inputs: dict[str, Any],
    kind: str,
    reason: str,
) -> None:
    before = everything(ticktick)
    failed = error(execute(world, tool, **inputs))

    assert failed.kind == f"TOOL_RUNTIME_{kind}"
    assert reason in failed.message
    assert failed.can_retry is (kind == "RETRY")
    assert bool(failed.additional_prompt_content) is (kind == "RETRY")
    assert everything(ticktick) == before


# What TickTick answers


def test_an_unknown_project_is_not_found(world: World) -> None:
    failed = error(execute(world, "GetTicktickProjectById", project_id="nowhere"))

    assert failed.kind == "UPSTREAM_RUNTIME_NOT_FOUND"
    assert (failed.status_code, failed.can_retry) == (404, False)


def test_other_errors_are_a_server_error(world: World, ticktick: httpx.Client) -> None:
    before = everything(ticktick)
    body = json.dumps({"projectId": before[0][0]["id"]})
    calls: list[tuple[str, dict[str, Any]]] = [
        ("CreateTaskTicktick", {"mode": "execute", "request_body": body}),
        ("CreateProjectInTicktick", {"project_name": ""}),
        ("UpdateProjectProperties", {"project_identifier": "nowhere", "project_name": "x"}),
        ("DeleteTicktickProject", {"project_id": "nowhere"}),
        ("MarkTaskComplete", {"project_id": "inbox", "task_identifier": "nowhere"}),
    ]
    with ThreadPoolExecutor(len(calls)) as pool:  # each is tried for a second and a half
        answers = list(pool.map(lambda call: execute(world, call[0], **call[1]), calls))

    for failed in map(error, answers):
        assert failed.kind == "UPSTREAM_RUNTIME_SERVER_ERROR"
        assert (failed.status_code, failed.can_retry) == (500, True)
    assert everything(ticktick) == before


@pytest.mark.parametrize(
    ("tool", "inputs", "told"),
    [
        ("RetrieveProjectWithTasks", {"project_id": "nowhere"}, {}),
        (
            "RetrieveTaskDetails",
            {"project_identifier": "inbox", "task_identifier": "nowhere"},
            None,
        ),
        (
            "UpdateTaskProperties",
            {
                "mode": "execute",
                "task_identifier": "nowhere",
                "request_body": '{"id": "nowhere", "projectId": "inbox", "title": "x"}',
            },
            None,
        ),
        (
            "DeleteSpecificTask",
            {"project_id": "inbox", "task_identifier_to_delete": "nowhere"},
            None,
        ),
    ],
)
def test_some_tools_succeed_although_there_is_nothing(
    world: World, ticktick: httpx.Client, tool: str, inputs: dict[str, Any], told: object
) -> None:
    before = everything(ticktick)

    assert value(world, tool, **inputs) == told
    assert everything(ticktick) == before


def refusing(world: World, monkeypatch: pytest.MonkeyPatch, times: int, *, done: bool) -> list[str]:
    """Let TickTick answer 500 so many times when a project is made.

    Args:
        world: has the TickTick.
        monkeypatch: undoes it.
        times: how often it answers 500 before it answers as it should.
        done: whether it has made the project all the same.

    Returns:
        The names that it was sent.
    """
    service = world.sandbox.ticktick
    tasks = service.tasks_of(service.accounts.by_email(LEARNER))
    create: Callable[..., dict[str, Any]] = tasks.create_project
    names: list[str] = []

    def create_project(sent: dict[str, Any]) -> dict[str, Any]:
        names.append(sent["name"])
        refused = len(names) <= times
        created = create(sent) if done or not refused else {}
        if refused:
            raise ApiError("unknown_exception", "Unknown exception")
        return created

    monkeypatch.setattr(tasks, "create_project", create_project)
    return names


@pytest.mark.parametrize(
    ("times", "done", "success", "made"),
    [(2, False, True, 1), (3, False, False, 0), (1, True, True, 2)],
    ids=["a-passing-fault", "a-lasting-fault", "a-fault-after-the-work"],
)
def test_a_tool_asks_three_times_when_ticktick_answers_500(
    world: World,
    ticktick: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    times: int,
    done: bool,
    success: bool,
    made: int,
) -> None:
    name = f"Shed {times}"
    asked = refusing(world, monkeypatch, times, done=done)
    answer = execute(world, "CreateProjectInTicktick", project_name=name)

    assert answer.success is success
    assert len(asked) == min(times + 1, 3)
    projects = ticktick.get("/project").json()
    assert [each["name"] for each in projects].count(name) == made


def test_a_revoked_token_fails_once_and_changes_nothing(
    world: World, ticktick: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = "revoked@example.com"
    asked = world.arcade.auth.start(user_id, PROVIDER_ID, scopes=WRITE)
    assert asked.url
    page = world.visit(asked.url, click="Allow")
    world.visit(page.url, click="Continue", fill={"Arcade account": user_id})
    auth = world.arcade.auth.start(user_id, PROVIDER_ID, scopes=WRITE)
    assert auth.context
    token = auth.context.token
    assert token
    before = everything(ticktick)
    grants = world.sandbox.ticktick.grants
    del grants._tokens[token]
    seen: list[str] = []
    find = grants.token
    monkeypatch.setattr(grants, "token", lambda sent: seen.append(sent) or find(sent))
    answer = world.arcade.tools.execute(
        tool_name="TicktickApi.CreateProjectInTicktick",
        user_id=user_id,
        input={"project_name": "Never"},
    )

    assert seen == [token]
    failed = error(answer)
    assert failed.kind == "UPSTREAM_RUNTIME_AUTH_ERROR"
    assert (failed.status_code, failed.can_retry) == (401, False)
    assert token not in str(answer)
    assert everything(ticktick) == before


def test_without_a_network_only_a_strict_client_rejects_the_answer(world: World) -> None:
    # The SDK's own list of kinds of errors lacks those of a broken connection.
    worker = serve(world, "cut-off", free_uri())
    try:
        world.arcade.workers.update("prebuilt", enabled=False)
        with pytest.raises(
            arcadepy.APIResponseValidationError, match="invalid for expected schema"
        ):
            execute(world, "GetUserProjects")
        with Arcade(api_key=API_KEY, base_url=world.arcade_url) as client:
            answer = client.tools.execute(tool_name="TicktickApi.GetUserProjects", user_id=LEARNER)
    finally:
        worker.stop()
        world.arcade.workers.delete("cut-off")
        world.arcade.workers.update("prebuilt", enabled=True)

    failed = error(answer)
    assert failed.kind == "NETWORK_TRANSPORT_RUNTIME_UNREACHABLE"
    assert failed.status_code is None
