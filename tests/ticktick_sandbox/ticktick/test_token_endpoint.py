"""The token endpoint: who gets an access token, and what everybody else gets."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlencode

import httpx
import pytest

from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.ticktick.helpers import CALLBACK, TOMCAT, Flow, add_app, sign_up
from ticktick_sandbox.ticktick.apps import App

VERIFIER = "a-verifier-of-at-least-forty-three-characters"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:43]
PKCE = [
    {"code_challenge": CHALLENGE, "code_challenge_method": "S256"},
    {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
    {"code_challenge": VERIFIER},
]


@pytest.fixture
def flow(ticktick: httpx.Client, session: str, app: App) -> Flow:
    return Flow(ticktick, session, app)


def assert_refused(reply: httpx.Response, error: str, description: str, status: int = 400) -> None:
    assert reply.status_code == status
    known = {"scope": "tasks:read tasks:write"} if error == "invalid_scope" else {}
    assert reply.json() == {"error": error, "error_description": description} | known
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["pragma"] == "no-cache"
    challenge = f'Bearer error="{error}", error_description="{description}"'
    assert reply.headers.get("www-authenticate") == (challenge if status == 401 else None)


def assert_tomcat(reply: httpx.Response) -> None:
    assert reply.status_code == 401
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.text == TOMCAT


def test_the_reply_has_four_fields_in_the_recorded_order(flow: Flow) -> None:
    reply = flow.exchange(flow.code())
    assert reply.status_code == 200
    token = reply.json()
    assert list(token) == ["access_token", "token_type", "expires_in", "scope"]
    assert token.items() >= {"token_type": "bearer", "scope": "tasks:read tasks:write"}.items()
    assert token["expires_in"] == 15551999
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["pragma"] == "no-cache"


def test_a_token_is_a_uuid_of_version_four(flow: Flow) -> None:
    token = flow.exchange(flow.code()).json()["access_token"]
    assert [len(part) for part in token.split("-")] == [8, 4, 4, 4, 12]
    assert token == token.lower()
    assert token[14] == "4"
    assert token[19] in "89ab"
    assert set(token) <= set("0123456789abcdef-")


@pytest.mark.parametrize("scope", ["tasks:read", "tasks:write"])
def test_a_single_scope_stays_single(flow: Flow, scope: str) -> None:
    assert flow.exchange(flow.code(scope=scope)).json()["scope"] == scope


def test_an_omitted_scope_means_both(flow: Flow) -> None:
    assert flow.exchange(flow.code(scope=None)).json()["scope"] == "tasks:read tasks:write"


def test_consenting_again_gives_the_same_token_with_less_time(flow: Flow, bare: World) -> None:
    first = flow.exchange(flow.code()).json()
    bare.sandbox.clock.advance(days=9)
    second = flow.exchange(flow.code()).json()
    assert second == first | {"expires_in": 15551999 - 9 * 86400}


def test_an_expired_token_is_followed_by_a_new_one(flow: Flow, bare: World) -> None:
    first = flow.exchange(flow.code()).json()
    bare.sandbox.clock.advance(days=180)
    second = flow.exchange(flow.code()).json()
    assert second["access_token"] != first["access_token"]
    assert second["expires_in"] == 15551999


def test_other_scopes_apps_and_people_have_other_tokens(flow: Flow, bare: World) -> None:
    client, app = flow.client, flow.app
    flows = [flow, Flow(client, flow.session, add_app(bare, name="Other"))]
    flows.append(Flow(client, sign_up(client, "other@example.com"), app))
    tokens = {each.exchange(each.code()).json()["access_token"] for each in flows}
    tokens.add(flow.exchange(flow.code(scope="tasks:read")).json()["access_token"])
    assert len(tokens) == 4


@pytest.mark.parametrize("place", ["data", "params"])
def test_credentials_may_come_in_the_body_or_the_query(flow: Flow, place: str) -> None:
    sent = flow.body(
        flow.code(), client_id=flow.app.client_id, client_secret=flow.app.client_secret
    )
    assert flow.client.post("/oauth/token", **{place: sent}).json()["expires_in"] == 15551999


def test_scope_and_unknown_parameters_at_the_token_step_change_nothing(flow: Flow) -> None:
    token = flow.exchange(flow.code(), scope="tasks:read", audience="x").json()
    assert token["scope"] == "tasks:read tasks:write"


@pytest.mark.parametrize("challenge", PKCE)
def test_pkce_works_with_the_secret_and_without(flow: Flow, challenge: dict[str, str]) -> None:
    assert flow.exchange(flow.code(**challenge), code_verifier=VERIFIER).status_code == 200
    public = flow.body(flow.code(**challenge), client_id=flow.app.client_id, code_verifier=VERIFIER)
    assert flow.client.post("/oauth/token", data=public).status_code == 200


@pytest.mark.parametrize("challenge", PKCE)
@pytest.mark.parametrize("verifier", ["wrong" * 10, "", CHALLENGE[::-1], None])
def test_a_wrong_verifier_is_refused_even_with_the_secret(
    flow: Flow, challenge: dict[str, str], verifier: str | None
) -> None:
    reply = flow.exchange(flow.code(**challenge), code_verifier=verifier)
    assert_refused(reply, "invalid_grant", "The code verifier does not fit the code challenge.")


def test_the_challenge_itself_is_no_verifier(flow: Flow) -> None:
    reply = flow.exchange(flow.code(**PKCE[0]), code_verifier=CHALLENGE)
    assert_refused(reply, "invalid_grant", "The code verifier does not fit the code challenge.")


@pytest.mark.parametrize("verifier", [VERIFIER, None])
def test_without_pkce_at_the_start_the_secret_is_needed(flow: Flow, verifier: str | None) -> None:
    public = flow.body(flow.code(), client_id=flow.app.client_id, code_verifier=verifier)
    assert_tomcat(flow.client.post("/oauth/token", data=public))


def test_without_a_verifier_pkce_needs_the_secret(flow: Flow) -> None:
    public = flow.body(flow.code(**PKCE[0]), client_id=flow.app.client_id)
    assert_tomcat(flow.client.post("/oauth/token", data=public))


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [(None, "wrong"), (None, ""), ("unknown", None), ("unknown", ""), ("", "")],
)
def test_wrong_credentials_get_the_page_of_tomcat(
    flow: Flow, client_id: str | None, secret: str | None
) -> None:
    code = flow.code()
    sent = (
        flow.app.client_id if client_id is None else client_id,
        flow.app.client_secret if secret is None else secret,
    )
    assert_tomcat(flow.client.post("/oauth/token", data=flow.body(code), auth=sent))
    in_body = flow.body(code, client_id=sent[0], client_secret=sent[1])
    assert_tomcat(flow.client.post("/oauth/token", data=in_body))
    assert_tomcat(flow.client.post("/oauth/token", params=in_body))
    assert flow.exchange(code).status_code == 200  # the code was not used up


def test_no_credentials_get_the_page_of_tomcat(flow: Flow) -> None:
    assert_tomcat(flow.client.post("/oauth/token", data=flow.body(flow.code())))
    assert_tomcat(flow.client.post("/oauth/token"))


def test_a_secret_in_the_body_does_not_mend_a_wrong_one_in_the_header(flow: Flow) -> None:
    sent = flow.body(flow.code(), client_secret=flow.app.client_secret)
    wrong = (flow.app.client_id, "wrong")
    assert_tomcat(flow.client.post("/oauth/token", data=sent, auth=wrong))


def test_the_id_of_another_app_in_the_form_is_refused(flow: Flow, bare: World) -> None:
    other = add_app(bare, name="Other")
    reply = flow.exchange(flow.code(), client_id=other.client_id)
    text = "Given client ID does not match authenticated client"
    assert_refused(reply, "invalid_client", text, 401)
    assert flow.exchange(flow.code(), client_id=flow.app.client_id).status_code == 200


def test_a_repeated_parameter_has_its_first_value_and_the_query_goes_first(flow: Flow) -> None:
    auth = (flow.app.client_id, flow.app.client_secret)
    first = [("code", flow.code()), ("code", "wrong"), ("redirect_uri", CALLBACK)]
    form = urlencode([*first, ("grant_type", "authorization_code")])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = flow.client.post("/oauth/token", content=form, headers=headers, auth=auth)
    assert reply.status_code == 200
    body = flow.body("wrong")
    query = {"code": flow.code()}
    assert flow.client.post("/oauth/token", params=query, data=body, auth=auth).status_code == 200


@pytest.mark.parametrize(("length", "status"), [(42, 400), (43, 200), (128, 200), (129, 400)])
def test_a_verifier_has_43_to_128_characters(flow: Flow, length: int, status: int) -> None:
    verifier = "v" * length
    code = flow.code(code_challenge=verifier, code_challenge_method="plain")
    assert flow.exchange(code, code_verifier=verifier).status_code == status


def test_after_a_reset_only_the_new_secret_works(flow: Flow, bare: World) -> None:
    bare.visit(f"{bare.ticktick_url}/manage/app/{flow.app.client_id}", click="Reset")
    code = flow.code()
    assert_tomcat(flow.exchange(code))
    flow.app = bare.app
    assert flow.exchange(code).status_code == 200


def test_a_deleted_app_is_an_unknown_client(flow: Flow, bare: World) -> None:
    code = flow.code()
    bare.visit(f"{bare.ticktick_url}/manage", click="Delete")
    assert_tomcat(flow.exchange(code))


def test_a_code_works_only_once(flow: Flow) -> None:
    code = flow.code()
    assert flow.exchange(code).status_code == 200
    assert_refused(flow.exchange(code), "invalid_grant", f"Invalid authorization code: {code}")


def test_an_unknown_code_is_refused_to_a_public_client_too(flow: Flow) -> None:
    sent = flow.body("nosuch", client_id=flow.app.client_id, code_verifier=VERIFIER)
    reply = flow.client.post("/oauth/token", data=sent)
    assert_refused(reply, "invalid_grant", "Invalid authorization code: nosuch")


def test_a_code_expires_after_ten_minutes(flow: Flow, bare: World) -> None:
    in_time, late = flow.code(), flow.code()
    bare.sandbox.clock.advance(minutes=9, seconds=59)
    assert flow.exchange(in_time).status_code == 200
    bare.sandbox.clock.advance(seconds=1)
    assert_refused(flow.exchange(late), "invalid_grant", f"Invalid authorization code: {late}")


def test_a_code_of_another_client_is_refused_and_used_up(flow: Flow, bare: World) -> None:
    code = flow.code()
    other = Flow(flow.client, flow.session, add_app(bare, name="Other"))
    assert_refused(other.exchange(code), "invalid_client", "Client ID mismatch", 401)
    assert flow.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("redirect_uri", [None, "", CALLBACK + "/", "https://evil.example"])
def test_another_redirect_uri_burns_the_code(flow: Flow, redirect_uri: str | None) -> None:
    code = flow.code()
    reply = flow.exchange(code, redirect_uri=redirect_uri)
    assert_refused(reply, "invalid_grant", "Redirect URI mismatch.")
    assert_refused(flow.exchange(code), "invalid_grant", f"Invalid authorization code: {code}")


def test_a_redirect_uri_left_out_at_the_start_may_be_left_out_again(flow: Flow) -> None:
    assert flow.exchange(flow.code(redirect_uri=None), redirect_uri=None).status_code == 200
    assert flow.exchange(flow.code(redirect_uri=None)).status_code == 200
    reply = flow.exchange(flow.code(redirect_uri=None), redirect_uri="https://evil.example")
    assert_refused(reply, "invalid_grant", "Redirect URI mismatch.")


@pytest.mark.parametrize(
    ("changes", "error", "description", "status"),
    [
        ({"code": None}, "invalid_request", "An authorization code must be supplied.", 400),
        ({"code": ""}, "invalid_request", "An authorization code must be supplied.", 400),
        ({"grant_type": None}, "invalid_request", "Missing grant type", 400),
        ({"grant_type": ""}, "invalid_request", "Missing grant type", 400),
        (
            {"grant_type": "password"},
            "unsupported_grant_type",
            "Unsupported grant type: password",
            400,
        ),
        (
            {"grant_type": "client_credentials"},
            "unsupported_grant_type",
            "Unsupported grant type: client_credentials",
            400,
        ),
        (
            {"grant_type": "refresh_token", "refresh_token": "x"},
            "invalid_client",
            "Unauthorized grant type: refresh_token",
            401,
        ),
        ({"scope": "tasks:delete"}, "invalid_scope", "Invalid scope: tasks:delete", 400),
    ],
)
def test_a_request_refused_before_the_code_is_read_leaves_it_usable(
    flow: Flow, changes: dict[str, str | None], error: str, description: str, status: int
) -> None:
    code = flow.code()
    assert_refused(flow.exchange(code, **changes), error, description, status)
    assert flow.exchange(code).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(flow: Flow, method: str) -> None:
    code = flow.code()
    auth = (flow.app.client_id, flow.app.client_secret)
    reply = flow.client.request(method, "/oauth/token", params=flow.body(code), auth=auth)
    assert_refused(reply, "method_not_allowed", f"Request method '{method}' not supported", 405)
    assert flow.exchange(code).status_code == 200


def test_a_json_body_is_not_read(flow: Flow) -> None:
    code, auth = flow.code(), (flow.app.client_id, flow.app.client_secret)
    reply = flow.client.post("/oauth/token", json=flow.body(code), auth=auth)
    assert_refused(reply, "invalid_request", "Missing grant type")
    secret = {"client_id": auth[0], "client_secret": auth[1]}
    assert_tomcat(flow.client.post("/oauth/token", json=flow.body(code, **secret)))


def test_a_token_in_use_survives_refused_requests(flow: Flow) -> None:
    token = flow.exchange(flow.code()).json()["access_token"]
    code = flow.code()
    flow.exchange(code, redirect_uri="https://evil.example")
    flow.exchange(code)
    headers = {"Authorization": f"Bearer {token}"}
    assert flow.client.get("/open/v1/project", headers=headers).status_code == 200


def test_revocation_and_registration_are_not_here(ticktick: httpx.Client) -> None:
    places = ("/oauth/revoke", "/oauth/register", "/.well-known/oauth-authorization-server")
    found = [ticktick.request(method, place) for method in ("GET", "POST") for place in places]
    assert {reply.status_code for reply in found} == {404}
