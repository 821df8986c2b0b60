"""By what programs steer the sandbox: consent and denial, reset, clock, people, and what happened.

``openapi.yaml`` describes it. What changes something needs a key that no web page can read,
and is refused where another site's page sent it, as the sandbox's forms are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict
from functools import cache
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.strict_json import read_json
from ticktick_sandbox.browser.consent import ALLOW, DENY, answer
from ticktick_sandbox.server.current_services import CurrentServices
from ticktick_sandbox.server.users import User, Users
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.pages import is_own_form
from ticktick_sandbox.shared.settings import LEARNER

if TYPE_CHECKING:
    from ticktick_sandbox.browser.browser import Page

_LARGEST = 100_000  # bytes of a body
_UNITS = ("days", "hours", "minutes", "seconds")
_LONGEST = 100 * 366  # days by which the clock can be moved at once

_LONGEST_NAME = 100  # characters
_NO_KEY = (
    "The key is missing or wrong. Send the header Authorization: Bearer, with the value of "
    "TICKTICK_SANDBOX_KEY, which ticktick-sandbox exec sets for the program that it runs."
)
_NO_PAGE = (
    "This is for programs, and a web page of another address seems to send it: the header Origin, "
    "or Sec-Fetch-Site, says so. Run a test where none is set, as in Node itself."
)

Json = dict[str, Any]
_Act = Callable[[Json], Awaitable[Response]]
_Endpoint = Callable[[Request], Awaitable[Response]]


class _Malformed(ValueError):
    """A body that can't be used; the text says what is wrong with it."""


def routes(running: CurrentServices, key: str) -> list[Route]:
    """Return the routes of this API.

    Args:
        running: what it steers.
        key: what a request has to carry that changes something.
    """
    api = _Control(running)
    text = (str, type(None))
    said = {"link": (str,), "email": text, "cookie": text}
    acts = {
        "consent": (api.consent, said),
        "deny": (api.deny, said),
        "reset": (api.reset, {}),
        "clock": (api.advance, dict.fromkeys(_UNITS, (int, float))),
        "verifier": (api.verify_users, {"verifier_url": text, "skip": (bool,)}),
        "revoke": (api.revoke, {"email": text}),
        "faults": (api.add_fault, _FAULT),
        "limit": (api.limit, {"per_minute": (int,)}),
        "clear-faults": (api.clear_faults, {}),
        "users": (api.add_user, {"name": (str,), "email": text}),
    }

    async def tell_key(request: Request) -> Response:
        """Tell a program, such as ``exec``, the key; no page of another site can read it."""
        if not is_own_form(request, key, key):
            return _problem(401, _NO_PAGE)
        return JSONResponse({"key": key})

    looks = {
        "clock": (api.now, ()),
        "users": (api.users, ()),
        "tasks": (api.tasks, ("email",)),
        "completed": (api.completed, ("email",)),
        "projects": (api.projects, ("email",)),
        "faults": (api.faults, ()),
        "openapi.json": (_describe, ()),
        "key": (tell_key, ()),
    }
    return [
        *(
            Route(f"/_sandbox/{name}", _guarded(act, fields, key), methods=["POST"])
            for name, (act, fields) in acts.items()
        ),
        *(
            Route(f"/_sandbox/{name}", asked_with(fields, look), methods=["GET"])
            for name, (look, fields) in looks.items()
        ),
    ]


def asked_with(fields: Collection[str], look: _Endpoint) -> _Endpoint:
    """Return an endpoint that refuses a query with other fields, of which nobody would hear."""

    async def asked(request: Request) -> Response:
        for name in request.query_params:
            if name not in fields:
                known = ", ".join(fields) or "none"
                return _problem(400, f"{name} is no field of the query here. Fields: {known}.")
        return await look(request)

    return asked


async def no_such_address(request: Request, problem: Exception) -> Response:
    """Answer a wrong address or method below ``/_sandbox/``."""
    status = getattr(problem, "status_code", 404)
    what = f"{request.method} {request.url.path}"
    return _problem(status, f"There is no {what}. /_sandbox/openapi.json has what there is.")


def _guarded(act: _Act, fields: Mapping[str, tuple[type, ...]], key: str) -> _Endpoint:
    """Return an endpoint that acts on a body with these fields, for whoever has the key."""

    async def checked(request: Request) -> Response:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not is_own_form(request, sent, key):
            by_program = is_own_form(request, key, key)
            return _problem(401, _NO_KEY if by_program else _NO_PAGE)
        try:
            return await act(await _body(request, fields))
        except _Malformed as problem:
            return _problem(400, str(problem))
        except SandboxError as problem:
            return _problem(409, str(problem))

    return checked


class _Control:
    """What can be done, each from the body of a request."""

    def __init__(self, running: CurrentServices) -> None:
        self._running = running
        self._users = Users(lambda: running.ticktick)

    async def consent(self, body: Json) -> Response:
        return _page(await self._answer(body, ALLOW))

    async def deny(self, body: Json) -> Response:
        return _page(await self._answer(body, DENY))

    async def _answer(self, body: Json, click: str) -> Page:
        if not body.get("link"):
            raise _Malformed('link is missing: {"link": "http://localhost:…/oauth/authorize?…"}')
        email = body.get("email") or LEARNER
        self._person(email)
        cookies = _cookies(body.get("cookie") or "")
        running = self._running
        services = running.arcade_url, running.ticktick_url
        return await asyncio.to_thread(
            answer,
            body["link"],
            click,
            running.local,
            email=email,
            cookies=cookies,
            services=services,
        )

    def _person(self, email: str) -> User:
        try:
            return self._users[email]
        except KeyError:
            known = ", ".join(each.email for each in self._users)
            raise SandboxError(f"Nobody at TickTick is {email}. Known: {known}.") from None

    async def reset(self, body: Json) -> Response:
        async with self._running.starting_over:
            try:
                await asyncio.to_thread(self._running.start_over)
            except ValueError as problem:
                raise SandboxError(str(problem)) from None
        return Response(status_code=204)

    async def advance(self, body: Json) -> Response:
        if not body or any(not 0 <= value <= _LONGEST for value in body.values()):
            raise _Malformed(
                f"Say by how much, from 0 to {_LONGEST}: {', '.join(_UNITS)}. The clock only "
                "moves forward; a reset sets it back."
            )
        try:
            self._running.clock.advance(**body)
        except OverflowError:
            raise _Malformed("No calendar goes that far.") from None
        return self._now()

    def _now(self) -> Response:
        return JSONResponse({"now": self._running.clock.now().isoformat()})

    async def now(self, request: Request) -> Response:
        return self._now()

    async def verify_users(self, body: Json) -> Response:
        verification = self._running.engine.verification
        try:
            verification.change(body.get("verifier_url"), skip=body.get("skip", False))
        except (PermissionError, ValueError) as problem:
            raise _Malformed(str(problem)) from None
        return Response(status_code=204)

    async def users(self, request: Request) -> Response:
        return JSONResponse([_user(user) for user in self._users])

    async def add_user(self, body: Json) -> Response:
        name = body.get("name", "").strip()
        if not name or len(name) > _LONGEST_NAME:
            raise _Malformed(f'name has 1 to {_LONGEST_NAME} characters: {{"name": "Ben"}}')
        return JSONResponse(_user(self._users.add(name, body.get("email"))), status_code=201)

    async def revoke(self, body: Json) -> Response:
        self._person(body.get("email") or LEARNER).revoke()
        return Response(status_code=204)

    async def add_fault(self, body: Json) -> Response:
        if "service" not in body:
            raise _Malformed("service is missing: Arcade or TickTick.")
        try:
            self._running.faults.add(**body)
        except SandboxError as problem:
            raise _Malformed(str(problem)) from None
        return Response(status_code=204)

    async def limit(self, body: Json) -> Response:
        try:
            self._running.faults.limit(**body)
        except SandboxError as problem:
            raise _Malformed(str(problem)) from None
        return Response(status_code=204)

    async def clear_faults(self, body: Json) -> Response:
        self._running.faults.clear()
        return Response(status_code=204)

    async def faults(self, request: Request) -> Response:
        return JSONResponse([asdict(fault) for fault in self._running.faults.all()])

    async def tasks(self, request: Request) -> Response:
        return self._shown(request, "tasks")

    async def completed(self, request: Request) -> Response:
        return self._shown(request, "completed")

    async def projects(self, request: Request) -> Response:
        return self._shown(request, "projects")

    def _shown(self, request: Request, what: str) -> Response:
        try:
            person = self._person(request.query_params.get("email") or LEARNER)
        except SandboxError as problem:
            return _problem(404, str(problem))
        return JSONResponse(getattr(person, what))


async def _describe(request: Request) -> Response:
    return JSONResponse(_description())


@cache
def _description() -> Json:
    import yaml

    return yaml.safe_load(Path(__file__).with_name("openapi.yaml").read_text(encoding="utf-8"))


async def _body(request: Request, fields: Mapping[str, tuple[type, ...]]) -> Json:
    """Return the body, an object with these fields at most; nothing is an empty one.

    Raises:
        _Malformed: it is something else.
    """
    sent = b""
    async for part in request.stream():
        sent += part
        if len(sent) > _LARGEST:
            raise _Malformed(f"The body has more than {_LARGEST} bytes.")
    try:
        body = read_json(sent) if sent.strip() else {}
    except ValueError as problem:
        raise _Malformed(f"The body is no JSON: {problem}") from None
    if not isinstance(body, dict):
        raise _Malformed("The body has to be a JSON object.")
    for name, value in body.items():
        if name not in fields:
            known = ", ".join(fields) or "none"
            raise _Malformed(f"{name} is no field here. Fields: {known}.")
        if not isinstance(value, fields[name]) or (
            isinstance(value, bool) and bool not in fields[name]
        ):
            kinds = " or ".join(_KINDS[kind] for kind in fields[name])
            raise _Malformed(f"{name} has to be {kinds}.")
    return body


_FAULT: dict[str, tuple[type, ...]] = {
    "service": (str,),
    "request": (str,),
    "times": (int, type(None)),
    "seconds": (int, float),
    "down": (bool,),
    "status": (int, type(None)),
    "body": (str, dict, type(None)),
    "broken": (bool,),
}
_KINDS = {
    dict: "an object",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a fraction",
    type(None): "null",
}


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: each.value for name, each in SimpleCookie(header).items()}
    except CookieError as problem:
        raise _Malformed(f"cookie can't be read: {problem}") from None


def _page(page: Page) -> Response:
    shown = {"url": page.url, "status": page.status, "heading": page.heading}
    return JSONResponse(shown | ({"error": page.error} if page.error else {}))


def _user(user: User) -> Json:
    return {"name": user.name, "email": user.email, "password": user.password}


def _problem(status: int, message: str) -> JSONResponse:
    return JSONResponse({"message": message}, status_code=status)
