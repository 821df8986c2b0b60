"""The Open API: who may do what, and what comes back."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.ticktick_sandbox.helpers import BOTH, World
from tests.ticktick_sandbox.ticktick.helpers import Flow, add_app, sign_in, sign_up
from ticktick_sandbox.shared.settings import LEARNER

UNKNOWN = "fa4e0000-0000-4000-a000-000000000000"
READS = ["/project", "/project/{p}", "/project/{p}/data", "/project/{p}/task/{t}"]
WRITES = [
    ("POST", "/project"),
    ("POST", "/project/{p}"),
    ("DELETE", "/project/{p}"),
    ("POST", "/task"),
    ("POST", "/task/{t}"),
    ("POST", "/project/{p}/task/{t}/complete"),
    ("DELETE", "/project/{p}/task/{t}"),
]
ENDPOINTS = [*(("GET", path) for path in READS), *WRITES]


@pytest.fixture
def project(api: httpx.Client) -> str:
    """The id of a project with one task."""
    return api.post("/project", json={"name": "Garden"}).json()["id"]


@pytest.fixture
def task(api: httpx.Client, project: str) -> str:
    """The id of the task in ``project``."""
    return api.post("/task", json={"title": "Dig", "projectId": project}).json()["id"]


def narrow(world: World, scope: str) -> dict[str, str]:
    """Return the header with a token of the learner for this scope alone."""
    world.http.base_url = httpx.URL(world.ticktick_url)
    flow = Flow(world.http, sign_in(world.http), world.app)
    code = flow.code(scope=scope, redirect_uri=None)
    token = flow.exchange(code, redirect_uri=None).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def assert_error(
    reply: httpx.Response, code: str, message: str | None = None, status: int = 500
) -> None:
    assert reply.status_code == status
    body = reply.json()
    assert list(body) == ["errorId", "errorCode", "errorMessage", "data"]
    assert re.fullmatch(r"[0-9a-z]{8}@\w+", body["errorId"])
    assert body["errorCode"] == code
    assert body["data"] is None
    assert message is None or body["errorMessage"] == message


def test_projects_are_listed_without_the_inbox(api: httpx.Client) -> None:
    projects = api.get("/project").json()
    assert [project["name"] for project in projects] == [
        "👋Welcome",
        "Website relaunch",
        "Home",
        "Reading list",
    ]


def test_replies_have_the_recorded_headers(api: httpx.Client) -> None:
    replies = [
        api.get("/project"),
        api.get("/user"),
        api.get("/task"),
        api.get("/project", headers={"Authorization": ""}),
    ]
    for reply in replies:
        recorded = {
            "content-type": "application/json;charset=UTF-8",
            "cache-control": "no-cache, no-store, max-age=0, must-revalidate",
            "pragma": "no-cache",
            "expires": "0",
            "x-frame-options": "DENY",
            "x-content-type-options": "nosniff",
        }
        assert {name: reply.headers.get(name) for name in recorded} == recorded


def test_an_empty_answer_names_no_content_type(api: httpx.Client, project: str, task: str) -> None:
    lost = {"id": "f" * 24, "projectId": project}
    replies = [
        api.get(f"/project/{project}/task/{'f' * 24}"),
        api.post(f"/task/{'f' * 24}", json=lost),
        api.post(f"/project/{project}/task/{task}/complete"),
        api.delete(f"/project/{project}/task/{task}"),
        api.delete(f"/project/{project}"),
    ]
    for reply in replies:
        assert (reply.status_code, reply.content) == (200, b"")
        assert "content-type" not in reply.headers


# What of the 2026 edition is not here.
LEFT_OUT = [
    ("POST", "/preference"),
    *(("POST", f"/task/{name}") for name in ("completeTasks", "batch", "assign", "unassign")),
    *(("POST", f"/task/{name}") for name in ("undone", "search")),
    ("GET", "/project/{p}/task/{t}/comments"),
    ("POST", "/project/{p}/task/{t}/comment"),
    ("DELETE", "/project/{p}/task/{t}/comment/1"),
    *((method, "/project/group") for method in ("GET", "POST")),
    *((method, "/project/group/1") for method in ("POST", "DELETE")),
    *((method, "/project/{p}/column") for method in ("GET", "POST")),
    ("POST", "/project/{p}/column/1"),
    *((method, "/tag") for method in ("GET", "POST")),
    *((method, "/focus/1?type=0") for method in ("GET", "DELETE")),
    ("GET", "/focus?from=1&to=2&type=0"),
    ("POST", "/focus"),
    ("GET", "/countdown"),
    *(("GET", f"/habit{rest}") for rest in ("", "/1", "/sections", "/checkins?habitIds=1")),
    *(("POST", f"/habit{rest}") for rest in ("", "/1", "/1/checkin")),
]


@pytest.mark.parametrize(("method", "path"), LEFT_OUT)
def test_an_endpoint_that_is_not_here_says_so(
    api: httpx.Client, project: str, task: str, method: str, path: str
) -> None:
    place = path.format(p=project, t=task)
    reply = api.request(method, place, json={} if method == "POST" else None)
    shown = f"/open/v1{place.partition('?')[0]}"
    assert_error(reply, "not_found", f"the sandbox has no endpoint {method} {shown}", 404)


@pytest.mark.parametrize(("method", "path"), [*ENDPOINTS, ("GET", "/nowhere"), ("PUT", "/task")])
@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic eDp5"}])
def test_without_a_token_every_path_answers_alike(
    bare: World, method: str, path: str, header: dict[str, str]
) -> None:
    reply = bare.http.request(method, f"{bare.ticktick_url}/open/v1{path}", headers=header)
    assert reply.status_code == 401
    assert reply.json() == {
        "error": "unauthorized",
        "error_description": "Full authentication is required to access this resource",
    }


@pytest.mark.parametrize("path", ["/project", "/nowhere"])
@pytest.mark.parametrize("value", [UNKNOWN, "made up", '"<b>'])
def test_a_made_up_token_is_echoed(bare: World, path: str, value: str) -> None:
    reply = bare.http.get(
        f"{bare.ticktick_url}/open/v1{path}", headers={"Authorization": f"Bearer {value}"}
    )
    assert reply.status_code == 401
    assert reply.json() == {
        "error": "invalid_token",
        "error_description": f"Invalid access token: {value}",
    }
    assert reply.headers["www-authenticate"].endswith(f'"Invalid access token: {value}"')


def test_a_token_lasts_180_days(world: World, api: httpx.Client) -> None:
    token = api.headers["authorization"].removeprefix("Bearer ")
    world.sandbox.clock.advance(days=179, hours=23, minutes=59, seconds=59)
    assert api.get("/project").status_code == 200
    world.sandbox.clock.advance(seconds=1)
    reply = api.get("/project")
    assert reply.status_code == 401
    assert reply.json() == {
        "error": "invalid_token",
        "error_description": f"Access token expired: {token}",
    }


def test_the_word_bearer_is_read_without_case(api: httpx.Client) -> None:
    header = api.headers["authorization"].replace("Bearer", "bearer")
    assert api.get("/project", headers={"Authorization": header}).status_code == 200


def test_a_deleted_app_loses_its_tokens(world: World, api: httpx.Client) -> None:
    world.visit(f"{world.ticktick_url}/manage", click="Delete")
    assert api.get("/project").json()["error"] == "invalid_token"


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_writing_needs_its_scope(
    world: World, api: httpx.Client, project: str, task: str, method: str, path: str
) -> None:
    before = api.get(f"/project/{project}/data").json()
    reader = narrow(world, "tasks:read")
    body = {"title": "X", "name": "X", "id": task, "projectId": project}
    reply = api.request(method, path.format(p=project, t=task), json=body, headers=reader)
    assert_error(reply, "access_forbidden", "access_forbidden")
    assert api.get(f"/project/{project}/data").json() == before
    assert api.get("/project", headers=reader).status_code == 200


@pytest.mark.parametrize("path", [*READS, "/project/inbox/data"])
def test_reading_needs_its_scope(
    world: World, api: httpx.Client, project: str, task: str, path: str
) -> None:
    writer = narrow(world, "tasks:write")
    reply = api.get(path.format(p=project, t=task), headers=writer)
    assert_error(reply, "access_forbidden", "access_forbidden")
    assert api.post("/task", json={"title": "Seeds"}, headers=writer).status_code == 200


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_each_endpoint_answers(
    api: httpx.Client, project: str, task: str, method: str, path: str
) -> None:
    body = {"title": "Sow", "name": "Field", "id": task, "projectId": project}
    sent = {"json": body} if method == "POST" and not path.endswith("complete") else {}
    reply = api.request(method, path.format(p=project, t=task), **sent)
    assert reply.status_code == 200
    empty = method == "DELETE" or path.endswith("complete")
    assert (reply.content == b"") is empty


def test_a_project_is_created_read_changed_and_deleted(api: httpx.Client) -> None:
    sent = {
        "name": "Garden",
        "color": "#F18181",
        "sortOrder": -5,
        "viewMode": "kanban",
        "kind": "note",
    }
    made = api.post("/project", json=sent).json()
    path = f"/project/{made['id']}"
    assert re.fullmatch("[0-9a-f]{24}", made["id"])
    assert made == {"id": made["id"], **sent, "kind": "NOTE"}
    assert api.get(path).json() == made
    changed = made | {"name": "Orchard"}
    assert api.post(path, json={"name": "Orchard"}).json() == changed
    assert api.get("/project").json()[-1] == changed
    assert api.get(f"{path}/data").json() == {"project": changed, "tasks": [], "columns": []}
    assert api.delete(path).content == b""
    assert changed not in api.get("/project").json()


def test_a_project_shows_no_field_that_is_not_set(api: httpx.Client) -> None:
    made = api.post("/project", json={"name": "Garden", "color": None}).json()
    assert made == {
        "id": made["id"],
        "name": "Garden",
        "sortOrder": 0,
        "viewMode": "list",
        "kind": "TASK",
    }


def test_a_long_project_name_is_cut_at_64(api: httpx.Client) -> None:
    made = api.post("/project", json={"name": "x" * 65}).json()
    assert made["name"] == "x" * 64
    changed = api.post(f"/project/{made['id']}", json={"name": "é" * 65}).json()
    assert changed["name"] == "é" * 64


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, "param_missing"),
        ({"name": None}, "param_missing"),
        ({"name": " "}, "param_missing"),
        ({"name": 5}, "param_error"),
        ({"name": "N", "viewMode": "table"}, "param_error"),
        ({"name": "N", "kind": "LIST"}, "param_error"),
        ({"name": "N", "sortOrder": 2**63}, "param_error"),
    ],
)
def test_a_wrong_project_is_not_created(
    api: httpx.Client, sent: dict[str, object], code: str
) -> None:
    before = api.get("/project").json()
    assert_error(api.post("/project", json=sent), code)
    assert api.get("/project").json() == before


def test_a_wrong_change_leaves_a_project_as_it_was(api: httpx.Client, project: str) -> None:
    before = api.get(f"/project/{project}").json()
    for sent in ({"name": ""}, {"name": "New", "viewMode": "table"}, {"color": 5}):
        assert api.post(f"/project/{project}", json=sent).status_code == 500
    assert api.get(f"/project/{project}").json() == before


def test_the_inbox_answers_without_a_project(api: httpx.Client) -> None:
    data = api.get("/project/inbox/data").json()
    assert list(data) == ["tasks", "columns"]
    assert [task["title"] for task in data["tasks"]] == [
        "Book a dentist appointment",
        "Return the library books",
    ]
    own_id = data["tasks"][0]["projectId"]
    assert re.fullmatch(r"inbox\d{9}", own_id)
    assert api.get(f"/project/{own_id}/data").json() == data
    assert api.get(f"/project/{own_id}").status_code == 404
    assert api.get("/project/inbox").status_code == 404


def test_the_members_of_a_project_tell_who_the_account_is(api: httpx.Client) -> None:
    (member,) = api.get("/project/inbox/members").json()
    assert member == {"username": LEARNER, "displayName": "Learner", "self": True}
    project = api.get("/project").json()[0]["id"]
    assert api.get(f"/project/{project}/members").json() == [member]
    assert api.get("/project/made-up/members").status_code == 404


def test_project_data_has_project_tasks_and_columns(api: httpx.Client) -> None:
    project = api.get("/project").json()[1]
    data = api.get(f"/project/{project['id']}/data").json()
    assert list(data) == ["project", "tasks", "columns"]
    assert data["project"] == project
    assert [column["name"] for column in data["columns"]] == ["To do", "In progress", "In review"]
    for column in data["columns"]:
        assert set(column) == {"id", "projectId", "name", "sortOrder"}
    assert {task["columnId"] for task in data["tasks"]} == {each["id"] for each in data["columns"]}


def test_unknown_things_answer_as_reported(api: httpx.Client, project: str) -> None:
    assert api.get("/project/unknown").status_code == 404
    assert api.get("/project/unknown/data").json() == {}
    assert api.get(f"/project/{project}/task/unknown").content == b""
    assert api.delete(f"/project/{project}/task/unknown").content == b""
    unknown = {"id": "unknown", "projectId": project, "title": "X"}
    assert api.post("/task/unknown", json=unknown).content == b""


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/project/unknown/task/unknown"),
        ("POST", "/project/unknown"),
        ("DELETE", "/project/unknown"),
        ("POST", "/project/unknown/task/unknown/complete"),
        ("DELETE", "/project/inbox"),
    ],
)
def test_an_unknown_project_is_an_error_500(api: httpx.Client, method: str, path: str) -> None:
    sent = {"json": {"name": "X"}} if method == "POST" else {}
    assert_error(api.request(method, path, **sent), "project_not_found")


def test_completing_an_unknown_task_is_an_error_500(api: httpx.Client, project: str) -> None:
    assert_error(api.post(f"/project/{project}/task/unknown/complete"), "task_not_found")


def test_a_deleted_project_takes_its_tasks_along(
    api: httpx.Client, project: str, task: str
) -> None:
    api.delete(f"/project/{project}")
    assert api.get(f"/project/{project}/task/{task}").status_code == 500
    assert api.get(f"/project/{project}/data").json() == {}
    assert api.get(f"/project/{project}").status_code == 404


@pytest.mark.parametrize("path", ["/user", "/user/profile", "/search", "/nowhere"])
def test_a_path_that_is_no_endpoint_is_not_found(api: httpx.Client, path: str) -> None:
    assert_error(api.get(path), "not_found", status=404)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/task"), ("GET", "/task/x"), ("PUT", "/task"), ("GET", "/preference")],
)
def test_a_method_that_a_path_lacks_is_an_unknown_exception(
    api: httpx.Client, method: str, path: str
) -> None:
    assert_error(api.request(method, path), "unknown_exception", "Unknown exception")


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("limit=2", 0, 2),
        ("offset=1&limit=2", 1, 3),
        ("offset=3", 3, None),
        ("offset=99", 99, None),
        ("limit=0", 0, 0),
        ("offset=0&limit=999", 0, None),
    ],
)
def test_projects_are_paged(api: httpx.Client, query: str, first: int, last: int | None) -> None:
    projects = api.get("/project").json()
    assert api.get(f"/project?{query}").json() == projects[first:last]


def test_a_page_has_200_projects_unless_told(api: httpx.Client) -> None:
    for number in range(200):
        api.post("/project", json={"name": str(number)})
    assert len(api.get("/project").json()) == 204
    assert len(api.get("/project?offset=0").json()) == 200
    assert len(api.get("/project?limit=201").json()) == 201


def test_each_person_has_their_own_things(bare: World, ticktick: httpx.Client) -> None:
    app = add_app(bare)
    flows = [
        Flow(ticktick, session, app)
        for session in (sign_in(ticktick), sign_up(ticktick, "other@example.com"))
    ]
    mine, theirs = (
        {"Authorization": f"Bearer {flow.exchange(flow.code()).json()['access_token']}"}
        for flow in flows
    )
    api = f"{bare.ticktick_url}/open/v1"
    made = bare.http.post(f"{api}/task", json={"title": "Secret"}, headers=mine).json()
    place, task = made["projectId"], made["id"]

    inbox = bare.http.get(f"{api}/project/inbox/data", headers=theirs).json()["tasks"]
    assert task not in [each["id"] for each in inbox]
    assert bare.http.get(f"{api}/project/{place}/data", headers=theirs).json() == {}
    found = bare.http.get(f"{api}/project/inbox/task/{task}", headers=theirs)
    assert found.content == b""
    bare.http.delete(f"{api}/project/inbox/task/{task}", headers=theirs)
    change = made | {"projectId": "inbox", "title": "Mine"}
    assert bare.http.post(f"{api}/task/{task}", json=change, headers=theirs).content == b""
    kept = bare.http.get(f"{api}/project/{place}/task/{task}", headers=mine).json()
    assert kept == made

    own = bare.http.get(f"{api}/project", headers=mine).json()[0]["id"]
    assert bare.http.get(f"{api}/project/{own}", headers=theirs).status_code == 404
    assert bare.http.delete(f"{api}/project/{own}", headers=theirs).status_code == 500
    assert bare.http.get(f"{api}/project/{own}", headers=mine).status_code == 200


def test_access_is_unharmed_after_failed_attempts(
    world: World, api: httpx.Client, project: str
) -> None:
    before = api.get("/project").json()
    api.post("/task", content=b"{")
    api.post("/task", json={"title": "X", "projectId": "unknown"})
    api.get("/project", headers={"Authorization": f"Bearer {UNKNOWN}"})
    api.delete(f"/project/{project}", headers=narrow(world, "tasks:read"))
    assert api.get("/project").json() == before
    assert world.token(BOTH) == api.headers["authorization"].removeprefix("Bearer ")
