"""The dashboard: providers are listed, added, edited and deleted through its forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from arcadepy import Arcade

import ticktick_sandbox as sandbox
from tests.environment import ROOT
from tests.ticktick_sandbox.arcade.helpers import authorize, call, provider_body
from tests.ticktick_sandbox.helpers import BOTH, World, make_world
from ticktick_sandbox.browser.browser import CannotDo, Page
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID

APPS = "/dashboard/connected-apps"
NEW = f"{APPS}/new"
SECRET = "made-up-secret"
FILLED = {
    "ID": "made-up",
    "Client ID": "made-up-client",
    "Client Secret": SECRET,
    "Authorization Endpoint": "https://provider.example/authorize",
    "Token Endpoint": "https://provider.example/token",
}


def add(world: World, **changes: str) -> Page:
    fill = FILLED | {label.replace("_", " "): text for label, text in changes.items()}
    return world.visit(world.arcade_url + NEW, "Create", fill)


def edit(world: World, fill: dict[str, str], provider_id: str = "made-up") -> Page:
    return world.visit(f"{world.arcade_url}{APPS}/provider/{provider_id}", "Save", fill)


def stored(world: World, provider_id: str = "made-up") -> dict[str, Any]:
    reply = call(world, "GET", f"/v1/admin/auth_providers/{provider_id}")
    assert reply.status_code == 200, reply.text
    return reply.json()


def secret_of(world: World, provider_id: str = "made-up") -> str:
    provider = world.sandbox.engine.providers.get(provider_id)
    assert provider
    return provider.client_secret


def text_of(world: World, path: str) -> str:
    """Return the words of a page as they are read."""
    reply = world.http.get(world.arcade_url + path)
    assert reply.status_code == 200
    return " ".join(unescape(re.sub("<[^>]+>", "", reply.text)).split())


# The list


def test_the_menu_leads_to_connected_apps(bare: World) -> None:
    start = bare.visit(f"{bare.arcade_url}/dashboard")
    assert (start.heading, start.links["Connected Apps"]) == ("Dashboard", APPS)
    assert "Connections Connected Apps" in text_of(bare, "/dashboard")


def test_the_real_address_leads_to_the_dashboard(bare: World) -> None:
    page = bare.visit(f"https://api.arcade.dev{APPS}")
    assert (page.heading, page.url) == ("OAuth Providers", bare.arcade_url + APPS)


def test_the_list_says_where_a_provider_comes_from(bare: World) -> None:
    bare.sandbox.prepare(None, ROOT / "snippets" / "engine.yaml")
    add(bare, Description="Made by hand")
    page = bare.visit(bare.arcade_url + APPS)

    assert page.heading == "OAuth Providers"
    assert page.links["Add OAuth Provider"] == NEW
    shown = bare.http.get(bare.arcade_url + APPS).text
    rows = [re.sub("<[^>]+>", " ", row).split() for row in re.findall("(?s)<tr>(.*?)</tr>", shown)]
    assert rows[0] == ["ID", "Description", "From", "Actions"]
    assert (rows[1][0], rows[1][-3:]) == (PROVIDER_ID, ["engine.yaml", "Edit", "Delete"])
    assert rows[2] == ["made-up", "Made", "by", "hand", "project", "Edit", "Delete"]
    assert f'href="{APPS}/provider/made-up" aria-label="Edit made-up"' in shown
    assert f'href="{APPS}/provider/made-up/delete" aria-label="Delete made-up"' in shown


def test_without_a_provider_the_list_says_what_to_do(bare: World) -> None:
    assert "No provider yet. Add the first one" in text_of(bare, APPS)


def test_a_switched_off_provider_is_marked(bare: World) -> None:
    call(bare, "POST", "/v1/admin/auth_providers", provider_body() | {"status": "inactive"})
    assert "made-up (inactive)" in text_of(bare, APPS)
    edit(bare, {"Description": "still off"})
    assert stored(bare)["status"] == "inactive"


# The empty form


def test_the_form_has_the_live_fields_and_defaults(bare: World) -> None:
    page = bare.visit(bare.arcade_url + NEW)

    assert page.heading == "Add OAuth Provider"
    assert list(page.values.items()) == [
        ("ID", ""),
        ("Description", ""),
        ("Client ID", ""),
        ("Client Secret", ""),
        ("Authorization Endpoint", ""),
        ("Token Endpoint", ""),
        ("Enable PKCE", "off"),
        ("PKCE Method", "S256"),
        ("Response Type", "code"),
        ("Scope", "{{scopes}} {{existing_scopes}}"),
        ("Authentication Method", "Client Secret Basic"),
        ("Response Content Type", "application/json"),
    ]
    [form] = page.forms
    assert list(form.buttons) == ["Create"]


def test_the_words_are_those_of_the_live_dashboard(bare: World) -> None:
    shown = text_of(bare, NEW)
    for words in (
        "Included Providers live only Custom Provider",
        "Authorization Endpoint",
        "Token Endpoint",
        "Redirect URI It appears here after Create.",
        "PKCE Settings Enable PKCE PKCE Method",
        "Authorization Settings Response Type Scope",
        "Token Settings Authentication Method",
    ):
        assert words in shown


def test_the_form_warns_of_the_reserved_prefix_and_takes_it(bare: World) -> None:
    assert "The pre-built tools look for arcade-ticktick." in text_of(bare, NEW)
    assert add(bare, ID=PROVIDER_ID).error == ""
    assert bare.sandbox.provider_ids() == [PROVIDER_ID]


# Create


def test_creating_leads_to_the_providers_page_with_its_redirect_url(bare: World) -> None:
    page = bare.visit(bare.arcade_url + NEW)
    data = page.forms[0].filled(FILLED)
    reply = bare.http.post(bare.arcade_url + NEW, data=data)

    assert reply.status_code == 303
    place = f"{APPS}/provider/made-up?done=Created"
    assert reply.headers["location"] == place
    page = bare.visit(bare.arcade_url + place)
    assert page.heading == "OAuth Provider"
    assert page.values["Redirect URI"] == stored(bare)["oauth2"]["redirect_uri"]
    assert "Redirect URI" not in page.forms[0].labels
    assert "Created." in text_of(bare, place)
    assert "Created." not in text_of(bare, f"{APPS}/provider/made-up")


def test_the_form_makes_what_the_api_makes(bare: World) -> None:
    add(bare, ID="by-form")
    call(bare, "POST", "/v1/admin/auth_providers", provider_body("by-api"))

    by_form, by_api = stored(bare, "by-form"), stored(bare, "by-api")
    for shown in (by_form, by_api):
        del shown["id"], shown["oauth2"]["redirect_uri"]
    assert by_form == by_api
    assert secret_of(bare, "by-form") == secret_of(bare, "by-api") == SECRET


@pytest.mark.parametrize("method", ["body", "Client ID and secret in the body"])
def test_credentials_can_go_into_the_body_once(bare: World, method: str) -> None:
    add(bare, Authentication_Method=method)
    request = stored(bare)["oauth2"]["token_request"]

    assert "auth_method" not in request
    assert request["params"] == {
        "grant_type": "authorization_code",
        "redirect_uri": "{{redirect_uri}}",
        "client_id": "{{client_id}}",
        "client_secret": "{{client_secret}}",
    }


def test_every_setting_of_the_form_is_stored(bare: World) -> None:
    page = add(
        bare,
        Description="Made by hand",
        Enable_PKCE="on",
        Response_Type="other",
        Scope="{{scopes}}",
        Response_Content_Type="application/x-www-form-urlencoded",
    )
    shown = stored(bare)
    oauth2 = shown["oauth2"]
    assert shown["description"] == "Made by hand"
    assert oauth2["pkce"] == {"enabled": True, "code_challenge_method": "S256"}
    assert oauth2["authorize_request"]["params"]["response_type"] == "other"
    assert oauth2["authorize_request"]["params"]["scope"] == "{{scopes}}"
    assert oauth2["token_request"]["response_content_type"] == "application/x-www-form-urlencoded"
    assert page.values["Enable PKCE"] == "on"
    assert page.values["Response Content Type"] == "application/x-www-form-urlencoded"


def test_blanks_from_copying_are_dropped(bare: World) -> None:
    add(bare, ID=" made-up\t", Client_ID=" made-up-client ", Client_Secret=f"{SECRET}\n")
    assert stored(bare)["oauth2"]["client_id"] == "made-up-client"
    assert secret_of(bare) == SECRET


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ID": ""}, "ID is required."),
        ({"Client_ID": " "}, "Client ID is required."),
        ({"Client_Secret": ""}, "Client Secret is required."),
        ({"Authorization_Endpoint": ""}, "Authorization Endpoint is required."),
        ({"Token_Endpoint": ""}, "Token Endpoint is required."),
        ({"ID": "", "Token_Endpoint": ""}, "ID is required."),
        (
            {"ID": "Made Up"},
            "ID: 'Made Up' is not a usable id. "
            "Use up to 100 lowercase letters, digits, underscores and hyphens.",
        ),
        (
            {"Token_Endpoint": "/oauth/token"},
            "Token Endpoint: '/oauth/token' is not a complete URL. "
            "Write it with https:// and the host.",
        ),
        (
            {"Authorization_Endpoint": "provider.example"},
            "Authorization Endpoint: 'provider.example' is not a complete URL. "
            "Write it with https:// and the host.",
        ),
        (
            {"Scope": "{{scope}}"},
            "Scope: {{scope}} is not a placeholder of authorize_request. Allowed here: "
            "{{client_id}}, {{redirect_uri}}, {{scopes}}, {{existing_scopes}}.",
        ),
    ],
)
def test_a_refused_form_names_the_field_and_keeps_what_was_typed(
    bare: World, changes: dict[str, str], error: str
) -> None:
    page = add(bare, Description="What I typed", Enable_PKCE="on", **changes)

    assert (page.status, page.heading, page.error) == (400, "Add OAuth Provider", error)
    typed = FILLED | {label.replace("_", " "): text.strip() for label, text in changes.items()}
    typed |= {"Description": "What I typed", "Enable PKCE": "on", "Client Secret": ""}
    assert page.values.items() >= typed.items()
    assert bare.sandbox.provider_ids() == []


def test_an_id_is_given_only_once(bare: World) -> None:
    add(bare)
    page = add(bare, Client_ID="another")
    assert page.error == "ID: an auth provider with the id made-up exists."
    assert stored(bare)["oauth2"]["client_id"] == "made-up-client"


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("auth_method", "Authentication Method"),
        ("pkce_method", "PKCE Method"),
        ("response_content_type", "Response Content Type"),
    ],
)
def test_a_choice_that_is_not_offered_is_refused(bare: World, field: str, label: str) -> None:
    data = bare.visit(bare.arcade_url + NEW).forms[0].filled(FILLED)
    reply = bare.http.post(bare.arcade_url + NEW, data=data | {field: "as_configured"})

    assert reply.status_code == 400
    assert f'id="error">{label}: &#39;as_configured&#39; is not' in reply.text
    assert "<details open>" in reply.text
    assert bare.sandbox.provider_ids() == []


def test_a_strict_engine_refuses_slips_in_the_form_too() -> None:
    strict = make_world(strict=True)
    try:
        page = add(strict, Scope="{{scopes}} {{state}}")
    finally:
        strict.close()
    assert page.error.startswith("Scope: {{state}} is not a documented placeholder.")


# Edit

OWN_PARAMS = {"grant_type": "authorization_code", "audience": "made-up"}
AS_PLACEHOLDERS = {"client_id": "{{client_id}}", "client_secret": "{{client_secret}}"}
JSON = "application/json"
TOKEN_URL = "https://provider.example/token"
ODD = [
    {},
    {"scope_delimiter": ",", "client_secret": None},
    {
        "authorize_request": {
            "endpoint": "https://provider.example/a",
            "params": {"user_scope": "x"},
        }
    },
    {"refresh_request": {"endpoint": TOKEN_URL, "params": {"t": "{{refresh_token}}"}}},
    *(
        {"token_request": {"endpoint": TOKEN_URL} | request}
        for request in [
            {},
            {"auth_method": "client_secret_post"},
            {"auth_method": "client_secret_basic", "params": OWN_PARAMS | AS_PLACEHOLDERS},
            {"auth_method": "client_secret_basic", "params": {"client_id": "{{client_id}}"}},
            {"params": {"key": "{{client_id}}", "secret": "{{client_secret}}"}},
            {
                "response_map": {"access_token": "$.token"},
                "request_content_type": "application/json",
            },
        ]
    ),
]


@pytest.mark.parametrize("oauth2", ODD)
def test_saving_an_untouched_form_changes_nothing(bare: World, oauth2: dict[str, Any]) -> None:
    call(bare, "POST", "/v1/admin/auth_providers", provider_body(**oauth2))
    before, secret = stored(bare), secret_of(bare)
    page = edit(bare, {})

    assert page.error == ""
    assert "Saved." in text_of(bare, f"{APPS}/provider/made-up?done=Saved")
    assert stored(bare) == before
    assert secret_of(bare) == secret


def test_an_empty_secret_keeps_the_old_one(bare: World) -> None:
    add(bare)
    shown = text_of(bare, f"{APPS}/provider/made-up")
    assert "Leave empty to keep current, or enter new secret to replace" in shown
    edit(bare, {"Description": "new"})
    assert (stored(bare)["description"], secret_of(bare)) == ("new", SECRET)
    edit(bare, {"Client Secret": "another"})
    assert secret_of(bare) == "another"


def test_editing_keeps_the_redirect_url(bare: World) -> None:
    before = add(bare).values["Redirect URI"]
    page = edit(bare, {"Client ID": "another", "Token Endpoint": "https://other.example/token"})
    assert page.values["Redirect URI"] == before
    assert page.url.endswith("?done=Saved")


@pytest.mark.parametrize("params", [OWN_PARAMS, OWN_PARAMS | AS_PLACEHOLDERS])
def test_choosing_a_method_leaves_one_way_for_the_credentials(
    bare: World, params: dict[str, str]
) -> None:
    request = {"endpoint": TOKEN_URL, "auth_method": "client_secret_post", "params": params}
    call(bare, "POST", "/v1/admin/auth_providers", provider_body(token_request=request))
    page = bare.visit(f"{bare.arcade_url}{APPS}/provider/made-up")
    assert page.values["Authentication Method"] == "Another way, as configured"

    edit(bare, {"Authentication Method": "body"})
    in_body = stored(bare)["oauth2"]["token_request"]
    edit(bare, {"Authentication Method": "client_secret_basic"})
    basic = stored(bare)["oauth2"]["token_request"]
    assert ("auth_method" in in_body, in_body["params"]) == (False, OWN_PARAMS | AS_PLACEHOLDERS)
    assert (basic["auth_method"], basic["params"]) == ("client_secret_basic", OWN_PARAMS)


def test_an_emptied_scope_is_not_sent_at_all(bare: World) -> None:
    add(bare)
    edit(bare, {"Scope": ""})
    assert "scope" not in stored(bare)["oauth2"]["authorize_request"]["params"]


def test_pkce_can_be_switched_on_and_off(bare: World) -> None:
    add(bare)
    assert edit(bare, {"Enable PKCE": "on"}).values["Enable PKCE"] == "on"
    assert edit(bare, {}).values["Enable PKCE"] == "on"
    assert edit(bare, {"Enable PKCE": "off"}).values["Enable PKCE"] == "off"


def test_a_refused_edit_changes_nothing_and_keeps_what_was_typed(bare: World) -> None:
    add(bare)
    before = stored(bare)
    page = edit(
        bare, {"Description": "What I typed", "Token Endpoint": "", "Client Secret": "another"}
    )

    assert (page.status, page.error) == (400, "Token Endpoint is required.")
    assert page.values["Description"] == "What I typed"
    assert page.values["Redirect URI"] == before["oauth2"]["redirect_uri"]
    assert (stored(bare), secret_of(bare)) == (before, SECRET)


def test_the_id_can_not_be_changed(bare: World) -> None:
    add(bare)
    with pytest.raises(CannotDo, match="has no form with ID, Save"):
        edit(bare, {"ID": "another"})
    path = f"{bare.arcade_url}{APPS}/provider/made-up"
    data = bare.visit(path).forms[0].filled({}) | {"id": "another"}
    reply = bare.http.post(path, data=data)
    assert reply.status_code == 400
    assert "ID: the id of an auth provider can&#39;t be changed." in reply.text


def test_a_choice_that_is_not_there_is_told_with_those_that_are(bare: World) -> None:
    with pytest.raises(CannotDo, match=r"Enable PKCE can't be 'yes'\. It can be: on, off\."):
        add(bare, Enable_PKCE="yes")


# Delete


def test_deleting_asks_first(bare: World) -> None:
    add(bare)
    page = bare.visit(f"{bare.arcade_url}{APPS}/provider/made-up/delete")
    assert page.heading == "Delete made-up?"
    assert bare.sandbox.provider_ids() == ["made-up"]

    page = bare.visit(page.url, "Delete")
    assert (page.url, page.heading) == (bare.arcade_url + APPS, "OAuth Providers")
    assert bare.sandbox.provider_ids() == []


def test_deleting_forgets_what_was_granted_and_rotates_the_redirect_url(world: World) -> None:
    world.token()
    granted = authorize(world)["id"]
    before = stored(world, PROVIDER_ID)["oauth2"]["redirect_uri"]
    world.visit(f"{world.arcade_url}{APPS}/provider/{PROVIDER_ID}/delete", "Delete")

    assert call(world, "GET", f"/v1/auth/status?id={granted}").status_code == 400
    assert add(world, ID=PROVIDER_ID).values["Redirect URI"] != before


@pytest.mark.parametrize("path", ["", "/delete"])
def test_an_unknown_provider_has_no_page(bare: World, path: str) -> None:
    data = bare.visit(bare.arcade_url + NEW).forms[0].filled(FILLED)
    url = f"{bare.arcade_url}{APPS}/provider/unknown{path}"
    for reply in (bare.http.get(url), bare.http.post(url, data=data)):
        assert reply.status_code == 404
        assert "<h1>No such provider</h1>" in reply.text


# Safety


@pytest.mark.parametrize("token", [None, "", "wrong", "würzig", "of another Engine"])
@pytest.mark.parametrize("path", ["/new", "/provider/made-up", "/provider/made-up/delete"])
def test_a_form_from_elsewhere_is_refused(bare: World, path: str, token: str | None) -> None:
    add(bare)
    before = stored(bare)
    data = bare.visit(bare.arcade_url + NEW).forms[0].filled(FILLED | {"ID": "another"})
    del data["form_token"]
    if token == "of another Engine":
        other = make_world()
        token = other.sandbox.engine.form_token
        other.close()
    sent = data if token is None else data | {"form_token": token}
    reply = bare.http.post(bare.arcade_url + APPS + path, data=sent)

    assert reply.status_code == 403
    assert "Open the form anew, fill it in and send it again." in reply.text
    assert bare.sandbox.provider_ids() == ["made-up"]
    assert stored(bare) == before


def test_what_is_typed_is_shown_as_text(bare: World) -> None:
    mark = '"><b>bold</b>'
    page = add(bare, Description=mark)
    assert page.values["Description"] == mark
    for path in (APPS, f"{APPS}/provider/made-up"):
        assert "<b>" not in bare.http.get(bare.arcade_url + path).text


def test_no_page_and_no_event_holds_the_secret(bare: World) -> None:
    def replies() -> Iterator[httpx.Response]:
        url = bare.arcade_url + APPS
        data = bare.visit(f"{url}/new").forms[0].filled(FILLED)
        yield bare.http.post(f"{url}/new", data=data | {"id": "Not An Id"})
        yield bare.http.post(f"{url}/new", data=data)
        yield bare.http.post(f"{url}/new", data=data)
        yield bare.http.post(f"{url}/provider/made-up", data=data | {"scope": "{{x}}"})
        yield bare.http.get(f"{url}/provider/made-up")
        yield bare.http.get(f"{url}/provider/made-up/delete")
        yield bare.http.get(url)
        yield bare.http.get(f"{bare.arcade_url}/_sandbox/events")

    seen = list(replies())
    assert [reply.status_code for reply in seen] == [400, 303, 400, 400, 200, 200, 200, 200]
    assert not [reply.text for reply in seen if SECRET in reply.text]


def test_pages_are_not_kept_and_run_no_script(bare: World) -> None:
    reply = bare.http.get(bare.arcade_url + NEW)
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-security-policy"].startswith("default-src 'none'; ")


# The whole way


def connect(world: World, provider_id: str, **changes: str) -> None:
    """Register an app and a provider by hand, as the guide tells."""
    portal = f"{world.ticktick_url}/manage"
    world.visit(f"{portal}/new", "Add", {"Name": "My app"})
    app = world.app
    page = add(
        world,
        ID=provider_id,
        Client_ID=app.client_id,
        Client_Secret=app.client_secret,
        Authorization_Endpoint="https://ticktick.com/oauth/authorize",
        Token_Endpoint="https://ticktick.com/oauth/token",
        **changes,
    )
    redirect = {"OAuth redirect URL": page.values["Redirect URI"]}
    world.visit(f"{portal}/app/{app.client_id}", "Save", redirect)


@pytest.mark.parametrize(
    "changes",
    [{}, {"Authentication_Method": "body"}, {"Enable_PKCE": "on"}],
    ids=["as it stands", "credentials in the body", "with PKCE"],
)
def test_a_provider_made_by_hand_gives_a_token_that_works(
    bare: World, changes: dict[str, str]
) -> None:
    connect(bare, PROVIDER_ID, **changes)
    assert bare.open_api().get("/project").json()[0]["name"]


def test_a_provider_from_engine_yaml_still_works_after_an_edit_by_hand(bare: World) -> None:
    bare.sandbox.prepare(None, ROOT / "snippets" / "engine.yaml")
    path = f"{APPS}/provider/{PROVIDER_ID}"
    assert "This provider comes from engine.yaml." in text_of(bare, path)
    edit(bare, {"Description": "new"}, PROVIDER_ID)

    assert bare.open_api().get("/project").status_code == 200
    assert stored(bare, PROVIDER_ID)["binding"]["type"] == "static"


def test_a_wrong_secret_is_mended_in_the_dashboard(bare: World) -> None:
    connect(bare, PROVIDER_ID)
    edit(bare, {"Client Secret": "wrong"}, PROVIDER_ID)
    auth = bare.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=BOTH)
    assert auth.url
    assert bare.visit(auth.url, "Allow").heading == (
        "You have allowed access, but no token arrived"
    )
    edit(bare, {"Client Secret": bare.app.client_secret}, PROVIDER_ID)
    assert bare.token()


@pytest.fixture
def notebook() -> Iterator[None]:
    sandbox.start(provider=None)
    yield
    sandbox.stop()


def test_a_notebook_drives_the_form_and_reads_the_redirect_url(
    notebook: None, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    page = sandbox.open(f"https://api.arcade.dev{NEW}", fill=FILLED, click="Create")

    assert capsys.readouterr().out == (
        f"Autopilot: filled in {', '.join(FILLED)}, clicked Create → OAuth Provider\n"
    )
    oauth2 = Arcade().admin.auth_providers.get("made-up").oauth2
    assert oauth2
    assert page["Redirect URI"] == oauth2.redirect_uri


@pytest.mark.parametrize(
    ("search", "shown"),
    [("", ["one", "two"]), ("TWO", ["two"]), ("second", ["two"]), ("three", [])],
)
def test_the_list_can_be_searched_by_id_and_description(
    bare: World, search: str, shown: list[str]
) -> None:
    add(bare, ID="one")
    add(bare, ID="two", Description="The second one")
    page = bare.http.get(bare.arcade_url + APPS, params={"search": search}).text
    assert [name for name in ("one", "two") if f'<th scope="row">{name}</th>' in page] == shown
    assert ("No provider has <b>three</b>" in page) == (not shown)
    assert '<li aria-current="true">Project 2</li>' in page
