"""The Developer Portal: apps are registered, edited and deleted by their owners."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.ticktick.helpers import CALLBACK, add_app, hidden, sign_up
from ticktick_sandbox.ticktick.apps import App

SAVED = {"name": "Planner", "service_url": "", "description": "", "redirect_url": CALLBACK}
PNG = b"\x89PNG\r\n\x1a\n"


def edit_path(app: App) -> str:
    return f"/manage/app/{app.client_id}"


def save(client: httpx.Client, app: App, session: str, **changes) -> httpx.Response:
    icon = changes.pop("icon", None)
    sent = hidden(client, session) | SAVED | changes
    fields = {name: (None, value) for name, value in sent.items()}
    return client.post(edit_path(app), files=fields | ({"icon": icon} if icon else {}))


def test_the_header_has_the_known_parts_in_order(ticktick: httpx.Client, session: str) -> None:
    shown = ticktick.get("/manage", params={"session": session}).text
    header = re.sub(r"<.*?>|\s+", " ", shown[shown.index("<header") : shown.index("</header")])
    assert " ".join(header.split()) == (
        "TickTick Developer API Docs live only Manage Apps L Learner Sign out"
    )


def test_an_empty_list_says_what_to_do(ticktick: httpx.Client, session: str) -> None:
    shown = html.unescape(ticktick.get("/manage", params={"session": session}).text)
    assert (
        'No applications yet. Please click the "New App" button at the top right corner '
        "to add a new one."
    ) in shown


def test_the_list_shows_apps_with_edit_and_delete(
    ticktick: httpx.Client, session: str, app: App
) -> None:
    shown = ticktick.get("/manage", params={"session": session}).text
    assert re.findall('<th scope="col">(.*?)</th>', shown) == ["App Name", "Description", "Actions"]
    assert "<td>Planner</td>" in shown
    assert f'href="{edit_path(app)}?session={session}" aria-label="Edit Planner"' in shown
    assert f'action="{edit_path(app)}/delete"' in shown


def test_a_new_app_is_asked_for_three_things_and_no_redirect_url(bare: World) -> None:
    page = bare.visit(f"{bare.ticktick_url}/manage/new")
    assert list(page.form_with("Add", []).labels) == ["Name", "App Service URL", "Description"]


def test_a_new_app_gets_credentials_of_the_known_lengths(bare: World) -> None:
    bare.visit(f"{bare.ticktick_url}/manage/new", click="Add", fill={"Name": "Planner"})
    assert re.fullmatch("[0-9A-Za-z]{18}", bare.app.client_id)
    assert re.fullmatch("[0-9A-Za-z]{32}", bare.app.client_secret)
    assert bare.app.redirect_url == ""


def test_an_app_without_a_name_is_refused_and_the_rest_kept(
    ticktick: httpx.Client, session: str
) -> None:
    form = {"name": " ", "description": "What I typed", "service_url": "u"}
    reply = ticktick.post("/manage/new", data=hidden(ticktick, session) | form)
    assert reply.status_code == 400
    assert "Name is required." in reply.text
    assert "What I typed" in reply.text
    assert "No applications yet." in ticktick.get("/manage", params={"session": session}).text


def test_the_edit_page_shows_the_credentials_in_clear(bare: World, app: App) -> None:
    page = bare.visit(bare.ticktick_url + edit_path(app))
    assert page.heading == "App Setting"
    assert page.values == {
        "Client ID": app.client_id,
        "Client Secret": app.client_secret,
        "OAuth redirect URL": CALLBACK,
        "App Icon": "",
        "Name": "Planner",
        "App Service URL": "",
        "Description": "",
    }
    assert [list(form.buttons) for form in page.forms] == [["Sign out"], ["Reset"], ["Save"]]


def test_saving_keeps_every_field(ticktick: httpx.Client, session: str, app: App, bare) -> None:
    changes = {
        "name": "Planner 2",
        "service_url": "https://planner.example",
        "description": "Line 1\nLine 2",
        "redirect_url": " https://planner.example/cb?a=b ",
    }
    reply = save(ticktick, app, session, **changes)
    assert reply.status_code == 303
    assert reply.headers["location"] == f"{edit_path(app)}?saved=1&session={session}"
    assert "Saved." in ticktick.get(reply.headers["location"]).text
    stored = {name: getattr(bare.app, name) for name in changes}
    assert stored == {name: value.strip() for name, value in changes.items()}
    assert bare.app.client_secret == app.client_secret


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://localhost",
        "http://localhost:9099/callback",
        "http://127.0.0.1:8080/",
        "https://planner.example/oauth/callback",
        "https://planner.example:8443/cb?tenant=1",
    ],
)
def test_usable_redirect_urls_are_saved(
    ticktick: httpx.Client, session: str, app: App, bare: World, url: str
) -> None:
    assert save(ticktick, app, session, redirect_url=url).status_code == 303
    assert bare.app.redirect_url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("planner.example/cb", "is not a complete http or https address."),
        ("/callback", "is not a complete http or https address."),
        ("https://", "is not a complete http or https address."),
        ("https://[::1", "is not a complete http or https address."),
        ("http://localhost:port/", "is not a complete http or https address."),
        ("myapp://callback", "is not a complete http or https address."),
        ("javascript:alert(1)", "is not a complete http or https address."),
        ("http://planner.example/cb", "must begin with https"),
        ("http://localhost.evil.example/", "must begin with https"),
        ("https://planner.example/cb#part", "must not contain a # part."),
    ],
)
def test_bad_redirect_urls_change_nothing_and_stay_typed(
    ticktick: httpx.Client, session: str, app: App, bare: World, url: str, reason: str
) -> None:
    reply = save(ticktick, app, session, redirect_url=url, description="What I typed")
    assert reply.status_code == 400
    assert f"OAuth redirect URL: {url} {reason}" in reply.text
    assert f'<input name="redirect_url" value="{url}" ' in reply.text
    assert "What I typed" in reply.text
    assert bare.app == app


def test_a_name_cannot_be_saved_away(ticktick: httpx.Client, session: str, app: App, bare) -> None:
    assert save(ticktick, app, session, name=" ").status_code == 400
    assert bare.app == app


def test_what_is_typed_is_shown_as_text_only(
    ticktick: httpx.Client, session: str, app: App
) -> None:
    save(ticktick, app, session, name='"><script>x</script>', description="</textarea><b>")
    for path in ("/manage", edit_path(app)):
        shown = ticktick.get(path, params={"session": session}).text
        assert "&lt;script&gt;" in shown
        assert "<script>" not in shown
        assert "</textarea><b>" not in shown


@pytest.mark.parametrize("charset", ["utf-7", "undefined"])
def test_a_form_in_another_encoding_is_refused(
    ticktick: httpx.Client, app: App, charset: str
) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="session"\r\n\r\n+2AA-\r\n--x--\r\n'
    kind = {"Content-Type": f"multipart/form-data; charset={charset}; boundary=x"}
    assert ticktick.post(edit_path(app), content=part, headers=kind).status_code == 415


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/gif", "image/webp"])
def test_an_icon_is_shown_to_its_owner(
    ticktick: httpx.Client, session: str, app: App, kind: str
) -> None:
    assert save(ticktick, app, session, icon=("i", PNG, kind)).status_code == 303
    assert save(ticktick, app, session).status_code == 303  # no new icon keeps the old one
    icon = ticktick.get(f"{edit_path(app)}/icon", params={"session": session})
    assert (icon.status_code, icon.content) == (200, PNG)
    assert icon.headers["content-type"] == kind
    assert icon.headers["x-content-type-options"] == "nosniff"
    assert (
        f'src="{edit_path(app)}/icon?session={session}"'
        in ticktick.get(edit_path(app), params={"session": session}).text
    )


@pytest.mark.parametrize(
    ("icon", "reason"),
    [
        (("i.svg", b"<svg/>", "image/svg+xml"), "choose a PNG, JPEG, GIF or WebP picture."),
        (("i.html", b"<script>", "text/html"), "choose a PNG, JPEG, GIF or WebP picture."),
        (("i.png", b"x" * 1_000_001, "image/png"), "the picture is larger than 1 MB."),
    ],
)
def test_other_files_and_big_ones_are_no_icons(
    ticktick: httpx.Client, session: str, app: App, bare: World, icon, reason: str
) -> None:
    reply = save(ticktick, app, session, icon=icon)
    assert reply.status_code == 400
    assert f"App Icon: {reason}" in reply.text
    assert bare.app == app
    assert ticktick.get(f"{edit_path(app)}/icon?session={session}").status_code == 404


def test_an_icon_of_one_megabyte_is_taken(ticktick: httpx.Client, session: str, app: App) -> None:
    icon = ("i.png", b"x" * 1_000_000, "image/png")
    assert save(ticktick, app, session, icon=icon).status_code == 303


def test_reset_gives_a_new_secret_and_nothing_else(bare: World, app: App) -> None:
    page = bare.visit(bare.ticktick_url + edit_path(app), click="Reset")
    assert page.values["Client ID"] == app.client_id
    assert page.values["Client Secret"] == bare.app.client_secret != app.client_secret
    assert page.values["OAuth redirect URL"] == CALLBACK


def test_a_deleted_app_is_gone(ticktick: httpx.Client, session: str, app: App) -> None:
    reply = ticktick.post(f"{edit_path(app)}/delete", data=hidden(ticktick, session))
    assert reply.status_code == 303
    assert reply.headers["location"] == f"/manage?session={session}"
    assert "Planner" not in ticktick.get(reply.headers["location"]).text
    assert ticktick.get(edit_path(app), params={"session": session}).status_code == 404


def test_deleting_one_app_leaves_the_others(
    ticktick: httpx.Client, session: str, app: App, bare: World
) -> None:
    add_app(bare, name="Other")
    ticktick.post(f"{edit_path(app)}/delete", data=hidden(ticktick, session))
    shown = ticktick.get("/manage", params={"session": session}).text
    assert "<td>Other</td>" in shown
    assert "<td>Planner</td>" not in shown


@pytest.mark.parametrize("step", ["", "/icon"])
def test_an_app_is_not_shown_to_another_account(
    ticktick: httpx.Client, app: App, step: str
) -> None:
    other = sign_up(ticktick, "other@example.com")
    reply = ticktick.get(f"{edit_path(app)}{step}", params={"session": other})
    assert reply.status_code == 404
    assert "No such app" in reply.text
    assert app.client_secret not in reply.text
    assert "Planner" not in ticktick.get("/manage", params={"session": other}).text


@pytest.mark.parametrize("step", ["", "/reset", "/delete"])
def test_another_account_cannot_change_an_app(
    ticktick: httpx.Client, app: App, bare: World, step: str
) -> None:
    other = sign_up(ticktick, "other@example.com")
    form = SAVED | hidden(ticktick, other) | {"name": "Mine"}
    assert ticktick.post(f"{edit_path(app)}{step}", data=form).status_code == 404
    assert bare.app == app


@pytest.mark.parametrize("step", ["", "/reset", "/delete"])
def test_a_forged_form_with_only_the_cookie_does_nothing(
    ticktick: httpx.Client, session: str, app: App, bare: World, step: str
) -> None:
    ticktick.cookies.set("sandbox_ticktick_session", session)
    reply = ticktick.post(f"{edit_path(app)}{step}?session={session}", data=SAVED | {"name": "X"})
    assert reply.status_code == 403
    assert bare.app == app


def test_a_forged_form_registers_no_app(ticktick: httpx.Client, session: str) -> None:
    ticktick.cookies.set("sandbox_ticktick_session", session)
    reply = ticktick.post("/manage/new", data={"name": "X"})
    assert reply.status_code == 403
    assert "No applications yet." in ticktick.get("/manage").text


@pytest.mark.parametrize("path", ["/manage", "/manage/new", "/manage/app/x"])
def test_the_portal_asks_to_sign_in_first(ticktick: httpx.Client, path: str) -> None:
    reply = ticktick.get(path)
    assert reply.status_code == 302
    assert reply.headers["location"] == "/signin?dest=" + path.replace("/", "%2F")
