"""All that one TickTick holds, and who is asking."""

from __future__ import annotations

import copy
import hmac
import secrets
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.pages import is_own_form, render
from ticktick_sandbox.shared.settings import LEARNER, OWN_COOKIES
from ticktick_sandbox.ticktick.accounts import Account, Accounts
from ticktick_sandbox.ticktick.apps import Apps
from ticktick_sandbox.ticktick.grants import Grants
from ticktick_sandbox.ticktick.tasks import Tasks

TEMPLATES = Path(__file__).parent / "templates"
SESSION_COOKIE = f"{OWN_COOKIES}ticktick_session"


class TickTick:
    """The state behind the OAuth server, the Open API and the Developer Portal."""

    def __init__(self, context: Context) -> None:
        self.clock, self.event_log = context.clock, context.event_log
        ids = context.ids
        self.accounts = Accounts(ids)
        self.apps = Apps(ids)
        self.grants = Grants(self.clock, ids)
        self._ids = ids
        self._tasks: dict[str, Tasks] = {}
        self.requests_per_minute: int | None = None  # of the Open API and one account
        self._asked: dict[str, deque[datetime]] = {}  # when, in the last minute, by user
        self.offered = LEARNER  # the account that the sign-in page is filled in with
        self._form_key = secrets.token_bytes(32)

    def begin_as(self, other: TickTick, ours: dict[int, Any]) -> None:
        """Take over the accounts, apps and tasks of a TickTick that nobody has used.

        Args:
            other: was prepared, and nothing more.
            ours: what stands here for the clock and the ids of the other, by their ``id()``.
        """
        self.offered = other.offered
        self.accounts, self.apps, self._tasks = copy.deepcopy(
            (other.accounts, other.apps, other._tasks), ours
        )

    def form_token(self, owner: str) -> str:
        """Return what the forms of ``owner`` carry: a session, or a page that needs none."""
        return hmac.digest(self._form_key, owner.encode(), "sha256").hex()

    def sign_up(self, email: str, password: str, name: str = "") -> Account:
        """Create an account with its sample projects. Raises ``SignUpRefused``."""
        account = self.accounts.sign_up(email, password, name)
        self._tasks[account.user_id] = Tasks(account, self.clock, self._ids)
        self.tasks_of(account).add_samples()
        return account

    def tasks_of(self, account: Account) -> Tasks:
        """Return a person's projects and tasks."""
        return self._tasks[account.user_id]

    def takes_one_more(self, account: Account) -> bool:
        """Count a request to the Open API; tell whether the account may make it."""
        if self.requests_per_minute is None:
            return True
        now = self.clock.now()
        asked = self._asked.setdefault(account.user_id, deque())
        while asked and now - asked[0] >= timedelta(minutes=1):
            asked.popleft()
        if len(asked) >= self.requests_per_minute:
            return False
        asked.append(now)
        return True

    def note(self, text: str, *, problem: bool = False) -> None:
        """Write an event into the event log."""
        self.event_log.add("TickTick", text, problem=problem)


def service_of(request: Request) -> TickTick:
    """Return the TickTick that this request has reached."""
    return request.app.state.ticktick


# A session travels in a cookie, in the URL and in every form. Pages are shown for any
# of the three, because frames may lose cookies; forms act only on their own hidden
# fields: the session, and a token that belongs to it.


class FormRefused(Exception):
    """A form did not come from the page that was made for it."""


def check_form(request: Request, form: Mapping[str, str], owner: str) -> None:
    """Check that a form is one that was made for ``owner``, a session or a page.

    Raises:
        FormRefused: its token is missing or another's, or another site sent it.
    """
    token = service_of(request).form_token(owner)
    if not is_own_form(request, form.get("form_token", ""), token):
        raise FormRefused(request.url.path)


async def form_refused(request: Request, refusal: Exception) -> HTMLResponse:
    """Say that a form was refused, and what to do."""
    return render_page(request, "form_refused.html", status=403)


def session_for_page(request: Request) -> str | None:
    """Return the session that a page may be shown for."""
    return request.query_params.get("session") or request.cookies.get(SESSION_COOKIE)


def render_page(
    request: Request,
    template: str,
    /,
    *,
    status: int = 200,
    session: str | None = None,
    **values: object,
) -> HTMLResponse:
    """Return a page of this service; its links keep the session."""
    session = session or session_for_page(request)
    service = service_of(request)
    shown = {
        "session": session,
        "account": service.accounts.signed_in(session),
        "form_token": service.form_token(session or ""),
        "error": None,
    }

    def link(path: str) -> str:
        return with_session(path, session) if session else path

    return render(TEMPLATES, template, status=status, link=link, **(shown | values))


def with_session(path: str, session: str) -> str:
    """Return ``path`` with the session in its query."""
    return f"{path}{'&' if '?' in path else '?'}{urlencode({'session': session})}"


class NotSignedIn(Exception):
    """A page or form is for somebody who is signed in; ``args[0]`` is where to go after that."""


async def to_sign_in(request: Request, reason: Exception) -> RedirectResponse:
    """Send a browser to the sign-in page, and to where it wanted after that."""
    return RedirectResponse("/signin?" + urlencode({"dest": reason.args[0]}), status_code=302)
