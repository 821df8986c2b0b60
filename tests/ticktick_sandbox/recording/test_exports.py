"""What other tools get: lines, Mermaid, and the HTTP Archive format."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource

from tests.environment import ROOT
from tests.installed import missing
from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.recording.helpers import made
from ticktick_sandbox.recording.exchange import Exchange, Message
from ticktick_sandbox.recording.exports import to_har, to_lines, to_mermaid, to_text

SCHEMAS = ROOT / "tests" / "node_modules" / "har-schema" / "lib"
"""The published schema of the format, from npm."""


@pytest.fixture
def har_schema() -> Draft7Validator:
    if not SCHEMAS.is_dir():
        missing("the schema is not installed; run: npm ci --prefix tests")
    registry: Registry = Registry()
    for path in SCHEMAS.glob("*.json"):
        schema = json.loads(path.read_text("utf-8"))
        registry = Resource.from_contents(schema) @ registry
        if schema["$id"] == "har.json#":
            whole = schema
    return Draft7Validator(whole, registry=registry, format_checker=FormatChecker())


def test_the_har_of_a_flow_fits_the_schema(world: World, har_schema: Draft7Validator) -> None:
    world.token()
    recorded = world.sandbox.wire.since()
    har = json.loads(json.dumps(to_har(recorded, "1.2.3")))
    har_schema.validate(har)
    entries = har["log"]["entries"]
    assert len(entries) == len(recorded)
    callback = next(e for e in entries if "/callback?" in e["request"]["url"])
    assert callback["request"]["url"].endswith(
        "/callback?code=%E2%80%B9code%201%E2%80%BA&state=%E2%80%B9state%201%E2%80%BA"
    )
    assert callback["request"]["queryString"][0] == {"name": "code", "value": "‹code 1›"}
    token = next(e for e in entries if e["request"]["url"].endswith("/oauth/token"))
    assert token["comment"] == "Arcade → TickTick"
    assert {"name": "code", "value": "‹code 1›"} in token["request"]["postData"]["params"]
    assert '"access_token": "‹token 1›"' in token["response"]["content"]["text"]


def test_the_har_leaves_out_what_has_no_answer_and_takes_any_status(
    har_schema: Draft7Validator,
) -> None:
    odd = made(2, status=799, url="http://localhost/a b/‹token 1›", query=(("ü", "&="),))
    har = to_har([made(1, status=0, failed="no answer"), odd], "0")
    har_schema.validate(json.loads(json.dumps(har)))
    (entry,) = har["log"]["entries"]
    assert entry["response"]["statusText"] == ""
    assert entry["request"]["url"].endswith("/a%20b/%E2%80%B9token%201%E2%80%BA?%C3%BC=%26%3D")


def test_the_schema_would_refuse_what_does_not_fit(har_schema: Draft7Validator) -> None:
    har = to_har([made()], "0")
    del har["log"]["entries"][0]["request"]["bodySize"]
    assert not har_schema.is_valid(har)


def test_a_line_says_who_asks_whom_and_what_is_carried() -> None:
    answer = Message((("content-type", "application/json"),), '{\n "token": "‹token 1›"\n}')
    asked = made(7, query=(("code", "‹code 2›"),), response=answer)
    assert to_text(asked) == ("  7 Program → Arcade: GET /v1/health (code 2) → 200 OK (token 1)")


def test_a_line_says_after_which_other_its_answer_came() -> None:
    outer = made(1, asked=1, answered=4)
    inner = made(2, asked=2, answered=3)
    waiting = made(3, asked=5, answered=0, status=0)
    lines = to_lines([outer, inner, waiting])
    assert [line.endswith(", after 2") for line in lines] == [True, False, False]


def test_mermaid_has_nested_requests_and_nothing_that_is_syntax() -> None:
    outer = made(1, asked=1, answered=4, url="http://localhost/a;b#c%<x>")
    inner = made(2, asker="Arcade", answerer="TickTick", asked=2, answered=3)
    assert to_mermaid([outer, inner]).splitlines() == [
        "sequenceDiagram",
        "  participant p0 as Program",
        "  participant p1 as Arcade",
        "  participant p2 as TickTick",
        "  p0->>p1: 1 GET /a#59;b",
        "  p1->>p2: 2 GET /v1/health",
        "  p2-->>p1: 200 OK",
        "  p1-->>p0: 200 OK",
    ]


def test_an_exchange_survives_json(world: World) -> None:
    world.token()
    recorded = world.sandbox.wire.since()
    text = json.dumps([each.to_json() for each in recorded])
    assert [Exchange.from_json(each) for each in json.loads(text)] == recorded
