"""Finds the pages of both servers by following their links, as a signed-in person could."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urldefrag, urljoin, urlsplit

from tests.ticktick_sandbox.arcade.helpers import http_of, make_worker
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.browser.html import Form, Page, read_page
from ticktick_sandbox.shared.settings import LEARNER, PASSWORD, PROVIDER_ID


@contextmanager
def full_world() -> Iterator[World]:
    """Run a world in which every page has something to show; its client is signed in."""
    world = make_world()
    world.sandbox.prepare(PROVIDER_ID)
    worker = make_worker(world.arcade_url)
    try:
        worker.start()
        world.arcade.workers.create(id="tests", type="http", http=http_of(worker.uri))
        world.sandbox.engine.secrets.put("TEAM", "blue")
        world.token(["tasks:read"])
        sign_in(world)
        yield world
    finally:
        worker.stop()
        world.close()


def sign_in(world: World, email: str = LEARNER, password: str = PASSWORD) -> None:
    """Sign the world's client in at TickTick."""
    url = f"{world.ticktick_url}/signin"
    form = read_page(url, 200, world.http.get(url).text).form_with("Sign in", [])
    data = form.filled({"Email": email, "Password": password})
    assert world.http.post(url, data=data).status_code == 302


def consent_url(world: World, user_id: str = "somebody@example.com") -> str:
    """Return the link to consent of a new authorization."""
    auth = world.arcade.auth.start(user_id, PROVIDER_ID, scopes=["tasks:read", "tasks:write"])
    assert auth.url
    return auth.url


def every_page(world: World) -> dict[str, Page]:
    """Return the pages that answer 200, by their address without a query."""
    waiting = [
        f"{world.arcade_url}/",
        f"{world.ticktick_url}/",
        consent_url(world),
        world.visit(consent_url(world, "user-17"), click="Allow").url,
        f"{world.arcade_url}/api/v1/oauth/callback_success",
        *(f"{url}/_sandbox/go-on" for url in (world.arcade_url, world.ticktick_url)),
    ]
    found: dict[str, Page] = {}
    seen = set()
    while waiting:
        url = waiting.pop(0)
        place = url.partition("?")[0]
        if place in seen or not url.startswith((world.arcade_url, world.ticktick_url)):
            continue
        seen.add(place)
        reply = world.http.get(url, follow_redirects=True)
        if reply.status_code != 200 or "text/html" not in reply.headers["content-type"]:
            continue
        page = read_page(str(reply.url), 200, reply.text)
        found[page.url.partition("?")[0]] = page
        waiting += [urldefrag(urljoin(page.url, link)).url for link in page.links.values()]
    return found


def every_form(world: World) -> dict[str, Form]:
    """Return the forms that send something, by the address they are sent to."""
    return {
        urljoin(page.url, form.action): form
        for page in every_page(world).values()
        for form in page.forms
        if form.method == "post"
    }


def path_of(url: str) -> str:
    """Return the path of an address."""
    return urlsplit(url).path
