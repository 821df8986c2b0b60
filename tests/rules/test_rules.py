"""The watch over the Engine's answers: it lets right ones through and names what is wrong."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.environment import ROOT
from tests.rules import watching
from tests.rules.checking import violations
from tests.rules.ill_engine import ill
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox import arcade

JSON = "application/json"
STATUS = "/v1/auth/status"

PENDING = {
    "url": "https://provider.example/authorize",
    "id": "ar_1",
    "user_id": "user-1",
    "provider_id": "made-up",
    "status": "pending",
    "context": {},
    "scopes": ["tasks:read"],
}
COMPLETED = PENDING | {"id": "ac_1", "status": "completed", "context": {"token": "made-up"}}
del COMPLETED["url"]
DONE = {
    "id": "te_1",
    "execution_id": "tc_1",
    "execution_type": "immediate",
    "finished_at": "2026-01-01T00:00:00Z",
    "duration": 1.5,
    "status": "completed",
    "output": {"value": None},
    "success": True,
}
FAILED = DONE | {
    "execution_id": "",
    "finished_at": "0001-01-01T00:00:00Z",
    "status": "failed",
    "output": {"error": {"message": "no", "kind": "UNKNOWN", "can_retry": False}},
    "success": False,
}
PAGE = {"items": [], "limit": 25, "offset": 0, "page_count": 0, "total_count": 0}
NO_ROUTE = {
    "name": "route_not_found",
    "message": "requested route is not found or method is not allowed",
}
REFUSED = {
    "name": "malformed_request",
    "message": "failed to validate request body: user_id: user_id required",
    "field_errors": [
        {"field": "user_id", "rule": "required", "message": "user_id is a required field"}
    ],
}
MISMATCH = {
    "name": "user_mismatch",
    "message": "another user",
    "code": 400,
    "error": "user_mismatch",
    "msg": "An error occurred during verification",
}
CONFIRM = "/v1/auth/confirm_user"
FORMATTED = "/v1/formatted_tools/Made.Up"
FUNCTION = {
    "name": "Made_Up",
    "description": "",
    "parameters": {"type": "object", "properties": {"p": {"type": "string"}}, "required": []},
}
OPENAI = {"type": "function", "function": FUNCTION}
WORKER = {
    "id": "w",
    "type": "http",
    "enabled": True,
    "binding": {"id": "sandbox", "type": "project"},
    "http": {
        "uri": "http://127.0.0.1:8002",
        "timeout": 30,
        "retry": 3,
        "secret": {"exists": True, "editable": True, "binding": "project"},
    },
}


def judged(method: str, path: str, status: int, body: Any, content_type: str = JSON) -> list[str]:
    return violations(method, path, status, content_type, json.dumps(body).encode())


def without(body: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != field}


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", STATUS, 200, PENDING),
        ("GET", STATUS, 200, COMPLETED),
        ("GET", STATUS, 401, {"name": "unauthorized", "message": "no key"}),
        ("POST", "/v1/tools/execute", 200, DONE),
        ("POST", "/v1/tools/execute", 200, FAILED),
        ("GET", "/v1/workers", 200, PAGE | {"items": [WORKER]}),
        ("GET", "/v1/orgs/o/projects/p/workers", 200, PAGE),
        ("GET", "/v1/orgs/o/projects/p/secrets", 200, PAGE),
        ("GET", "/v1/nothing", 404, NO_ROUTE),
        ("DELETE", STATUS, 404, NO_ROUTE),
        ("POST", "/v1/workers", 400, REFUSED),
        ("POST", CONFIRM, 400, MISMATCH),
        ("GET", FORMATTED, 200, OPENAI),
    ],
)
def test_right_answers_pass(method: str, path: str, status: int, body: Any) -> None:
    assert judged(method, path, status, body) == []


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "named"),
    [
        ("GET", STATUS, 200, without(PENDING, "url"), "'url' is a required property"),
        ("GET", STATUS, 200, PENDING | {"more": 1}, "'more' was unexpected"),
        ("GET", STATUS, 200, PENDING | {"scopes": None}, "$.scopes: None is not of type 'array'"),
        ("GET", STATUS, 200, PENDING | {"status": "waiting"}, "$.status: 'waiting'"),
        ("GET", STATUS, 200, PENDING | {"id": "ac_1"}, "$.id: 'ac_1' does not match '^ar_'"),
        ("GET", STATUS, 200, COMPLETED | {"url": "https://x"}, "should not be valid"),
        ("GET", STATUS, 200, COMPLETED | {"context": {}}, "$.context: 'token'"),
        ("GET", STATUS, 200, [], "$: [] is not of type 'object'"),
        ("GET", STATUS, 404, NO_ROUTE, "the status breaks the rule: one of 200, 400, 401, 415"),
        ("GET", STATUS, 500, {"name": "x", "message": "x"}, "the status breaks the rule"),
        ("GET", STATUS, 400, {"message": "x"}, "'name' is a required property"),
        ("GET", STATUS, 401, {"name": "malformed_request", "message": "x"}, "with status 400"),
        ("GET", "/v1/nothing", 200, {}, "the status breaks the rule: one of 401, 404"),
        ("GET", "/v1/nothing", 404, NO_ROUTE | {"more": 1}, "'more' was unexpected"),
        ("GET", "/v1/secrets", 200, PAGE, "the status breaks the rule: one of 401, 404"),
        ("GET", "/v1/hooks", 200, PAGE, "the status breaks the rule: one of 400, 401, 404"),
        ("GET", "/v1/workers/w", 404, NO_ROUTE, "should not be valid"),
        ("GET", "/v1/workers", 200, without(PAGE, "total_count"), "'total_count'"),
        (
            "GET",
            "/v1/workers/w",
            200,
            WORKER | {"http": {"secret": {"value": "made-up"}}},
            "$.http.secret",
        ),
        ("POST", "/v1/tools/execute", 200, DONE | {"success": False}, "$.execution_id"),
        (
            "POST",
            "/v1/tools/execute",
            200,
            FAILED | {"success": True},
            "$.status: 'completed' was expected",
        ),
        ("POST", "/v1/workers", 400, REFUSED | {"field_errors": []}, "$.field_errors"),
        ("POST", "/v1/workers", 400, REFUSED | {"code": 400}, "'code' was unexpected"),
        ("POST", CONFIRM, 400, without(MISMATCH, "msg"), "'msg' is a required property"),
        ("GET", FORMATTED, 200, OPENAI | {"function": FUNCTION | {"strict": True}}, "'strict'"),
        ("GET", FORMATTED, 200, OPENAI | {"function": without(FUNCTION, "name")}, "'name'"),
    ],
)
def test_wrong_answers_are_named(
    method: str, path: str, status: int, body: Any, named: str
) -> None:
    found = judged(method, path, status, body)

    assert all(line.startswith(f"{method} {path} answered {status}: ") for line in found)
    assert any(named in line for line in found), found


@pytest.mark.parametrize(
    ("method", "path", "status", "content_type", "body", "right"),
    [
        ("GET", "/v1/health", 200, "text/html", b'{"healthy": true}', False),
        ("GET", "/v1/health", 200, JSON, b"healthy", False),
        ("DELETE", "/v1/workers/w", 204, "", b"", True),
        ("DELETE", "/v1/workers/w", 204, JSON, b"{}", False),
        ("GET", "/dashboard/workers", 200, "text/html", b"<p>", True),
        ("GET", "/api/v1/oauth/x/callback", 303, "", b"", True),
        ("POST", "/api/v1/oauth/confirm_user", 400, "text/html", b"<p>", False),
        ("GET", "/elsewhere", 200, "text/html", b"<p>", False),
    ],
)
def test_programs_get_json_and_people_get_pages(
    method: str, path: str, status: int, content_type: str, body: bytes, right: bool
) -> None:
    assert (violations(method, path, status, content_type, body) == []) == right


ILL = (
    "GET /v1/health answered 200: $.healthy: 'no' is not of type 'boolean' "
    "breaks the rule: HealthSchema/allOf/0/properties/healthy/type\n"
)


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What the watch notes goes into a file of this test, and does not fail it."""
    log = tmp_path / "answers.log"
    monkeypatch.setenv(watching.LOG, str(log))
    return lambda: watching.take_violations(log)


@pytest.fixture
def sick(noted: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A sandbox whose Engine gives one wrong answer."""
    monkeypatch.setattr(arcade, "_health", ill)
    world = make_world()
    yield world
    world.close()


def test_the_watch_notes_a_wrong_answer_once(sick: World, noted: Callable[[], str]) -> None:
    assert sick.http.get(f"{sick.arcade_url}/v1/health").json() == {"healthy": "no"}

    assert noted() == ILL
    assert noted() == ""


def test_the_watch_is_on_where_the_real_names_lead(sick: World, noted: Callable[[], str]) -> None:
    entrance = sick.http.get(f"{sick.arcade_url}/_sandbox/tls").json()
    with httpx.Client(
        verify=ssl.create_default_context(cadata=entrance["ca"]), trust_env=False
    ) as client:
        client.get(
            f"https://127.0.0.1:{entrance['port']}/v1/health",
            headers={"Host": "api.arcade.dev"},
            extensions={"sni_hostname": "api.arcade.dev"},
        )

    assert noted() == ILL


CHILD = """
import os
import httpx
import ticktick_sandbox as sandbox
from ticktick_sandbox import arcade
from tests.rules.ill_engine import ill

arcade._health = ill
sandbox.start()
httpx.get(os.environ["ARCADE_BASE_URL"] + "/v1/health")
sandbox.stop()
"""


def test_the_watch_is_on_in_children(noted: Callable[[], str]) -> None:
    subprocess.run([sys.executable, "-c", CHILD], cwd=ROOT, check=True, timeout=60)

    assert noted() == ILL
