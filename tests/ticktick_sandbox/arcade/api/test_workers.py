"""Workers: registered, changed, asked how they are and what they offer."""

from __future__ import annotations

import warnings
from typing import Any

import arcadepy
import jwt
import pytest

from tests.ticktick_sandbox.arcade.helpers import (
    OTHER_SECRET,
    SECRET,
    answering,
    call,
    free_uri,
    http_of,
    problems,
)
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.arcade.engine.worker import Worker
from ticktick_sandbox.arcade.engine.worker_client import token
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.shared.settings import LEARNER

WORKERS = "/v1/workers"
URI = "http://127.0.0.1:8002"
NO_MCP = (
    "the sandbox does not imitate remote MCP servers: "
    "serve the tools from a worker and add it with the type http"
)


@pytest.fixture(scope="module")
def real(working: tuple[World, WorkerProcess]) -> WorkerProcess:
    """A running worker with the tests' tools."""
    return working[1]


def body(worker_id: str = "made-up", uri: str = URI, **changes: Any) -> dict[str, Any]:
    return {"id": worker_id, "http": http_of(uri, **changes)}


def add(world: World, worker_id: str = "made-up", uri: str = URI, **changes: Any) -> dict[str, Any]:
    reply = call(world, "POST", WORKERS, body(worker_id, uri, **changes))
    assert reply.status_code == 201, reply.text
    return reply.json()


# Create and read


def test_a_created_worker_is_shown_without_its_secret(bare: World) -> None:
    shown = add(bare)

    assert shown == {
        "id": "made-up",
        "type": "http",
        "enabled": True,
        "managed": False,
        "binding": {"id": "sandbox", "type": "project"},
        "http": {
            "uri": URI,
            "secret": {"exists": True, "editable": True, "binding": "project"},
            "timeout": 10,
            "retry": 3,
        },
        "requirements": {"met": True},
    }
    reply = call(bare, "GET", f"{WORKERS}/made-up")
    assert (reply.status_code, reply.json()) == (200, shown)


def test_workers_are_listed_page_by_page(bare: World) -> None:
    for name in ("c", "a", "b"):
        add(bare, name)
    page = call(bare, "GET", f"{WORKERS}?limit=2&offset=1").json()

    assert [item["id"] for item in page.pop("items")] == ["a", "b"]
    assert page == {"limit": 2, "offset": 1, "page_count": 2, "total_count": 3}
    whole = call(bare, "GET", WORKERS).json()
    assert [item["id"] for item in whole["items"]] == ["c", "a", "b"]
    assert (whole["limit"], whole["offset"]) == (25, 0)


def test_the_client_creates_reads_changes_and_deletes(bare: World, real: WorkerProcess) -> None:
    workers = bare.arcade.workers
    created = workers.create(id="ticktick", http=http_of(real.uri))  # type: ignore[arg-type]
    changed = workers.update("ticktick", enabled=False)

    assert created.enabled
    assert changed == created.model_copy(update={"enabled": False})
    assert workers.get("ticktick") == changed
    assert list(workers.list()) == [changed]
    assert workers.health("ticktick").healthy
    names = [tool.fully_qualified_name for tool in workers.tools("ticktick", limit=3)]
    assert names == sorted(names)
    assert len(names) == 8
    assert workers.delete("ticktick") is None
    with pytest.raises(arcadepy.NotFoundError):
        workers.get("ticktick")


def test_a_slash_at_the_end_of_the_address_is_dropped(bare: World) -> None:
    assert add(bare, uri=f"{URI}/")["http"]["uri"] == URI


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"http": http_of(URI)}, "id is a required field"),
        (body("x" * 101), "id has 100 characters at most"),
        (body("a/b"), "an id has letters, digits, underscores and hyphens"),
        ({"id": "a"}, "http is a required field"),
        ({"id": "a", "http": "x"}, "http must be an object"),
        (body(uri=...), "uri is a required field"),  # type: ignore[arg-type]
        (body(secret=...), "secret is a required field"),
        (body(secret=""), "secret is a required field"),
        (body(secret="s" * 101), "secret has 100 characters at most"),
        (body(secret=5), "secret must be a string"),
        (body(timeout=...), "timeout is a required field"),
        (body(timeout=0), "timeout must be a whole number from 1 to 3600"),
        (body(timeout="1"), "timeout must be a whole number from 1 to 3600"),
        (body(retry=...), "retry is a required field"),
        (body(retry=11), "retry must be a whole number from 0 to 10"),
        (body() | {"enabled": "yes"}, "enabled must be true or false"),
        (body() | {"type": "mcp"}, NO_MCP),
        ({"id": "a", "mcp": {}}, NO_MCP),
        (body() | {"type": "x"}, "the sandbox knows workers of the type http only, not 'x'"),
    ],
)
def test_a_worker_is_refused_with_the_field_that_is_wrong(
    bare: World, sent: dict[str, Any], message: str
) -> None:
    reply = call(bare, "POST", WORKERS, sent)

    assert reply.status_code == 400
    assert reply.json()["name"] == "malformed_request"
    assert reply.json()["field_errors"][0]["message"] == message


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("https://worker.example", "the sandbox calls workers on this machine only"),
        ("http://192.168.0.2:8002", "the sandbox calls workers on this machine only"),
        ("http://127.0.0.1.example:8002", "the sandbox calls workers on this machine only"),
        ("127.0.0.1:8002", "uri must be a plain http or https address"),
        ("file:///etc/hosts", "uri must be a plain http or https address"),
        ("http://user:password@127.0.0.1:8002", "uri must be a plain http or https address"),
        ("http://127.0.0.1:8002?a=b", "uri must be a plain http or https address"),
    ],
)
@pytest.mark.parametrize("path", ["", "/test", "/made-up"])
def test_only_workers_on_this_machine_are_called(
    bare: World, uri: str, message: str, path: str
) -> None:
    sent = {"type": "http", **body(uri=uri)}
    if path == "/made-up":
        add(bare)
        reply = call(bare, "PATCH", f"{WORKERS}{path}", sent)
    else:
        reply = call(bare, "POST", f"{WORKERS}{path}", sent)

    assert reply.status_code == 400
    assert reply.json()["field_errors"][0]["message"].startswith(message)


def test_an_id_can_be_used_once(bare: World) -> None:
    add(bare)
    reply = call(bare, "POST", WORKERS, body())

    assert reply.status_code == 400
    assert reply.json() == {
        "name": "bad_request",
        "message": "a worker with the id made-up exists: change it by PATCH, or delete it first",
    }


# Change and delete


def test_a_change_leaves_what_is_not_sent(bare: World) -> None:
    before = add(bare)
    reply = call(bare, "PATCH", f"{WORKERS}/made-up", {"http": {"timeout": 5}, "enabled": False})

    assert reply.status_code == 200
    assert reply.json() == before | {"enabled": False, "http": before["http"] | {"timeout": 5}}


def test_a_deleted_worker_is_gone(bare: World) -> None:
    add(bare)
    reply = call(bare, "DELETE", f"{WORKERS}/made-up")

    assert (reply.status_code, reply.content) == (204, b"")
    assert call(bare, "GET", WORKERS).json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/health"),
        ("GET", "/tools"),
        ("GET", "/authorize"),
    ],
)
def test_an_unknown_worker_is_not_found(bare: World, method: str, path: str) -> None:
    sent = {} if method == "PATCH" else None
    reply = call(bare, method, f"{WORKERS}/nobody{path}", sent)

    assert reply.status_code == 404
    assert reply.json() == {"name": "not_found", "message": "worker 'nobody' not found"}


# How it is and what it offers


def test_a_worker_that_answers_is_healthy(bare: World, real: WorkerProcess) -> None:
    add(bare, uri=real.uri)

    assert call(bare, "GET", f"{WORKERS}/made-up/health").json() == {
        "id": "made-up",
        "enabled": True,
        "healthy": True,
        "message": "the worker answers",
    }


def test_a_worker_that_is_down_is_not_healthy(bare: World) -> None:
    uri = free_uri()
    add(bare, uri=uri)
    health = call(bare, "GET", f"{WORKERS}/made-up/health")

    assert health.status_code == 200
    assert health.json() == {
        "id": "made-up",
        "enabled": True,
        "healthy": False,
        "message": f"worker made-up can't be reached. Nothing listens at {uri}. "
        "Start the worker, try again.",
    }


def test_a_worker_with_another_secret_is_not_healthy(bare: World, real: WorkerProcess) -> None:
    add(bare, uri=real.uri, secret=OTHER_SECRET)
    health = bare.arcade.workers.health("made-up")

    assert not health.healthy
    assert health.message == (
        "worker made-up refuses the Engine's secret. "
        "Start it with the ARCADE_WORKER_SECRET that it is registered with."
    )


def tool_with(parameter: str = "", requirements: str = "{}") -> bytes:
    """Return the list of one tool."""
    text = (
        f'[{{"name":"A","toolkit":{{"name":"K"}},"input":{{"parameters":[{parameter}]}},'
        f'"requirements":{requirements}}}]'
    )
    return text.encode()


@pytest.mark.parametrize(
    ("status", "text", "message"),
    [
        (200, b"hello", "worker made-up did not answer with JSON"),
        (200, b"\xff", "worker made-up did not answer with JSON"),
        (200, b"[NaN]", "worker made-up did not answer with JSON"),
        (200, b'["\\ud800"]', "worker made-up did not answer with JSON"),
        (200, b"[" * 100_000, "worker made-up did not answer with JSON"),
        (200, b'{"status":"ok"}', "worker made-up did not answer with a list of tools"),
        (200, b"[7]", "worker made-up did not answer with a list of tools"),
        (200, b'[{"name":"A"}]', "worker made-up did not answer with a list of tools"),
        *(
            (200, tool_with(**junk), "worker made-up did not answer with a list of tools")
            for junk in (
                {"parameter": '{"name":"a","value_schema":{"val_type":"string","enum":5}}'},
                {"parameter": '{"name":"a","value_schema":{"val_type":"x","inner_val_type":[]}}'},
                {"requirements": '{"authorization":{"provider_id":["a"]}}'},
                {"requirements": '{"authorization":{"id":{"a":1}}}'},
                {"requirements": '{"authorization":{"id":"a","oauth2":{"scopes":7}}}'},
            )
        ),
        (404, b"{}", "worker made-up answered 404"),
        (307, b"", "worker made-up answered 307"),
        (500, b"oh", "worker made-up answered 500"),
    ],
)
def test_what_is_no_worker_offers_no_tools(
    bare: World, status: int, text: bytes, message: str
) -> None:
    with answering(status, text) as uri:
        add(bare, uri=uri)
        reply = call(bare, "GET", f"{WORKERS}/made-up/tools")

    assert reply.status_code == 400
    assert reply.json()["name"] == "worker_unavailable"
    assert reply.json()["message"].startswith(message)


def test_a_worker_can_be_tried_before_it_is_added(bare: World, real: WorkerProcess) -> None:
    def tried(uri: str) -> dict[str, Any]:
        reply = call(bare, "POST", f"{WORKERS}/test", {"type": "http", "http": {"uri": uri}})
        assert reply.status_code == 200
        return reply.json()

    down = free_uri()
    assert tried(real.uri) == {"success": True, "message": "a worker answers there"}
    assert tried(down)["success"] is False
    assert f"Nothing listens at {down}" in tried(down)["message"]
    with answering(200, b"[]") as uri:
        assert tried(uri)["message"].startswith(f"worker {uri} did not answer with its health")
    assert call(bare, "GET", WORKERS).json()["items"] == []


def test_a_worker_needs_no_consent_of_its_own(bare: World) -> None:
    add(bare)
    reply = call(bare, "GET", f"{WORKERS}/made-up/authorize")

    assert reply.status_code == 200
    assert reply.json() == {
        "worker_id": "made-up",
        "user_id": LEARNER,
        "status": "completed",
        "scopes": [],
    }


# The secret


def test_the_token_has_the_claims_that_a_worker_checks() -> None:
    assert jwt.decode(token(SECRET), SECRET, ["HS256"], audience="worker") == {
        "aud": "worker",
        "ver": "1",
    }


def test_a_short_secret_signs_alike_and_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        signed = jwt.encode({"aud": "worker", "ver": "1"}, "dev", "HS256")

    assert token("dev") == signed


def test_the_secret_is_shown_nowhere(bare: World, real: WorkerProcess) -> None:
    add(bare, uri=real.uri, secret=OTHER_SECRET)
    replies = [
        call(bare, "GET", WORKERS),
        call(bare, "PATCH", f"{WORKERS}/made-up", {"enabled": True}),
        call(bare, "GET", f"{WORKERS}/made-up/health"),
        call(bare, "GET", f"{WORKERS}/made-up/tools"),
        call(bare, "GET", "/_sandbox/events"),
    ]

    assert all(OTHER_SECRET not in reply.text for reply in replies)
    assert OTHER_SECRET not in repr(Worker("a", URI, OTHER_SECRET))


def test_the_journal_tells_once_that_a_worker_fails(bare: World) -> None:
    add(bare, uri=free_uri())
    for _ in range(3):
        call(bare, "GET", "/v1/tools")

    assert problems(bare) == ["worker made-up can't be reached"]
