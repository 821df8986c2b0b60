"""The custom verifier, started as a reader starts it, between a browser and the Engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from arcadepy import Arcade
from playwright.sync_api import Browser as Chromium

from tests.processes import free_ports, running, sandbox
from ticktick_sandbox.browser.browser import Browser, Page, local_client
from ticktick_sandbox.server.hosts import LocalAddresses
from ticktick_sandbox.shared.settings import API_KEY, PROVIDER_ID


@dataclass
class Setting:
    """A sandbox, an app with the verifier, and who talks to them."""

    app_url: str
    arcade: Arcade
    http: httpx.Client

    def start(self, user_id: str, scope: str) -> tuple[str, str]:
        """Return the id and the link of a new authorization."""
        auth = self.arcade.auth.start(user_id, PROVIDER_ID, scopes=[scope])
        assert auth.id
        assert auth.url
        return auth.id, auth.url

    def status(self, auth_id: str) -> str | None:
        return self.arcade.auth.status(id=auth_id).status

    def sign_in(self, user: str, **more: str) -> httpx.Response:
        return self.http.post(f"{self.app_url}/sign-in", data={"user": user}, **more)


@pytest.fixture(scope="module")
def served() -> Iterator[Setting]:
    arcade_port, ticktick_port, port = free_ports(3)
    serve = sandbox("--arcade-port", arcade_port, "--ticktick-port", ticktick_port)
    attached = sandbox("exec", "--arcade-port", arcade_port, "--")
    uvicorn = (sys.executable, "-m", "uvicorn", "--app-dir", "snippets/python/custom_verifier")
    with running(*serve) as (_, serving):
        serving.wait_for("your_program.py")
        with running(*attached, *uvicorn, "verifier:app", "--port", port) as (_, app):
            app.wait_for("running on")
            client = Arcade(
                api_key=API_KEY,
                base_url=f"http://localhost:{arcade_port}",
                max_retries=0,
                _strict_response_validation=True,
            )
            app_url = f"http://localhost:{port}"
            client.put(
                "/v1/admin/settings/session_verification",
                body={"verifier_url": f"{app_url}/auth/verify"},
                cast_to=object,
            )
            with client, local_client() as http:
                yield Setting(app_url, client, http)


@pytest.fixture
def setting(served: Setting) -> Setting:
    served.http.cookies.clear()
    return served


def consented(link: str, browser: Browser) -> Page:
    return browser.submit(browser.open(link), "Allow")


def test_who_signs_in_as_the_user_completes_the_authorization(setting: Setting) -> None:
    auth_id, link = setting.start("alice", "tasks:read")
    with Browser(LocalAddresses({})) as browser:
        asked = consented(link, browser)
        assert (asked.heading, setting.status(auth_id)) == ("Sign in to your app", "pending")
        assert browser.submit(asked, "Sign in", {"User": "alice"}).heading == (
            "Authorization complete"
        )
    assert setting.status(auth_id) == "completed"


def test_who_is_signed_in_is_not_asked(setting: Setting) -> None:
    auth_id, link = setting.start("alice", "tasks:write")
    with Browser(LocalAddresses({})) as browser:
        home = browser.open(f"{setting.app_url}/sign-in")
        assert browser.submit(home, "Sign in", {"User": "alice"}).heading == "Your app"
        assert consented(link, browser).heading == "Authorization complete"
    assert setting.status(auth_id) == "completed"


def test_it_works_in_the_frame_of_a_notebook(setting: Setting, browser: Chromium) -> None:
    _, link = setting.start("mallory", "tasks:write")
    context = browser.new_context(viewport={"width": 390, "height": 800})
    tab = context.new_page()
    tab.goto(setting.app_url)  # any page of this machine, as JupyterLab's is
    show = (
        "link => document.body.append(Object.assign(document.createElement('iframe'), {src: link}))"
    )
    tab.evaluate(show, link)
    frame = tab.frame_locator("iframe")
    frame.get_by_role("button", name="Sign in").click()
    frame.get_by_role("button", name="Allow").click()
    frame.get_by_label("User").fill("mallory")
    frame.get_by_role("button", name="Sign in").click()
    frame.get_by_role("heading", name="Authorization complete").wait_for()
    context.close()


def test_another_user_is_turned_away(setting: Setting) -> None:
    auth_id, link = setting.start("mallory", "tasks:read")
    with Browser(LocalAddresses({})) as browser:
        page = browser.submit(consented(link, browser), "Sign in", {"User": "alice"})
    assert (page.status, page.heading) == (400, "Not your authorization")
    assert page.error.startswith("You are signed in as alice")
    assert setting.status(auth_id) == "pending"


def test_the_user_comes_from_the_session_never_from_the_query(setting: Setting) -> None:
    body = {"user_id": "mallory", "verifier_url": f"{setting.app_url}/auth/verify"}
    test = setting.arcade.post("/v1/auth/validate_custom_verifier", body=body, cast_to=object)
    setting.sign_in("alice")
    told = {"flow_id": test["flow_id"], "user_id": "mallory", "user": "mallory"}
    assert setting.http.get(f"{setting.app_url}/auth/verify", params=told).status_code == 400


@pytest.mark.parametrize("session", [None, "", "made-up", "alice"])
def test_a_session_that_is_none_is_sent_to_the_sign_in(
    setting: Setting, session: str | None
) -> None:
    headers = {} if session is None else {"Cookie": f"app_session={session}"}
    reply = setting.http.get(f"{setting.app_url}/auth/verify?flow_id=f%26x", headers=headers)
    assert (reply.status_code, reply.headers["location"]) == (303, "/sign-in?flow_id=f%26x")


def test_an_unknown_flow_is_an_error_page(setting: Setting) -> None:
    setting.sign_in("alice")
    page = setting.http.get(f"{setting.app_url}/auth/verify?flow_id=unknown")
    assert page.status_code == 400
    assert "or it is over" in page.text


def test_without_a_flow_nothing_is_asked_of_arcade(setting: Setting) -> None:
    setting.sign_in("alice")
    assert setting.http.get(f"{setting.app_url}/auth/verify").status_code == 422


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_the_session_cookie_is_out_of_reach(setting: Setting, scheme: str, secure: bool) -> None:
    reply = setting.sign_in("alice", headers={"X-Forwarded-Proto": scheme})
    cookie = reply.headers["set-cookie"].lower()
    assert reply.headers["location"] == "/"
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert ("secure" in cookie) is secure


def test_a_user_that_is_none_is_not_signed_in(setting: Setting) -> None:
    reply = setting.sign_in("nobody")
    assert reply.status_code == 400
    assert "set-cookie" not in reply.headers
