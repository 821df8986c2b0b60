"""No secret of a run is in anything that shows what went over the wire."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest

from tests.ticktick_sandbox.arcade.helpers import (
    authorize,
    call,
    consented,
    http_of,
    provider_body,
    query,
)
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.browser.browser import Browser
from ticktick_sandbox.recording.diagram import to_arrows, to_details, to_html
from ticktick_sandbox.recording.exports import to_har, to_mermaid, to_text
from ticktick_sandbox.recording.picture import to_svg
from ticktick_sandbox.shared.settings import API_KEY, PROVIDER_ID

ODD = 'a "b" & c/d=é + {e}'  # what a person may type


def spellings(secret: str) -> set[str]:
    """Return a secret as it may look in a text: as it is, escaped, or encoded."""
    raw = secret.encode()
    encoded = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):  # what stands before it decides how its bits are cut
            whole = encode(b"x" * before + raw).decode()
            encoded.add(whole[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6])
    forms = {quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    return {secret, raw.hex(), *forms, *encoded}


@pytest.fixture
def every_journey() -> Iterator[tuple[World, set[str]]]:
    """A world in which everything was done that involves a secret, and all of these."""
    world = make_world()
    world.sandbox.prepare(PROVIDER_ID)
    made: set[str] = set()
    made_by_ids = world.sandbox.services.context.ids.listener

    def listen(kind: str, value: str) -> None:
        if kind in ("code", "access_token", "client_secret", "flow", "verifier test"):
            made.add(value)
        assert made_by_ids
        made_by_ids(kind, value)

    world.sandbox.services.context.ids.listener = listen
    made |= {world.app.client_secret, API_KEY}
    with Browser(world.sandbox.local) as browser:
        made |= _everything(world, browser)
        made |= {c.value for c in browser._client.cookies.jar if c.value}
    made |= set(world.sandbox.ticktick.accounts._sessions)
    yield world, made
    world.close()


def _everything(world: World, browser: Browser) -> set[str]:
    typed = {name: secrets.token_urlsafe(12) for name in ("password", "worker", "tool", "client")}
    world.token()
    # An account of one's own, an app, a new secret for it.
    page = browser.open(f"{world.ticktick_url}/signup")
    filled = {"Name": "Ada", "Email": "ada@example.com", "Password": typed["password"]}
    browser.submit(page, "Sign up", filled)
    page = browser.open(f"{world.ticktick_url}/manage/new")
    browser.submit(page, "Add", {"Name": "Mine", "Description": "of mine"})
    # Secrets over the API, right ones and wrong ones, in JSON and in what is no JSON.
    call(world, "PUT", "/v1/admin/secrets/KEY", {"value": typed["tool"]})
    call(world, "PUT", "/v1/admin/secrets/ODD", {"value": ODD})
    http = http_of("http://127.0.0.1:1", secret=typed["worker"])
    call(world, "POST", "/v1/workers", {"id": "mine", "http": http})
    body = provider_body()
    body["oauth2"]["client_secret"] = typed["client"]
    body["description"] = f"uses {typed['client']}"
    call(world, "POST", "/v1/admin/auth_providers", body)
    broken = f'{{"client_secret": "{typed["client"]}", '
    headers = {"Authorization": API_KEY, "Content-Type": "application/json"}
    world.http.post(f"{world.arcade_url}/v1/workers", content=broken, headers=headers)
    # The token endpoint, asked in each way, with wrong credentials, and a code that is used.
    code = query(consented(world, authorize(world, user_id="grace")))["code"][0]
    for auth in (("client", typed["client"]), (world.app.client_id, world.app.client_secret)):
        for _ in range(2):
            sent = {"grant_type": "authorization_code", "code": code, "client_secret": auth[1]}
            world.http.post(f"{world.ticktick_url}/oauth/token", data=sent, auth=auth)
    # A token where it does not belong.
    token = world.token()
    world.http.get(f"{world.ticktick_url}/open/v1/project?access_token={token}")
    with world.open_api() as api:
        api.post("/task", json={"title": f"my token is {token}", "content": quote(token)})
        api.get("/project/inbox/data")
    call(world, "GET", f"/v1/auth/status?id={token}")
    return set(typed.values()) | {ODD, code, token}


def test_no_secret_is_in_any_view(every_journey: tuple[World, set[str]]) -> None:
    world, made = every_journey
    recorded = world.sandbox.wire.since()
    assert len(recorded) > 30
    assert len(made) > 12
    views = {
        "text": "".join(map(to_text, recorded)),
        "html": to_html(recorded) + to_arrows(recorded) + "".join(map(to_details, recorded)),
        "mermaid": to_mermaid(recorded),
        "har": json.dumps(to_har(recorded, "0"), ensure_ascii=False),
        "har in ascii": json.dumps(to_har(recorded, "0")),
        "svg": to_svg(recorded, "title"),
        "repr": repr(recorded) + repr(world.sandbox.wire),
        "json": world.http.get(f"{world.arcade_url}/_sandbox/exchanges").text,
        "page": world.http.get(f"{world.arcade_url}/_sandbox/wire").text,
        "rows": world.http.get(f"{world.arcade_url}/_sandbox/wire-rows").text,
    }
    for name, view in views.items():
        assert "token 1" in view or name == "repr"
        found = {secret for secret in made for spelling in spellings(secret) if spelling in view}
        assert found == set(), name


def test_a_secret_that_was_not_hidden_would_be_found(every_journey: tuple[World, set[str]]) -> None:
    _, made = every_journey
    for secret in made:
        for view in (secret, quote(secret), base64.b64encode(f"id:{secret}".encode()).decode()):
            assert any(spelling in view for spelling in spellings(secret))
