"""Signing in and signing up."""

from __future__ import annotations

import httpx
import pytest

from tests.ticktick_sandbox.ticktick.helpers import (
    enter,
    hidden,
    query_of,
    sign_in,
    sign_up,
    token_on,
)
from ticktick_sandbox.shared.settings import LEARNER, PASSWORD

ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http://evil.example/manage",
    "https://evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
]
GOOD = {"email": LEARNER, "password": PASSWORD}
NEW = {"email": "new@example.com", "password": "pw"}


def test_the_right_password_opens_a_session(ticktick: httpx.Client) -> None:
    reply = enter(ticktick, "/signin", **GOOD)
    assert reply.status_code == 302
    session = query_of(reply)["session"]
    assert reply.headers["location"] == f"/manage?session={session}"
    assert reply.headers["set-cookie"] == (
        f"sandbox_ticktick_session={session}; HttpOnly; Path=/; SameSite=lax"
    )
    assert ticktick.get("/manage").status_code == 200


def test_an_address_is_read_without_case_and_blanks(ticktick: httpx.Client) -> None:
    assert sign_in(ticktick, email=f" {LEARNER.upper()} ")


@pytest.mark.parametrize(
    ("email", "password"),
    [(LEARNER, "wrong"), (LEARNER, ""), (LEARNER, PASSWORD.upper()), ("nobody@example.com", "pw")],
)
def test_wrong_credentials_are_refused_alike(
    ticktick: httpx.Client, email: str, password: str
) -> None:
    reply = enter(ticktick, "/signin", email=email, password=password)
    assert reply.status_code == 401
    assert "The e-mail address or the password is wrong." in reply.text
    assert f'value="{email}"' in reply.text
    assert "set-cookie" not in reply.headers
    assert sign_in(ticktick)


def test_a_typed_password_is_never_shown_again(ticktick: httpx.Client) -> None:
    for path in ("/signin", "/signup"):
        reply = enter(ticktick, path, email="x", password="typed-before")
        assert reply.status_code in (400, 401)
        assert "typed-before" not in reply.text


def test_a_form_in_another_encoding_signs_nobody_in(ticktick: httpx.Client) -> None:
    form = GOOD | {"form_token": token_on(ticktick, "/signin")}
    assert ticktick.post("/signin", json=form).status_code == 403


def test_a_new_account_can_sign_in_and_has_no_app_yet(ticktick: httpx.Client) -> None:
    reply = enter(ticktick, "/signup", **NEW)
    assert reply.status_code == 302
    assert reply.headers["location"].startswith("/manage?session=")
    ticktick.cookies.clear()
    session = sign_in(ticktick, **NEW)
    assert "No applications yet." in ticktick.get(f"/manage?session={session}").text


@pytest.mark.parametrize("email", [LEARNER, f" {LEARNER.upper()}"])
def test_a_taken_address_is_refused_and_its_account_unharmed(
    ticktick: httpx.Client, email: str
) -> None:
    reply = enter(ticktick, "/signup", email=email, password="mine now")
    assert reply.status_code == 400
    assert f"{LEARNER} already has an account. Sign in instead." in reply.text
    assert enter(ticktick, "/signin", **GOOD | {"password": "mine now"}).status_code == 401
    assert sign_in(ticktick)


@pytest.mark.parametrize("email", ["", " ", "nobody", "@example.com", "a@", "a@b@c"])
def test_an_unusable_address_is_refused(ticktick: httpx.Client, email: str) -> None:
    reply = enter(ticktick, "/signup", **NEW | {"email": email})
    assert reply.status_code == 400
    assert "Enter an e-mail address such as you@example.com." in reply.text


def test_an_account_needs_a_password(ticktick: httpx.Client) -> None:
    reply = enter(ticktick, "/signup", **NEW | {"password": ""})
    assert reply.status_code == 400
    assert "Enter a password." in reply.text
    assert sign_up(ticktick, NEW["email"])


@pytest.mark.parametrize("dest", ELSEWHERE)
@pytest.mark.parametrize(("path", "form"), [("/signin", GOOD), ("/signup", NEW)])
def test_nobody_is_sent_to_another_site(
    ticktick: httpx.Client, path: str, form: dict[str, str], dest: str
) -> None:
    shown = ticktick.get(path, params={"dest": dest}).text
    assert '<input type="hidden" name="dest" value="/manage">' in shown
    reply = enter(ticktick, path, **form, dest=dest)
    assert reply.headers["location"].startswith("/manage?session=")


@pytest.mark.parametrize("dest", ["/\t/evil.example", "/\r\nSet-Cookie: a=b"])
def test_control_characters_stay_inside_the_path(ticktick: httpx.Client, dest: str) -> None:
    reply = enter(ticktick, "/signin", **GOOD, dest=dest)
    there = httpx.URL(ticktick.base_url).join(reply.headers["location"])
    assert there.host == "localhost"
    assert [name for name, _ in reply.cookies.items()] == ["sandbox_ticktick_session"]


def test_a_path_of_this_service_is_kept_with_its_query(ticktick: httpx.Client) -> None:
    dest = "/oauth/custom_authorize?client_id=a&scope=tasks%3Aread+tasks%3Awrite"
    reply = enter(ticktick, "/signin", **GOOD, dest=dest)
    session = query_of(reply)["session"]
    assert reply.headers["location"] == f"{dest}&session={session}"


def test_signing_out_ends_the_session(ticktick: httpx.Client) -> None:
    session, other = sign_in(ticktick), sign_in(ticktick)
    ticktick.cookies.set("sandbox_ticktick_session", session)
    reply = ticktick.post("/signout", data=hidden(ticktick, session))
    assert (reply.status_code, reply.headers["location"]) == (303, "/signin")
    assert reply.headers["set-cookie"].startswith('sandbox_ticktick_session=""; ')
    assert ticktick.get("/manage", params={"session": session}).status_code == 302
    assert ticktick.get("/manage", params={"session": other}).status_code == 200


@pytest.mark.parametrize("session", ["", "made-up"])
def test_a_made_up_session_is_not_signed_in(ticktick: httpx.Client, session: str) -> None:
    reply = ticktick.get("/manage", params={"session": session})
    assert reply.status_code == 302
    assert reply.headers["location"] == "/signin?dest=%2Fmanage"
