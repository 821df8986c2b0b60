"""The dashboard's page of what users have granted."""

from __future__ import annotations

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID

HOME = "/dashboard/connected-users"


def test_it_lists_who_granted_what_without_a_token(world: World) -> None:
    token = world.token(["tasks:read"])
    text = world.http.get(world.arcade_url + HOME).text
    assert (
        f'<th scope="row">{LEARNER}</th>\n<td>{PROVIDER_ID}</td>\n<td>tasks:read</td>\n'
        "<td>active</td>"
    ) in text
    assert token not in text


def test_an_expired_token_is_shown_as_expired(world: World) -> None:
    world.token()
    world.sandbox.clock.advance(days=180)
    assert "<td>expired</td>" in world.http.get(world.arcade_url + HOME).text


def test_who_is_revoked_is_asked_again(world: World) -> None:
    world.token()
    page = world.visit(world.arcade_url + HOME, "Revoke")
    assert page.url == f"{world.arcade_url}{HOME}?done=Revoked"
    assert "Nobody yet." in world.http.get(world.arcade_url + HOME).text
    assert world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=["tasks:read"]).status == "pending"


def test_revoking_what_is_gone_says_so(world: World) -> None:
    token = world.sandbox.engine.form_token
    url = f"{world.arcade_url}{HOME}/gone/revoke"
    reply = world.http.post(url, data={"form_token": token})
    assert reply.status_code == 404
    assert "<h1>No such connection</h1>" in reply.text
