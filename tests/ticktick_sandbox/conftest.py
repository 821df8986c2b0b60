"""A running sandbox for each test, and what most tests do with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.server.current_services import Prepared
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.settings import PROVIDER_ID


@pytest.fixture(scope="session")
def lasting() -> Iterator[list[Sandbox]]:
    """The sandbox that starts over for each test; another one once it was stopped."""
    lasting: list[Sandbox] = []
    yield lasting
    for sandbox in lasting:
        sandbox.stop()


@pytest.fixture
def bare(lasting: list[Sandbox]) -> Iterator[World]:
    """A world with the learner's account and nothing else."""
    yield from fresh_world(lasting, None)


@pytest.fixture
def world(lasting: list[Sandbox]) -> Iterator[World]:
    """A world with a TickTick app and the provider arcade-ticktick."""
    yield from fresh_world(lasting, (PROVIDER_ID, None, None))


def fresh_world(lasting: list[Sandbox], prepared: Prepared | None) -> Iterator[World]:
    if not lasting or not lasting[0].serves:
        lasting[:] = [make_world().sandbox]
    (sandbox,) = lasting
    sandbox.prepared = prepared
    sandbox.start_over(noted=False)
    world = World(sandbox, lasts=True)
    yield world
    world.close()
    sandbox.names.clear()
