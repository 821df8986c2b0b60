"""Three providers that this file makes up and serves: what their configurations say is done."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import yaml

from tests.ticktick_sandbox.arcade.helpers import authorize, call, problems
from tests.ticktick_sandbox.helpers import World, make_world

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
BASIC = "Basic " + base64.b64encode(b"made-up-client:made-up-secret").decode()
REFUSED = (400, JSON, {"error": "invalid_grant"})

Reply = tuple[int, str, Any]
Add = Callable[..., World]


class Endpoints(BaseHTTPRequestHandler):
    """Hands each request to the provider and sends its answer."""

    server: StubProvider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._answer(parts.path, dict(parse_qsl(parts.query)))

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        self._answer(self.path, dict(parse_qsl(text)))

    def _answer(self, path: str, sent: dict[str, str]) -> None:
        authorization = self.headers.get("authorization", "")
        self.server.requests.append((path, authorization, sent))
        if path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.server.consent(sent))
            self.end_headers()
            return
        answer = {"/token": self.server.token, "/refresh": self.server.refresh}.get(path)
        reply = answer(sent) if answer else self.server.me(authorization)
        status, content_type, body = self.server.instead.get(path) or reply
        data = (urlencode(body) if content_type == FORM else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class StubProvider(ThreadingHTTPServer):
    """A provider that consents at once.

    ``requests`` has the path, the Authorization header and the fields of each request;
    ``instead`` has what to answer at a path in place of what is right.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Endpoints)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.instead: dict[str, Reply] = {}
        self.asked: dict[str, dict[str, str]] = {}  # by code

    def at(self, path: str) -> list[tuple[str, dict[str, str]]]:
        """Return the requests to one path."""
        return [(header, sent) for where, header, sent in self.requests if where == path]

    def oauth2(self) -> dict[str, Any]:
        """Return the configuration with which the Engine can use this provider."""
        params = {"redirect_uri": "{{redirect_uri}}", "scope": "{{scopes}} {{existing_scopes}}"}
        return {
            "client_id": "made-up-client",
            "authorize_request": {"endpoint": f"{self.url}/authorize", "params": params},
            "token_request": {"endpoint": f"{self.url}/token"},
        }

    def shown(self) -> dict[str, Any]:
        """Return what a completed authorization has of this provider."""
        raise NotImplementedError

    def consent(self, sent: dict[str, str]) -> str:
        code = f"code-{len(self.asked)}"
        self.asked[code] = sent
        return f"{sent['redirect_uri']}?{urlencode({'code': code, 'state': sent['state']})}"

    def token(self, sent: dict[str, str]) -> Reply:
        raise NotImplementedError

    def refresh(self, sent: dict[str, str]) -> Reply:
        raise NotImplementedError

    def me(self, authorization: str) -> Reply:
        raise NotImplementedError


class WithPkce(StubProvider):
    """Has no secrets: it checks the verifier and answers form-encoded."""

    def oauth2(self) -> dict[str, Any]:
        oauth2 = super().oauth2() | {"pkce": {"enabled": True, "code_challenge_method": "S256"}}
        oauth2["token_request"]["response_content_type"] = FORM
        return oauth2

    def shown(self) -> dict[str, Any]:
        return {"context": {"token": "token-of-code-0"}, "scopes": ["one", "two"]}

    def token(self, sent: dict[str, str]) -> Reply:
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        asked = self.asked.pop(sent["code"], None)
        if asked is None or asked["code_challenge"] != challenge:
            return 400, FORM, {"error": "invalid_grant"}
        body = {"access_token": f"token-of-{sent['code']}", "scope": asked["scope"].strip()}
        return 200, FORM, body | {"expires_in": 60}


class Nested(StubProvider):
    """Answers with everything deep inside and with a list of scopes."""

    def oauth2(self) -> dict[str, Any]:
        oauth2 = super().oauth2() | {"client_secret": "made-up-secret", "scope_delimiter": ","}
        oauth2["token_request"] |= {
            "auth_method": "client_secret_basic",
            "response_map": {
                "access_token": "$.data.token.value",
                "expires_in": "$.data.token['life-time']",
                "scope": "join('$.data.scopes[*].name', ',')",
            },
        }
        return oauth2

    def shown(self) -> dict[str, Any]:
        return {"context": {"token": "nested-token"}, "scopes": ["one", "two", "extra"]}

    def token(self, sent: dict[str, str]) -> Reply:
        scopes = [{"name": name} for name in ("extra", "two", "one")]
        token = {"value": "nested-token", "life-time": 60}
        return 200, JSON, {"data": {"token": token, "scopes": scopes}}


class WithJwt(StubProvider):
    """Its tokens are JWT that hold their scopes, its refresh tokens work once, it has user info.

    It grants what it was asked for, but never ``forbidden``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[str] = []
        self.refresh_token = ""

    def oauth2(self) -> dict[str, Any]:
        oauth2 = super().oauth2() | {"client_secret": "made-up-secret"}
        oauth2["token_request"] |= {
            "auth_method": "client_secret_basic",
            "response_map": {
                "access_token": "$.access_token",
                "expires_in": "$.expires_in",
                "refresh_token": "$.refresh_token",
                "scope": "join(jwt_decode('$.access_token', '$.scp'), ' ')",
            },
        }
        refresh = {"endpoint": f"{self.url}/refresh", "auth_method": "client_secret_basic"}
        refresh["params"] = {"refresh_token": "{{refresh_token}}"}
        triggers = {"on_token_grant": True, "on_token_refresh": True}
        return oauth2 | {
            "refresh_request": refresh,
            "user_info_request": {"endpoint": f"{self.url}/me", "triggers": triggers},
        }

    def shown(self) -> dict[str, Any]:
        info = {"sub": "user-1", "number": len(self.tokens) - 1}
        return {"context": {"token": self.tokens[-1], "user_info": info}, "scopes": ["one", "two"]}

    def token(self, sent: dict[str, str]) -> Reply:
        asked = self.asked.pop(sent["code"])["scope"].split()
        return self._issue([scope for scope in asked if scope != "forbidden"])

    def refresh(self, sent: dict[str, str]) -> Reply:
        if sent["refresh_token"] != self.refresh_token:
            return REFUSED
        return self._issue(jwt.decode(self.tokens[-1], options={"verify_signature": False})["scp"])

    def me(self, authorization: str) -> Reply:
        number = self.tokens.index(authorization.removeprefix("Bearer "))
        return 200, JSON, {"sub": "user-1", "number": number}

    def _issue(self, scopes: list[str]) -> Reply:
        claims = {"scp": scopes, "number": len(self.tokens)}
        self.tokens.append(jwt.encode(claims, "x" * 32))
        self.refresh_token = f"refresh-{len(self.tokens)}"
        body = {"access_token": self.tokens[-1], "expires_in": 60}
        return 200, JSON, body | {"refresh_token": self.refresh_token}


def serving(service: StubProvider) -> Iterator[Any]:
    with service:
        thread = threading.Thread(target=service.serve_forever, args=(0.01,))
        thread.start()
        yield service
        service.shutdown()
        thread.join()


@pytest.fixture(params=[WithPkce, Nested, WithJwt])
def service(request: pytest.FixtureRequest) -> Iterator[StubProvider]:
    yield from serving(request.param())


@pytest.fixture
def pkce() -> Iterator[WithPkce]:
    yield from serving(WithPkce())


@pytest.fixture
def nested() -> Iterator[Nested]:
    yield from serving(Nested())


@pytest.fixture
def tokens() -> Iterator[WithJwt]:
    yield from serving(WithJwt())


def by_api(world: World, oauth2: dict[str, Any], folder: Path) -> None:
    body = {"id": "made-up", "type": "oauth2", "oauth2": oauth2}
    reply = call(world, "POST", "/v1/admin/auth_providers", body)
    assert reply.status_code == 201, reply.text


def by_file(world: World, oauth2: dict[str, Any], folder: Path) -> None:
    credentials = {key: oauth2.pop(key) for key in list(oauth2) if key.startswith("client_")}
    provider = {"id": "made-up", "type": "oauth2", "oauth2": oauth2} | credentials
    file = folder / "engine.yaml"
    file.write_text(yaml.safe_dump({"auth": {"providers": [provider]}}), encoding="utf-8")
    world.sandbox.prepare(None, config=file)


def add(world: World, service: StubProvider, **changes: dict[str, Any]) -> None:
    """Add the provider; ``changes`` go into its requests."""
    oauth2 = service.oauth2()
    by_api(world, oauth2 | {kind: oauth2[kind] | changes[kind] for kind in changes}, Path())


def ask(world: World, scopes: list[str]) -> dict[str, Any]:
    return authorize(world, auth_requirement={"id": "made-up", "oauth2": {"scopes": scopes}})


def status(world: World, auth_id: str) -> dict[str, Any]:
    reply = call(world, "GET", f"/v1/auth/status?id={auth_id}")
    assert reply.status_code == 200, reply.text
    return reply.json()


def flow(world: World, scopes: tuple[str, ...] = ("one", "two")) -> dict[str, Any]:
    """Ask, consent and verify; return the authorization's status afterwards."""
    pending = ask(world, list(scopes))
    world.visit(pending["url"])
    return status(world, pending["id"])


# The three of them, made either way


@pytest.mark.parametrize("make", [by_api, by_file])
def test_a_provider_does_what_its_configuration_says_however_it_was_made(
    bare: World, service: StubProvider, tmp_path: Path, make: Callable[..., None]
) -> None:
    make(bare, service.oauth2(), tmp_path)
    body = flow(bare)

    assert body["status"] == "completed", problems(bare)
    assert {key: body[key] for key in ("context", "scopes")} == service.shown()
    assert ask(bare, ["one"]) == body
    assert problems(bare) == []


def test_the_api_shows_the_same_however_a_provider_was_made(
    service: StubProvider, tmp_path: Path
) -> None:
    shown = []
    for make in (by_api, by_file):
        world = make_world()
        try:
            make(world, service.oauth2(), tmp_path)
            provider = world.arcade.admin.auth_providers.get("made-up").to_dict()
        finally:
            world.close()
        assert isinstance(provider["oauth2"], dict)
        provider["oauth2"] |= {"redirect_uri": "", "client_secret": ""}
        shown.append(provider | {"binding": ""})

    assert shown[0] == shown[1]


# Replies


def test_with_a_response_map_a_form_reply_leaves_the_flow_pending(
    bare: World, nested: Nested
) -> None:
    nested.instead["/token"] = (200, FORM, {"access_token": "made-up-token"})
    add(bare, nested)

    assert flow(bare)["status"] == "pending"
    [problem] = problems(bare)
    assert problem.endswith(f"/token answered {FORM}, but response_map takes JSON")


def test_a_token_that_is_not_where_the_map_says_leaves_the_flow_pending(
    bare: World, nested: Nested
) -> None:
    nested.instead["/token"] = (200, JSON, {"access_token": "made-up-token"})
    add(bare, nested)

    assert flow(bare)["status"] == "pending"
    [problem] = problems(bare)
    assert problem.endswith(
        f"/token answered 200 without an access_token at $.data.token.value ({JSON})"
    )


def test_a_token_that_is_no_jwt_leaves_the_flow_pending_and_is_not_told(
    bare: World, tokens: WithJwt
) -> None:
    tokens.instead["/token"] = (200, JSON, {"access_token": "opaque-token"})
    add(bare, tokens)

    assert flow(bare)["status"] == "pending"
    [problem] = problems(bare)
    assert "response_map.scope does not fit: join(jwt_decode(" in problem
    assert problem.endswith("jwt_decode found no JWT")
    assert "opaque-token" not in problem


def test_a_list_of_scopes_takes_join(bare: World, nested: Nested) -> None:
    nested.instead["/token"] = (200, JSON, {"access_token": "t", "scope": ["one", "two"]})
    add(bare, nested, token_request={"response_map": {}})
    assert flow(bare)["status"] == "pending"
    assert problems(bare)[0].endswith("with a list of scopes, which takes join() in response_map")

    mapped = {"access_token": "$.access_token", "scope": "join('$.scope', ',')"}
    changes = {"oauth2": {"token_request": {"response_map": mapped}}}
    call(bare, "PATCH", "/v1/admin/auth_providers/made-up", changes)
    assert flow(bare)["scopes"] == ["one", "two"]


def test_what_was_not_granted_is_told_and_asked_for_again(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    body = flow(bare, ("one", "forbidden"))

    assert (body["status"], body["scopes"]) == ("completed", ["one"])
    [problem] = problems(bare)
    assert problem.startswith("the provider granted less than ar_sandbox")
    assert problem.endswith(" asked for, without forbidden")
    assert ask(bare, ["one"])["status"] == "completed"
    assert ask(bare, ["one", "forbidden"])["status"] == "pending"


# Refreshing


def expire(world: World) -> None:
    world.sandbox.clock.advance(seconds=60)


def test_the_status_of_a_completed_request_refreshes_its_token(
    bare: World, tokens: WithJwt
) -> None:
    add(bare, tokens)
    pending = ask(bare, ["one", "two"])
    bare.visit(pending["url"])
    first = status(bare, pending["id"])
    for auth_id in (pending["id"], first["id"]):
        expire(bare)
        body = status(bare, auth_id)
        assert body == first | {"context": tokens.shown()["context"]}
        assert body["context"]["token"] != first["context"]["token"]
    assert len(tokens.tokens) == 3
    assert problems(bare) == []


def test_asking_for_granted_scopes_refreshes_the_token(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    first = flow(bare)
    expire(bare)

    assert ask(bare, ["two"]) == first | {"context": tokens.shown()["context"]}


def test_a_token_is_not_refreshed_before_it_expires(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    first = flow(bare)
    bare.sandbox.clock.advance(seconds=59)

    assert ask(bare, ["one"]) == status(bare, first["id"]) == first
    assert tokens.at("/refresh") == []


def test_refresh_tokens_rotate(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    flow(bare)
    for _ in range(3):
        expire(bare)
        assert ask(bare, ["one"])["context"] == tokens.shown()["context"]

    sent = [fields["refresh_token"] for _, fields in tokens.at("/refresh")]
    assert sent == ["refresh-1", "refresh-2", "refresh-3"]


def test_a_refresh_token_that_does_not_rotate_goes_on(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens, user_info_request={"triggers": {"on_token_grant": True}})
    flow(bare)
    tokens.instead["/refresh"] = (200, JSON, {"access_token": "another", "expires_in": 60})
    for _ in range(2):
        expire(bare)
        assert ask(bare, ["one"])["context"]["token"] == "another"

    assert [sent["refresh_token"] for _, sent in tokens.at("/refresh")] == ["refresh-1"] * 2


def test_many_who_ask_at_once_refresh_only_once(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    first = flow(bare)
    expire(bare)
    authorizations = bare.sandbox.engine.authorizations

    async def at_once() -> list[dict[str, Any]]:
        return await asyncio.gather(*(authorizations.status(first["id"]) for _ in range(20)))

    loop = bare.sandbox._thread._loop
    answers = asyncio.run_coroutine_threadsafe(at_once(), loop).result(timeout=10)
    assert answers == [first | {"context": tokens.shown()["context"]}] * 20
    assert len(tokens.at("/refresh")) == 1


@pytest.mark.parametrize(
    ("auth_method", "params", "header", "in_body"),
    [
        ("", {}, "", {}),
        (
            "",
            {"client_id": "{{client_id}}", "client_secret": "{{client_secret}}"},
            "",
            {"client_id": "made-up-client", "client_secret": "made-up-secret"},
        ),
        ("client_secret_basic", {}, BASIC, {}),
        ("bearer_access_token", {}, "Bearer {token}", {}),
        (
            "client_secret_post",
            {},
            "",
            {"client_id": "made-up-client", "client_secret": "made-up-secret"},
        ),
    ],
)
def test_credentials_of_a_refresh_go_where_the_configuration_says(
    bare: World,
    tokens: WithJwt,
    auth_method: str,
    params: dict[str, str],
    header: str,
    in_body: dict[str, str],
) -> None:
    request = {
        "auth_method": auth_method,
        "params": {"refresh_token": "{{refresh_token}}"} | params,
    }
    add(bare, tokens, refresh_request=request)
    token = flow(bare)["context"]["token"]
    expire(bare)
    assert ask(bare, ["one"])["status"] == "completed"

    sent = {"refresh_token": "refresh-1"} | in_body
    assert tokens.at("/refresh") == [(header.format(token=token), sent)]


def test_the_refresh_token_is_sent_even_if_the_parameters_lack_it(
    bare: World, tokens: WithJwt
) -> None:
    add(bare, tokens, refresh_request={"params": {"grant_type": "refresh_token"}})
    flow(bare)
    expire(bare)
    assert ask(bare, ["one"])["status"] == "completed"

    sent = {"grant_type": "refresh_token", "refresh_token": "refresh-1"}
    assert tokens.at("/refresh") == [(BASIC, sent)]
    [problem] = problems(bare)
    assert "refresh_request.params: the refresh token is not among the parameters" in problem


def test_a_refresh_reply_is_mapped(bare: World, tokens: WithJwt) -> None:
    mapped = {"access_token": "$.t", "expires_in": "$.e", "refresh_token": "$.r", "scope": "$.s"}
    add(bare, tokens, refresh_request={"response_map": mapped}, user_info_request={})
    flow(bare)
    tokens.instead["/refresh"] = (200, JSON, {"t": "new", "e": 10, "r": "rotated", "s": "three"})
    expire(bare)
    body = ask(bare, ["one"])

    assert (body["context"]["token"], body["scopes"]) == ("new", ["one", "two"])
    bare.sandbox.clock.advance(seconds=10)
    ask(bare, ["one"])
    assert tokens.at("/refresh")[-1][1] == {"refresh_token": "rotated"}


def test_a_refused_refresh_asks_for_consent_again(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    first = flow(bare)
    tokens.refresh_token = "another"
    expire(bare)
    pending = status(bare, first["id"])

    assert (pending["status"], pending["context"]) == ("pending", {})
    assert pending["scopes"] == ["one", "two"]
    assert problems(bare)[0].endswith(f"was not refreshed: {tokens.url}/refresh answered 400 "
                                      f"({JSON}): invalid_grant")  # fmt: skip
    assert ask(bare, ["one", "two"]) == status(bare, first["id"]) == pending
    assert len(tokens.at("/refresh")) == 1

    bare.visit(pending["url"])
    body = status(bare, pending["id"])
    assert body["context"] == tokens.shown()["context"]
    assert body["id"] != first["id"]


def test_a_refused_refresh_is_told_without_tokens(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    token = flow(bare)["context"]["token"]
    tokens.instead["/refresh"] = (400, JSON, {"error": f"refresh-1 {token} made-up-secret"})
    expire(bare)
    ask(bare, ["one"])

    assert problems(bare)[0].endswith("): … … …")


@pytest.mark.parametrize(
    "reply",
    [(500, JSON, {}), (429, JSON, {}), (200, JSON, {}), (200, JSON, [])],
    ids=["500", "429", "{}", "[]"],
)
def test_a_refresh_that_fails_is_tried_again(bare: World, tokens: WithJwt, reply: Reply) -> None:
    add(bare, tokens)
    first = flow(bare)
    tokens.instead["/refresh"] = reply
    expire(bare)
    assert status(bare, first["id"])["status"] == "pending"

    del tokens.instead["/refresh"]
    tokens.refresh_token = "refresh-1"
    assert status(bare, first["id"])["id"] == first["id"]


@pytest.mark.parametrize("missing", ["refresh token", "refresh request"])
def test_without_a_way_to_refresh_an_expired_token_asks_again(
    bare: World, tokens: WithJwt, missing: str
) -> None:
    oauth2 = tokens.oauth2()
    if missing == "refresh token":
        del oauth2["token_request"]["response_map"]["refresh_token"]
    else:
        del oauth2["refresh_request"]
    by_api(bare, oauth2, Path())
    first = flow(bare)
    expire(bare)

    assert status(bare, first["id"])["status"] == "pending"
    [problem] = problems(bare)
    assert problem.endswith("has expired and can't be refreshed")
    assert tokens.at("/refresh") == []


def test_a_new_scope_carries_the_old_ones_of_a_token_that_can_be_refreshed(
    bare: World, tokens: WithJwt
) -> None:
    add(bare, tokens)
    first = flow(bare)
    expire(bare)
    body = flow(bare, ("three",))

    assert tokens.at("/authorize")[-1][1]["scope"] == "three one two"
    assert tokens.at("/refresh") == []
    assert (body["id"], body["scopes"]) == (first["id"], ["one", "two", "three"])


# User info


@pytest.mark.parametrize(
    ("triggers", "numbers"),
    [
        ({"on_token_grant": True, "on_token_refresh": True}, [0, 1]),
        ({"on_token_grant": True, "on_token_refresh": False}, [0, 0]),
        ({"on_token_grant": True}, [0, 0]),
        ({"on_token_refresh": True}, [None, 1]),
        ({"on_token_grant": False}, [None, None]),
    ],
)
def test_user_info_is_asked_for_when_the_triggers_say(
    bare: World, tokens: WithJwt, triggers: dict[str, bool], numbers: list[int | None]
) -> None:
    add(bare, tokens, user_info_request={"triggers": triggers})
    contexts = [flow(bare)["context"]]
    expire(bare)
    contexts.append(ask(bare, ["one"])["context"])

    assert [context.get("user_info", {}).get("number") for context in contexts] == numbers
    assert ["user_info" in context for context in contexts] == [n is not None for n in numbers]


def test_user_info_takes_the_token_as_bearer(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    token = flow(bare)["context"]["token"]

    assert tokens.at("/me") == [(f"Bearer {token}", {})]


def test_user_info_can_be_mapped(bare: World, tokens: WithJwt) -> None:
    mapped = {"id": "$.sub", "first": "$.names[0]", "all": "join('$.names', '+')", "no": "$.no"}
    tokens.instead["/me"] = (200, JSON, {"sub": "user-1", "names": ["a", "b"], "more": {}})
    add(bare, tokens, user_info_request={"response_map": mapped})

    assert flow(bare)["context"]["user_info"] == {"id": "user-1", "first": "a", "all": "a+b"}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((401, JSON, {"error": "invalid_token"}), f"answered 401 ({JSON}): invalid_token"),
        ((500, "text/html", ""), "answered 500 (text/html): no error was named"),
        ((200, FORM, {"sub": "user-1"}), f"answered {FORM}, but user info takes JSON"),
        ((200, JSON, ["user-1"]), f"answered 200 without a JSON object ({JSON})"),
        ((200, JSON, {"x": float("nan")}), f"answered 200 without a JSON object ({JSON})"),
        ((200, JSON, {"x": "\ud800"}), f"answered 200 without a JSON object ({JSON})"),
    ],
)
def test_user_info_that_fails_is_told_and_the_token_stays(
    bare: World, tokens: WithJwt, reply: Reply, reason: str
) -> None:
    tokens.instead["/me"] = reply
    add(bare, tokens)
    body = flow(bare)

    assert (body["status"], body["context"]) == ("completed", {"token": tokens.tokens[0]})
    assert problems(bare) == [f"there is no user info: {tokens.url}/me {reason}"]


def test_user_info_that_fails_at_a_refresh_stays_as_it_was(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    info = flow(bare)["context"]["user_info"]
    tokens.instead["/me"] = (500, JSON, {})
    expire(bare)

    assert ask(bare, ["one"])["context"] == {"token": tokens.tokens[1], "user_info": info}


def test_the_client_reads_the_user_info(bare: World, tokens: WithJwt) -> None:
    add(bare, tokens)
    context = bare.arcade.auth.status(id=flow(bare)["id"]).context

    assert context
    assert context.user_info == {"sub": "user-1", "number": 0}


# Connections


def test_a_connection_has_the_user_info_and_is_active_while_it_can_be_refreshed(
    bare: World, tokens: WithJwt
) -> None:
    add(bare, tokens)
    info = flow(bare)["context"]["user_info"]
    expire(bare)

    [connection] = bare.arcade.admin.user_connections.list()
    assert (connection.connection_status, connection.provider_user_info) == ("active", info)


def test_what_is_revoked_during_a_refresh_is_asked_for_again(
    bare: World, tokens: WithJwt, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(bare, tokens)
    first = flow(bare)
    refresh = tokens.refresh

    def revoke_and_refresh(sent: dict[str, str]) -> Reply:
        path = f"/v1/admin/user_connections/{first['id']}"
        assert call(bare, "DELETE", path).status_code == 204
        return refresh(sent)

    monkeypatch.setattr(tokens, "refresh", revoke_and_refresh)
    expire(bare)
    asked = ask(bare, ["one"])

    assert len(tokens.at("/refresh")) == 1
    assert (asked["status"], asked["context"]) == ("pending", {})
    assert list(bare.arcade.admin.user_connections.list()) == []


def test_a_provider_that_is_deleted_during_the_exchange_leaves_nothing_behind(
    bare: World, tokens: WithJwt, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(bare, tokens)
    token = tokens.token

    def delete_and_answer(sent: dict[str, str]) -> Reply:
        assert call(bare, "DELETE", "/v1/admin/auth_providers/made-up").status_code == 200
        return token(sent)

    monkeypatch.setattr(tokens, "token", delete_and_answer)
    pending = ask(bare, ["one"])
    page = bare.visit(pending["url"])

    assert (page.status, page.heading) == (400, "This authorization is not waiting for you")
    assert list(bare.arcade.admin.user_connections.list()) == []


def test_a_callback_that_comes_twice_leaves_the_flow_completed(
    bare: World, tokens: WithJwt, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(bare, tokens)
    call(bare, "PUT", "/v1/admin/settings/session_verification", {"unsafe_skip_verification": True})
    pending = ask(bare, ["one"])
    callback = bare.http.get(pending["url"]).headers["location"]
    token = tokens.token
    both_asked = threading.Barrier(2, timeout=5)
    first_done = threading.Event()
    order: list[str] = []

    def answer_once(sent: dict[str, str]) -> Reply:
        order.append(sent["code"])
        second = len(order) == 2
        both_asked.wait()
        if second:
            first_done.wait(5)
            return REFUSED
        return token(sent)

    monkeypatch.setattr(tokens, "token", answer_once)

    def first() -> None:
        bare.http.get(callback)

    threads = [threading.Thread(target=first) for _ in range(2)]
    for thread in threads:
        thread.start()
    while status(bare, pending["id"])["status"] != "completed":
        pass
    first_done.set()
    for thread in threads:
        thread.join()

    assert len(order) == 2
    assert not [text for text in problems(bare) if "stays pending" in text]


# Token introspection

INTROSPECTION = {
    "enabled": True,
    "endpoint": "https://provider.example/introspect",
    "method": "POST",
    "auth_method": "client_secret_basic",
    "params": {"token": "{{access_token}}"},
    "response_map": {"expires_in": "$.exp", "scope": "$.scope"},
    "expiration_format": "absolute_unix_timestamp",
    "triggers": {"on_token_grant": True},
}


@pytest.mark.parametrize("make", [by_api, by_file])
def test_token_introspection_is_shown_but_not_carried_out_and_the_journal_says_so(
    bare: World, pkce: WithPkce, tmp_path: Path, make: Callable[..., None]
) -> None:
    make(bare, pkce.oauth2() | {"token_introspection_request": INTROSPECTION}, tmp_path)
    shown = bare.arcade.admin.auth_providers.get("made-up").to_dict()

    assert isinstance(shown["oauth2"], dict)
    defaults = {"request_content_type": FORM, "response_content_type": JSON}
    assert shown["oauth2"]["token_introspection_request"] == INTROSPECTION | defaults
    assert problems(bare) == [
        "the sandbox does not carry out the token_introspection_request of made-up"
    ]
    assert flow(bare)["status"] == "completed"
