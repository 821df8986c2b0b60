"""engine.yaml: what is read, what is refused, and how the refusal helps."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from ticktick_sandbox.arcade.config.engine_yaml import Configuration, inspect, load
from ticktick_sandbox.arcade.config.findings import ConfigurationRefused, Finding

GOOD = """\
auth:
  providers:
    - id: made-up
      type: oauth2
      client_id: ${env:MADE_UP_ID}
      client_secret: ${env:MADE_UP_SECRET}
      oauth2:
        authorize_request:
          endpoint: https://provider.example/authorize
          params:
            client_id: "{{client_id}}"
            redirect_uri: "{{redirect_uri}}"
            scope: "{{scopes}} {{existing_scopes}}"
        token_request:
          endpoint: https://provider.example/token
          auth_method: client_secret_basic
          params:
            grant_type: authorization_code
"""
ONE = "    - id: made-up\n"
REST = GOOD.partition("providers:\n")[2]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MADE_UP_ID", "the-id")
    monkeypatch.setenv("MADE_UP_SECRET", "the-secret")
    return tmp_path / "engine.yaml"


def read(file: Path, text: str) -> Configuration:
    file.write_text(text, encoding="utf-8")
    return load(file)


def refused(file: Path, text: str | None = None) -> list[Finding]:
    """Return the findings for which the file is refused; each says what and how to mend it."""
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationRefused) as refusal:
        load(file)
    message = str(refusal.value)
    assert message.startswith(f"{file} can't be used:\n")
    for finding in refusal.value.findings:
        assert finding.where
        assert finding.text
        assert finding.fix
        assert str(finding) in message
    return refusal.value.findings


# What is read


def test_a_good_file_is_read_without_findings(file: Path) -> None:
    configuration = read(file, GOOD)
    [provider] = configuration.providers

    assert configuration.findings == []
    assert (provider.id, provider.client_id, provider.client_secret) == (
        "made-up",
        "the-id",
        "the-secret",
    )
    assert provider.origin == "static"
    assert provider.scope_delimiter == " "
    assert (provider.pkce, provider.enabled, dict(provider.requests)) == (False, True, {})
    assert provider.authorize_request.method == "GET"
    assert provider.token_request.method == "POST"
    assert provider.token_request.auth_method == "client_secret_basic"
    assert provider.token_request.request_content_type == "application/x-www-form-urlencoded"
    assert provider.token_request.response_content_type == "application/json"


@pytest.mark.parametrize("text", ["llm: {}\n", "auth:\n", "auth: {}\n", "auth:\n  providers:\n"])
def test_a_file_may_hold_no_provider(file: Path, text: str) -> None:
    assert read(file, text).providers == []


def test_other_sections_do_not_matter(file: Path) -> None:
    assert len(read(file, "llm: [1, 2]\ntools: null\n" + GOOD).providers) == 1


def test_providers_keep_their_order(file: Path) -> None:
    second = REST.replace("made-up", "second")
    assert [p.id for p in read(file, GOOD + second).providers] == ["made-up", "second"]


def test_a_byte_order_mark_does_not_matter(file: Path) -> None:
    assert len(read(file, "\ufeff" + GOOD).providers) == 1


def test_placeholders_may_hold_blanks(file: Path) -> None:
    text = GOOD.replace("{{existing_scopes}}", "{{ existing_scopes }}")
    assert len(read(file, text).providers) == 1


# Variables


def test_the_env_file_beside_it_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MADE_UP_ID")
    monkeypatch.delenv("MADE_UP_SECRET")
    text = "# mine\nexport MADE_UP_ID='from file'\nMADE_UP_SECRET=\"quoted # text\"\nNAKED\n"
    (file.parent / ".env").write_text(text, encoding="utf-8")
    [provider] = read(file, GOOD).providers

    assert (provider.client_id, provider.client_secret) == ("from file", "quoted # text")


def test_the_environment_wins_over_the_env_file(file: Path) -> None:
    (file.parent / ".env").write_text("MADE_UP_ID=from-file\n", encoding="utf-8")
    assert read(file, GOOD).providers[0].client_id == "the-id"


def test_the_fallback_comes_last(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MADE_UP_SECRET")
    file.write_text(GOOD, encoding="utf-8")
    own = {"MADE_UP_ID": "fallback-id", "MADE_UP_SECRET": "fallback-secret"}
    [provider] = load(file, fallback=own).providers

    assert (provider.client_id, provider.client_secret) == ("the-id", "fallback-secret")


def test_an_unset_variable_is_named_with_its_line(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MADE_UP_SECRET")
    [finding] = refused(file, GOOD)

    assert (finding.line, finding.where) == (6, "auth.providers[0].client_secret")
    assert finding.text == "the variable MADE_UP_SECRET is not set"
    assert finding.fix == (
        "Set it: export MADE_UP_SECRET=…, or write MADE_UP_SECRET=… into .env beside the file."
    )


def test_every_unset_variable_is_named_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MADE_UP_ID")
    monkeypatch.delenv("MADE_UP_SECRET")
    assert [finding.line for finding in refused(file, GOOD)] == [5, 6]


@pytest.mark.parametrize("value", ["false", "${env:SWITCH}"])
def test_a_disabled_provider_needs_no_variables(
    file: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SWITCH", "false")
    monkeypatch.delenv("MADE_UP_SECRET")
    configuration = read(file, GOOD.replace(ONE, f"{ONE}      enabled: {value}\n"))

    assert (configuration.providers, configuration.findings) == ([], [])


@pytest.mark.parametrize("value", ["true", '"true"', "${env:SWITCH}", "null"])
def test_an_enabled_provider_is_read(
    file: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SWITCH", "true")
    [provider] = read(file, GOOD.replace(ONE, f"{ONE}      enabled: {value}\n")).providers
    assert provider.enabled is True


@pytest.mark.parametrize(
    ("old", "new", "where", "rule"),
    [
        (ONE, f"{ONE}      enabled: 'true'\n", "enabled", "literal"),
        (ONE, f"{ONE}      description:\n", "description", "empty"),
        (ONE, "    - id: 7\n", "id", "type"),
        ("type: oauth2", "type: ${env:KIND}", "type", "choice"),
        (
            "          endpoint: https://provider.example/token",
            "          endpoint: https://provider.example/token\n          method: ''",
            "oauth2.token_request.method",
            "choice",
        ),
        (
            "    - id",
            "    - {id: x, type: oauth2, enabled: false}\n    - id",
            "client_id",
            "required",
        ),
    ],
)
def test_what_the_schema_alone_refuses_is_a_slip(
    file: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, where: str, rule: str
) -> None:
    monkeypatch.setenv("KIND", "oauth2")
    configuration = read(file, GOOD.replace(old, new, 1))

    assert len(configuration.providers) == 1
    finding = configuration.findings[0]
    assert (finding.where, finding.rule) == (f"auth.providers[0].{where}", rule)
    assert finding.line
    with pytest.raises(ConfigurationRefused):
        load(file, strict=True)


def test_a_value_can_come_from_a_file(file: Path) -> None:
    (file.parent / "secret").write_text("from a file\n", encoding="utf-8")
    [provider] = read(file, GOOD.replace("${env:MADE_UP_SECRET}", "${file:secret}")).providers
    assert provider.client_secret == "from a file"


def test_a_file_is_found_from_the_folder_of_the_configuration_or_by_its_whole_path(
    file: Path,
) -> None:
    (file.parent / "keys").mkdir()
    (file.parent / "keys" / "A").write_text("inner", encoding="utf-8")
    text = GOOD.replace("${env:MADE_UP_ID}", "x-${file:keys/A}-${env:MADE_UP_ID}").replace(
        "${env:MADE_UP_SECRET}", f"${{file:{file.parent / 'keys' / 'A'}}}"
    )
    [provider] = read(file, text).providers

    assert (provider.client_id, provider.client_secret) == ("x-inner-the-id", "inner")


def test_what_a_file_or_variable_holds_is_taken_as_it_is(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADE_UP_ID", "${file:secret}")
    (file.parent / "secret").write_text("${env:MADE_UP_ID}", encoding="utf-8")
    [provider] = read(file, GOOD.replace("${env:MADE_UP_SECRET}", "${file:secret}")).providers

    assert (provider.client_id, provider.client_secret) == ("${file:secret}", "${env:MADE_UP_ID}")


@pytest.mark.parametrize("name", ["missing", ".", "not-text", "a\\0b"])
def test_a_file_that_can_not_be_read_is_named_with_its_line(file: Path, name: str) -> None:
    (file.parent / "not-text").write_bytes(b"\xff")
    [finding] = refused(file, GOOD.replace("${env:MADE_UP_SECRET}", f'"${{file:{name}}}"'))

    assert (finding.line, finding.where) == (6, "auth.providers[0].client_secret")
    assert "can't be read" in finding.text


def test_an_env_file_that_is_no_text_is_refused(file: Path) -> None:
    (file.parent / ".env").write_bytes(b"MADE_UP_ID=\xff\n")
    [finding] = refused(file, GOOD)

    assert finding.where == str(file.parent / ".env")


# Files that hold no configuration


def test_a_missing_file_is_refused(file: Path) -> None:
    [finding] = refused(file)
    assert (finding.where, finding.text) == (str(file), "the file does not exist")


def test_a_folder_is_refused(file: Path) -> None:
    file.mkdir()
    [finding] = refused(file)
    assert finding.text.startswith("the file can't be read: ")


def test_a_file_that_is_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"auth: \xff\n")
    [finding] = refused(file)
    assert finding.text.startswith("the file can't be read: ")


@pytest.mark.parametrize("text", ["", " \n", "# only a comment\n", "---\n", "null\n"])
def test_an_empty_file_is_refused(file: Path, text: str) -> None:
    [finding] = refused(file, text)
    assert finding.text == "the file is empty"


@pytest.mark.parametrize(
    ("text", "kind"), [("- a\n- b\n", "list"), ("text\n", "str"), ("42\n", "int")]
)
def test_a_file_without_sections_is_refused(file: Path, text: str, kind: str) -> None:
    [finding] = refused(file, text)
    assert finding.text == f"the file holds a {kind}, not sections"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("auth:\n  providers: [\n", 3),
        ("auth:\n\tproviders:\n", 2),
        ('auth:\n  - "open\n', 3),
        ("a: 1\n---\nb: 2\n", 2),
        ("auth:\n  x: *unknown\n", 2),
        ("auth:\n  x: !!python/object:os.system {}\n", 2),
        ("auth:\n  ? [a]\n  : b\n", 2),
        ("auth:\n  x: \x07\n", 2),
        ("auth:\n  x: {<<: 5}\n", 2),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(file: Path, text: str, line: int) -> None:
    [finding] = refused(file, text)

    assert finding.line == line
    assert finding.text.startswith("this is not YAML: ")


@pytest.mark.parametrize("text", ["a: 2026-13-45\n", "a: !!int x\n", f"a: {'9' * 5000}\n"])
def test_a_value_that_is_none_is_refused(file: Path, text: str) -> None:
    [finding] = refused(file, text)
    assert finding.text.startswith("this is not YAML: ")


@pytest.mark.parametrize(
    "text", ["[" * 5000, "auth:\n  providers:\n    - &a {id: x, oauth2: *a}\n"]
)
def test_nesting_without_end_is_refused(file: Path, text: str) -> None:
    [finding] = refused(file, text)
    assert finding.text == "the file is nested too deeply"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("llm: {}\nauth: text\n", 2),
        ("llm: {}\nauth:\n  - id: x\n", 2),
        ("auth: 0\n", 1),
        ("auth:\n  providers: text\n", 2),
        ("auth:\n  providers: {id: x}\n", 2),
        ("auth:\n  providers: false\n", 2),
    ],
)
def test_providers_that_are_no_list_are_refused(file: Path, text: str, line: int) -> None:
    [finding] = refused(file, text)
    assert (finding.line, finding.text) == (line, "auth.providers is not a list")


# Wrong settings


def swapped(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("text", "line", "where", "what"),
    [
        (swapped(ONE, "    - id: Made Up\n"), 3, "id", "'Made Up' is not a usable id"),
        (swapped(ONE, f"    - id: {'x' * 101}\n"), 3, "id", f"{'x' * 101!r} is not a usable id"),
        (swapped(ONE, "    - description: x\n"), 3, "id", "it is missing or empty"),
        (swapped("type: oauth2", "type: oauth1"), 4, "type", "'oauth1' is not a provider type"),
        (swapped(ONE, f"{ONE}      enabled: 1\n"), 4, "enabled", "1 is not a boolean"),
        (swapped(ONE, f"{ONE}      enabled: 0\n"), 4, "enabled", "0 is not a boolean"),
        (
            swapped("https://provider.example/token", "/oauth/token"),
            15,
            "oauth2.token_request.endpoint",
            "'/oauth/token' is not a complete URL",
        ),
        (
            swapped("https://provider.example/authorize", "provider.example/authorize"),
            9,
            "oauth2.authorize_request.endpoint",
            "'provider.example/authorize' is not a complete URL",
        ),
        (
            swapped("{{redirect_uri}}", "{{callback}}"),
            12,
            "oauth2.authorize_request.params.redirect_uri",
            "{{callback}} is not a placeholder of authorize_request",
        ),
        (
            swapped("authorization_code", '"{{scopes}}"'),
            18,
            "oauth2.token_request.params.grant_type",
            "{{scopes}} is not a placeholder of token_request",
        ),
        (
            swapped("grant_type: authorization_code", "grant_type: [a]"),
            18,
            "oauth2.token_request.params.grant_type",
            "a parameter is a text",
        ),
        (
            swapped("        token_request:", "        Token_request:"),
            7,
            "oauth2.token_request",
            "it is missing",
        ),
        (
            swapped(
                "      oauth2:\n", "      oauth2:\n        pkce: {enabled: true, x: 1, 5: y}\n"
            ),
            8,
            "oauth2.pkce.x",
            "pkce has no such setting",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_line_and_place(
    file: Path, text: str, line: int, where: str, what: str
) -> None:
    finding = refused(file, text)[0]

    assert (finding.line, finding.where) == (line, f"auth.providers[0].{where}")
    assert finding.text == what


def with_request(kind: str, **settings: Any) -> str:
    """Return the good file with settings laid over one request of its provider."""
    data = yaml.safe_load(GOOD)
    oauth2 = data["auth"]["providers"][0]["oauth2"]
    oauth2[kind] = {"endpoint": "https://provider.example/x"} | oauth2.get(kind, {}) | settings
    return yaml.safe_dump(data)


TOKEN = {"access_token": "$.access_token"}
TRIGGERED = {"triggers": {"on_token_grant": True}}
OF_TOKENS = "Allowed here: access_token, expires_in, refresh_token, scope, token_type."
EXPRESSIONS = (
    "Allowed: $.a.b, join('$.scope', ' ') and jwt_decode('$.access_token', '$.scp'). "
    "Inside a call a path stands in quotes, or another call."
)


@pytest.mark.parametrize("kind", ["token_request", "refresh_request"])
@pytest.mark.parametrize(
    ("mapped", "where", "what", "fix"),
    [
        (
            TOKEN | {"scope": "$.scope["},
            ".scope",
            "'$.scope[' is not a JSONPath: unexpected end of query",
            EXPRESSIONS,
        ),
        (
            TOKEN | {"scope": "join($.scope, ' ')"},
            ".scope",
            "\"$.scope, ' ')\" is neither a path nor a call",
            EXPRESSIONS,
        ),
        (
            TOKEN | {"id_token": "$.id_token"},
            ".id_token",
            "a reply to {kind} has no id_token to be mapped",
            OF_TOKENS,
        ),
        (
            {"scope": "$.scope"},
            "",
            "only what is mapped is read, and access_token is not",
            'Add the place of the token, such as access_token: "$.access_token".',
        ),
        (TOKEN | {"expires_in": 7}, ".expires_in", "7 is not possible", "Write it in quotes."),
    ],
)
def test_a_broken_response_map_is_refused_with_its_place_and_what_is_allowed(
    file: Path, kind: str, mapped: dict[str, Any], where: str, what: str, fix: str
) -> None:
    params = {"refresh_token": "{{refresh_token}}"} if kind == "refresh_request" else {}
    [finding] = refused(file, with_request(kind, response_map=mapped, params=params))

    assert finding.where == f"auth.providers[0].oauth2.{kind}.response_map{where}"
    assert (finding.text, finding.fix) == (what.format(kind=kind), fix)
    assert finding.line


def test_user_info_can_be_mapped_to_any_key_but_only_by_expressions(file: Path) -> None:
    good = with_request("user_info_request", response_map={"any-key": "$.x"}, **TRIGGERED)
    assert read(file, good).findings == []
    bad = with_request("user_info_request", response_map={"any-key": "x"}, **TRIGGERED)
    [finding] = refused(file, bad)
    assert finding.where == "auth.providers[0].oauth2.user_info_request.response_map.any-key"


@pytest.mark.parametrize("kind", ["user_info_request", "token_introspection_request"])
@pytest.mark.parametrize(
    ("settings", "where", "what"),
    [
        ({}, "triggers", "it is not said when to ask"),
        ({"triggers": {}}, "triggers", "it is not said when to ask"),
        ({"triggers": {"on_login": True}}, "triggers.on_login", "on_login is not a trigger"),
        (
            {"triggers": {"on_token_grant": "yes"}},
            "triggers.on_token_grant",
            "'yes' is not possible",
        ),
    ],
)
def test_a_triggered_request_says_when(
    file: Path, kind: str, settings: dict[str, Any], where: str, what: str
) -> None:
    [finding] = refused(file, with_request(kind, **settings))

    assert (finding.where, finding.text) == (f"auth.providers[0].oauth2.{kind}.{where}", what)


@pytest.mark.parametrize(
    ("kind", "settings", "where", "what"),
    [
        (
            "token_request",
            {"response_map": TOKEN, "response_content_type": "application/x-www-form-urlencoded"},
            "response_content_type",
            "response_map takes JSON replies only",
        ),
        (
            "user_info_request",
            {"response_content_type": "application/x-www-form-urlencoded", **TRIGGERED},
            "response_content_type",
            "user info takes JSON replies only",
        ),
        (
            "user_info_request",
            {"auth_method": "client_secret_basic", **TRIGGERED},
            "auth_method",
            "'client_secret_basic' is not an allowed method",
        ),
        (
            "refresh_request",
            {"params": {"grant_type": "refresh_token"}},
            "params",
            "the refresh token is not among the parameters",
        ),
    ],
)
def test_what_could_not_work_in_a_further_request_is_a_slip(
    file: Path, kind: str, settings: dict[str, Any], where: str, what: str
) -> None:
    [finding] = read(file, with_request(kind, **settings)).findings

    assert finding.tolerated
    assert (finding.where, finding.text) == (f"auth.providers[0].oauth2.{kind}.{where}", what)
    with pytest.raises(ConfigurationRefused):
        load(file, strict=True)


def test_an_id_is_used_only_once(file: Path) -> None:
    [finding] = refused(file, GOOD + REST)

    assert (finding.line, finding.where) == (19, "auth.providers[1].id")
    assert finding.text == "two providers have the id 'made-up'"


def test_an_id_from_a_variable_or_number_is_used_only_once(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITS_ID", "7")
    text = GOOD.replace("id: made-up", "id: 7") + REST.replace("id: made-up", "id: ${env:ITS_ID}")
    [finding] = refused(file, text)
    assert finding.text == "two providers have the id '${env:ITS_ID}'"


def test_a_key_is_written_only_once(file: Path) -> None:
    [finding] = refused(file, GOOD + "auth:\n  providers: []\n")

    assert (finding.line, finding.where) == (19, "auth")
    assert finding.text == "this key is written twice, and the first would be lost"
    assert finding.fix == "Merge it with the one in line 1."


def test_a_key_deep_inside_is_written_only_once(file: Path) -> None:
    text = swapped("      type: oauth2\n", "      type: oauth2\n      type: oauth2\n")
    [finding] = refused(file, text)
    assert (finding.line, finding.where) == (5, "auth.providers[0].type")


def test_all_that_is_wrong_is_told_at_once_by_line(file: Path) -> None:
    text = swapped("type: oauth2", "type: x").replace("https://provider.example/", "/")
    assert [finding.line for finding in refused(file, text)] == [4, 9, 15]


def test_the_message_names_line_severity_place_and_mending(file: Path) -> None:
    [finding] = refused(file, swapped("https://provider.example/token", "/token"))

    assert str(finding) == (
        "line 15: error: auth.providers[0].oauth2.token_request.endpoint: "
        "'/token' is not a complete URL\n"
        "    Write it with https:// and the host."
    )


def test_a_slip_is_tolerated_and_refused_in_strict(file: Path) -> None:
    configuration = read(file, swapped("client_secret_basic", "client_secret_post"))
    [finding] = configuration.findings

    assert len(configuration.providers) == 1
    assert (finding.line, finding.tolerated) == (16, True)
    with pytest.raises(ConfigurationRefused) as refusal:
        load(file, strict=True)
    assert refusal.value.findings == [finding]


# Junk anywhere

FULL = yaml.safe_load(GOOD)
FULL["auth"]["providers"][0] |= {"description": "x", "enabled": True, "provider_id": "x"}
FULL["auth"]["providers"][0]["oauth2"] |= {
    "scope_delimiter": " ",
    "pkce": {"enabled": True, "code_challenge_method": "S256"},
    "refresh_request": {
        "endpoint": "https://provider.example/token",
        "params": {"refresh_token": "{{refresh_token}}"},
    },
    "user_info_request": {
        "endpoint": "https://provider.example/me",
        "method": "GET",
        "auth_method": "bearer_access_token",
        "request_content_type": "application/json",
        "response_content_type": "application/json",
        "response_map": {"sub": "$.id"},
        "triggers": {"on_token_grant": True},
    },
    "token_introspection_request": {
        "enabled": True,
        "endpoint": "https://provider.example/introspect",
        "params": {"token": "{{access_token}}"},
        "response_map": {"scope": "$.scope"},
        "expiration_format": "relative_seconds",
        "triggers": {"on_token_refresh": True},
    },
}
FULL["auth"]["providers"][0]["oauth2"]["token_request"]["response_map"] = {
    "access_token": "$.data.token",
    "scope": "join(jwt_decode('$.data.token', '$.scp'), ' ')",
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside, containers included."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in items:
        found.append((*path, key))
        if isinstance(item, dict | list):
            found += places(item, (*path, key))
    return found


JUNK = ("null", "true", "0", "-1.5", ".nan", "''", "text", "[]", "[x]", "{}", "{x: [y]}",
        "{5: y, z: w}", "2026-01-05", "!!binary aGk=", "!!set {a}", "${env:NOT_SET}", "'{{x}}'",
        "${file:missing}", '"\\0"', "http://[", "https://a b", "https://h:99999")  # fmt: skip


def test_the_full_example_is_good(file: Path) -> None:
    assert read(file, yaml.safe_dump(FULL)).findings == []


@pytest.mark.parametrize("path", places(FULL), ids=lambda path: ".".join(map(str, path)))
def test_junk_is_read_or_refused_but_never_breaks(file: Path, path: tuple[Any, ...]) -> None:
    data = inner = copy.deepcopy(FULL)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "JUNK"
    text = yaml.safe_dump(data)
    for junk in JUNK:
        file.write_text(text.replace("JUNK", junk), encoding="utf-8")
        try:
            configuration = load(file)
        except ConfigurationRefused as refusal:
            assert refusal.findings
            continue
        for provider in configuration.providers:
            assert isinstance(provider.id, str)
            assert isinstance(provider.description, str)
            for request in (
                provider.authorize_request,
                provider.token_request,
                *provider.requests.values(),
            ):
                assert all(isinstance(text, str) for text in request.params.values())
                assert all(isinstance(text, str) for text in request.response_map.values())
                assert all(isinstance(on, bool) for on in request.triggers.values())


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("auth.providers[0].type", 4),
        ("auth.providers[0].x.y[3].z", 3),
        ("auth.providers[9].x", 2),
        ("auth.x[y", 1),
        ("[", 1),
        (".", 1),
        ("", 1),
    ],
)
def test_a_place_has_the_line_of_the_nearest_one_around_it(
    file: Path, where: str, line: int
) -> None:
    file.write_text(GOOD, encoding="utf-8")
    assert inspect(file).line_of(where) == line


# What would take for ever


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (BOMB, "with its aliases written out it has more than 10,000 values"),
        ("a: " + "x" * 100_000, "the file has more than 100,000 characters"),
    ],
    ids=["aliases of aliases", "a long file"],
)
def test_what_would_take_for_ever_is_refused_at_once(file: Path, text: str, what: str) -> None:
    began = time.process_time()
    [finding] = refused(file, text)
    assert finding.text == what
    assert time.process_time() - began < 1


def test_aliases_are_used_where_they_are_few(file: Path) -> None:
    text = GOOD.replace("oauth2:", "oauth2: &requests", 1) + (
        "    - {id: other, type: oauth2, client_id: x, oauth2: *requests}\n"
    )
    assert [provider.id for provider in read(file, text).providers] == ["made-up", "other"]


def test_a_file_without_an_end_is_not_read(file: Path) -> None:
    text = GOOD.replace("${env:MADE_UP_SECRET}", "${file:/dev/zero}")
    [finding] = refused(file, text)
    assert finding.text == "the file /dev/zero can't be read"


@pytest.mark.parametrize(
    "text", ["a: !!timestamp x\n", "a: !!bool x\n", "a: !!float [1]\n", "? [a]\n: b\n"]
)
def test_a_value_that_does_not_fit_its_tag_is_refused(file: Path, text: str) -> None:
    [finding] = refused(file, text)
    assert finding.text.startswith(("a value does not fit its tag", "this is not YAML: "))


# What is secret


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("id: made-up", "id: ${env:HIDDEN}"),
        ("type: oauth2", "type: ${env:HIDDEN}"),
        ("client_id: ${env:MADE_UP_ID}", "client_id: x\n      enabled: ${env:HIDDEN}"),
        ("https://provider.example/token", "${env:HIDDEN}"),
        ("client_secret_basic", "${file:hidden.txt}"),
        ("grant_type: authorization_code", "grant_type: '${env:BRACES}'"),
        (
            "auth_method: client_secret_basic",
            "response_map: {access_token: '${env:HIDDEN}'}",
        ),
        ("auth_method: client_secret_basic", "method: ${env:HIDDEN}"),
        ("auth_method: client_secret_basic", "response_content_type: ${env:HIDDEN}"),
        (
            "oauth2:",
            "oauth2:\n        pkce: {enabled: true, code_challenge_method: '${env:HIDDEN}'}",
        ),
    ],
)
def test_a_finding_quotes_what_stands_in_the_file_and_not_its_value(
    file: Path, monkeypatch: pytest.MonkeyPatch, line: str, instead: str
) -> None:
    monkeypatch.setenv("HIDDEN", "HUSH not {usable}")
    monkeypatch.setenv("BRACES", "{{HUSH}}")
    (file.parent / "hidden.txt").write_text("HUSH")
    place = GOOD.rindex(line) if line == "oauth2:" else GOOD.index(line)
    file.write_text(GOOD[:place] + instead + GOOD[place + len(line) :])
    findings = inspect(file).findings
    assert findings
    told = "\n".join(str(finding) for finding in findings)
    assert "HUSH" not in told
    assert "${" in told
