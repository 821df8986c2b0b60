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
    """A route: the service's address and the path with its parameters."""

    origin: str
    path: str


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
                found.add(Place(origin, route.path))
            elif isinstance(route, Mount):
                found |= {Place(origin, route.path + inner.path) for inner in open_api.routes}
    world.close()
    return sorted(found, key=lambda place: (place.origin, place.path))


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
@pytest.mark.parametrize("place", places(), ids=lambda place: place.origin[-4:] + place.path)
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
    keys = [API_KEY, f"Bearer {API_KEY}", f"Bearer {token}", "", "Basic !!", "Basic YTpi"]
    headers = {"Authorization": data.draw(st.sampled_from(keys))}
    method = data.draw(st.sampled_from(METHODS))
    sent: dict[str, Any] = {}
    if method != "GET" or data.draw(st.booleans()):
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
        assert set(reply.json()) == {"errorId", "errorCode", "errorMessage", "data"}
    assert world.engine.settings.api_key == API_KEY


@pytest.mark.long
def test_every_route_is_met() -> None:
    assert len(places()) > 60
    assert {place.origin for place in places()} == {ARCADE, TICKTICK}
