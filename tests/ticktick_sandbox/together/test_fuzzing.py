"""Every route of both services answers whatever it is sent, soon, and never with a failure."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Mount, Route

from tests.ticktick_sandbox.together.in_process import ARCADE, TICKTICK, InProcess
from ticktick_sandbox.shared.settings import API_KEY
from ticktick_sandbox.ticktick import open_api

LONGEST = 2  # seconds of this process for one answer
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class Place:
    """A route: the service's address, the path with its parameters, and the methods."""

    origin: str
    path: str
    methods: tuple[str, ...]


def place_of(origin: str, route: Route, below: str = "") -> Place:
    return Place(origin, below + route.path, tuple(sorted(route.methods or METHODS)))


@cache
def places() -> list[Place]:
    """Return every route of both services."""
    world = InProcess()
    found: set[Place] = set()
    services = world.running.services
    apps = [
        (ARCADE, getattr(services.arcade_app, "app", services.arcade_app)),
        (TICKTICK, services.ticktick_app),
    ]
    for origin, app in apps:
        for route in app.routes:
            if isinstance(route, Route):
                found.add(place_of(origin, route))
            elif isinstance(route, Mount):
                found |= {place_of(origin, inner, route.path) for inner in open_api.routes}
    world.close()
    return sorted(found, key=lambda place: (place.origin, place.path, place.methods))


NAMES = st.sampled_from(
    [
        *("id", "name", "type", "user_id", "scopes", "oauth2", "client_id", "http", "uri"),
        *("tool_name", "input", "run_at", "auth_requirement", "provider_id", "flow_id"),
        *("title", "projectId", "items", "tags", "dueDate", "repeatFlag", "sortOrder", "status"),
        *("grant_type", "code", "redirect_uri", "code_verifier", "client_secret", "scope"),
        *("form_token", "session", "limit", "offset", "wait", "filter", "state", "error", "key"),
        *("value", "verifier_url", "secret", "timeout", "token_request", "response_map"),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *(
                "",
                "arcade-ticktick",
                "inbox",
                "learner@example.com",
                "tasks:read",
                "\x00",
                "\ud800",
            ),
            *("http://localhost:1/", "http://[", "javascript:1", "2026-01-05T09:00:00+0000"),
            *("RRULE:FREQ=DAILY", "$.a", "join('$.a',' ')", "9" * 400, "a.b@c", "%00", "../.."),
        ]
    ),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        TEXTS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
BODIES = st.one_of(
    st.dictionaries(NAMES, VALUES, max_size=6).map(lambda v: json.dumps(v).encode()),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
    st.just(b'{"a":' * 5000 + b"1" + b"}" * 5000),
    st.dictionaries(NAMES, TEXTS, max_size=6).map(
        lambda v: "&".join(f"{n}={quote(t, errors='replace')}" for n, t in v.items()).encode()
    ),
)
TYPES = st.sampled_from(
    [
        *("application/json", "application/json", "application/x-www-form-urlencoded"),
        *("multipart/form-data; boundary=x", "multipart/form-data", "text/plain", ""),
    ]
)
QUERIES = st.lists(st.tuples(NAMES, TEXTS), max_size=4)


REQUEST = {
    "endpoint": "https://a.example/x",
    "params": {"a": "b"},
    "response_map": {"scope": "$.a"},
}
ALMOST: dict[str, dict[str, Any]] = {
    "/v1/auth/authorize": {
        "user_id": "a",
        "next_uri": "https://a.example",
        "auth_requirement": {"id": "arcade-ticktick", "oauth2": {"scopes": ["tasks:read"]}},
    },
    "/v1/auth/confirm_user": {"flow_id": "a", "user_id": "a"},
    "/v1/auth/validate_custom_verifier": {"user_id": "a", "verifier_url": "https://a.example"},
    "/v1/admin/settings/session_verification": {"verifier_url": "https://a.example"},
    "/v1/admin/secrets/{key}": {"value": "a", "description": "b"},
    "/v1/admin/auth_providers": {
        "id": "a",
        "oauth2": {
            "client_id": "a",
            "client_secret": "b",
            "scope_delimiter": " ",
            "pkce": {"enabled": True, "code_challenge_method": "S256"},
            "authorize_request": REQUEST,
            "token_request": REQUEST,
            "user_info_request": REQUEST | {"triggers": {"on_token_grant": True}},
        },
    },
    "/v1/workers": {
        "id": "a",
        "http": {"uri": "http://127.0.0.1:1", "secret": "a", "timeout": 1, "retry": 0},
    },
    "/v1/workers/test": {"type": "http", "http": {"uri": "http://127.0.0.1:1"}},
    "/v1/tools/execute": {"tool_name": "A.B", "input": {"a": 1}, "run_at": "2026-01-06T09:00:00Z"},
    "/v1/tools/requirements": {"tool_names": ["A.B"], "user_id": "a"},
    "/open/v1/project": {"name": "a", "color": "#F18181", "viewMode": "list", "sortOrder": 1},
    "/open/v1/task": {
        "title": "a",
        "dueDate": "2026-01-05T09:00:00+0000",
        "repeatFlag": "RRULE:FREQ=DAILY",
        "items": [{"title": "b", "startDate": "2026-01-05T09:00:00+0000"}],
        "tags": ["c"],
        "priority": 1,
    },
    "/open/v1/task/filter": {"projectIds": ["a"], "startDate": "2026-01-05T09:00:00+0000"},
}


@st.composite
def spoiled(draw: st.DrawFn, body: dict[str, Any]) -> dict[str, Any]:
    """Return a good body with one value of it, somewhere in it, replaced by another."""
    body = json.loads(json.dumps(body))
    part: Any = body
    while True:
        key = draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        if not isinstance(part[key], dict | list) or draw(st.integers(0, 3)) == 0:
            part[key] = draw(st.one_of(TEXTS, VALUES))
            return body
        part = part[key]


@pytest.fixture(scope="module")
def world() -> Iterator[InProcess]:
    """Both services with an app, a provider and a token."""
    world = InProcess()
    world.prepare()
    yield world
    world.close()


@pytest.fixture(scope="module")
def token(world: InProcess) -> str:
    """A token of the learner for the Open API."""
    app = world.ticktick.apps.owned_by(world.learner.user_id)[-1]
    asked = {"client_id": app.client_id, "response_type": "code"}
    body = {"grant_type": "authorization_code", "code": world.allow(asked)["code"]}
    auth = app.client_id, app.client_secret
    return world.http.post(f"{TICKTICK}/oauth/token", data=body, auth=auth).json()["access_token"]


@pytest.mark.long
@pytest.mark.parametrize("place", places(), ids=lambda p: f"{p.origin[-4:]}{p.path}-{p.methods[0]}")
@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_route_answers_whatever_it_is_sent(
    world: InProcess, token: str, place: Place, data: st.DataObject
) -> None:
    path = place.path
    while "{" in path:
        before, _, rest = path.partition("{")
        value = data.draw(TEXTS)
        path = before + quote(value, safe="", errors="replace") + rest.partition("}")[2]
    right = f"Bearer {token}" if "/open/v1" in place.path else API_KEY
    keys = [*[right] * 8, f"Bearer {API_KEY}", "", "Basic !!", "Basic YTpi"]
    headers = {"Authorization": data.draw(st.sampled_from(keys))}
    method = data.draw(st.sampled_from([*place.methods * 8, *METHODS]))
    sent: dict[str, Any] = {}
    if place.path in ALMOST and data.draw(st.booleans()):
        sent["content"] = json.dumps(data.draw(spoiled(ALMOST[place.path]))).encode()
        headers["Content-Type"] = "application/json"
    elif method != "GET" or data.draw(st.booleans()):
        sent["content"] = data.draw(BODIES)
        headers["Content-Type"] = data.draw(TYPES)
    query = [(name, text.encode("utf-8", "replace").decode()) for name, text in data.draw(QUERIES)]
    fields = {"session": world.session, "form_token": world.ticktick.form_token(world.session)}
    if place.origin == TICKTICK and data.draw(st.booleans()):
        query += fields.items()
    began = time.process_time()
    reply = world.http.request(
        method, place.origin + path, headers=headers, params=query, timeout=None, **sent
    )
    assert time.process_time() - began < LONGEST
    if reply.status_code >= 500:  # most errors of the Open API are
        assert "/open/v1" in path
        if method != "HEAD":
            assert set(reply.json()) == {"errorId", "errorCode", "errorMessage", "data"}
    assert world.engine.settings.api_key == API_KEY


@pytest.mark.long
def test_every_route_is_met() -> None:
    assert len(places()) > 60
    assert {place.origin for place in places()} == {ARCADE, TICKTICK}
