"""Two providers of one kind, each with an app of its own: nothing of one is the other's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import arcadepy
import pytest
from arcadepy.types import AuthorizationResponse

from tests.ticktick_sandbox.arcade.helpers import READ, WRITE, call, http_of, make_worker
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID

MINE = "my-ticktick"
BOTH_PROVIDERS = [PROVIDER_ID, MINE]
TOOL = {PROVIDER_ID: "Ticktick.AskArcades", MINE: "Ticktick.AskMine"}


@pytest.fixture
def pair(world: World) -> World:
    """A world with both providers; the second has an app of its own at TickTick."""
    world.sandbox.prepare(MINE)
    return world


def start(world: World, provider_id: str, scopes: list[str] = READ) -> AuthorizationResponse:
    return world.arcade.auth.start(LEARNER, provider_id, scopes=scopes)


def consent(world: World, provider_id: str) -> AuthorizationResponse:
    pending = start(world, provider_id)
    assert pending.status == "pending"
    assert pending.url
    world.visit(pending.url, click="Allow")
    return world.arcade.auth.wait_for_completion(pending)


def token(answer: AuthorizationResponse) -> str:
    assert answer.status == "completed"
    assert answer.context
    assert answer.context.token
    return answer.context.token


def client_ids(world: World) -> list[str]:
    """Return the client ids of the learner's two apps, in the order of the providers."""
    service = world.sandbox.ticktick
    owner = service.accounts.by_email(LEARNER).user_id
    return [app.client_id for app in service.apps.owned_by(owner)]


def test_each_provider_sends_its_users_to_its_own_app(pair: World) -> None:
    for provider_id, client_id in zip(BOTH_PROVIDERS, client_ids(pair), strict=True):
        provider = pair.arcade.admin.auth_providers.get(provider_id)
        url = start(pair, provider_id).url
        assert url
        sent = parse_qs(urlsplit(url).query)
        assert provider.oauth2
        assert sent["client_id"] == [provider.oauth2.client_id] == [client_id]
        assert sent["redirect_uri"] == [provider.oauth2.redirect_uri]
    assert len(set(client_ids(pair))) == 2


@pytest.mark.parametrize("order", [BOTH_PROVIDERS, BOTH_PROVIDERS[::-1]])
def test_consent_to_one_is_no_consent_to_the_other(pair: World, order: list[str]) -> None:
    first, second = order
    granted = consent(pair, first)

    assert granted.provider_id == first
    assert start(pair, second).status == "pending"
    other = consent(pair, second)
    assert other.provider_id == second
    assert token(other) != token(granted)
    assert start(pair, first) == granted
    assert start(pair, second) == other


def test_scopes_are_not_carried_from_one_to_the_other(pair: World) -> None:
    consent(pair, PROVIDER_ID)
    urls = [start(pair, provider_id, WRITE).url for provider_id in BOTH_PROVIDERS]

    scopes = [parse_qs(urlsplit(url or "").query)["scope"] for url in urls]
    assert scopes == [["tasks:write tasks:read"], ["tasks:write "]]


def test_a_callback_of_one_does_not_finish_a_flow_of_the_other(pair: World) -> None:
    pending = start(pair, PROVIDER_ID)
    mine = pair.arcade.admin.auth_providers.get(MINE).oauth2
    assert pending.url
    assert mine
    state = parse_qs(urlsplit(pending.url).query)["state"][0]
    page = pair.http.get(f"{mine.redirect_uri}?code=abcdef&state={state}")

    assert page.status_code == 400
    assert "not waiting for you" in page.text
    assert start(pair, PROVIDER_ID) == pending


@pytest.mark.parametrize("order", [BOTH_PROVIDERS, BOTH_PROVIDERS[::-1]])
def test_revoking_one_leaves_the_other(pair: World, order: list[str]) -> None:
    revoked, kept = order
    granted = {provider_id: consent(pair, provider_id) for provider_id in BOTH_PROVIDERS}
    [connection] = pair.arcade.admin.user_connections.list(provider={"id": revoked})
    assert connection.id
    pair.arcade.admin.user_connections.delete(connection.id)

    assert start(pair, revoked).status == "pending"
    assert start(pair, kept) == granted[kept]
    [left] = pair.arcade.admin.user_connections.list()
    assert (left.provider_id, left.id) == (kept, granted[kept].id)


def test_deleting_one_leaves_the_other(pair: World) -> None:
    granted = {provider_id: consent(pair, provider_id) for provider_id in BOTH_PROVIDERS}
    pair.arcade.admin.auth_providers.delete(PROVIDER_ID)

    assert start(pair, MINE) == granted[MINE]
    [left] = pair.arcade.admin.user_connections.list()
    assert left.provider_id == MINE
    with pytest.raises(arcadepy.BadRequestError, match="'arcade-ticktick' not found"):
        start(pair, PROVIDER_ID)


def test_one_expiring_leaves_the_other(pair: World) -> None:
    consent(pair, PROVIDER_ID)
    pair.sandbox.clock.advance(days=100)
    mine = consent(pair, MINE)
    pair.sandbox.clock.advance(days=100)

    assert start(pair, PROVIDER_ID).status == "pending"
    assert start(pair, MINE) == mine


# With a real worker


@pytest.fixture(scope="module")
def worked() -> Iterator[World]:
    """A world with both providers and a real worker whose tools name them."""
    world = make_world()
    for provider_id in BOTH_PROVIDERS:
        world.sandbox.prepare(provider_id)
    folder = Path(__file__).parents[2] / "data" / "two_providers"
    worker = make_worker(world.arcade_url, folder)
    worker.start()
    body = {"id": "ticktick", "http": http_of(worker.uri)}
    assert call(world, "POST", "/v1/workers", body).status_code == 201
    yield world
    worker.stop()
    world.close()


@pytest.fixture
def served(worked: World) -> World:
    """That world, with nothing granted and the providers as they were."""
    for connection in worked.arcade.admin.user_connections.list():
        assert connection.id
        worked.arcade.admin.user_connections.delete(connection.id)
    for provider_id in BOTH_PROVIDERS:
        worked.arcade.admin.auth_providers.patch(provider_id, provider_id="", status="active")
    return worked


def authorize(world: World, tool: str) -> None:
    pending = world.arcade.tools.authorize(tool_name=tool, user_id=LEARNER)
    assert pending.status == "pending"
    assert pending.url
    world.visit(pending.url, click="Allow")


def run(world: World, tool: str) -> bool | None:
    return world.arcade.tools.execute(tool_name=tool, user_id=LEARNER).success


@pytest.mark.parametrize("order", [BOTH_PROVIDERS, BOTH_PROVIDERS[::-1]])
def test_a_tool_picks_its_provider_by_id(served: World, order: list[str]) -> None:
    first, second = order
    authorize(served, TOOL[first])

    assert run(served, TOOL[first])
    with pytest.raises(arcadepy.PermissionDeniedError, match="tool_authorization_required"):
        run(served, TOOL[second])
    authorize(served, TOOL[second])
    assert run(served, TOOL[second])
    granted = [item.provider_id for item in served.arcade.admin.user_connections.list()]
    assert granted == order


@pytest.mark.parametrize("provider_id", BOTH_PROVIDERS)
def test_a_tool_acts_with_the_token_of_its_own_app(served: World, provider_id: str) -> None:
    for tool in TOOL.values():
        authorize(served, tool)
    client_id = client_ids(served)[BOTH_PROVIDERS.index(provider_id)]
    served.sandbox.ticktick.grants.forget_app(client_id)

    assert {name: run(served, tool) for name, tool in TOOL.items()} == {
        name: name != provider_id for name in BOTH_PROVIDERS
    }


@pytest.mark.parametrize("provider_id", BOTH_PROVIDERS)
def test_a_revoked_connection_stops_only_its_own_tool(served: World, provider_id: str) -> None:
    for tool in TOOL.values():
        authorize(served, tool)
    [connection] = served.arcade.admin.user_connections.list(provider={"id": provider_id})
    assert connection.id
    served.arcade.admin.user_connections.delete(connection.id)

    with pytest.raises(arcadepy.PermissionDeniedError, match="tool_authorization_required"):
        run(served, TOOL[provider_id])
    [other] = set(BOTH_PROVIDERS) - {provider_id}
    assert run(served, TOOL[other])


def refusal(world: World, tool: str) -> object:
    """Return the body with which a tool is refused, the same when authorizing and running."""
    bodies = []
    for do in (world.arcade.tools.authorize, world.arcade.tools.execute):
        with pytest.raises(arcadepy.BadRequestError) as refused:
            do(tool_name=tool, user_id=LEARNER)
        bodies.append(refused.value.body)
    assert bodies[0] == bodies[1]
    return bodies[0]


def test_a_tool_that_names_a_type_needs_just_one_provider_of_it(served: World) -> None:
    def typed(*provider_ids: str) -> None:
        for provider_id in provider_ids:
            served.arcade.admin.auth_providers.patch(provider_id, provider_id="github")

    assert refusal(served, "Ticktick.AskAny") == {
        "name": "tool_requirements_not_met",
        "message": "auth provider 'github' not found. Configured: arcade-ticktick, my-ticktick",
    }
    typed(MINE)
    authorize(served, "Ticktick.AskAny")
    assert run(served, "Ticktick.AskAny")
    assert run(served, TOOL[MINE])  # the same provider, the same connection
    typed(PROVIDER_ID)
    assert refusal(served, "Ticktick.AskAny") == {
        "name": "tool_requirements_not_met",
        "message": (
            "several auth providers have the provider_id github: arcade-ticktick, my-ticktick. "
            "Ask for one of them by its id"
        ),
    }
    assert run(served, TOOL[MINE])


def test_a_tool_whose_provider_is_disabled_is_refused(served: World) -> None:
    authorize(served, TOOL[MINE])
    served.arcade.admin.auth_providers.patch(MINE, status="inactive")

    assert refusal(served, TOOL[MINE]) == {
        "name": "tool_requirements_not_met",
        "message": "auth provider 'my-ticktick' is disabled",
    }
    authorize(served, TOOL[PROVIDER_ID])
    assert run(served, TOOL[PROVIDER_ID])
