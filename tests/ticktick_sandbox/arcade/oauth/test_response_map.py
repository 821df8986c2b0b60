"""The expressions of a response_map: what they find, what they refuse."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from ticktick_sandbox.arcade.oauth.response_map import BrokenExpression, NotMapped, apply, parse

JWT = jwt.encode({"scp": ["one", "two"], "a": {"b": "deep"}}, "x" * 32)
REPLY = {
    "token": JWT,
    "opaque": "not-a-jwt",
    "data": {"scope": ["one", "two"], "user-id": 7, "empty": []},
    "list": [{"name": "one"}, {"name": "two"}],
    "nothing": None,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$.data.user-id", 7),
        ("$['data']['user-id']", 7),
        ("$.list[1].name", "two"),
        ("$.list[*].name", ["one", "two"]),
        ("$.data.missing", None),
        ("$.nothing", None),
        ("$.opaque.deeper", None),
        ("join('$.data.scope', ' ')", "one two"),
        ('join("$.data[\'scope\']", ",")', "one,two"),
        ("  join ( '$.data.scope' ,'' ) ", "onetwo"),
        ("join('$.list[*].name', ', ')", "one, two"),
        ("join('$.data.empty', ' ')", ""),
        ("join('$.data.missing', ' ')", None),
        ("jwt_decode('$.token', '$.scp')", ["one", "two"]),
        ("jwt_decode('$.token', '$.a.b')", "deep"),
        ("jwt_decode('$.token', '$.missing')", None),
        ("jwt_decode('$.missing', '$.scp')", None),
        ("join(jwt_decode('$.token', '$.scp'), ' ')", "one two"),
    ],
)
def test_an_expression_finds_its_value(text: str, value: Any) -> None:
    assert parse(text)(REPLY) == value


def test_a_jwt_is_not_verified() -> None:
    expired = jwt.encode({"exp": 1, "aud": "another", "scp": "one"}, "y" * 32)
    assert parse("jwt_decode('$.t', '$.scp')")({"t": expired}) == "one"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' is neither a path nor a call"),
        ("data.token", "'data.token' is neither a path nor a call"),
        ("'$.data'", "\"'$.data'\" is neither a path nor a call"),
        ("upper('$.a')", "\"upper('$.a')\" is neither a path nor a call"),
        ("$.", "'$.' is not a JSONPath: "),
        ("$.a b", "'$.a b' is not a JSONPath: "),
        ("$.a[", "'$.a[' is not a JSONPath: "),
        ("join($.a, ' ')", "\"$.a, ' ')\" is neither a path nor a call"),
        ("join('a', ' ')", "'a' is not a JSONPath: "),
        ("join('$.a')", "join takes a path and a delimiter, both in quotes"),
        ("join('$.a', ' '", "join takes a path and a delimiter, both in quotes"),
        ("join('$.a', ' ', ' ')", "join takes a path and a delimiter, both in quotes"),
        ("join('$.a', ' ') x", "'x' is left over behind the call"),
        ("jwt_decode('$.a')", "jwt_decode takes a path and the path of a claim, both in quotes"),
        ("jwt_decode('$.a', 'scp')", "'scp' is not a JSONPath: "),
        ("join(jwt_decode('$.a'), ' ')", "jwt_decode takes a path and the path of a claim"),
        ("$[?match(@, '(a+)+')]", "holds more than names, indexes and wildcards"),
        ("$..a", "'$..a' holds more than names, indexes and wildcards"),
        ("$.list[0:1]", "'$.list[0:1]' holds more than names, indexes and wildcards"),
        ("$['a', 'b']", "holds more than names, indexes and wildcards"),
        ("join('$..a', ' ')", "'$..a' holds more than names, indexes and wildcards"),
        ("jwt_decode('$.token', '$..a')", "'$..a' holds more than names, indexes and wildcards"),
        ("join(" * 1000, "it has more than 1000 characters"),
    ],
)
def test_a_broken_expression_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(BrokenExpression) as refusal:
        parse(text)
    assert problem in str(refusal.value)
    assert str(refusal.value).startswith(problem) or problem.startswith("holds")


def test_a_map_finds_what_is_there_and_leaves_out_the_rest() -> None:
    mapped = {"scope": "join('$.data.scope', ' ')", "id": "$.data.user-id", "x": "$.missing"}
    assert apply(mapped, REPLY) == {"scope": "one two", "id": 7}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("join('$.opaque', ' ')", "join found no list of texts"),
        ("join('$.list', ' ')", "join found no list of texts"),
        ("jwt_decode('$.opaque', '$.a')", "jwt_decode found no JWT"),
        ("jwt_decode('$.data', '$.a')", "jwt_decode found no JWT"),
    ],
)
def test_a_reply_that_does_not_fit_is_told_without_its_values(text: str, problem: str) -> None:
    with pytest.raises(NotMapped) as refusal:
        apply({"scope": text}, REPLY)
    assert str(refusal.value) == f"response_map.scope does not fit: {text}: {problem}"


@pytest.mark.parametrize("reply", [None, "text", 7])
def test_only_json_objects_and_lists_are_mapped(reply: Any) -> None:
    with pytest.raises(NotMapped, match="there is no JSON"):
        apply({"access_token": "$"}, reply)
