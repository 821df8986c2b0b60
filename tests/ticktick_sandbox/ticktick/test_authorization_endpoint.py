"""The authorization endpoint: what a person sees and what an app is told."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import httpx
import pytest

from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.ticktick.helpers import (
    CALLBACK,
    add_app,
    allow,
    enter,
    hidden,
    query_of,
    request_for,
    sign_up,
)
from ticktick_sandbox.ticktick.apps import App

READ = "Read your task data, including the task, date &amp; time, reminders etc."
WRITE = "Create task. Edit task"


def show(client: httpx.Client, session: str, asked: dict[str, str]) -> httpx.Response:
    return client.get("/oauth/authorize", params={"session": session, **asked})


def error_page(error: str, description: str) -> str:
    summary = html.escape(f'error="{error}", error_description="{description}"')
    return f"<html><body><h1>OAuth Error</h1><p>{summary}</p></body></html>"


def mismatch(sent: str) -> str:
    return f"Invalid redirect: {sent} does not match one of the registered values: [{CALLBACK}]"


def test_a_visitor_signs_in_first(ticktick: httpx.Client, app: App) -> None:
    reply = ticktick.get("/oauth/authorize", params=request_for(app, scope="tasks:read"))
    assert reply.status_code == 302
    assert reply.headers["location"].startswith("/signin?dest=%2Foauth%2Fcustom_authorize%3F")
    after = enter(
        ticktick, "/signin", email="learner@example.com", password="sandbox", **query_of(reply)
    )
    assert query_of(after).items() >= request_for(app, scope="tasks:read").items()
    assert "wants to access" in ticktick.get(after.headers["location"]).text


@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/custom_authorize"])
def test_the_consent_page_has_the_recorded_words(
    ticktick: httpx.Client, session: str, app: App, path: str
) -> None:
    reply = ticktick.get(path, params={"session": session, **request_for(app)})
    assert reply.status_code == 200
    assert "<h1>Planner wants to access your TickTick account</h1>" in reply.text
    assert "<p>Access allowed, Planner is able to</p>" in reply.text
    assert "learner@example.com" in reply.text
    assert re.findall("<button.*?>(.*?)</button>", reply.text) == ["Cancel", "Allow"]


@pytest.mark.parametrize(
    ("scope", "bullets"),
    [
        ("tasks:read", [READ]),
        ("tasks:write", [WRITE]),
        ("tasks:write tasks:read", [READ, WRITE]),
        ("tasks:read tasks:read", [READ]),
        ("tasks:read ", [READ]),
        ("tasks:read+tasks:write", [READ, WRITE]),
        ("tasks:read+", [READ]),
        ("", [READ, WRITE]),
        (" ", [READ, WRITE]),
        (None, [READ, WRITE]),
    ],
)
def test_a_bullet_stands_for_each_scope(
    ticktick: httpx.Client, session: str, app: App, scope: str | None, bullets: list[str]
) -> None:
    shown = show(ticktick, session, request_for(app, scope=scope)).text
    assert re.findall("<li>(.*?)</li>", shown) == bullets


@pytest.mark.parametrize(
    ("changes", "status", "error", "description"),
    [
        ({"client_id": None}, 401, "invalid_client", "A client id must be provided"),
        ({"client_id": ""}, 401, "invalid_client", "A client id must be provided"),
        ({"client_id": "unknown"}, 401, "invalid_client", "Bad client credentials"),
        *(
            ({"redirect_uri": sent}, 400, "invalid_grant", mismatch(sent))
            for sent in (
                CALLBACK + "/",
                CALLBACK.removesuffix("/callback"),
                CALLBACK.replace("http", "https"),
                CALLBACK.replace("3000", "3001"),
                CALLBACK.replace("localhost", "127.0.0.1"),
                CALLBACK.upper(),
                "https://evil.example/callback",
                "<script>alert('x')</script>",
                "",
            )
        ),
    ],
)
def test_a_request_with_no_safe_way_back_ends_on_the_error_page(
    ticktick: httpx.Client,
    session: str,
    app: App,
    changes: dict[str, str | None],
    status: int,
    error: str,
    description: str,
) -> None:
    asked = request_for(app, **changes)
    for reply in (show(ticktick, session, asked), allow(ticktick, session, asked)):
        assert reply.status_code == status
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert reply.text == error_page(error, description)
    assert show(ticktick, session, request_for(app)).status_code == 200


@pytest.mark.parametrize("redirect_uri", [CALLBACK, None])
def test_an_app_without_a_saved_redirect_url_is_refused(
    bare: World, ticktick: httpx.Client, session: str, redirect_uri: str | None
) -> None:
    app = add_app(bare, redirect_url="")
    reply = show(ticktick, session, request_for(app, redirect_uri=redirect_uri))
    assert reply.status_code == 400
    assert reply.text == error_page(
        "invalid_request", "At least one redirect_uri must be registered with the client."
    )


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        (
            {"response_type": "token"},
            {
                "error": "unsupported_response_type",
                "error_description": "Unsupported response types: [token]",
                "state": "xyz",
            },
        ),
        (
            {"response_type": None},
            {
                "error": "unsupported_response_type",
                "error_description": "Unsupported response types: []",
                "state": "xyz",
            },
        ),
        (
            {"scope": "tasks:read tasks:delete"},
            {
                "error": "invalid_scope",
                "error_description": "Invalid scope: tasks:delete",
                "state": "xyz",
                "scope": "tasks:read tasks:write",
            },
        ),
        (
            {"scope": "TASKS:READ", "state": None},
            {
                "error": "invalid_scope",
                "error_description": "Invalid scope: TASKS:READ",
                "scope": "tasks:read tasks:write",
            },
        ),
        *(
            (
                {"scope": scope},
                {
                    "error": "invalid_scope",
                    "error_description": "Invalid scope: ",
                    "state": "xyz",
                    "scope": "tasks:read tasks:write",
                },
            )
            for scope in (" tasks:read", "tasks:read  tasks:write", "+tasks:read")
        ),
        (
            {"code_challenge": "c", "code_challenge_method": "S512"},
            {
                "error": "invalid_request",
                "error_description": "Unsupported code_challenge_method: S512",
                "state": "xyz",
            },
        ),
    ],
)
def test_other_refusals_are_sent_to_the_app(
    ticktick: httpx.Client,
    session: str,
    app: App,
    changes: dict[str, str | None],
    answer: dict[str, str],
) -> None:
    asked = request_for(app, **changes)
    for reply in (show(ticktick, session, asked), allow(ticktick, session, asked)):
        assert reply.status_code == 302
        assert reply.headers["location"].startswith(f"{CALLBACK}?error=")
        assert list(query_of(reply).items()) == list(answer.items())


def test_cancel_tells_the_app(ticktick: httpx.Client, session: str, app: App) -> None:
    form = hidden(ticktick, session) | {"user_oauth_approval": "false", **request_for(app)}
    reply = ticktick.post("/oauth/authorize", data=form)
    assert reply.status_code == 302
    assert reply.headers["location"] == (
        f"{CALLBACK}?error=access_denied&error_description=User+denied+access&state=xyz"
    )


def test_allow_sends_a_code_of_six_characters_and_then_the_state(
    ticktick: httpx.Client, session: str, app: App
) -> None:
    reply = allow(ticktick, session, request_for(app))
    assert reply.status_code == 302
    assert re.fullmatch(
        re.escape(CALLBACK) + r"\?code=[0-9A-Za-z]{6}&state=xyz", reply.headers["location"]
    )


def test_every_consent_gives_another_code(ticktick: httpx.Client, session: str, app: App) -> None:
    codes = {query_of(allow(ticktick, session, request_for(app)))["code"] for _ in range(3)}
    assert len(codes) == 3


@pytest.mark.parametrize("state", ["a b+c&d=e", "ü/?#%25", "x" * 2000])
def test_the_state_comes_back_verbatim(
    ticktick: httpx.Client, session: str, app: App, state: str
) -> None:
    assert query_of(allow(ticktick, session, request_for(app, state=state)))["state"] == state


def test_without_a_state_the_app_gets_the_code_alone(
    ticktick: httpx.Client, session: str, app: App
) -> None:
    assert list(query_of(allow(ticktick, session, request_for(app, state=None)))) == ["code"]


def test_an_omitted_redirect_uri_means_the_saved_one(
    ticktick: httpx.Client, session: str, app: App
) -> None:
    reply = allow(ticktick, session, request_for(app, redirect_uri=None))
    assert reply.headers["location"].startswith(f"{CALLBACK}?code=")


def test_the_query_of_a_saved_redirect_url_is_kept(
    bare: World, ticktick: httpx.Client, session: str
) -> None:
    app = add_app(bare, redirect_url=f"{CALLBACK}?tenant=1")
    reply = allow(ticktick, session, request_for(app, redirect_uri=app.redirect_url))
    assert reply.headers["location"].startswith(f"{CALLBACK}?tenant=1&code=")


def test_a_forged_consent_with_only_the_cookie_gives_no_code(
    ticktick: httpx.Client, session: str, app: App
) -> None:
    ticktick.cookies.set("sandbox_ticktick_session", session)
    form = {"user_oauth_approval": "true", **request_for(app)}
    reply = ticktick.post(f"/oauth/authorize?session={session}", data=form)
    assert reply.status_code == 403
    assert "location" not in reply.headers


@pytest.mark.parametrize("answer", [None, "", "yes", "TRUE"])
def test_only_the_button_allow_gives_a_code(
    ticktick: httpx.Client, session: str, app: App, answer: str | None
) -> None:
    form = hidden(ticktick, session) | request_for(app)
    if answer is not None:
        form["user_oauth_approval"] = answer
    assert query_of(ticktick.post("/oauth/authorize", data=form))["error"] == "access_denied"


def test_anybody_may_consent_to_an_app_of_somebody_else(ticktick: httpx.Client, app: App) -> None:
    other = sign_up(ticktick, "other@example.com")
    assert "other@example.com" in show(ticktick, other, request_for(app)).text
    assert "code" in query_of(allow(ticktick, other, request_for(app)))


def test_pages_may_be_framed_by_this_machine_only(
    ticktick: httpx.Client, session: str, app: App
) -> None:
    policy = show(ticktick, session, request_for(app)).headers["content-security-policy"]
    assert "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*" in policy


def test_a_repeated_parameter_has_its_first_value(
    ticktick: httpx.Client, session: str, app: App
) -> None:
    asked = request_for(app, scope="tasks:read")
    query = urlencode([*asked.items(), ("scope", "tasks:write"), ("session", session)])
    page = ticktick.get(f"/oauth/authorize?{query}").text
    assert "Read your task data" in page
    assert "Create task" not in page
