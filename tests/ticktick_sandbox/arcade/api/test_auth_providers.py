"""The admin API: providers are listed, created, read, changed and deleted."""

from __future__ import annotations

from typing import Any

import arcadepy
import pytest

from tests.ticktick_sandbox.arcade.helpers import authorize, call, problems, provider_body
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.shared.settings import API_KEY, PROVIDER_ID

PROVIDERS = "/v1/admin/auth_providers"


def create(world: World, provider_id: str = "made-up", **changes: Any) -> dict[str, Any]:
    reply = call(world, "POST", PROVIDERS, provider_body(provider_id, **changes))
    assert reply.status_code == 201, reply.text
    return reply.json()


def refusal(world: World, body: Any, method: str = "POST", path: str = "") -> dict[str, Any]:
    reply = call(world, method, PROVIDERS + path, body)
    assert reply.status_code == 400, reply.text
    return reply.json()


# Create and read


def test_a_created_provider_is_shown_with_its_redirect_uri(bare: World) -> None:
    shown = create(bare)

    redirect_uri = shown["oauth2"].pop("redirect_uri")
    assert redirect_uri.startswith(f"{bare.arcade_url}/api/v1/oauth/")
    assert redirect_uri.endswith("/callback")
    sent = provider_body()["oauth2"]
    defaults = {
        "request_content_type": "application/x-www-form-urlencoded",
        "response_content_type": "application/json",
    }
    assert shown == {
        "id": "made-up",
        "type": "oauth2",
        "description": "",
        "provider_id": "",
        "status": "active",
        "oauth2": {
            "client_id": "made-up-client",
            "client_secret": {"binding": "project", "editable": True, "exists": True},
            "scope_delimiter": " ",
            "pkce": {"enabled": False, "code_challenge_method": "S256"},
            "authorize_request": {"method": "GET", **sent["authorize_request"], **defaults},
            "token_request": {"method": "POST", **sent["token_request"], **defaults},
        },
        "binding": {"id": "sandbox", "type": "project"},
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-05T09:00:00Z",
    }


def test_what_was_created_can_be_read_back(bare: World) -> None:
    shown = create(bare)
    reply = call(bare, "GET", f"{PROVIDERS}/made-up")

    assert (reply.status_code, reply.json()) == (200, shown)


def test_a_provider_with_an_external_id_has_it_in_its_redirect_uri(bare: World) -> None:
    created = bare.arcade.admin.auth_providers.create(**provider_body(), external_id="abc-1")

    assert created.oauth2
    assert created.oauth2.redirect_uri == f"{bare.arcade_url}/api/v1/oauth/abc-1/callback"
    body = provider_body("another") | {"external_id": "abc-1"}
    assert refusal(bare, body)["name"] == "bad_request"


def test_a_disabled_provider_can_be_created(bare: World) -> None:
    reply = call(bare, "POST", PROVIDERS, provider_body() | {"status": "inactive"})
    assert (reply.status_code, reply.json()["status"]) == (201, "inactive")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_provider_is_not_found(bare: World, method: str) -> None:
    reply = call(bare, method, f"{PROVIDERS}/unknown", {} if method == "PATCH" else None)

    assert reply.status_code == 404
    assert reply.json() == {"name": "not_found", "message": "auth provider 'unknown' not found"}


def test_no_reply_shows_the_secret(bare: World) -> None:
    secret = "a-very-secret-text"
    body = provider_body(client_secret=secret)
    replies = [
        call(bare, "POST", PROVIDERS, body),
        call(bare, "POST", PROVIDERS, body),
        call(bare, "GET", PROVIDERS),
        call(bare, "GET", f"{PROVIDERS}/made-up"),
        call(bare, "PATCH", f"{PROVIDERS}/made-up", {"description": "new"}),
        call(bare, "DELETE", f"{PROVIDERS}/made-up"),
    ]
    assert [reply.status_code for reply in replies] == [201, 400, 200, 200, 200, 200]
    assert not any(secret in reply.text for reply in replies)


# List


@pytest.mark.parametrize(
    ("query", "ids", "limit", "offset", "page_count"),
    [
        ("", ["p0", "p1", "p2", "p3", "p4"], 25, 0, 1),
        ("?limit=2", ["p0", "p1"], 2, 0, 3),
        ("?limit=2&offset=4", ["p4"], 2, 4, 3),
        ("?limit=2&offset=9", [], 2, 9, 3),
        ("?limit=101", ["p0", "p1", "p2", "p3", "p4"], 100, 0, 1),
        ("?limit=0", ["p0", "p1", "p2", "p3", "p4"], 25, 0, 1),
    ],
)
def test_providers_are_listed_by_the_page(
    bare: World, query: str, ids: list[str], limit: int, offset: int, page_count: int
) -> None:
    for number in range(5):
        create(bare, f"p{number}")
    page = call(bare, "GET", PROVIDERS + query).json()

    assert list(page) == ["items", "limit", "offset", "page_count", "total_count"]
    assert [item["id"] for item in page.pop("items")] == ids
    assert page == {"limit": limit, "offset": offset, "page_count": page_count, "total_count": 5}


def test_without_a_provider_the_list_is_empty(bare: World) -> None:
    page = bare.arcade.admin.auth_providers.list()
    assert (page.items, page.page_count, page.total_count) == ([], 0, 0)


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "offset=1.5", "offset=" + "9" * 5000])
def test_a_page_that_is_no_whole_number_is_refused(bare: World, query: str) -> None:
    reply = call(bare, "GET", f"{PROVIDERS}?{query}")
    assert (reply.status_code, reply.json()["name"]) == (400, "malformed_request")


# Change


def test_a_change_is_laid_over_what_is_there(bare: World) -> None:
    before = create(bare)
    bare.sandbox.clock.advance(minutes=1)
    changes = {"oauth2": {"token_request": {"auth_method": ""}, "pkce": {"enabled": True}}}
    after = call(bare, "PATCH", f"{PROVIDERS}/made-up", changes).json()

    del before["oauth2"]["token_request"]["auth_method"]
    before["oauth2"]["pkce"]["enabled"] = True
    assert after == before | {"updated_at": "2026-01-05T09:01:00Z"}


def test_params_are_replaced_whole(bare: World) -> None:
    create(bare)
    after = bare.arcade.admin.auth_providers.patch(
        "made-up", oauth2={"token_request": {"params": {"grant_type": "other"}}}
    )
    assert after.oauth2
    assert after.oauth2.token_request
    assert after.oauth2.token_request.params == {"grant_type": "other"}


def test_a_further_request_can_be_added_and_removed(bare: World) -> None:
    create(bare)
    refresh = {"endpoint": "https://provider.example/token", "auth_method": "client_secret_basic"}
    path = f"{PROVIDERS}/made-up"
    added = call(bare, "PATCH", path, {"oauth2": {"refresh_request": refresh}}).json()
    removed = call(bare, "PATCH", path, {"oauth2": {"refresh_request": None}}).json()

    assert added["oauth2"]["refresh_request"].items() >= refresh.items()
    assert "refresh_request" not in removed["oauth2"]


def test_a_change_keeps_the_secret_and_the_redirect_uri(world: World) -> None:
    before = world.arcade.admin.auth_providers.get(PROVIDER_ID)
    after = world.arcade.admin.auth_providers.patch(PROVIDER_ID, description="new")

    assert (before.oauth2, after.description) == (after.oauth2, "new")
    assert world.token()


def test_a_provider_can_be_switched_off_and_on(world: World) -> None:
    providers = world.arcade.admin.auth_providers
    assert providers.patch(PROVIDER_ID, status="inactive").status == "inactive"
    assert providers.patch(PROVIDER_ID, description="still off").status == "inactive"
    assert providers.patch(PROVIDER_ID, status="active").status == "active"


def test_the_id_can_not_be_changed(bare: World) -> None:
    create(bare)
    body = {"id": "another"}
    assert refusal(bare, body, "PATCH", "/made-up")["field_errors"][0]["field"] == "id"
    assert call(bare, "PATCH", f"{PROVIDERS}/made-up", {"id": "made-up"}).status_code == 200


def test_a_refused_change_changes_nothing(bare: World) -> None:
    before = create(bare)
    body = {"description": "new", "oauth2": {"token_request": {"endpoint": "/token"}}}
    refusal(bare, body, "PATCH", "/made-up")

    assert call(bare, "GET", f"{PROVIDERS}/made-up").json() == before


# Delete


def test_deleting_answers_with_what_was_there(bare: World) -> None:
    shown = create(bare)
    reply = call(bare, "DELETE", f"{PROVIDERS}/made-up")

    assert (reply.status_code, reply.json()) == (200, shown)
    assert call(bare, "GET", f"{PROVIDERS}/made-up").status_code == 404


def test_recreating_a_provider_rotates_its_redirect_uri(bare: World) -> None:
    first = create(bare)["oauth2"]["redirect_uri"]
    call(bare, "DELETE", f"{PROVIDERS}/made-up")

    assert create(bare)["oauth2"]["redirect_uri"] != first


def test_deleting_a_provider_forgets_what_was_granted(world: World) -> None:
    world.token()
    granted = authorize(world)
    pending = authorize(world, user_id="another")
    call(world, "DELETE", f"{PROVIDERS}/{PROVIDER_ID}")

    for auth_id in (granted["id"], pending["id"]):
        assert call(world, "GET", f"/v1/auth/status?id={auth_id}").status_code == 400
    create(world, PROVIDER_ID)
    assert authorize(world)["status"] == "pending"


# ApiError


def without(*path: str) -> dict[str, Any]:
    body = provider_body()
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (without("id"), "id"),
        (without("oauth2"), "oauth2"),
        (without("oauth2", "client_id"), "oauth2.client_id"),
        (without("oauth2", "authorize_request"), "oauth2.authorize_request"),
        (without("oauth2", "token_request"), "oauth2.token_request"),
        (without("oauth2", "token_request", "endpoint"), "oauth2.token_request.endpoint"),
        (provider_body("Not An Id"), "id"),
        (provider_body("x" * 101), "id"),
        (provider_body() | {"type": "oauth1"}, "type"),
        (provider_body() | {"status": "sleeping"}, "status"),
        (provider_body() | {"description": ["x"]}, "description"),
        (provider_body() | {"oauth2": "x"}, "oauth2"),
        (provider_body() | {"external_id": ["x"]}, "external_id"),
        (provider_body() | {"external_id": "a/b"}, "external_id"),
        (provider_body(scope_delimiter=";"), "oauth2.scope_delimiter"),
        (provider_body(pkce={"enabled": "yes"}), "oauth2.pkce"),
        (provider_body(pkce={"enabled": True, "method": "plain"}), "oauth2.pkce.method"),
        (
            provider_body(pkce={"enabled": True, "code_challenge_method": "plain"}),
            "oauth2.pkce.code_challenge_method",
        ),
        *(
            (provider_body(token_request=request), f"oauth2.token_request.{field}")
            for request, field in [
                ({"endpoint": "/token"}, "endpoint"),
                ({"endpoint": "ftp://provider.example"}, "endpoint"),
                ({"endpoint": "https://provider .example"}, "endpoint"),
                ({"endpoint": "https://p.example", "method": "PUT"}, "method"),
                ({"endpoint": "https://p.example", "params": ["x"]}, "params"),
                ({"endpoint": "https://p.example", "params": {"x": {}}}, "params.x"),
                ({"endpoint": "https://p.example", "params": {"x": "{{scopes}}"}}, "params.x"),
                ({"endpoint": "https://p.example", "params": {"x": "{{secret}}"}}, "params.x"),
                (
                    {"endpoint": "https://p.example", "response_content_type": "text/xml"},
                    "response_content_type",
                ),
                ({"endpoint": "https://p.example", "response_map": {"x": 1}}, "response_map.x"),
            ]
        ),
    ],
)
def test_a_provider_that_can_not_work_is_refused(
    bare: World, body: dict[str, Any], field: str
) -> None:
    refused = refusal(bare, body)

    assert list(refused) == ["name", "message", "field_errors"]
    assert refused["name"] == "malformed_request"
    assert refused["message"].startswith(f"failed to validate request body: {field}: ")
    assert refused["field_errors"][0]["field"] == field
    assert bare.sandbox.provider_ids() == []


def test_an_id_is_given_only_once(bare: World) -> None:
    create(bare, "7")
    for twice in ("7", 7):
        assert refusal(bare, provider_body() | {"id": twice}) == {
            "name": "bad_request",
            "message": "an auth provider with the id 7 exists",
        }


def test_the_client_tells_what_is_wrong(bare: World) -> None:
    with pytest.raises(arcadepy.BadRequestError, match="client_id is a required field"):
        bare.arcade.admin.auth_providers.create(id="made-up", oauth2={"client_id": ""})


# Slips

SLIP = {"endpoint": "https://provider.example/token", "auth_method": "client_secret_post"}


def test_any_auth_method_is_tolerated_and_noted(bare: World) -> None:
    shown = create(bare, token_request=SLIP)

    assert shown["oauth2"]["token_request"]["auth_method"] == "client_secret_post"
    [problem] = problems(bare)
    assert "'client_secret_post' is not an allowed method" in problem


def test_an_unknown_auth_method_is_refused_in_strict() -> None:
    strict = make_world(strict=True)
    try:
        refused = refusal(strict, provider_body(token_request=SLIP))
        create(strict)
    finally:
        strict.close()
    assert refused["field_errors"][0]["field"] == "oauth2.token_request.auth_method"


def test_the_key_is_needed(bare: World) -> None:
    assert bare.http.get(bare.arcade_url + PROVIDERS).status_code == 401
    headers = {"Authorization": f"Bearer {API_KEY}"}
    assert bare.http.get(bare.arcade_url + PROVIDERS, headers=headers).status_code == 200


def test_a_client_secret_of_another_type_is_not_repeated(bare: World) -> None:
    body = provider_body(client_secret=["hush"])
    reply = call(bare, "POST", "/v1/admin/auth_providers", body)

    assert reply.status_code == 400
    [error] = reply.json()["field_errors"]
    assert error["message"] == "it is not a text. Write it in quotes."
    assert "hush" not in reply.text
