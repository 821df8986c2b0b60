"""Every form of both servers acts only on the hidden token that was made for it."""

from __future__ import annotations

import html
from collections.abc import Iterator

import httpx
import pytest
from starlette.routing import Route

from tests.ticktick_sandbox.helpers import World, make_world
from tests.ticktick_sandbox.ticktick.helpers import hidden, sign_up
from tests.ticktick_sandbox.together.every_page import every_form, full_world, path_of
from ticktick_sandbox.browser.html import Form, read_page
from ticktick_sandbox.server import control_api, start_page

NO_FORM = ("/v1/", "/oauth/token", "/oauth/revoke", "/api/v1/oauth/confirm_user")
"""What programs post to; these prove who they are in other ways."""

Forms = dict[str, Form]


@pytest.fixture(scope="module")
def everything() -> Iterator[tuple[World, Forms]]:
    """A world with something on every page, and all forms of it."""
    with full_world() as world:
        yield world, every_form(world)


@pytest.fixture
def foreign_tokens(everything: tuple[World, Forms]) -> Iterator[list[str]]:
    """Tokens of another sandbox and, for TickTick, of another person's session."""
    world, _ = everything
    with httpx.Client(base_url=world.ticktick_url, trust_env=False) as client:
        accounts = world.sandbox.ticktick.accounts
        other = accounts.by_email("other@example.com")
        session = accounts.open_session(other) if other else sign_up(client, "other@example.com")
        tokens = [hidden(client, session)["form_token"]]
    elsewhere = make_world()
    tokens += [
        elsewhere.sandbox.engine.form_token,
        elsewhere.sandbox.services.form_token,
        elsewhere.sandbox.ticktick.form_token("/signin"),
    ]
    elsewhere.close()
    yield tokens


def submit(world: World, url: str, form: Form, **more: dict[str, str]) -> httpx.Response:
    """Send a form as it is shown, but for changes to its ``fields`` and ``headers``."""
    data = form.filled({}) | more.get("fields", {})
    headers = more.get("headers", {})
    if form.multipart:
        files = {name: (None, text) for name, text in data.items()}
        return world.http.post(url, files=files, headers=headers)
    return world.http.post(url, data=data, headers=headers)


def without_token(form: Form) -> Form:
    fields = {name: text for name, text in form.fields.items() if name != "form_token"}
    return Form(form.action, form.method, form.multipart, fields, form.labels, form.choices)


def kept(world: World) -> object:
    """Return all that the forms could change."""
    services = world.sandbox.services
    ticktick = services.ticktick
    return (
        services,
        ticktick.accounts.all(),
        list(ticktick.accounts._sessions),
        ticktick.apps.all(),
        list(ticktick.grants._codes),
        services.engine.providers.all(),
        services.engine.workers.all(),
        services.engine.secrets.all(),
        (services.engine.verification.verifier_url, services.engine.verification.skip),
        services.engine.authorizations.connections.all(),
        list(services.context.event_log.events),
    )


def assert_refused(reply: httpx.Response) -> None:
    assert reply.status_code == 403, reply.url
    assert "<h1>This form can't be accepted</h1>" in html.unescape(reply.text)
    assert "set-cookie" not in reply.headers


def test_every_route_that_takes_a_form_is_met(everything: tuple[World, Forms]) -> None:
    world, forms = everything
    services = world.sandbox.services
    apps = {
        world.arcade_url: getattr(services.arcade_app, "app", services.arcade_app),
        world.ticktick_url: services.ticktick_app,
    }
    by_programs = {route.path for route in control_api.routes(world.sandbox, "")}  # with a key
    for url, app in apps.items():
        own = start_page.create_app("", world.sandbox, dict, "", "")
        sent_to = {path_of(place) for place in forms if place.startswith(url)}
        for route in (*app.routes, *own.routes):
            if not isinstance(route, Route) or "POST" not in (route.methods or ()):
                continue
            if route.path.startswith(NO_FORM) or route.path == "/oauth/custom_authorize":
                continue
            if route.path in by_programs:
                continue
            assert any(route.path_regex.match(path) for path in sent_to), route.path


@pytest.mark.parametrize("token", [None, "", "wrong", "würzig"])
def test_a_form_with_no_token_or_a_wrong_one_changes_nothing(
    everything: tuple[World, Forms], token: str | None
) -> None:
    world, forms = everything
    before = kept(world)
    for url, form in forms.items():
        bare = without_token(form)
        fields = {} if token is None else {"form_token": token}
        assert_refused(submit(world, url, bare, fields=fields))
    assert kept(world) == before


def test_a_token_of_another_session_or_sandbox_changes_nothing(
    everything: tuple[World, Forms], foreign_tokens: list[str]
) -> None:
    world, forms = everything
    before = kept(world)
    for url, form in forms.items():
        own = form.fields["form_token"]
        for token in (*foreign_tokens, own[:-1], f"{own}x"):
            assert_refused(submit(world, url, form, fields={"form_token": token}))
    assert kept(world) == before


def test_a_token_works_only_with_its_own_session(
    everything: tuple[World, Forms], foreign_tokens: list[str]
) -> None:
    world, forms = everything
    other = list(world.sandbox.ticktick.accounts._sessions)[-1]
    assert world.sandbox.ticktick.accounts.signed_in(other).email == "other@example.com"
    before = kept(world)
    for url, form in forms.items():
        if "session" in form.fields:
            assert_refused(submit(world, url, form, fields={"session": other}))
    assert kept(world) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:8888"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:8888"},
    ],
)
def test_a_form_that_another_site_sends_changes_nothing_even_with_a_right_token(
    everything: tuple[World, Forms], headers: dict[str, str]
) -> None:
    world, forms = everything
    before = kept(world)
    for url, form in forms.items():
        assert_refused(submit(world, url, form, headers=headers))
    assert kept(world) == before


def test_a_form_as_it_was_shown_is_taken_without_any_cookie() -> None:
    with full_world() as world:
        for url, form in every_form(world).items():
            world.http.cookies.clear()
            if path_of(url) != "/_sandbox/start-over":  # after it, tokens are others
                assert submit(world, url, form).status_code != 403, url


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "{own}"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_what_a_browser_says_of_our_own_pages_is_taken(
    bare: World, headers: dict[str, str]
) -> None:
    url = f"{bare.ticktick_url}/signin"
    form = read_page(url, 200, bare.http.get(url).text).form_with("Sign in", [])
    sent = {name: text.format(own=bare.ticktick_url) for name, text in headers.items()}
    assert submit(bare, url, form, headers=sent).status_code == 302
