"""What a person answers when an app asks for access, without the person."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import ARCADE_ACCOUNT, LEARNER

if TYPE_CHECKING:
    import httpx

    from ticktick_sandbox.browser.browser import Page

ALLOW, DENY = "Allow", "Cancel"

_LINK = re.compile(r"https?://[^\s\"'<>\\]+")
_CONSENT = "/oauth/authorize"
_CONTINUE, _ACCOUNT = "Continue", "Arcade account"
_NO_VERIFIER = (
    "Arcade compares the user_id with the e-mail address of the person who consents, which is "
    "ARCADE_USER_ID here; a placeholder is nobody's. Name them: "
    'consent(auth, user="…") in pytest, "email" over HTTP. If your app has names of its own for '
    "its users, it verifies them itself, and no verifier is set, or a reset took it away: "
    'ticktick_sandbox.verify_users("http://…/auth/verify") in pytest, elsewhere '
    'POST /_sandbox/verifier with {"verifier_url": "http://…/auth/verify"}.'
)
_NOT_THERE = (404, 405)


def link_in(asked: Any) -> str:
    """Return the link to TickTick's consent page that is in ``asked``.

    Args:
        asked: what ``client.auth.start`` or ``client.tools.authorize`` returned, its JSON, the
            link, or a text with the link in it, such as what a program printed.

    Raises:
        SandboxError: there is no such link.
    """
    __tracebackhide__ = True
    if isinstance(asked, Coroutine):
        asked.close()
        raise SandboxError("That is a coroutine: await the client's call first.")
    if not isinstance(asked, str):
        values = asked if isinstance(asked, Mapping) else _attributes(asked)
        if asked is None or values.get("status") == "completed":
            raise SandboxError("Nothing is asked here: is the authorization completed already?")
        asked = values.get("url") or ""
    text = asked.replace("\\u0026", "&").replace("&amp;", "&")
    links = [link.rstrip(".,;:)]}") for link in _LINK.findall(text)]
    wanted = [link for link in links if urlsplit(link).path == _CONSENT]
    if not wanted:
        shown = f"{text[:200]}…" if len(text) > 200 else text
        raise SandboxError(
            f"There is no link to TickTick's consent page in {shown!r}. Give what "
            "client.auth.start returned, its url, or the text that a program printed."
        )
    return wanted[-1]


def _attributes(asked: Any) -> dict[str, Any]:
    """Return the status and the link of what a client returned; a redirect's is its target."""
    location = getattr(asked, "headers", {}).get("location")
    return {"status": getattr(asked, "status", None), "url": location or getattr(asked, "url", "")}


def answer(
    asked: Any,
    click: str,
    local: Callable[[str], str],
    *,
    email: str | None = None,
    app: httpx.Client | None = None,
    cookies: Mapping[str, str] | None = None,
    services: tuple[str, ...] = (),
) -> Page:
    """Open the consent page as a person would, sign in, click, and go where that leads.

    Args:
        asked: see ``link_in``.
        click: ``ALLOW`` or ``DENY``.
        local: maps a real URL to its place on this machine.
        email: who signs in at TickTick, and is signed in at Arcade; whom TickTick's page
            offers, and the learner, if nobody is named.
        app: the client that is the person's browser at the app itself: it has their cookies
            there, and where the browser is sent to its ``base_url``, it asks.
        cookies: what the person's browser has from the app, on this machine.
        services: where Arcade and TickTick are, whose pages may refuse what was allowed.

    Returns:
        The page at which the browser ends.

    Raises:
        SandboxError: there is no link, TickTick does not ask, nothing answers where the browser
            is sent, your app has nothing there, Arcade refuses what was allowed, or verifies
            users itself and this is not the one it asked for.
    """
    __tracebackhide__ = True
    import httpx

    from ticktick_sandbox.browser.browser import Browser, CannotDo

    if app is not None and (not hasattr(app, "base_url") or isinstance(app, httpx.AsyncClient)):
        raise SandboxError(
            f"A {type(app).__name__} can't play the browser. Give a client that does not have to "
            "be awaited and has a base_url: httpx.Client, or FastAPI's TestClient."
        )
    held = {ARCADE_ACCOUNT: email} if email else {}
    jar = httpx.Cookies(held | dict(cookies or {})).jar
    link = link_in(asked)
    try:
        with Browser(local, email, cookies=jar, app=app) as browser:
            page = browser.open(link)
            if page.error:
                raise SandboxError(f"TickTick does not ask: {page.heading}. {page.error}")
            page = browser.submit(page, click)
            if any(_CONTINUE in form.buttons and _ACCOUNT in form.labels for form in page.forms):
                # Arcade verifies users, and this is not the one that it asked for.
                page = browser.submit(page, _CONTINUE, {_ACCOUNT: email or LEARNER})
                if page.error:
                    raise SandboxError(f"{page.error} {_NO_VERIFIER}")
    except CannotDo as problem:
        raise SandboxError(str(problem)) from None
    except httpx.HTTPError as problem:
        place = str(problem.request.url).partition("?")[0]
        raise SandboxError(
            f"The person has clicked {click}, and the browser is sent on to {place}, where nothing "
            f"answers ({type(problem).__name__}). Start your app there; in pytest you may also "
            "give the client by which the test plays the browser, with that address as base_url."
        ) from None
    if click == ALLOW and page.error and page.url.startswith(services):
        raise SandboxError(f"{page.heading}: {page.error}")
    if click == ALLOW and page.status in _NOT_THERE:
        place = page.url.partition("?")[0]
        raise SandboxError(
            f"The person has clicked {click}, and your app answers {page.status} at {place}. Is "
            "that where its route is?"
        )
    return page
