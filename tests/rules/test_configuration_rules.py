"""The checker and the published schemas agree, except where a finding says why."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from tests.rules.derive_configuration import derive, published
from ticktick_sandbox.arcade.config.findings import ERROR, Finding
from ticktick_sandbox.checker import check

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
WORKERS = "tools.directors.0.workers.0"
PROVIDER = "auth.providers.0"
TOKENS = f"{PROVIDER}.oauth2.token_request"
ASKS = f"{PROVIDER}.oauth2.authorize_request"
INFO = f"{PROVIDER}.oauth2.user_info_request"

FULL: dict[str, Any] = {
    "auth": {
        "providers": [
            {
                "id": "made-up",
                "description": "made up",
                "enabled": True,
                "type": "oauth2",
                "provider_id": "made-up",
                "client_id": "${env:MADE_UP}",
                "client_secret": "${env:MADE_UP}",
                "oauth2": {
                    "scope_delimiter": " ",
                    "pkce": {"enabled": True, "code_challenge_method": "S256"},
                    "authorize_request": {
                        "endpoint": "https://provider.example/authorize",
                        "method": "GET",
                        "auth_method": "",
                        "params": {
                            "client_id": "{{client_id}}",
                            "redirect_uri": "{{redirect_uri}}",
                            "scope": "{{scopes}} {{existing_scopes}}",
                        },
                        "request_content_type": FORM,
                        "response_content_type": JSON,
                    },
                    "token_request": {
                        "endpoint": "https://provider.example/token",
                        "method": "POST",
                        "auth_method": "client_secret_basic",
                        "params": {"grant_type": "authorization_code"},
                        "response_map": {"access_token": "$.data.token"},
                    },
                    "refresh_request": {
                        "endpoint": "https://provider.example/token",
                        "auth_method": "client_secret_basic",
                        "params": {"refresh_token": "{{refresh_token}}"},
                    },
                    "user_info_request": {
                        "endpoint": "https://provider.example/me",
                        "auth_method": "bearer_access_token",
                        "triggers": {"on_token_grant": True, "on_token_refresh": False},
                    },
                },
            },
        ]
    },
    "tools": {
        "directors": [
            {
                "id": "default",
                "enabled": True,
                "max_tools": 64,
                "workers": [
                    {
                        "id": "worker",
                        "enabled": True,
                        "http": {
                            "uri": "http://127.0.0.1:8002",
                            "timeout": 30,
                            "retry": 3,
                            "secret": "${env:MADE_UP}",
                        },
                    }
                ],
            }
        ]
    },
}
BY_NAME = {"id": "other", "type": "oauth2", "provider_id": "google", "client_id": "x"}
INTROSPECT = {"endpoint": "https://provider.example/i", "triggers": {"on_token_grant": True}}
DROP = object()


@dataclass
class Stricter:
    """Where the checker has an error and the schema has none: of which rule, where, and why."""

    rule: str
    where: str
    reason: str
    example: dict[str, Any]

    def excuses(self, finding: Finding) -> bool:
        """Return whether this is the finding that says why."""
        place = finding.where
        return bool(re.fullmatch(self.rule, finding.rule) and re.search(self.where, place))


# The schema is nowhere stricter: what it refuses, the checker calls an error.
CHECKER_STRICTER = [
    Stricter("id-shape", r"\.id$", "The dashboard takes no other id.", {f"{PROVIDER}.id": "A b"}),
    Stricter("duplicate-id", r"\.id$", "One could not tell them apart.",
             {"auth.providers.1": FULL["auth"]["providers"][0]}),
    Stricter("required", r"\.(id|client_id|endpoint)$",
             "The schema takes an empty text; the reference requires a value.",
             {f"{PROVIDER}.client_id": ""}),
    Stricter("type", r"\.enabled$",
             "The schema sees a variable; the checker sees its value, which is no boolean.",
             {f"{PROVIDER}.enabled": "${env:MADE_UP}"}),
    Stricter("unset-variable", "", "The schema takes a variable for any text, set or not.",
             {f"{PROVIDER}.client_id": "${env:UNSET}"}),
    Stricter("endpoint", r"\.endpoint$", "The reference: a complete URL. The schema: any text.",
             {f"{TOKENS}.endpoint": "/oauth/token"}),
    Stricter("auth-method", r"\.auth_method$",
             "The reference names the methods of each request, the schema those of all.",
             {f"{ASKS}.auth_method": "client_secret_basic"}),
    Stricter("params", r"\.params\.", "The reference: texts. The schema: a mapping of anything.",
             {f"{TOKENS}.params.grant_type": ["x"]}),
    Stricter("no-such-placeholder", r"\.params\.", "The reference lists the placeholders.",
             {f"{ASKS}.params.scope": "{{scope}}"}),
    Stricter("response-map|type", r"\.response_map",
             "The reference has an expression for each of some names; the schema any mapping.",
             {f"{TOKENS}.response_map.access_token": "$.x["}),
    Stricter("json-only", r"\.response_content_type$", "The reference: such a reply is JSON.",
             {f"{INFO}.response_content_type": FORM}),
    Stricter(".*", r"\.token_introspection_request", "The schema does not know this request.",
             {f"{PROVIDER}.oauth2.token_introspection_request": INTROSPECT | {"endpoint": 5}}),
    Stricter(".*", r"(authorize|token|refresh)_request\.(triggers|enabled|expiration_format)",
             "Settings of other requests in the reference; in the schema further keys.",
             {f"{ASKS}.triggers": {"x": 1}}),
    Stricter(".*", r"user_info_request\.(enabled|expiration_format)",
             "Settings of introspection in the reference; in the schema further keys.",
             {f"{INFO}.enabled": 5}),
    Stricter("sandbox", r"\.oauth2", "Arcade knows providers by provider_id, the sandbox none.",
             {"auth.providers.1": BY_NAME}),
    Stricter("sandbox", r"\.workers\[", "Workers of the sandbox: over HTTP, on this machine.",
             {f"{WORKERS}.http.uri": "https://worker.example"}),
    Stricter("duplicate-id", r"\.workers\[", "One could not tell them apart.",
             {"tools.directors.0.workers.1": FULL["tools"]["directors"][0]["workers"][0]}),
    Stricter("no-provider", "", "A file without providers or workers has nothing to check.",
             {"auth": {}, "tools": DROP}),
    Stricter("wrong-host|two-editions|no-such-endpoint|no-tls|private-api", r"\.endpoint$",
             "The schema knows no provider; the checker knows TickTick and Dida365.",
             {f"{TOKENS}.endpoint": "https://api.ticktick.com/oauth/token"}),
    Stricter("redirect-uri", r"\.redirect_uri$", "The reference has a placeholder for it.",
             {f"{ASKS}.params.redirect_uri": "<your redirect uri>"}),
    Stricter("no-such-scope", r"\.scope$", "TickTick's reference lists the scopes.",
             {f"{ASKS}.endpoint": "https://ticktick.com/oauth/authorize",
              f"{TOKENS}.endpoint": "https://ticktick.com/oauth/token",
              f"{ASKS}.params.scope": "tasks:all"}),
    Stricter("placeholder", r"\.client_(id|secret)$", "The schema takes any text.",
             {f"{PROVIDER}.client_id": "<your client id>"}),
]  # fmt: skip

VALUES = [
    None, True, False, 0, -1, 7, 1.5, "", "x", "A b", "true", [], ["x"], [None], {}, {"x": "y"},
    {"x": None}, {"enabled": True}, {"enabled": None}, BY_NAME, INTROSPECT, FORM, "oauth2", "S256",
    "GET", "client_secret_basic", "client_secret_post", "bearer_access_token", "<your id>",
    "${env:ON}", "${env:OFF}", "${env:on}", "${env:UNSET}", "${env:ON}${env:ON}", "${file:NONE}",
    "${env:METHOD}", "${env:TYPE}", "${env:URI}", "{{redirect_url}}", "https://provider.example/x",
    "http://localhost:8002", "http://localhost:8002/a|b", "http://localhost:8002/\xfc",
    "http://${env:HOST}:8002", "https://ticktick.com/oauth/token", "http://dida365.com/oauth/token",
    DROP,
]  # fmt: skip
NAMES = ["x", "enabled", "id", "triggers", "expiration_format", "token_introspection_request"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "MADE_UP": "made-up", "ON": "true", "OFF": "false", "on": "true", "METHOD": "GET",
            "TYPE": "oauth2", "URI": "http://localhost:8002", "HOST": "localhost",
        }.items():  # fmt: skip
            environment.setenv(name, value)
        yield tmp_path_factory.mktemp("rules") / "engine.yaml"


# Addresses are judged, too: without the package that knows URIs the published example is refused.
VALIDATOR = Draft7Validator(published(), format_checker=Draft7Validator.FORMAT_CHECKER)


def places(value: Any, path: str = "") -> list[str]:
    """Return the path of every value inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in pairs:
        here = f"{path}.{key}".lstrip(".")
        found.append(here)
        if isinstance(item, dict | list):
            found += places(item, here)
    return found


PLACES = places(FULL)
MORE = [f"{place.rpartition('.')[0]}.{name}".lstrip(".") for place in PLACES for name in NAMES]


def changed(data: Any, path: str, value: Any) -> None:
    """Put a value at a place; a place that is gone by now is passed over."""
    *above, last = path.split(".")
    for key in above:
        try:
            data = data[int(key) if isinstance(data, list) else key]
        except (IndexError, KeyError, TypeError, ValueError):
            return
    value = copy.deepcopy(value) if value is not DROP else DROP
    if isinstance(data, dict):
        data[last] = value
        if value is DROP:
            del data[last]
    elif isinstance(data, list) and last.isdecimal():
        data[int(last) : int(last) + 1] = [] if value is DROP else [value]


def disagreement(file: Path, data: Any) -> str:
    """Return what the schema and the checker see differently without saying why, or nothing."""
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    errors = [finding for finding in check(file) if finding.severity == ERROR]
    by_schema = list(VALIDATOR.iter_errors(data))
    if by_schema:
        return "" if errors else f"only the schema: {by_schema[0].json_path} {by_schema[0].message}"
    left = [f for f in errors if not any(row.excuses(f) for row in CHECKER_STRICTER)]
    return "".join(f"only the checker, {finding.rule}: {finding}\n" for finding in left)


def told(file: Path, changes: dict[str, Any]) -> str:
    data = copy.deepcopy(FULL)
    for path, value in changes.items():
        changed(data, path, value)
    return disagreement(file, data)


def test_both_take_the_full_example(file: Path) -> None:
    assert VALIDATOR.is_valid(FULL)
    file.write_text(yaml.safe_dump(FULL), encoding="utf-8")
    assert check(file) == []


@pytest.mark.parametrize("row", CHECKER_STRICTER, ids=lambda row: f"{row.rule} {row.where}")
def test_where_the_checker_is_stricter_it_says_so(file: Path, row: Stricter) -> None:
    data = copy.deepcopy(FULL)
    for path, value in row.example.items():
        changed(data, path, value)
    assert VALIDATOR.is_valid(data)
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    errors = [finding for finding in check(file) if finding.severity == ERROR]
    assert any(row.excuses(finding) for finding in errors)
    assert all(finding.text and finding.fix and finding.source for finding in errors)


CHANGES = st.dictionaries(
    st.sampled_from(PLACES + MORE),
    st.sampled_from(VALUES) | st.text(st.characters(codec="ascii", min_codepoint=32), max_size=5),
    min_size=1,
    max_size=3,
)


@settings(deadline=None, max_examples=300)
@given(CHANGES)
def test_the_checker_and_the_schema_agree(file: Path, changes: dict[str, Any]) -> None:
    assert told(file, changes) == ""


COMMON = [DROP, None, 7, "", "x", [], "client_secret_basic", "${env:ON}", "${env:UNSET}"]


@pytest.mark.parametrize("value", COMMON, ids=lambda each: "lost" if each is DROP else repr(each))
def test_they_agree_on_what_is_lost_or_of_another_kind(file: Path, value: Any) -> None:
    assert [told(file, {path: value}) for path in PLACES] == [""] * len(PLACES)


@pytest.mark.long
@pytest.mark.parametrize("path", dict.fromkeys(PLACES + MORE))
def test_they_agree_on_every_single_change(file: Path, path: str) -> None:
    off = {f"{PROVIDER}.enabled": False, "tools.directors.0.enabled": False}
    for number, value in enumerate(VALUES):
        assert told(file, {path: value}) == "", (path, value)
        if number % 4 == 0:
            assert told(file, {path: value} | off) == "", (path, value, "off")


def test_no_word_for_people_is_derived_and_no_rule_is_lost() -> None:
    text = {"type": "string", "description": "words", "default": "x", "$comment": "words"}
    section = {"type": "object", "properties": {"a": text, "b": {"$ref": "#/$defs/b"}}}
    schema = {"properties": {"auth": section, "tools": {}, "llm": {}}, "$defs": {"b": text}}
    plain = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"$ref": "#/$defs/b"}}}

    assert derive(schema) == {
        "type": "object",
        "properties": {"auth": plain, "tools": {}},
        "$defs": {"b": {"type": "string"}},
    }
    with pytest.raises(ValueError, match="maximum"):
        derive({"properties": {"auth": {"maximum": 1}, "tools": {}}})
