"""A running sandbox for each test, and what most tests do with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ticktick_sandbox.helpers import World, fresh_world
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
