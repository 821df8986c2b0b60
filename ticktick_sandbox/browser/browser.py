"""A person's browser without the person: fetches pages, fills in forms, clicks buttons."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Coroutine, Mapping
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from starlette.types import ASGIApp

from ticktick_sandbox.browser.html import CannotDo, Page, read_page
from ticktick_sandbox.recording.recorder import LOOKING
from ticktick_sandbox.shared.settings import LOCAL_HOSTS, OWN_COOKIES, PASSWORD

__all__ = ["Browser", "CannotDo", "Page", "inside_client", "local_client"]

_REDIRECTS = 20  # as many as browsers follow


def local_client() -> httpx.Client:
    """Return a client for plain HTTP on this machine.

    It trusts no certificate authority at all: loading them takes longer than the rest.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(verify=context, trust_env=False, timeout=30)


class _Inside(httpx.BaseTransport):
    def __init__(self, apps: Mapping[str, ASGIApp], run: Callable[[Coroutine], Any]) -> None:
        self._ways = {origin: httpx.ASGITransport(app) for origin, app in apps.items()}
        self._run = run

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        way = self._ways[f"{request.url.scheme}://{request.url.netloc.decode()}"]
        reply = await way.handle_async_request(request)
        return httpx.Response(reply.status_code, headers=reply.headers, content=await reply.aread())


def inside_client(apps: Mapping[str, ASGIApp], run: Callable[[Coroutine], Any]) -> httpx.Client:
    """Return a client that reaches applications of this process, served or not.

    Args:
        apps: the applications by their origins, such as ``http://localhost:9099``.
        run: runs a coroutine on the applications' loop and returns its result.
    """
    return httpx.Client(transport=_Inside(apps, run), trust_env=False)


class Browser:
    """Keeps cookies, follows redirects on this machine, and signs in where it is asked to.

    Args:
        local: maps a real URL to its place on this machine.
        email: who signs in; the account that the page offers if nobody is named.
        client: sends the requests; over the network if none is given.
        cookies: what other programs than the sandbox have set before; theirs are added.
        app: what asks an app that may not listen anywhere, such as a client for tests: it is
            used below its ``base_url``.
        looking: whether pages are only read, as nobody's browser, which is not recorded.
    """

    def __init__(
        self,
        local: Callable[[str], str],
        email: str | None = None,
        client: httpx.Client | None = None,
        *,
        cookies: CookieJar | None = None,
        app: httpx.Client | None = None,
        looking: bool = False,
    ) -> None:
        self._local = local
        self._app = app
        self._email = email
        self.signed_in = False
        self._client = client or local_client()
        self._client.headers["Accept"] = "text/html,*/*"  # as a browser says
        if looking:
            self._client.headers[LOOKING] = "1"
        if cookies is not None:
            self._client.cookies = cookies

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *exception: object) -> None:
        jar = self._client.cookies.jar
        for cookie in list(jar):
            if cookie.name.startswith(OWN_COOKIES):
                jar.clear(cookie.domain, cookie.path, cookie.name)
        self._client.close()

    def open(self, url: str) -> Page:
        """Return the page at ``url``, signed in if it asked for that."""
        return self._go("GET", url)

    def click(self, page: Page, text: str, fill: Mapping[str, str] | None = None) -> Page:
        """Click a link or, after filling in its form, a button; return the next page.

        Raises:
            CannotDo: the page has no such link, field or button, or the server failed.
        """
        if text in page.links and not fill:
            return self._go("GET", urljoin(page.url, page.links[text]))
        return self.submit(page, text, fill)

    def submit(self, page: Page, click: str, fill: Mapping[str, str] | None = None) -> Page:
        """Fill in the fields by their labels, click the button, return the next page.

        Raises:
            CannotDo: the page has no such field, choice or button, or the server failed.
        """
        fill = dict(fill or {})
        form = page.form_with(click, fill)
        button = form.buttons[click]
        data = form.filled(fill)
        if button.name:
            data[button.name] = button.value
        url = urljoin(page.url, form.action)
        if form.multipart:
            return self._go("POST", url, files={name: (None, text) for name, text in data.items()})
        return self._go(form.method.upper(), url, data=data)

    def _go(self, method: str, url: str, **sent: Any) -> Page:
        url = self._local(url)
        response = self._send(method, url, **sent)
        redirects = 0
        while response.has_redirect_location:
            if (redirects := redirects + 1) > _REDIRECTS:
                raise CannotDo(f"{url.partition('?')[0]} redirects without end.")
            url = self._local(urljoin(url, response.headers["location"]))
            response = self._send("GET", url)
        if response.status_code >= 500:
            raise CannotDo(f"{url.partition('?')[0]} answered {response.status_code}.")
        page = read_page(url, response.status_code, response.text)
        if urlsplit(url).path == "/signin" and response.status_code == 200:
            self.signed_in = True
            fill = {"Email": self._email, "Password": PASSWORD} if self._email else {}
            return self.submit(page, "Sign in", fill)  # filled in already, if nobody is named
        return page

    def _send(self, method: str, url: str, **sent: Any) -> httpx.Response:
        if self._app and url.startswith(str(self._app.base_url)):
            return self._app.request(method, url, follow_redirects=False, **sent)
        if urlsplit(url).hostname not in LOCAL_HOSTS:
            raise CannotDo(f"{url} is not on this machine, so it was not opened.")
        return self._client.request(method, url, **sent)
