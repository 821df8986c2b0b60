"""The generic OAuth 2.0 broker against a made-up provider that this file serves itself."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest

from tests.ticktick_sandbox.arcade.helpers import (
    asked,
    authorize,
    call,
    problems,
    provider_body,
    returned,
)
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.arcade.oauth import client

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
GRANTED = {"access_token": "made-up-token", "expires_in": 3600}
BASIC = "Basic " + base64.b64encode(b"made-up-client:made-up-secret").decode()


class StubProvider(BaseHTTPRequestHandler):
    """Consents at once, keeps each token request, and answers it as the test says."""

    server: Service

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/token":
            self._answer_token(parts.query)
            return
        query = dict(parse_qsl(parts.query))
        self.server.consents.append(query)
        self.send_response(302)
        answer = urlencode({"code": "made-up-code", "state": query["state"]})
        self.send_header("Location", f"{query['redirect_uri']}?{answer}")
        self.end_headers()

    def do_POST(self) -> None:
        self._answer_token(self.rfile.read(int(self.headers["content-length"])).decode())

    def _answer_token(self, sent: str) -> None:
        self.server.token_requests.append((self.command, dict(self.headers), sent))
        status, content_type, body = self.server.reply
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Service(ThreadingHTTPServer):
    """The made-up provider, what it was sent and what it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), StubProvider)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.consents: list[dict[str, str]] = []
        self.token_requests: list[tuple[str, dict[str, str], str]] = []
        self.answers(GRANTED)

    def answers(
        self, body: dict[str, Any] | bytes, content_type: str = JSON, status: int = 200
    ) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.reply = (status, content_type, text)

    @property
    def sent(self) -> dict[str, str]:
        """The fields of the only token request."""
        [(_, headers, text)] = self.token_requests
        return json.loads(text) if headers["Content-Type"] == JSON else dict(parse_qsl(text))

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the only token request."""
        [(_, headers, _)] = self.token_requests
        return headers


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.01,))
        thread.start()
        yield service
        service.shutdown()
        thread.join()


def add(
    world: World, service: Service, *, token: dict[str, Any] | None = None, **more: Any
) -> None:
    """Add the made-up provider; ``token`` changes its token request."""
    oauth2 = provider_body()["oauth2"]
    authorize_request = oauth2["authorize_request"] | {"endpoint": f"{service.url}/authorize"}
    token_request = oauth2["token_request"] | {"endpoint": f"{service.url}/token"} | (token or {})
    changes = {"authorize_request": authorize_request, "token_request": token_request} | more
    reply = call(world, "POST", "/v1/admin/auth_providers", provider_body(**changes))
    assert reply.status_code == 201, reply.text


def flow(world: World, scopes: list[str] | None = None) -> dict[str, Any]:
    """Ask, consent and verify; return the authorization's status afterwards."""
    pending = authorize(
        world, auth_requirement={"id": "made-up", "oauth2": {"scopes": scopes or ["one"]}}
    )
    world.visit(pending["url"])
    return call(world, "GET", f"/v1/auth/status?id={pending['id']}").json()


def test_a_flow_completes_with_a_made_up_provider(bare: World, service: Service) -> None:
    add(bare, service)
    body = flow(bare)

    assert body["status"] == "completed"
    assert body["context"] == {"token": "made-up-token"}
    assert service.token_requests[0][0] == "POST"
    assert service.headers["Content-Type"] == FORM
    assert service.headers["Accept"] == JSON
    assert service.sent == {
        "grant_type": "authorization_code",
        "redirect_uri": service.consents[0]["redirect_uri"],
        "code": "made-up-code",
    }


def test_the_challenge_and_the_verifier_match(bare: World, service: Service) -> None:
    add(bare, service, pkce={"enabled": True})
    assert flow(bare)["status"] == "completed"

    [consent] = service.consents
    verifier = service.sent["code_verifier"]
    assert 43 <= len(verifier) <= 128
    digest = hashlib.sha256(verifier.encode()).digest()
    assert consent["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert consent["code_challenge_method"] == "S256"


def test_each_flow_has_its_own_verifier(bare: World, service: Service) -> None:
    add(bare, service, pkce={"enabled": True})
    flow(bare, ["one"])
    flow(bare, ["two"])

    first, second = (parse_qs(text)["code_verifier"] for _, _, text in service.token_requests)
    assert first != second


def test_without_pkce_nothing_of_it_is_sent(bare: World, service: Service) -> None:
    add(bare, service)
    flow(bare)

    assert not service.consents[0].keys() & {"code_challenge", "code_challenge_method"}
    assert "code_verifier" not in service.sent


@pytest.mark.parametrize(("delimiter", "first"), [(",", "one,two"), (" ", "one two")])
def test_scopes_are_joined_by_the_delimiter(
    bare: World, service: Service, delimiter: str, first: str
) -> None:
    params = provider_body()["oauth2"]["authorize_request"]["params"]
    params["scope"] = "{{scopes}}" + delimiter + "{{existing_scopes}}"
    request = {"endpoint": f"{service.url}/authorize", "params": params}
    add(bare, service, authorize_request=request, scope_delimiter=delimiter)
    flow(bare, ["one", "two"])
    assert flow(bare, ["three"])["scopes"] == ["one", "two", "three"]

    scopes = [consent["scope"] for consent in service.consents]
    assert scopes == [first + delimiter, f"three{delimiter}{first}"]


def test_an_endpoint_with_a_query_keeps_it(bare: World, service: Service) -> None:
    endpoint = f"{service.url}/authorize?audience=tasks"
    params = {"redirect_uri": "{{redirect_uri}}"}
    add(bare, service, authorize_request={"endpoint": endpoint, "params": params})
    assert flow(bare)["status"] == "completed"
    assert service.consents[0]["audience"] == "tasks"


# Credentials

IN_BODY = {"client_id": "{{client_id}}", "client_secret": "{{client_secret}}"}


@pytest.mark.parametrize(
    ("auth_method", "params", "basic", "body"),
    [
        ("client_secret_basic", {}, True, False),
        ("", IN_BODY, False, True),
        ("client_secret_basic", IN_BODY, True, True),
        ("", {}, False, False),
        ("client_secret_post", {}, False, True),
        ("client_secret_post", IN_BODY, False, True),
    ],
)
def test_credentials_go_where_the_configuration_says(
    bare: World, service: Service, auth_method: str, params: dict[str, str], basic: bool, body: bool
) -> None:
    add(bare, service, token={"auth_method": auth_method, "params": params})
    flow(bare)

    assert service.headers.get("Authorization") == (BASIC if basic else None)
    in_body = {"client_id": "made-up-client", "client_secret": "made-up-secret"} if body else {}
    assert service.sent == {"code": "made-up-code"} | in_body


def test_a_request_can_be_json(bare: World, service: Service) -> None:
    add(bare, service, token={"request_content_type": JSON})
    assert flow(bare)["status"] == "completed"

    assert service.headers["Content-Type"] == JSON
    assert service.sent["code"] == "made-up-code"


def test_a_request_can_be_a_get(bare: World, service: Service) -> None:
    add(bare, service, token={"method": "GET"})
    assert flow(bare)["status"] == "completed"

    [(method, _, query)] = service.token_requests
    assert method == "GET"
    assert parse_qs(query)["code"] == ["made-up-code"]


def test_a_get_keeps_the_query_of_its_endpoint(bare: World, service: Service) -> None:
    add(bare, service, token={"method": "GET", "endpoint": f"{service.url}/token?version=2"})
    assert flow(bare)["status"] == "completed"

    [(_, _, query)] = service.token_requests
    assert parse_qs(query).items() >= {"version": ["2"], "code": ["made-up-code"]}.items()


# Replies

FORM_REPLY = b"access_token=made-up-token&expires_in=3600&token_type=bearer"


@pytest.mark.parametrize("declared", [FORM, JSON])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (FORM_REPLY, FORM),
        (FORM_REPLY, f"{FORM}; charset=UTF-8"),
        (json.dumps(GRANTED).encode(), JSON),
        (json.dumps(GRANTED).encode(), "Application/JSON;charset=UTF-8"),
        (json.dumps(GRANTED).encode(), ""),
    ],
)
def test_a_reply_is_read_by_its_real_type(
    bare: World, service: Service, body: bytes, content_type: str, declared: str
) -> None:
    add(bare, service, token={"response_content_type": declared})
    service.answers(body, content_type)
    assert flow(bare)["context"] == {"token": "made-up-token"}

    assert service.headers["Accept"] == declared
    bare.sandbox.clock.advance(seconds=3600)
    assert authorize(bare, auth_requirement=asked_again())["status"] == "pending"


def asked_again() -> dict[str, Any]:
    return asked()["auth_requirement"] | {"provider_id": "made-up", "oauth2": {"scopes": ["one"]}}


@pytest.mark.parametrize(
    ("declared", "real"), [(FORM, JSON), (JSON, FORM)], ids=["form declared", "json declared"]
)
def test_in_strict_the_declared_type_has_to_be_the_real_one(
    service: Service, declared: str, real: str
) -> None:
    strict = make_world(strict=True)
    try:
        add(strict, service, token={"response_content_type": declared})
        service.answers(FORM_REPLY if real == FORM else GRANTED, real)
        assert flow(strict)["status"] == "pending"
        [problem] = problems(strict)
        assert problem.endswith(f"answered {real}, but response_content_type says {declared}")
    finally:
        strict.close()


@pytest.mark.parametrize(
    "expires_in", [None, "soon", [], float("inf"), float("nan"), 10**30, 3600.5, "3600"]
)
def test_any_expires_in_gives_a_token(bare: World, service: Service, expires_in: Any) -> None:
    add(bare, service)
    service.answers({"access_token": "made-up-token", "expires_in": expires_in})

    assert flow(bare)["status"] == "completed"


@pytest.mark.parametrize(
    ("told", "scopes"),
    [
        ("one two", ["one", "two"]),
        ("two  one", ["one", "two"]),
        ("three one two", ["one", "two", "three"]),
        ("one", ["one"]),
        ("", ["one", "two"]),
        (None, ["one", "two"]),
        (7, ["one", "two"]),
    ],
)
def test_the_scopes_are_what_the_reply_tells_or_else_what_was_asked_for(
    bare: World, service: Service, told: Any, scopes: list[str]
) -> None:
    add(bare, service)
    service.answers(GRANTED | {"scope": told})

    assert flow(bare, ["one", "two"])["scopes"] == scopes


def test_a_token_without_expires_in_does_not_expire(bare: World, service: Service) -> None:
    add(bare, service)
    service.answers({"access_token": "made-up-token"})
    body = flow(bare)
    bare.sandbox.clock.advance(days=3650)

    assert authorize(bare, auth_requirement=asked_again()) == body


@pytest.mark.parametrize(
    ("body", "content_type", "status", "reason"),
    [
        ({"token": "x"}, JSON, 200, f"answered 200 without an access_token ({JSON})"),
        ({"access_token": ""}, JSON, 200, f"answered 200 without an access_token ({JSON})"),
        ({"access_token": 7}, JSON, 200, f"answered 200 without an access_token ({JSON})"),
        ({"access_token": "tökén"}, JSON, 200, f"answered 200 without an access_token ({JSON})"),
        (b"[" * 100_000, JSON, 200, f"answered 200 without an access_token ({JSON})"),
        (b"[]", JSON, 200, f"answered 200 without an access_token ({JSON})"),
        (b"", "", 200, "answered 200 without an access_token (no content type)"),
        (b"\xff", JSON, 200, f"answered 200 without an access_token ({JSON})"),
        (b"a=b", FORM, 200, f"answered 200 without an access_token ({FORM})"),
        (b"", "", 302, "answered 302 without an access_token (no content type)"),
        (
            {"error": "invalid_grant", "error_description": "spent"},
            JSON,
            400,
            f"answered 400 ({JSON}): invalid_grant, spent",
        ),
        (b"error=invalid_grant", FORM, 400, f"answered 400 ({FORM}): invalid_grant"),
        (b"<h1>No</h1>", "text/html", 401, "answered 401 (text/html): wrong client credentials?"),
        (b"<h1>No</h1>", "text/html", 500, "answered 500 (text/html): no error was named"),
        (
            {"error": "made-up-code of made-up-client has made-up-secret"},
            JSON,
            400,
            f"answered 400 ({JSON}): … of made-up-client has …",
        ),
    ],
)
def test_a_reply_without_a_token_leaves_the_flow_pending(
    bare: World,
    service: Service,
    body: dict[str, Any] | bytes,
    content_type: str,
    status: int,
    reason: str,
) -> None:
    add(bare, service)
    service.answers(body, content_type, status)
    pending = flow(bare)

    assert pending["status"] == "pending"
    assert problems(bare) == [f"{pending['id']} stays pending: {service.url}/token {reason}"]


def test_an_endpoint_where_nothing_listens_leaves_the_flow_pending(
    bare: World, service: Service
) -> None:
    with Service() as closed:
        endpoint = f"{closed.url}/token"
    add(bare, service, token={"endpoint": endpoint})

    assert flow(bare)["status"] == "pending"
    [problem] = problems(bare)
    assert f"{endpoint} can't be reached: " in problem


@pytest.mark.parametrize("host", ["provider.example", "10.0.0.1", "localhost.provider.example"])
def test_the_engine_does_not_reach_beyond_this_machine(
    bare: World, service: Service, host: str
) -> None:
    add(bare, service, token={"endpoint": f"https://{host}/token"})

    assert flow(bare)["status"] == "pending"
    [problem] = problems(bare)
    assert problem.endswith(
        f"https://{host}/token can't be reached: the sandbox does not reach out to {host}"
    )
    assert service.token_requests == []


def test_the_browser_is_not_led_beyond_this_machine_by_the_sandbox(bare: World) -> None:
    assert call(bare, "POST", "/v1/admin/auth_providers", provider_body()).status_code == 201
    url = httpx.URL(authorize(bare, auth_requirement=asked_again())["url"])

    assert (url.scheme, url.host, url.path) == ("https", "provider.example", "/authorize")


# Answers without an end


class Endless(BaseHTTPRequestHandler):
    """Answers a byte now and then, or more than anybody wants, for as long as it is read."""

    server: EndlessService

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.end_headers()
        with suppress(OSError):
            for _ in range(1000):
                self.wfile.write(self.server.part)
                time.sleep(self.server.pause)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class EndlessService(ThreadingHTTPServer):
    """What it answers, part for part, and how long it waits between the parts."""

    daemon_threads = True

    def __init__(self, part: bytes, pause: float) -> None:
        super().__init__(("127.0.0.1", 0), Endless)
        self.part, self.pause = part, pause


@pytest.mark.parametrize(
    ("part", "pause", "problem"),
    [
        (b" ", 0.05, "did not answer within 0.3 s"),
        (b" " * 100_000, 0, "answered with more than 1 MB"),
    ],
)
def test_an_answer_without_an_end_is_given_up(
    bare: World, monkeypatch: pytest.MonkeyPatch, part: bytes, pause: float, problem: str
) -> None:
    monkeypatch.setattr(client, "_LONGEST", 0.3)
    with EndlessService(part, pause) as service:
        threading.Thread(target=service.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{service.server_port}/token"
        token_request = provider_body()["oauth2"]["token_request"] | {"endpoint": url}
        body = provider_body(token_request=token_request)
        assert call(bare, "POST", "/v1/admin/auth_providers", body).status_code == 201
        began = time.monotonic()
        returned(bare, auth_requirement={"id": "made-up", "oauth2": {"scopes": []}})
        bare.visit(f"{bare.arcade_url}/api/v1/oauth/callback_verify?flow_id={flow_of(bare)}")
        assert time.monotonic() - began < 5
        service.shutdown()
    assert f"{url} {problem}" in problems(bare)[-1]


def flow_of(world: World) -> str:
    """Return the id of the only flow."""
    return next(iter(world.sandbox.engine.authorizations._by_flow_id))
