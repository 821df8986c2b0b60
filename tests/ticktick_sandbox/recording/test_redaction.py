"""The door of the record: what is left of a message."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticktick_sandbox.recording.labels import Labels
from ticktick_sandbox.recording.redaction import REQUEST_HEADERS, RESPONSE_HEADERS, Redaction

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
SECRET = "s3cr3t-value"


@pytest.fixture
def redaction() -> Redaction:
    return Redaction(Labels())


def body(redaction: Redaction, kind: str, text: str) -> str:
    return redaction.body(kind, text.encode(), len(text.encode()))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("code", "‹code 1›"),
        ("access_token", "‹token 1›"),
        ("refresh_token", "‹token 1›"),
        ("client_secret", "‹client secret 1›"),
        ("code_verifier", "‹verifier 1›"),
        ("password", "‹password 1›"),
        ("state", "‹state 1›"),
        ("x-api-key", "‹secret 1›"),
        ("my_own_secret", "‹secret 1›"),
        ("newPassword", "‹secret 1›"),
        ("scope", SECRET),
        ("code_challenge", SECRET),
        ("token_type", SECRET),
    ],
)
def test_a_parameter_is_a_secret_by_its_name(redaction: Redaction, name: str, label: str) -> None:
    assert redaction.target(f"http://a/b?{name}={SECRET}")[1] == ((name, label),)
    assert body(redaction, FORM, f"{name}={SECRET}") == f"{name}={label}"


def test_the_same_secret_has_the_same_label_in_every_place(redaction: Redaction) -> None:
    redaction.target(f"http://a/b?client_secret={SECRET}")
    basic = base64.b64encode(f"app:{SECRET}".encode()).decode()
    headers = [
        ("authorization", f"Basic {basic}"),
        ("location", f"/next?dest=%2Fa%3Fclient_secret%3D{SECRET}&x=1"),
        ("x-other", SECRET),
    ]
    kept = redaction.headers(headers, [*REQUEST_HEADERS, *RESPONSE_HEADERS])
    assert kept == (
        ("authorization", "Basic app:‹client secret 1›"),
        ("location", "/next?dest=/a?client_secret=‹client secret 1›&x=1"),
    )
    told = {"note": f"it is {SECRET}.", SECRET: [SECRET, {"client_secret": SECRET}]}
    shown = body(redaction, JSON, json.dumps(told))
    assert SECRET not in shown
    assert shown.count("‹client secret 1›") == 4
    assert redaction.target(f"http://a/{SECRET}/b")[0] == "http://a/‹client secret 1›/b"
    assert body(redaction, "text/plain", f"no {SECRET}!") == "no ‹client secret 1›!"
    page = f"<title>Hi {SECRET}</title> {SECRET}"
    assert body(redaction, "text/html", page) == "(a page: Hi ‹client secret 1›)"


@pytest.mark.parametrize(
    ("value", "api_key", "shown"),
    [
        ("Bearer abc", False, "Bearer ‹token 1›"),
        ("bearer a.b.c", False, "Bearer ‹signed key 1›"),
        ("arc_live", True, "‹API key 1›"),
        ("Bearer arc_live", True, "Bearer ‹API key 1›"),
        ("Basic !!!", False, "Basic ‹client secret 1›"),
        ("Digest user=x", False, "‹token 1›"),
    ],
)
def test_what_authorizes_is_a_secret_however_it_is_sent(
    redaction: Redaction, value: str, api_key: bool, shown: str
) -> None:
    kept = redaction.headers([("authorization", value)], REQUEST_HEADERS, api_key=api_key)
    assert kept == (("authorization", shown),)


def test_cookies_are_sessions_and_their_attributes_stay(redaction: Redaction) -> None:
    kept = redaction.headers([("cookie", "a=one; b=two")], REQUEST_HEADERS)
    assert kept == (("cookie", "a=‹session 1›; b=‹session 2›"),)
    kept = redaction.headers([("set-cookie", "a=one; Path=/; HttpOnly")], RESPONSE_HEADERS)
    assert kept == (("set-cookie", "a=‹session 1›; Path=/; HttpOnly"),)


def test_secrets_of_tools_and_hints_of_secrets_are_hidden(redaction: Redaction) -> None:
    context = {"context": {"secrets": [{"key": "MAIL", "value": "hunter-two"}]}}
    assert '"value": "‹secret 1›"' in body(redaction, JSON, json.dumps(context))
    assert '"key": "MAIL"' in body(redaction, JSON, json.dumps(context))
    assert '"value": "‹secret 1›"' in body(redaction, JSON, '{"value": "hunter-two"}')
    secret = {"exists": True, "binding": "project", "hint": "o!!x", "value": "s3cret!!x"}
    provider = {"client_secret": secret}
    shown = body(redaction, JSON, json.dumps(provider))
    assert "!!x" not in shown
    assert "project" in shown


def test_a_place_holder_is_no_secret(redaction: Redaction) -> None:
    text = '{"client_secret": "{{client_secret}}", "x_token": "Bearer {{access_token}}"}'
    assert json.loads(body(redaction, JSON, text)) == json.loads(text)


@pytest.mark.parametrize(
    ("kind", "content", "shown"),
    [
        (JSON, b'{"client_secret": "abcdefg"', "(27 bytes that are not what their content"),
        (JSON, b"\xff\xfe", "(2 bytes that are not what their content type says)"),
        (JSON, b"[" * 5000, "(5000 bytes that are not what their content type says)"),
        ("image/png", b"123", "(3 bytes of image/png)"),
        ("", b"password=abc", "(12 bytes of an unknown kind)"),
        ("text/html", b"<p>abc", "(a page)"),
        (JSON, b"", ""),
    ],
)
def test_what_cannot_be_read_is_not_kept(
    redaction: Redaction, kind: str, content: bytes, shown: str
) -> None:
    assert redaction.body(kind, content, len(content)).startswith(shown)


def test_what_is_large_is_not_kept_and_what_is_long_is_cut(redaction: Redaction) -> None:
    assert redaction.body(JSON, None, 70_000) == "(70000 bytes, too many to keep)"
    long = body(redaction, JSON, json.dumps(["x" * 30] * 500))
    assert len(long) < 4100
    assert long.endswith(" more characters)")


def test_nothing_shown_moves_a_terminal(redaction: Redaction) -> None:
    place, query = redaction.target("http://a/%1b[2J?x=%1b%07%e2%80%ae")
    text = body(redaction, "text/plain", "one\n\x1b[31mtwo") + place + repr(query)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "one\n" in text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["token", "secrets", "value", "client_secret", "hint", "url"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(VALUES, st.text("abcdef0123-_", min_size=8, max_size=20))
def test_any_json_is_read_without_a_secret_and_stays_text(value: Any, secret: str) -> None:
    redaction = Redaction(Labels())
    text = json.dumps({"client_secret": secret, "more": [value, f"/a?b={secret}", secret]})
    shown = body(redaction, JSON, text)
    shown.encode()
    assert f'"{secret}"' not in shown
    assert f"={secret}" not in shown
