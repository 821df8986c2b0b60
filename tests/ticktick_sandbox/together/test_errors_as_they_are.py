"""Every error that is known of TickTick, of Arcade and of a worker comes back as it is there.

One row for each: how it comes about, then status, content type, body, headers and the source.
Left out are errors whose status is not known, and those that a client raises by itself.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import httpx
import jwt
import pytest

from tests.ticktick_sandbox.arcade import helpers as arcade
from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.ticktick import helpers as ticktick
from tests.ticktick_sandbox.ticktick.helpers import CALLBACK, TOMCAT, Flow, add_app
from ticktick_sandbox.shared.settings import LEARNER

# The sources, as behaviours.yaml names them.
FRAMEWORK = "predicted from Spring Security OAuth2 2.3.3, which TickTick's error pages point to"
REPORTS = "public reports"
PROBES = "third-party probes without a token, 2026-08-03"
LIVE = "third-party live test report, autumn 2026"
NOTES = "integration notes (NangoHQ/integration-templates)"
CLIENTS = "public clients of the API, which expect it"
REFERENCE = "TickTick Open API reference, 2026 edition"
CLOUD = "measurement of Arcade Cloud, September 2026 (ArcadeAI/mastra-contextual-governance)"
ANSWERS = "recorded answers of Arcade Cloud, 2026-09-25"
DOCUMENTED = "Arcade documentation"
ARCADEJS = "arcadejs tests (ArcadeAI/arcade-js); third-party live report"
PUBLISHED = "Arcade Engine API description, May 2026; the text is not known"
PACKAGE = "arcade-mcp-server 1.32.1, executed"

PAGE, JSON, UTF8 = "text/html…", "application/json", "application/json;charset=UTF-8"
AUTHORIZE, EXECUTE = "/v1/auth/authorize", "/v1/tools/execute"
CONFIRM = "/api/v1/oauth/confirm_user"

type Provoke = Callable[[Any], httpx.Response]


@dataclass(frozen=True)
class Row:
    """One error. ``…`` is what differs, ``{token}`` and ``{code}`` what was sent.

    ``None`` for a header, or for the content type, says that there is none. ``needs`` is the
    fixture that ``provoke`` takes.
    """

    name: str
    provoke: Provoke
    status: int
    content_type: str | None
    body: str
    source: str
    headers: Mapping[str, str | None] = field(default_factory=dict)
    needs: str = "world"


def page(name: str, provoke: Provoke, status: int, error: str, text: str, source: str) -> Row:
    """TickTick's page for people, in which quotation marks are ``&quot;``."""
    summary = html.escape(f'error="{error}", error_description="{text}"')
    body = f"<html><body><h1>OAuth Error</h1><p>{summary}</p></body></html>"
    return Row(name, provoke, status, PAGE, body, source)


def to_app(name: str, provoke: Provoke, error: str, text: str, more: str = "") -> Row:
    """A refusal that TickTick sends to the app."""
    place = f"{CALLBACK}?error={error}&error_description={text}&state=xyz{more}"
    return Row(name, provoke, 302, None, "", FRAMEWORK, {"Location": place})


def token(name: str, provoke: Provoke, status: int, error: str, text: str, more: str = "") -> Row:
    """An error of the token endpoint."""
    challenge = f'Bearer error="{error}", error_description="{text}"' if status == 401 else None
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache", "WWW-Authenticate": challenge}
    body = f'{{"error":"{error}","error_description":"{text}"{more}}}'
    return Row(name, provoke, status, UTF8, body, FRAMEWORK, headers)


def guard(name: str, provoke: Provoke, error: str, text: str, source: str) -> Row:
    """A refusal of the Open API that has not looked at the path; its realm is not known."""
    said = f'Bearer realm="…", error="{error}", error_description="{text}"'
    body = f'{{"error":"{error}","error_description":"{text}"}}'
    return Row(name, provoke, 401, UTF8, body, source, {"WWW-Authenticate": said})


def api(name: str, provoke: Provoke, source: str, code: str, text: str, status: int = 500) -> Row:
    """An error of the Open API, which never says when to try again."""
    body = f'{{"errorId":"…@…","errorCode":"{code}","errorMessage":"{text}","data":null}}'
    return Row(name, provoke, status, UTF8, body, source, {"Retry-After": None})


def engine(name: str, provoke: Provoke, source: str, status: int, body: str) -> Row:
    return Row(name, provoke, status, JSON, f"{{{body}}}", source)


def worker(name: str, provoke: Provoke, status: int, body: str, kind: str = JSON) -> Row:
    return Row(name, provoke, status, kind, body, PACKAGE, needs="worker_uri")


# What provokes them


def flow_of(world: World, saved: str = CALLBACK) -> Flow:
    world.http.base_url = httpx.URL(world.ticktick_url)
    return Flow(world.http, ticktick.sign_in(world.http), add_app(world, saved))


def asks(saved: str = CALLBACK, **changes: str | None) -> Provoke:
    """Open the consent page by a request that is right but for these changes."""

    def provoke(world: World) -> httpx.Response:
        flow = flow_of(world, saved)
        query = {"session": flow.session, **ticktick.request_for(flow.app, **changes)}
        return world.http.get("/oauth/authorize", params=query)

    return provoke


def cancels(world: World) -> httpx.Response:
    flow = flow_of(world)
    form = ticktick.hidden(world.http, flow.session) | ticktick.request_for(flow.app)
    return world.http.post("/oauth/authorize", data=form | {"user_oauth_approval": "false"})


def exchanges(**changes: str | None) -> Provoke:
    """Exchange a new code by a request that is right but for these changes."""

    def provoke(world: World) -> httpx.Response:
        flow = flow_of(world)
        return flow.exchange(flow.code(), **changes)

    return provoke


def exchanges_twice(world: World) -> httpx.Response:
    flow = flow_of(world)
    code = flow.code()
    return [flow.exchange(code) for _ in range(2)][1]


def of_another_app(*, only_id: bool) -> Provoke:
    """Exchange the code of another app, or the own one with the id of the other."""

    def provoke(world: World) -> httpx.Response:
        flow, other = flow_of(world), add_app(world, name="Other")
        if only_id:
            return flow.exchange(flow.code(), client_id=other.client_id)
        return Flow(flow.client, flow.session, other).exchange(flow.code())

    return provoke


def identifies(method: str = "POST", **how: Callable[[str, str], Any]) -> Provoke:
    """Ask the token endpoint with what is made of the app's id and secret."""

    def provoke(world: World) -> httpx.Response:
        app = flow_of(world).app
        sent = {name: make(app.client_id, app.client_secret) for name, make in how.items()}
        return world.http.request(method, "/oauth/token", **sent)

    return provoke


def bears(value: str | None, path: str = "/project") -> Provoke:
    """Ask the Open API with this token, or without one."""
    headers = {"Authorization": f"Bearer {value}"} if value else {}
    return lambda world: world.http.get(f"{world.ticktick_url}/open/v1{path}", headers=headers)


def bears_an_old_one(world: World) -> httpx.Response:
    client = world.open_api()
    world.sandbox.clock.advance(days=180)
    return client.get("/project")


def asks_too_often(world: World) -> httpx.Response:
    world.sandbox.faults.limit()
    client = world.open_api()
    assert {client.get("/project").status_code for _ in range(100)} == {200}
    return client.get("/project")


def uses(method: str, path: str, sent: str = "", deleted: str = "") -> Provoke:
    """Use the Open API. ``<p>`` is a project, ``<t>`` its task; another project is ``<q>``.

    ``<inbox>`` is the id of the Inbox, and ``<u>`` of nothing. ``deleted`` is deleted before.
    """

    def provoke(world: World) -> httpx.Response:
        client = world.open_api()
        ids = {name: client.post("/project", json={"name": name}).json()["id"] for name in "pq"}
        ids["t"] = client.post("/task", json={"title": "t", "projectId": ids["p"]}).json()["id"]
        ids |= {"inbox": world.sandbox.ticktick.accounts.by_email(LEARNER).inbox_id, "u": UNKNOWN}
        gone, place, body = (
            re.sub("<(.+?)>", lambda found: ids[found[1]], text) for text in (deleted, path, sent)
        )
        assert not gone or client.delete(gone).is_success
        return client.request(method, place, content=body)

    return provoke


def calls(method: str, path: str, body: Any = None, **more: Any) -> Provoke:
    """Ask the Engine."""
    return lambda world: arcade.call(world, method, path, body, **more)


def confirms(user_id: str, *, returned: bool = True) -> Provoke:
    """Confirm a user, who is back from TickTick or not."""

    def provoke(world: World) -> httpx.Response:
        flow_id = arcade.returned(world) if returned else "unknown"
        return arcade.call(world, "POST", CONFIRM, {"flow_id": flow_id, "user_id": user_id})

    return provoke


def runs(requirements: str) -> Provoke:
    """Run a tool with these requirements, and if it comes to that, it fails."""
    tool = '[{"name":"T","toolkit":{"name":"A"},"input":{"parameters":[]},"requirements":%s}]'
    result = f'{{"success":false,"output":{{"error":{{{FAILED}}}}}}}'

    def provoke(world: World) -> httpx.Response:
        with arcade.answering(200, result.encode(), (tool % requirements).encode()) as uri:
            arcade.register(world, "w", uri)
            return arcade.call(world, "POST", EXECUTE, {"tool_name": "A.T", "user_id": LEARNER})

    return provoke


def invokes(sent: Any = None, secret: str = arcade.SECRET, **claims: Any) -> Provoke:
    """Ask a worker for its tools, or to run one, with a token of these claims or without."""
    signed = jwt.encode(claims, secret, "HS256")
    headers = {"Authorization": f"Bearer {signed}"} if claims else {}
    method, path = ("GET", "") if sent is None else ("POST", "/invoke")
    return lambda uri: httpx.request(
        method, f"{uri}/worker/tools{path}", headers=headers, json=sent
    )


UNKNOWN = "f" * 24
MISMATCH = f"Invalid redirect: x does not match one of the registered values: [{CALLBACK}]"
OTHER_URI = "Redirect URI mismatch."
NOT_SAVED = "At least one redirect_uri must be registered with the client."
NO_ACCESS = ("unauthorized", "Full authentication is required to access this resource")
NOT_YOURS = "Given client ID does not match authenticated client"
NO_CODE = "Invalid authorization code: {code}"
SCOPES = "tasks:read tasks:write"
LIMIT = "Query rate limit exceeded. Maximum 100 requests per minute.…"
NO_ROUTE = (
    '"name":"route_not_found","message":"requested route is not found or method is not allowed"'
)
MALFORMED = '"name":"malformed_request","message":"failed to'
ANY = '"name":"…","message":"…"'
FAILED = '"message":"m","kind":"UNKNOWN","can_retry":false,"developer_message":"d"'
BY_TICKTICK = '{"id":"arcade-ticktick","provider_type":"oauth2"}'
NO_CONSENT = '"name":"tool_authorization_required","message":"authorization required"'
NO_SECRET = '"name":"tool_requirements_not_met","message":"secret not found: KEY"'
SIGNED = {"aud": "worker", "ver": "1"}
NO_TOOL = {"tool": {"name": "No", "toolkit": "No"}, "inputs": {}, "context": {}}
REFUSED = '{"detail":"Invalid token. Error: %s"}'

# fmt: off
ROWS = [
    # TickTick: the authorization endpoint. The statuses of the pages are predicted.
    page("redirect URI", asks(redirect_uri="x"), 400, "invalid_grant", MISMATCH, REPORTS),
    page("none saved", asks(saved=""), 400, "invalid_request", NOT_SAVED, REPORTS),
    page("client", asks(client_id="x"), 401, "invalid_client", "Bad client credentials", REPORTS),
    page("no client", asks(client_id=None), 401, "invalid_client",
         "A client id must be provided", FRAMEWORK),
    to_app("denied", cancels, "access_denied", "User denied access"),
    to_app("scope", asks(scope="x"), "invalid_scope", "Invalid scope: x", f"&scope={SCOPES}"),
    to_app("response type", asks(response_type="x"),
           "unsupported_response_type", "Unsupported response types: [x]"),

    # TickTick: the token endpoint
    *(Row(f"credentials {how}", provoke, 401, PAGE, TOMCAT, source) for how, provoke, source in (
        ("none", identifies(), PROBES),
        ("unknown", identifies(auth=lambda client, secret: ("x", secret)), REPORTS),
        ("wrong", identifies(auth=lambda client, secret: (client, "x")), REPORTS),
        ("wrong in the body", identifies(
            data=lambda client, secret: {"client_id": client, "client_secret": "x"}), REPORTS),
    )),
    token("code", exchanges(code="nosuch"), 400, "invalid_grant", NO_CODE),
    token("used code", exchanges_twice, 400, "invalid_grant", NO_CODE),
    token("another URI", exchanges(redirect_uri="x"), 400, "invalid_grant", OTHER_URI),
    token("no URI", exchanges(redirect_uri=None), 400, "invalid_grant", OTHER_URI),
    token("no code", exchanges(code=None), 400, "invalid_request",
          "An authorization code must be supplied."),
    token("no grant", exchanges(grant_type=None), 400, "invalid_request", "Missing grant type"),
    token("grant", exchanges(grant_type="x"), 400, "unsupported_grant_type",
          "Unsupported grant type: x"),
    token("token's scope", exchanges(scope="x"), 400, "invalid_scope", "Invalid scope: x",
          f',"scope":"{SCOPES}"'),
    token("client's code", of_another_app(only_id=False), 401, "invalid_client",
          "Client ID mismatch"),
    token("client's id", of_another_app(only_id=True), 401, "invalid_client", NOT_YOURS),
    token("GET", identifies("GET", auth=lambda *pair: pair), 405, "method_not_allowed", "…"),

    # TickTick: the Open API
    guard("no token", bears(None), *NO_ACCESS, PROBES),
    guard("no token and no such path", bears(None, "/nowhere"), *NO_ACCESS, PROBES),
    guard("token", bears("made-up"), "invalid_token", "Invalid access token: {token}", PROBES),
    guard("expired", bears_an_old_one, "invalid_token", "Access token expired: {token}", FRAMEWORK),
    api("missing scope", lambda world: world.open_api(["tasks:read"]).post("/task", json={}),
        f"{REPORTS} of 2023", "access_forbidden", "access_forbidden"),
    api("rate limit", asks_too_often, LIVE, "exceed_query_limit", LIMIT),
    *(api(f"GET {path}", uses("GET", path), REPORTS, "unknown_exception", "Unknown exception")
      for path in ("/task", "/task/<t>")),
    api("GET /preference", uses("GET", "/preference"), REFERENCE, "…", "…"),
    *(api(f"GET {path}", uses("GET", path), LIVE, "…", "…", 404)
      for path in ("/user", "/user/profile", "/search")),
    api("project", uses("GET", "/project/<u>"), NOTES, "…", "…", 404),
    api("Inbox as a project", uses("GET", "/project/<inbox>"), LIVE, "…", "…", 404),
    api("task of a deleted project", uses("GET", "/project/<p>/task/<t>", "", "/project/<p>"),
        NOTES, "…", "…"),
    Row("data of a project", uses("GET", "/project/<u>/data"), 200, UTF8, "{}", LIVE),
    *(Row(f"{method} of a task", uses(method, path, *more), 200, None, "", source)
      for method, path, source, *more in (
          ("GET", "/project/<p>/task/<u>", CLIENTS),
          ("POST", "/task/<u>", NOTES, '{"id":"<u>","projectId":"<p>"}'),
          ("POST", "/task/<t>", NOTES, '{"id":"<t>","projectId":"<q>"}'),
          ("DELETE", "/project/<p>/task/<u>", NOTES),
          ("DELETE", "/project/<p>/task/<t>", NOTES, "", "/project/<p>/task/<t>"),
    )),
    *(Row(f"move of {task} to {to}", uses("POST", "/task/move",
          f'[{{"fromProjectId":"<p>","toProjectId":"{to}","taskId":"{task}"}}]'),
          200, UTF8, body, NOTES)
      for task, to, body in (("<t>", "<u>", "[]"),
                             ("<u>", "<q>", f'[{{"id":"{UNKNOWN}","etag":"…"}}]'))),

    # Arcade: the Engine
    engine("path", calls("GET", "/v1/nowhere"), ANSWERS, 404, NO_ROUTE),
    engine("method", calls("DELETE", "/v1/auth/status"), ANSWERS, 404, NO_ROUTE),
    engine("no user", calls("POST", AUTHORIZE, arcade.asked(user_id=...)), ANSWERS, 400,
           f'{MALFORMED} validate request body: user_id: user_id required","field_errors":[{{'
           '"field":"user_id","rule":"required","message":"user_id is a required field"}]'),
    engine("no provider", calls("POST", AUTHORIZE, arcade.asked(auth_requirement={})), ANSWERS, 400,
           f'{MALFORMED} validate request body: auth_requirement.provider_id: provider_id required"'
           ',"field_errors":[{"field":"…","rule":"required",'
           '"message":"provider_id is a required field"}]'),
    engine("tool name", calls("GET", "/v1/tools/a-b.c"), CLOUD, 400,
           f'{MALFORMED} parse tool name a-b.c"'),
    engine("no consent", runs(f'{{"authorization":{BY_TICKTICK}}}'), ARCADEJS, 403, NO_CONSENT),
    engine("no secret", runs('{"secrets":[{"key":"KEY"}]}'), CLOUD, 400, NO_SECRET),
    engine("failed tool", runs("{}"), CLOUD, 200, '"id":"te_…","execution_id":"",'
           '"execution_type":"immediate","finished_at":"0001-01-01T00:00:00Z","duration":0.0,'
           f'"status":"failed","output":{{"error":{{{FAILED}}}}},"success":false'),
    *(engine(f"key {key!r}", calls("GET", "/v1/tools", headers={"Authorization": key}), PUBLISHED,
             401, ANY) for key in ("", "arc_wrong")),
    engine("provider", calls("POST", AUTHORIZE, arcade.asked(auth_requirement={"id": "x"})),
           PUBLISHED, 400, ANY),
    engine("content type", calls("POST", EXECUTE, content=b"x"), PUBLISHED, 415, ANY),
    engine("scheduled tool", calls("GET", "/v1/scheduled_tools/x"), PUBLISHED, 400, ANY),
    # Arcade: the cloud's host, which confirms users
    engine("user mismatch", confirms("another"), DOCUMENTED, 400,
           '"code":400,"error":"user_mismatch",'
           '"msg":"An error occurred during verification"'),
    engine("flow", confirms(LEARNER, returned=False), CLOUD, 400,
           '"code":400,"msg":"Bad request","data":null'),
    engine("key", calls("POST", CONFIRM, content=b"x", headers={"Authorization": "x"}), CLOUD,
           401, '"code":401,"msg":"Unauthorized"'),

    # A worker
    worker("no signature", invokes(), 401, '{"detail":"Not authenticated"}'),
    worker("signature", invokes(None, "x" * 40, **SIGNED), 401,
           REFUSED % "Signature verification failed"),
    worker("audience", invokes(ver="1"), 401, REFUSED % r'Token is missing the \"aud\" claim'),
    worker("version", invokes(aud="worker", ver="2"), 401,
           REFUSED % "Unsupported token version: 2"),
    worker("malformed call", invokes({}, **SIGNED), 400,
           '{"code":-32602,"message":"Invalid params: 1 error(s)"}'),
    worker("unknown tool", invokes(NO_TOOL, **SIGNED), 500, "…", "text/plain…"),
]
# fmt: on


@pytest.fixture(scope="module")
def worker_uri() -> Iterator[str]:
    """The address of a real worker, which nobody lets run a tool."""
    running = arcade.make_worker("http://127.0.0.1:9")
    running.start()
    yield running.uri
    running.stop()


def fits(pattern: str, text: str | None) -> bool:
    """Return whether a text is as it should be; what differs has no quotation marks."""
    wanted = '[^"]*'.join(map(re.escape, pattern.split("…")))
    return text is not None and bool(re.fullmatch(wanted, text))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_error_is_as_it_is_known(request: pytest.FixtureRequest, row: Row) -> None:
    reply = row.provoke(request.getfixturevalue(row.needs))
    bearer = reply.request.headers.get("authorization", "").removeprefix("Bearer ")
    code = parse_qs(reply.request.content.decode()).get("code", [""])[0]

    def told(text: str) -> str:
        return text.replace("{token}", bearer).replace("{code}", code)

    assert reply.status_code == row.status, reply.text
    assert fits(told(row.body), reply.text), reply.text
    for name, wanted in {**row.headers, "Content-Type": row.content_type}.items():
        got = reply.headers.get(name)
        got = unquote_plus(got) if got and name == "Location" else got
        assert got is None if wanted is None else fits(told(wanted), got), f"{name}: {got}"
