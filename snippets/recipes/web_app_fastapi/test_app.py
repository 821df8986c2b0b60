import httpx
import pytest
from app import app, now
from fastapi.testclient import TestClient


@pytest.fixture
def browser(ticktick_sandbox):
    """The browser of somebody who is signed in to your app as alice."""
    ticktick_sandbox.verify_users("http://localhost:8000/auth/verify")
    app.dependency_overrides[now] = ticktick_sandbox.clock.now
    with TestClient(app, base_url="http://localhost:8000") as browser:
        sign_in(browser, "alice")
        yield browser
    app.dependency_overrides.clear()


def sign_in(browser, name):
    browser.post("/sign-in", data={"name": name}, follow_redirects=False)


def click_connect(browser):
    """Click Connect TickTick; return the link to which the app sends the browser."""
    # A test client takes TickTick's address for the app's, so it must not follow the redirect.
    response = browser.post("/connect", follow_redirects=False)
    assert response.status_code == 303
    return response.headers["location"]


def state(browser):
    return browser.get("/connection").json()["state"]


def test_user_connects_and_works_with_tasks(browser, ticktick_sandbox):
    assert state(browser) == "not_connected"

    link = click_connect(browser)
    assert link.startswith(f"{ticktick_sandbox.ticktick_url}/oauth/authorize")
    assert state(browser) == "pending"
    assert "TickTick waits for your answer" in browser.get("/").text

    end = ticktick_sandbox.consent(link, browser=browser)
    assert end.url == "http://localhost:8000/"  # next_uri
    assert end.heading == "TickTick is connected"
    assert state(browser) == "connected"

    response = browser.post("/tasks", data={"title": "Buy <b>bread</b>"})
    assert "Buy <b>bread</b>" in ticktick_sandbox.users.learner.titles
    assert "Buy &lt;b&gt;bread&lt;/b&gt;" in response.text
    assert "<b>" not in response.text


def test_server_waits_for_nobody(browser, ticktick_sandbox):
    link = click_connect(browser)
    state(browser)
    ticktick_sandbox.consent(link, browser=browser)
    browser.get("/")
    assert ticktick_sandbox.exchanges.find("POST /v1/auth/authorize")
    assert not ticktick_sandbox.exchanges.find("GET /v1/auth/status")  # where waiting happens


def test_one_token_serves_all_requests(browser, ticktick_sandbox):
    ticktick_sandbox.consent(click_connect(browser), browser=browser)
    for title in ("One", "Two"):
        browser.post("/tasks", data={"title": title})
    assert len(ticktick_sandbox.exchanges.find("POST /oauth/token")) == 1
    assert len(ticktick_sandbox.exchanges.find("POST /open/v1/task")) == 2


def test_user_denies_and_may_still_decide_otherwise(browser, ticktick_sandbox):
    link = click_connect(browser)
    ticktick_sandbox.deny(link, browser=browser)
    assert state(browser) == "pending"
    assert not ticktick_sandbox.exchanges.find("POST /oauth/token")

    browser.post("/tasks", data={"title": "Not allowed"})
    assert "Not allowed" not in ticktick_sandbox.users.learner.titles

    ticktick_sandbox.consent(click_connect(browser), browser=browser)
    assert state(browser) == "connected"


def test_link_is_over_after_ten_minutes(browser, ticktick_sandbox):
    link = click_connect(browser)
    ticktick_sandbox.clock.advance(minutes=9, seconds=59)
    assert state(browser) == "pending"
    ticktick_sandbox.clock.advance(seconds=1)
    assert state(browser) == "expired"
    assert "You did not answer at TickTick in time" in browser.get("/").text

    end = ticktick_sandbox.consent(link, browser=browser)
    assert (end.status, end.heading) == (400, "This link is over")
    assert state(browser) == "expired"

    link = click_connect(browser)
    assert state(browser) == "pending"
    ticktick_sandbox.consent(link, browser=browser)
    assert state(browser) == "connected"


def test_users_see_their_own_tasks_alone(browser, ticktick_sandbox):
    ticktick_sandbox.consent(click_connect(browser), browser=browser)
    browser.post("/tasks", data={"title": "Alice's secret"})

    ben = ticktick_sandbox.users.add("Ben")
    sign_in(browser, "ben")
    assert state(browser) == "not_connected"
    ticktick_sandbox.consent(click_connect(browser), user=ben, browser=browser)
    response = browser.post("/tasks", data={"title": "For Ben"})
    assert "For Ben" in response.text
    assert "secret" not in response.text
    assert "For Ben" in ben.titles
    assert "For Ben" not in ticktick_sandbox.users.learner.titles


def test_link_of_somebody_else_is_refused(browser, ticktick_sandbox):
    link_of_alice = click_connect(browser)

    ben = ticktick_sandbox.users.add("Ben")
    sign_in(browser, "ben")
    click_connect(browser)
    end = ticktick_sandbox.consent(link_of_alice, user=ben, browser=browser)
    assert (end.status, end.heading) == (400, "Not your authorization")
    assert state(browser) == "pending"
    sign_in(browser, "alice")
    assert state(browser) == "pending"
    assert not ticktick_sandbox.exchanges.find("POST /oauth/token")


def test_nobody_takes_over_what_a_stranger_has_allowed(browser, ticktick_sandbox):
    link_of_alice = click_connect(browser)  # and she sends it to somebody

    cookies = dict(browser.cookies)
    browser.cookies.clear()
    end = ticktick_sandbox.consent(link_of_alice, browser=browser)
    assert (end.status, end.heading) == (400, "Not your authorization")

    browser.cookies.update(cookies)
    flow_id = httpx.URL(link_of_alice).params["state"]
    response = browser.get(f"/auth/verify?flow_id={flow_id}")
    assert (response.status_code, state(browser)) == (400, "pending")
    assert not ticktick_sandbox.exchanges.find("POST /oauth/token")


@pytest.mark.parametrize("path", ["/connect", "/disconnect", "/tasks"])
def test_nothing_is_done_for_who_is_not_signed_in(browser, ticktick_sandbox, path):
    browser.cookies.clear()
    response = browser.post(path, data={"title": "Nobody's"}, follow_redirects=False)
    assert response.headers["location"] == "/sign-in"
    assert browser.get("/connection").status_code == 401
    assert not ticktick_sandbox.exchanges


def test_who_disconnects_is_asked_anew(browser, ticktick_sandbox):
    ticktick_sandbox.consent(click_connect(browser), browser=browser)
    ben = ticktick_sandbox.users.add("Ben")
    sign_in(browser, "ben")
    ticktick_sandbox.consent(click_connect(browser), user=ben, browser=browser)

    browser.post("/disconnect")
    assert state(browser) == "not_connected"
    ticktick_sandbox.consent(click_connect(browser), user=ben, browser=browser)
    assert state(browser) == "connected"

    sign_in(browser, "alice")
    assert state(browser) == "connected"  # Ben has disconnected himself alone


def test_token_ends_after_180_days(browser, ticktick_sandbox):
    ticktick_sandbox.consent(click_connect(browser), browser=browser)
    ticktick_sandbox.clock.advance(days=180)
    assert state(browser) == "not_connected"
    assert "TickTick is not connected" in browser.get("/").text

    ticktick_sandbox.consent(click_connect(browser), browser=browser)
    assert state(browser) == "connected"


def test_user_takes_the_access_back_at_ticktick(browser, ticktick_sandbox, arcade_client):
    ticktick_sandbox.consent(click_connect(browser), browser=browser)
    assert list(arcade_client.admin.user_connections.list(user={"id": "alice"}))
    ticktick_sandbox.users.learner.revoke()
    assert "TickTick is not connected" in browser.get("/").text
    assert not list(arcade_client.admin.user_connections.list(user={"id": "alice"}))
