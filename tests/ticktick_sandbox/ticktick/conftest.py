"""A client for TickTick alone, and the steps that come before what a test is about."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.ticktick.helpers import (
    add_app,
    sign_in,
)
from ticktick_sandbox.browser.browser import local_client
from ticktick_sandbox.ticktick.apps import App


@pytest.fixture
def ticktick(bare: World) -> Iterator[httpx.Client]:
    """A client for TickTick that follows no redirects."""
    with local_client() as client:
        client.base_url = httpx.URL(bare.ticktick_url)
        yield client


@pytest.fixture
def session(ticktick: httpx.Client) -> str:
    """The learner's session."""
    return sign_in(ticktick)


@pytest.fixture
def app(bare: World) -> App:
    """An app of the learner whose redirect URL is ``CALLBACK``."""
    return add_app(bare)


@pytest.fixture
def api(world: World) -> httpx.Client:
    """A client for the Open API with the learner's token for both scopes."""
    return world.open_api()
