"""Which tools the lists hold: by toolkit, by metadata, in one version or in all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.ticktick_sandbox.arcade.helpers import answering, call, register
from tests.ticktick_sandbox.helpers import World, make_world

METADATA = {
    "List": {
        "classification": {"service_domains": ["project_management", "calendar"]},
        "behavior": {"operations": ["read"], "read_only": True, "destructive": False},
        "extras": {"team": "Blue", "level": 2},
    },
    "Remove": {
        "classification": {"service_domains": ["project_management"]},
        "behavior": {"operations": ["read", "delete"], "read_only": False, "destructive": True},
    },
    "Silent": None,
}


def offered(version: str = "1", **tools: Any) -> bytes:
    """Return what a worker answers that offers these tools, each with its metadata."""
    toolkit = {"name": "Made", "version": version}
    definitions = [
        {"name": name, "toolkit": toolkit, "input": {"parameters": []}, "metadata": metadata}
        for name, metadata in tools.items()
    ]
    return json.dumps(definitions).encode()


@pytest.fixture(scope="module")
def described() -> Iterator[World]:
    """A world whose worker offers three tools, two of them with metadata."""
    world = make_world()
    with answering(200, b"", offered(**METADATA)) as uri:
        register(world, "made", uri)
        yield world
    world.close()


def names(world: World, **query: str) -> list[str]:
    """Return the names of the tools of a query, the same in both lists."""
    listed = call(world, "GET", "/v1/tools", params=query)
    formatted = call(world, "GET", "/v1/formatted_tools", params=query)
    assert (listed.status_code, formatted.status_code) == (200, 200)
    found = [tool["name"] for tool in listed.json()["items"]]
    models = [tool["function"]["name"] for tool in formatted.json()["items"]]
    assert models == [f"Made_{name}" for name in found]
    return found


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, ["List", "Remove", "Silent"]),
        ({"read_only": True}, ["List"]),
        ({"destructive": False}, ["List"]),
        ({"read_only": True, "destructive": True}, []),
        ({"idempotent": False}, []),
        ({"operations": ["delete", "create"]}, ["Remove"]),
        ({"operations": ["READ"]}, ["List", "Remove"]),
        ({"operations": {"all_of": ["read", "delete"]}}, ["Remove"]),
        ({"operations": {"none_of": ["delete"]}}, ["List", "Silent"]),
        ({"operations": {"any_of": ["read"], "none_of": ["delete"]}}, ["List"]),
        ({"service_domains": ["Calendar"]}, ["List"]),
        ({"extras": {"team": "Blue"}}, ["List"]),
        ({"extras": {"team": "blue"}}, []),
        ({"extras": {"team": "Blue", "level": 3}}, []),
        ({"extras": {}}, ["List", "Remove", "Silent"]),
    ],
)
def test_a_filter_looks_at_the_metadata(
    described: World, sent: dict[str, Any], expected: list[str]
) -> None:
    assert names(described, filter=json.dumps(sent)) == expected


def test_filter_and_toolkit_hold_together(described: World) -> None:
    sent = json.dumps({"read_only": True})

    assert names(described, toolkit="MADE", filter=sent) == ["List"]
    assert names(described, toolkit="Other", filter=sent) == []


@pytest.mark.parametrize("path", ["/v1/tools", "/v1/formatted_tools"])
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"filter": "read_only"}, "filter is not JSON"),
        ({"filter": "[" * 100_00}, "filter is not JSON"),
        ({"filter": "[]"}, "filter must be a JSON object"),
        (
            {"filter": '{"readonly":true}'},
            "filter knows service_domains, operations, read_only, destructive, idempotent, "
            "open_world, extras, not 'readonly'",
        ),
        ({"filter": '{"read_only":"yes"}'}, "read_only must be true or false"),
        (
            {"filter": '{"operations":"read"}'},
            "operations must be a list, or an object with any_of, all_of, none_of",
        ),
        (
            {"filter": '{"operations":{"some_of":[]}}'},
            "operations must be a list, or an object with any_of, all_of, none_of",
        ),
        ({"filter": '{"operations":[1]}'}, "operations must have lists of strings"),
        ({"filter": '{"operations":{"any_of":"a"}}'}, "operations must have lists of strings"),
        ({"filter": '{"extras":[]}'}, "extras must be an object"),
        (
            {"include_all_versions": "yes"},
            "the query parameter include_all_versions is true or false, not 'yes'",
        ),
    ],
)
def test_a_query_that_cannot_be_understood_is_refused(
    described: World, path: str, query: dict[str, str], message: str
) -> None:
    reply = call(described, "GET", path, params=query)

    assert reply.status_code == 400
    assert reply.json() == {"name": "malformed_request", "message": message}


def test_a_tool_is_listed_once_unless_all_versions_are_asked_for(bare: World) -> None:
    def versions(**query: str) -> list[str]:
        items = call(bare, "GET", "/v1/tools", params=query).json()["items"]
        return [item["fully_qualified_name"] for item in items]

    tool = {"Sort": None}
    with (
        answering(200, b"", offered("2", **tool)) as new,
        answering(200, b"", offered("1", **tool)) as old,
        answering(200, b"", offered("2", **tool)) as again,
    ):
        for worker_id, uri in (("new", new), ("old", old), ("again", again)):
            register(bare, worker_id, uri)

        assert versions() == ["Made.Sort@2"]
        assert versions(include_all_versions="false") == ["Made.Sort@2"]
        assert versions(include_all_versions="true") == ["Made.Sort@1", "Made.Sort@2"]
        assert names(bare, include_all_versions="True") == ["Sort", "Sort"]
        found = call(bare, "GET", "/v1/tools/Made.Sort@1").json()
        assert found["fully_qualified_name"] == "Made.Sort@1"
