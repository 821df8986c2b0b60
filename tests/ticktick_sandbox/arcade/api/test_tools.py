"""Tools: found, authorized and run by a real worker; whatever fails keeps its kind."""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from os import kill
from pathlib import Path
from typing import Any

import arcadepy
import pytest
from arcadepy import Arcade

from tests.ticktick_sandbox.arcade.helpers import (
    OTHER_SECRET,
    TOOLS,
    answering,
    call,
    consent,
    free_uri,
    http_of,
    make_worker,
    problems,
    register,
)
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.arcade.engine import workers
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.shared.settings import API_KEY

NEVER = "0001-01-01T00:00:00Z"
OFFERED = b'[{"name":"SortOut","toolkit":{"name":"Ticktick"},"input":{"parameters":[]}}]'
NAMES = [
    "Ticktick.ActElsewhere",
    "Ticktick.CreateTask",
    "Ticktick.Fail",
    "Ticktick.Hang",
    "Ticktick.LeaveMark",
    "Ticktick.ListProjects",
    "Ticktick.NameTeam",
    "Ticktick.SortOut",
]


@pytest.fixture
def served(served: World) -> World:
    """The shared world with its real worker, and no secrets."""
    for secret in call(served, "GET", "/v1/admin/secrets").json()["items"]:
        call(served, "DELETE", f"/v1/admin/secrets/{secret['id']}")
    return served


@pytest.fixture
def worker(working: tuple[World, WorkerProcess]) -> WorkerProcess:
    return working[1]


def execute(world: World, tool: str, user_id: str | None = None, **sent: Any) -> dict[str, Any]:
    """Run a tool and return the answer; the fields are those of its input."""
    body = {"tool_name": f"Ticktick.{tool}", "input": sent}
    reply = call(
        world, "POST", "/v1/tools/execute", body | ({"user_id": user_id} if user_id else {})
    )
    assert reply.status_code == 200, reply.text
    return reply.json()


def failure(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the error of a failed execution, after a look at all that is around it."""
    assert re.fullmatch(r"te_[0-9A-Za-z]{27}", answer.pop("id"))
    error = answer.pop("output").pop("error")
    assert answer == {
        "execution_id": "",
        "execution_type": "immediate",
        "finished_at": NEVER,
        "duration": 0.0,
        "status": "failed",
        "success": False,
    }
    return error


def authorize(world: World, tool: str, user_id: str) -> None:
    answer = world.arcade.tools.authorize(tool_name=f"Ticktick.{tool}", user_id=user_id)
    assert answer.status == "pending"
    consent(world, answer.url, user_id)


def marks(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def in_background(do: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Start ``do`` and return a function that waits for what it returns."""
    answers: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: answers.append(do()))
    thread.start()

    def wait() -> dict[str, Any]:
        thread.join(timeout=30)
        return answers[0]

    return wait


def wait_for_mark(file: Path) -> None:
    deadline = time.monotonic() + 10
    while not marks(file):
        assert time.monotonic() < deadline
        time.sleep(0.01)


# Which tools there are


def test_all_tools_are_listed_by_name(served: World) -> None:
    assert [tool.qualified_name for tool in served.arcade.tools.list()] == NAMES
    assert [tool.qualified_name for tool in served.arcade.tools.list(limit=3)] == NAMES


@pytest.mark.parametrize(("toolkit", "number"), [("Ticktick", 8), ("ticktick", 8), ("Gmail", 0)])
def test_tools_are_filtered_by_toolkit(served: World, toolkit: str, number: int) -> None:
    page = call(served, "GET", f"/v1/tools?toolkit={toolkit}&limit=1").json()

    assert (page["total_count"], page["page_count"]) == (number, number)


def test_a_tool_has_the_published_shape(served: World) -> None:
    shown = call(served, "GET", "/v1/tools/Ticktick.CreateTask").json()

    version = shown["toolkit"]["version"]
    assert shown == {
        "fully_qualified_name": f"Ticktick.CreateTask@{version}",
        "qualified_name": "Ticktick.CreateTask",
        "name": "CreateTask",
        "description": "Create a task in the inbox.",
        "toolkit": {
            "name": "Ticktick",
            "description": shown["toolkit"]["description"],
            "version": version,
        },
        "input": {
            "parameters": [
                {
                    "name": "title",
                    "value_schema": {"val_type": "string"},
                    "description": "What to do.",
                    "inferrable": True,
                    "required": True,
                }
            ]
        },
        "output": {
            "available_modes": ["value", "error"],
            "description": "The task.",
            "value_schema": {"val_type": "json"},
        },
        "requirements": {
            "met": True,
            "authorization": {
                "id": "arcade-ticktick",
                "provider_type": "oauth2",
                "oauth2": {"scopes": ["tasks:write"]},
                "status": "active",
            },
        },
    }


@pytest.mark.parametrize(
    "name", ["Ticktick.SortOut", "Ticktick_SortOut", "ticktick.sortout", "Ticktick.SortOut@{}"]
)
def test_a_tool_is_found_by_each_form_of_its_name(served: World, name: str) -> None:
    version = served.arcade.tools.get("Ticktick.SortOut").toolkit.version

    found = served.arcade.tools.get(name.format(version))
    assert found.fully_qualified_name == f"Ticktick.SortOut@{version}"


@pytest.mark.parametrize("name", ["a-b.c", "alone", "A.B.C", "A.B@", "A .B", "Ä.B"])
def test_a_bad_tool_name_is_refused(served: World, name: str) -> None:
    refusal = {"name": "malformed_request", "message": f"failed to parse tool name {name}"}
    replies = [
        call(served, "GET", f"/v1/tools/{name}"),
        call(served, "POST", "/v1/tools/authorize", {"tool_name": name, "user_id": "a"}),
        call(served, "POST", "/v1/tools/execute", {"tool_name": name}),
    ]

    assert [reply.status_code for reply in replies] == [400] * 3
    assert [reply.json() for reply in replies] == [refusal] * 3


@pytest.mark.parametrize("name", ["Ticktick.Nothing", "Ticktick.SortOut@99"])
def test_an_unknown_tool_is_refused_with_the_known_ones(served: World, name: str) -> None:
    refusal = {
        "name": "tool_not_found",
        "message": f"tool {name} not found. Tools: {', '.join(NAMES)}",
    }
    replies = [
        call(served, "GET", f"/v1/tools/{name}"),
        call(served, "POST", "/v1/tools/authorize", {"tool_name": name, "user_id": "a"}),
        call(served, "POST", "/v1/tools/execute", {"tool_name": name}),
    ]

    assert [reply.status_code for reply in replies] == [400] * 3
    assert [reply.json() for reply in replies] == [refusal] * 3


def test_formats_for_models_come_when_asked_for(served: World) -> None:
    schema = {
        "type": "object",
        "properties": {
            "numbers": {
                "type": "array",
                "description": "What to sort.",
                "items": {"type": "integer"},
            },
            "options": {"type": "object", "description": "More."},
            "order": {"type": "string", "description": "Which way.", "enum": ["up", "down"]},
        },
        "required": ["numbers"],
    }
    named = {"name": "Ticktick_SortOut", "description": "Sort numbers."}

    plain = call(served, "GET", "/v1/tools/Ticktick.SortOut?include_format=arcade").json()
    both = call(served, "GET", "/v1/tools/Ticktick.SortOut?include_format=openai,anthropic")
    listed = served.arcade.tools.list(include_format=["openai"], limit=1).items[0]
    assert "formatted_schema" not in plain
    assert both.json()["formatted_schema"] == {
        "openai": {"type": "function", "function": {**named, "parameters": schema}},
        "anthropic": {**named, "input_schema": schema},
    }
    assert list(listed.formatted_schema or {}) == ["openai"]
    assert list(
        both.json()["formatted_schema"]["openai"]["function"]["parameters"]["properties"]
    ) == [
        "numbers",
        "options",
        "order",
    ]


def test_an_unknown_format_is_refused(served: World) -> None:
    reply = call(served, "GET", "/v1/tools?include_format=openai,latin")

    assert reply.status_code == 400
    assert reply.json() == {
        "name": "malformed_request",
        "message": "include_format knows arcade, openai, anthropic, not 'latin'",
    }


# What they need


def test_the_status_of_a_users_token_is_told_without_asking_anybody(served: World) -> None:
    user_id = "status@example.com"

    def status() -> tuple[Any, Any]:
        found = served.arcade.tools.list(user_id=user_id)
        tool = next(tool for tool in found if tool.name == "ListProjects")
        assert tool.requirements
        assert tool.requirements.authorization
        return tool.requirements.met, tool.requirements.authorization.token_status

    assert status() == (False, "not_started")
    assert status() == (False, "not_started")
    answer = served.arcade.tools.authorize(tool_name="Ticktick.ListProjects", user_id=user_id)
    assert status() == (False, "pending")
    consent(served, answer.url, user_id)
    assert status() == (True, "completed")


def test_requirements_that_nobody_can_meet_say_why(served: World) -> None:
    def needs(tool: str) -> dict[str, Any]:
        return call(served, "GET", f"/v1/tools/Ticktick.{tool}").json()["requirements"]

    reason = "auth provider 'nowhere' not found. Configured: arcade-ticktick"
    assert needs("ActElsewhere") == {
        "met": False,
        "authorization": {
            "id": "nowhere",
            "provider_type": "oauth2",
            "oauth2": {"scopes": ["everything"]},
            "status": "inactive",
            "status_reason": reason,
        },
    }
    secret = {"key": "TEAM", "met": False, "status_reason": "secret not found: TEAM"}
    assert needs("NameTeam") == {"met": False, "secrets": [secret]}
    call(served, "PUT", "/v1/admin/secrets/TEAM", {"value": "blue"})
    assert needs("NameTeam") == {"met": True, "secrets": [{"key": "TEAM", "met": True}]}
    assert needs("SortOut") == {"met": True}


def test_authorizing_for_a_tool_is_authorizing_for_its_scopes(served: World) -> None:
    user_id = "alike@example.com"
    by_tool = served.arcade.tools.authorize(
        tool_name="Ticktick_CreateTask", user_id=user_id, next_uri="http://localhost:1/done"
    )
    by_hand = served.arcade.auth.start(user_id, "arcade-ticktick", scopes=["tasks:write"])

    assert by_tool == by_hand
    assert (by_tool.status, by_tool.scopes) == ("pending", ["tasks:write"])


def test_a_tool_that_needs_no_authorization_is_authorized(served: World) -> None:
    answer = served.arcade.tools.authorize(tool_name="Ticktick.SortOut", user_id="a")

    assert (answer.status, answer.user_id, answer.scopes) == ("completed", "a", [])
    assert served.arcade.auth.wait_for_completion(answer) is answer


@pytest.mark.parametrize(
    ("path", "sent", "message"),
    [
        ("authorize", {"user_id": "a"}, "tool_name is a required field"),
        ("authorize", {"tool_name": "Ticktick.SortOut"}, "user_id is a required field"),
        (
            "authorize",
            {"tool_name": "Ticktick.SortOut", "user_id": "a", "next_uri": "done"},
            "next_uri must be a complete http or https URL",
        ),
        ("execute", {}, "tool_name is a required field"),
        ("execute", {"tool_name": 5}, "tool_name must be a string"),
        ("execute", {"tool_name": "Ticktick.ListProjects"}, "user_id is a required field"),
        ("execute", {"tool_name": "Ticktick.SortOut", "input": []}, "input must be an object"),
        (
            "execute",
            {"tool_name": "Ticktick.SortOut", "include_error_stacktrace": "yes"},
            "include_error_stacktrace must be true or false",
        ),
    ],
)
def test_a_wrong_body_is_refused(
    served: World, path: str, sent: dict[str, Any], message: str
) -> None:
    reply = call(served, "POST", f"/v1/tools/{path}", sent)

    assert reply.status_code == 400
    assert reply.json()["name"] == "malformed_request"
    assert reply.json()["field_errors"][0]["message"] == message


def test_input_that_is_not_json_is_refused(served: World) -> None:
    reply = served.http.post(
        f"{served.arcade_url}/v1/tools/execute",
        content='{"tool_name": "Ticktick.SortOut", "input": {"numbers": [NaN]}}',
        headers={"Authorization": API_KEY, "Content-Type": "application/json"},
    )

    assert reply.status_code == 400
    assert reply.json()["message"] == "failed to parse request body as JSON"


# Running them


def test_a_tool_runs_and_its_value_comes_back(served: World) -> None:
    answer = execute(served, "SortOut", numbers=[2, 3, 1], order="down")

    assert re.fullmatch(r"te_[0-9A-Za-z]{27}", answer.pop("id"))
    assert re.fullmatch(r"tc_[0-9A-Za-z]{27}", answer.pop("execution_id"))
    assert answer == {
        "execution_type": "immediate",
        "finished_at": f"{served.sandbox.clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "duration": 0.0,
        "status": "completed",
        "output": {"value": [3, 2, 1]},
        "success": True,
    }


def test_a_tool_acts_for_its_user_once_they_consented(served: World) -> None:
    user_id = "reader@example.com"
    asked = {"tool_name": "Ticktick.ListProjects", "user_id": user_id}
    refusal = call(served, "POST", "/v1/tools/execute", asked)
    authorize(served, "ListProjects", user_id)
    answer = served.arcade.tools.execute(**asked)  # type: ignore[arg-type]

    assert refusal.status_code == 403
    assert refusal.json() == {
        "name": "tool_authorization_required",
        "message": "authorization required",
    }
    assert answer.success
    assert answer.output
    projects = served.open_api(["tasks:read"]).get("/project").json()
    assert answer.output.value == {"projects": projects, "user_id": user_id, "user_info": {}}
    assert projects


def test_the_user_info_of_the_provider_reaches_the_tool(served: World) -> None:
    user_id = "known@example.com"
    provider = "/v1/admin/auth_providers/arcade-ticktick"
    with answering(200, b'{"name":"Ada"}') as uri:
        request = {"endpoint": uri, "triggers": {"on_token_grant": True}}
        changed = call(served, "PATCH", provider, {"oauth2": {"user_info_request": request}})
        authorize(served, "ListProjects", user_id)
    request["triggers"] = {"on_token_grant": False}
    call(served, "PATCH", provider, {"oauth2": {"user_info_request": request}})
    answer = execute(served, "ListProjects", user_id)

    assert changed.status_code == 200, changed.text
    assert answer["output"]["value"]["user_info"] == {"name": "Ada"}


def test_a_worker_is_sent_what_its_protocol_says(bare: World) -> None:
    calls: list[dict[str, Any]] = []
    result = b'{"success":true,"output":{"value":1,"logs":null,"error":null}}'
    with answering(200, result, OFFERED, calls) as uri:
        register(bare, "ticktick", uri)
        answer = execute(bare, "SortOut", "ada@example.com", numbers=[1])

    assert answer["output"] == {"value": 1}
    assert re.fullmatch(r"[0-9a-f-]{36}", calls[0].pop("run_id"))
    assert calls == [
        {
            "execution_id": answer["execution_id"],
            "created_at": "2026-01-05T09:00:00Z",
            "tool": {"name": "SortOut", "toolkit": "Ticktick", "version": None},
            "inputs": {"numbers": [1]},
            "context": {"secrets": [], "metadata": [], "user_id": "ada@example.com"},
        }
    ]


def test_the_same_calls_have_the_same_ids_on_every_run() -> None:
    def ids() -> tuple[str, str]:
        world = make_world()
        with answering(200, b'{"success":true,"output":{"value":1}}', OFFERED) as uri:
            register(world, "ticktick", uri)
            answer = execute(world, "SortOut")
        world.close()
        return answer["id"], answer["execution_id"]

    first = ids()
    assert first == ids()
    assert first[0].startswith("te_sandbox")
    assert first[1].startswith("tc_sandbox")


def test_a_tool_with_another_scope_asks_again(served: World) -> None:
    user_id = "writer@example.com"
    authorize(served, "ListProjects", user_id)
    with pytest.raises(arcadepy.PermissionDeniedError):
        served.arcade.tools.execute(
            tool_name="Ticktick.CreateTask", user_id=user_id, input={"title": "Too early"}
        )
    authorize(served, "CreateTask", user_id)
    created = execute(served, "CreateTask", user_id, title="Buy milk")["output"]["value"]

    inbox = served.open_api().get("/project/inbox/data").json()["tasks"]
    assert [task["title"] for task in inbox if task["id"] == created["id"]] == ["Buy milk"]
    assert "Too early" not in [task["title"] for task in inbox]


def test_a_revoked_token_fails_in_the_tool(served: World) -> None:
    user_id = "revoked@example.com"
    authorize(served, "ListProjects", user_id)
    token = served.arcade.auth.start(user_id, "arcade-ticktick", scopes=["tasks:read"]).context
    service = served.sandbox.ticktick
    service.grants.forget_app(served.app.client_id)
    answer = execute(served, "ListProjects", user_id)

    assert token
    assert token.token
    assert token.token not in str(answer)
    error = failure(answer)
    assert error["kind"] == "UPSTREAM_RUNTIME_AUTH_ERROR"
    assert error["status_code"] == 401
    assert problems(served)[-1] == (
        f"Ticktick.ListProjects for {user_id} failed: UPSTREAM_RUNTIME_AUTH_ERROR"
    )


def test_an_expired_token_asks_again(served: World) -> None:
    user_id = "late@example.com"
    authorize(served, "ListProjects", user_id)
    served.sandbox.clock.advance(days=181)

    with pytest.raises(arcadepy.PermissionDeniedError):
        served.arcade.tools.execute(tool_name="Ticktick.ListProjects", user_id=user_id)


def test_a_provider_that_is_not_here_is_a_requirement_not_met(served: World) -> None:
    sent = {"tool_name": "Ticktick.ActElsewhere", "user_id": "a"}
    replies = [call(served, "POST", f"/v1/tools/{do}", sent) for do in ("authorize", "execute")]

    assert [reply.status_code for reply in replies] == [400, 400]
    assert [reply.json() for reply in replies] == [
        {
            "name": "tool_requirements_not_met",
            "message": "auth provider 'nowhere' not found. Configured: arcade-ticktick",
        }
    ] * 2


def test_a_secret_is_handed_to_the_tool_that_needs_it(served: World) -> None:
    missing = call(served, "POST", "/v1/tools/execute", {"tool_name": "Ticktick.NameTeam"})
    call(served, "PUT", "/v1/admin/secrets/TEAM", {"value": "blue"})

    assert missing.status_code == 400
    assert missing.json() == {
        "name": "tool_requirements_not_met",
        "message": "secret not found: TEAM",
    }
    assert execute(served, "NameTeam")["output"] == {"value": "blue"}


def test_a_tool_that_fails_is_a_failed_execution(served: World) -> None:
    error = failure(execute(served, "Fail"))
    with_trace = call(
        served,
        "POST",
        "/v1/tools/execute",
        {"tool_name": "Ticktick.Fail", "include_error_stacktrace": True},
    ).json()["output"]["error"]

    assert error["kind"] == "TOOL_RUNTIME_FATAL"
    assert error["can_retry"] is False
    assert "KeyError" in error["message"]
    assert set(with_trace) - set(error) == {"stacktrace"}


def test_a_wrong_input_is_the_workers_business(served: World) -> None:
    error = failure(execute(served, "SortOut", numbers="many"))

    assert error["kind"] == "TOOL_RUNTIME_BAD_INPUT_VALUE"
    assert error["status_code"] == 400


# Workers that fail


def patient(world: World) -> Arcade:
    """Return a strict client that repeats what it may, as everybody's does."""
    return Arcade(api_key=API_KEY, base_url=world.arcade_url, _strict_response_validation=True)


def test_a_tool_runs_once_although_clients_repeat(
    served: World, worker: WorkerProcess, tmp_path: Path
) -> None:
    file = tmp_path / "marks"
    call(served, "PATCH", "/v1/workers/ticktick", {"http": {"timeout": 1}})
    with patient(served) as client:
        done = client.tools.execute(tool_name="Ticktick.LeaveMark", input={"file": str(file)})
        assert done.output
        assert (done.output.value, marks(file)) == (1, 1)
        slow = client.tools.execute(tool_name="Ticktick.Hang", input={"file": str(file)})

    assert marks(file) == 2
    assert slow.output
    assert slow.output.error
    assert slow.output.error.message == "worker ticktick did not answer within 1 s"
    assert slow.output.error.can_retry is False


def test_another_secret_is_a_failed_execution(served: World, tmp_path: Path) -> None:
    file = tmp_path / "marks"
    execute(served, "LeaveMark", file=str(file))
    call(served, "PATCH", "/v1/workers/ticktick", {"http": {"secret": OTHER_SECRET}})

    assert failure(execute(served, "LeaveMark", file=str(file))) == {
        "message": "worker ticktick refuses the Engine's secret",
        "kind": "TOOL_RUNTIME_FATAL",
        "can_retry": False,
        "developer_message": "Start it with the ARCADE_WORKER_SECRET that it is registered with.",
    }
    assert marks(file) == 1


def test_a_worker_that_never_answered_is_a_failed_execution(served: World) -> None:
    call(served, "DELETE", "/v1/workers/ticktick")
    register(served, "other", free_uri())

    error = failure(execute(served, "SortOut"))
    assert error["message"] == (
        "tool Ticktick.SortOut was not found, but worker other can't be reached"
    )
    assert error["can_retry"] is True
    assert call(served, "GET", "/v1/tools").json()["items"] == []
    assert call(served, "GET", "/v1/tools/Ticktick.SortOut").status_code == 400


def test_a_worker_that_dies_and_comes_back(
    served: World, worker: WorkerProcess, tmp_path: Path
) -> None:
    file = tmp_path / "marks"
    answer = in_background(lambda: execute(served, "Hang", file=str(file)))
    wait_for_mark(file)
    assert worker.pid
    kill(worker.pid, signal.SIGKILL)
    died = failure(answer())
    worker.stop()  # waits until its port is free, too
    down = failure(execute(served, "LeaveMark", file=str(file)))
    still_listed = [tool.qualified_name for tool in served.arcade.tools.list()]
    worker.start()

    assert died["message"] == "worker ticktick broke the connection off"
    assert died["can_retry"] is False
    assert down["message"] == "worker ticktick can't be reached"
    assert down["can_retry"] is True
    assert still_listed == NAMES
    assert marks(file) == 1
    assert execute(served, "LeaveMark", file=str(file))["output"] == {"value": 2}


@pytest.mark.parametrize(
    ("status", "text", "message"),
    [
        (200, b"hello", "worker ticktick did not answer with JSON"),
        (200, b"{}", "worker ticktick did not answer with a tool's result"),
        (200, b'{"success":true}', "worker ticktick did not answer with a tool's result"),
        (200, b'{"success":1,"output":{}}', "worker ticktick did not answer with a tool's result"),
        (
            200,
            b'{"success":true,"output":{"value":NaN}}',
            "worker ticktick did not answer with JSON",
        ),
        (500, b"oh", "worker ticktick answered 500"),
    ],
)
def test_junk_is_a_failed_execution(bare: World, status: int, text: bytes, message: str) -> None:
    with answering(status, text, OFFERED) as uri:
        register(bare, "ticktick", uri)
        error = failure(execute(bare, "SortOut"))

    assert error["message"] == message
    assert error["kind"] == "TOOL_RUNTIME_FATAL"


def test_a_failure_without_an_error_is_one_of_unknown_kind(bare: World) -> None:
    with answering(200, b'{"success":false,"output":{}}', OFFERED) as uri:
        register(bare, "ticktick", uri)
        error = failure(execute(bare, "SortOut"))

    assert error == {"message": "the tool failed", "kind": "UNKNOWN", "can_retry": False}


def test_the_sandbox_stops_while_a_tool_runs(worker: WorkerProcess, tmp_path: Path) -> None:
    world = make_world()
    register(world, "ticktick", worker.uri)
    file = tmp_path / "marks"
    client = Arcade(api_key=API_KEY, base_url=world.arcade_url, max_retries=0)
    sent = {"tool_name": "Ticktick.Hang", "input": {"file": str(file)}}
    answer = in_background(lambda: client.tools.execute(**sent).to_dict())
    wait_for_mark(file)
    started = time.monotonic()
    world.close()

    assert time.monotonic() - started < 2
    assert answer()["status"] == "failed"
    client.close()


# Several workers


def test_of_two_workers_with_the_same_tool_the_first_enabled_one_runs_it(
    served: World, tmp_path: Path
) -> None:
    second = WorkerProcess(
        TOOLS,
        "ticktick",
        http_of("")["secret"],
        command=(sys.executable, "serve.py", "{port}"),
    )
    second.start()
    register(served, "second", second.uri)
    file = tmp_path / "marks"

    def callers() -> str:
        second_calls = second.output().count("POST /worker/tools/invoke")
        assert execute(served, "LeaveMark", file=str(file))["success"]
        again = second.output().count("POST /worker/tools/invoke")
        return "second" if again > second_calls else "first"

    assert callers() == "first"
    assert [tool.qualified_name for tool in served.arcade.tools.list()] == NAMES
    call(served, "PATCH", "/v1/workers/ticktick", {"enabled": False})
    assert callers() == "second"
    assert [tool.name for tool in served.arcade.tools.list()] == ["LeaveMark", "ListProjects"]
    call(served, "PATCH", "/v1/workers/ticktick", {"enabled": True})
    assert callers() == "first"
    assert marks(file) == 3
    second.stop()


def test_a_worker_that_dies_is_not_stood_in_for_until_it_is_removed(
    served: World, worker: WorkerProcess, tmp_path: Path
) -> None:
    file = tmp_path / "marks"
    calls: list[dict[str, Any]] = []
    same = OFFERED.replace(b"SortOut", b"Hang")
    with answering(200, b'{"success":true,"output":{"value":1}}', same, calls) as uri:
        register(served, "second", uri)
        answer = in_background(lambda: execute(served, "Hang", file=str(file)))
        wait_for_mark(file)
        assert worker.pid
        kill(worker.pid, signal.SIGKILL)
        died = failure(answer())
        worker.stop()  # waits until its port is free, too
        down = failure(execute(served, "Hang", file=str(file)))
        before = len(calls)
        call(served, "DELETE", "/v1/workers/ticktick")
        removed = execute(served, "Hang", file=str(file))
        worker.start()

    assert died["message"] == "worker ticktick broke the connection off"
    assert down["message"] == "worker ticktick can't be reached"
    assert removed["output"] == {"value": 1}
    assert (before, len(calls), marks(file)) == (0, 1, 1)


def test_a_worker_that_never_answered_is_passed_over(bare: World) -> None:
    register(bare, "first", free_uri())
    with answering(200, b'{"success":true,"output":{"value":1}}', OFFERED) as uri:
        register(bare, "second", uri)

        assert execute(bare, "SortOut")["output"] == {"value": 1}


def test_a_worker_started_anew_offers_what_its_files_hold_then(bare: World, tmp_path: Path) -> None:
    file = tmp_path / "tools.py"
    text = (
        'from arcade_tdk import tool\n\n\n@tool\ndef {}() -> int:\n    """Count."""\n    return 1\n'
    )
    worker = WorkerProcess(tmp_path, "ticktick", http_of("")["secret"])

    def names() -> list[str]:
        return [tool.name for tool in bare.arcade.tools.list()]

    file.write_text(text.format("old_one"), encoding="utf-8")
    worker.start()
    register(bare, "ticktick", worker.uri)
    assert names() == ["OldOne"]
    assert execute(bare, "OldOne")["output"] == {"value": 1}
    file.write_text(text.format("new_one"), encoding="utf-8")
    worker.start()
    assert names() == ["NewOne"]
    gone = call(bare, "POST", "/v1/tools/execute", {"tool_name": "Ticktick.OldOne"})
    found = execute(bare, "NewOne")
    worker.stop()

    assert found["output"] == {"value": 1}
    assert gone.status_code == 400
    assert gone.json() == {
        "name": "tool_not_found",
        "message": "tool Ticktick.OldOne not found. Tools: Ticktick.NewOne",
    }


def test_a_worker_made_with_arcade_serve_acts_for_its_user(served: World) -> None:
    user_id = "serve@example.com"
    call(served, "DELETE", "/v1/workers/ticktick")
    worker = make_worker(served.arcade_url, command=(sys.executable, "serve.py", "{port}"))
    worker.start()
    register(served, "serve", worker.uri)
    authorize(served, "ListProjects", user_id)
    answer = served.arcade.tools.execute(tool_name="Ticktick.ListProjects", user_id=user_id)
    worker.stop()

    assert answer.success
    assert answer.output
    assert isinstance(answer.output.value, dict)
    assert answer.output.value["projects"]


def test_a_worker_that_has_changed_is_asked_anew(
    bare: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def names() -> list[str]:
        return [tool.name for tool in bare.arcade.tools.list()]

    with answering(200, b"", OFFERED) as uri:
        register(bare, "ticktick", uri)
        assert names() == ["SortOut"]
    with answering(200, b"", OFFERED.replace(b"SortOut", b"MixUp")) as elsewhere:
        assert names() == ["SortOut"]  # told a moment ago
        monkeypatch.setattr(workers, "_FRESH", 0)
        assert names() == ["SortOut"]  # can't be asked, and was last told
        call(bare, "PATCH", "/v1/workers/ticktick", {"http": {"uri": elsewhere}})
        assert names() == ["MixUp"]


def test_a_tool_is_there_as_soon_as_its_worker_is(served: World, worker: WorkerProcess) -> None:
    call(served, "DELETE", "/v1/workers/ticktick")
    assert list(served.arcade.tools.list()) == []
    register(served, "again", worker.uri)
    assert len(list(served.arcade.tools.list())) == len(NAMES)
    call(served, "DELETE", "/v1/workers/again")
    assert list(served.arcade.tools.list()) == []
