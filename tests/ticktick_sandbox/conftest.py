"""A running sandbox for each test, and what most tests do with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.shared.settings import PROVIDER_ID


@pytest.fixture
def bare() -> Iterator[World]:
    """A world with the learner's account and nothing else."""
    world = make_world()
    yield world
    world.close()


@pytest.fixture
def world() -> Iterator[World]:
    """A world with a TickTick app and the provider arcade-ticktick."""
    world = make_world()
    world.sandbox.prepare(PROVIDER_ID)
    yield world
    world.close()
