"""A consent without a person: what is taken for the link, and where the browser ends."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.browser.consent import ALLOW, DENY, answer, link_in
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import LEARNER, PASSWORD, PROVIDER_ID

LINK = "http://localhost:9100/oauth/authorize?client_id=x&scope=tasks%3Aread&state=y"


@pytest.mark.parametrize(
    "asked",
    [
        LINK,
        f"Open this link and click Allow:\n{LINK}\n",
        f"INFO: see https://example.com, then {LINK}.",
        f'<a href="{LINK.replace("&", "&amp;")}">Connect</a>',
        '{"url": "' + LINK.replace("&", "\\u0026") + '"}',
        {"status": "pending", "url": LINK},
        SimpleNamespace(status="pending", url=LINK),
        httpx.Response(303, headers={"Location": LINK}),
    ],
    ids=["link", "printed", "in a sentence", "HTML", "JSON", "dict", "object", "redirect"],
)
def test_the_link_is_found_wherever_it_is(asked: object) -> None:
    assert link_in(asked) == LINK


def test_of_two_links_the_last_one_counts() -> None:
    later = LINK.replace("state=y", "state=z")
    assert link_in(f"{LINK}\n{later}\n") == later


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "There is no link to TickTick's consent page in ''"),
        ("http://localhost:9100/signin", "There is no link"),
        ({"status": "pending", "url": None}, "There is no link"),
        (SimpleNamespace(status="completed", url=""), "completed already"),
        (None, "completed already"),
        (7, "There is no link"),
        ("x" * 5000, "x…'"),
    ],
)
def test_what_has_no_link_is_said(asked: object, said: str) -> None:
    with pytest.raises(SandboxError) as problem:
        link_in(asked)
    assert said in str(problem.value)
    assert len(str(problem.value)) < 500


@given(st.text())
def test_no_text_is_anything_but_a_link_or_an_error(text: str) -> None:
    with pytest.raises(SandboxError):
        link_in(text)
    assert link_in(f"{text} {LINK} ") == LINK


def asked(world: World, user_id: str = LEARNER, next_uri: str | None = None) -> str:
    requirement = {"id": PROVIDER_ID, "oauth2": {"scopes": ["tasks:read"]}}
    options = {"next_uri": next_uri} if next_uri else {}
    auth = world.arcade.auth.authorize(user_id=user_id, auth_requirement=requirement, **options)
    assert auth.url
    return auth.url


def test_allowing_and_denying_end_at_arcade(world: World) -> None:
    local = world.sandbox.local
    assert "access_denied" in answer(asked(world), DENY, local).error
    assert answer(asked(world), ALLOW, local).heading == "Authorization complete"
    with pytest.raises(SandboxError, match="no link"):
        answer(world.arcade_url, ALLOW, local)


def test_who_consents_is_the_same_person_at_arcade(world: World) -> None:
    world.sandbox.ticktick.sign_up("ben@example.com", PASSWORD)
    link = asked(world, "ben@example.com")
    local = world.sandbox.local
    with pytest.raises(SandboxError, match=r"user_mismatch.*consent\(auth, user="):
        answer(link, ALLOW, local)
    page = answer(link, ALLOW, local, email="ben@example.com")
    assert page.heading == "Authorization complete"
    with pytest.raises(SandboxError, match="user_mismatch: ben@"):
        answer(asked(world), ALLOW, local, email="ben@example.com")


def test_where_ticktick_does_not_ask_the_reason_is_said(world: World) -> None:
    broken = asked(world).replace("client_id=sandbox", "client_id=nobody")
    with pytest.raises(SandboxError, match="TickTick does not ask: OAuth Error"):
        answer(broken, ALLOW, world.sandbox.local)


def test_an_app_that_listens_nowhere_is_asked_with_its_own_cookies(world: World) -> None:
    app = FastAPI()

    @app.get("/sign-in")
    async def sign_in() -> HTMLResponse:
        response = HTMLResponse("<h1>Signed in</h1>")
        response.set_cookie("who", "ben")
        return response

    @app.get("/back")
    async def back(request: Request) -> HTMLResponse:
        return HTMLResponse(f"<h1>Welcome back, {request.cookies.get('who')}</h1>")

    client = TestClient(app, base_url="http://localhost:8123")
    client.get("/sign-in")
    link = asked(world, next_uri="http://localhost:8123/back")
    page = answer(link, ALLOW, world.sandbox.local, app=client)
    assert page.heading == "Welcome back, ben"
    assert page.text == "<h1>Welcome back, ben</h1>"
    assert "ben" not in repr(page).replace(page.heading, "")


@pytest.mark.parametrize("browser", [{"cookie": "x"}, httpx.AsyncClient()])
def test_what_cannot_be_the_browser_is_said(world: World, browser: object) -> None:
    with pytest.raises(SandboxError, match="can't play the browser"):
        answer(asked(world), ALLOW, world.sandbox.local, app=browser)


def test_a_site_that_is_elsewhere_is_not_opened(world: World) -> None:
    link = asked(world, next_uri="https://example.com/back")
    with pytest.raises(SandboxError, match="not on this machine"):
        answer(link, ALLOW, world.sandbox.local)


def test_what_was_not_awaited_is_said() -> None:
    async def start() -> None: ...

    with pytest.raises(SandboxError, match="await the client's call first"):
        link_in(start())


def test_an_app_without_the_route_is_said(world: World) -> None:
    client = TestClient(FastAPI(), base_url="http://localhost:8123")
    link = asked(world, next_uri="http://localhost:8123/bak")
    with pytest.raises(SandboxError, match="answers 404 at http://localhost:8123/bak"):
        answer(link, ALLOW, world.sandbox.local, app=client)


def test_an_app_that_is_not_there_is_said(world: World) -> None:
    link = asked(world, next_uri="http://localhost:1/back")
    with pytest.raises(SandboxError, match=r"sent on to http://localhost:1/back, where nothing"):
        answer(link, ALLOW, world.sandbox.local)
    again = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=["tasks:read"])
    assert again.status == "completed"


def test_an_app_that_redirects_without_end_is_left(world: World) -> None:
    app = FastAPI()

    @app.get("/back")
    async def back() -> RedirectResponse:
        return RedirectResponse("/back")

    client = TestClient(app, base_url="http://localhost:8123")
    link = asked(world, next_uri="http://localhost:8123/back")
    with pytest.raises(SandboxError, match="redirects without end"):
        answer(link, ALLOW, world.sandbox.local, app=client)
