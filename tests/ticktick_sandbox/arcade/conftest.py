"""What the tests of the Engine have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ticktick_sandbox.arcade.helpers import (
    call,
    make_worker,
    register,
)
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.shared.settings import PROVIDER_ID


@pytest.fixture(scope="module")
def working() -> Iterator[tuple[World, WorkerProcess]]:
    """A world with a provider and a real worker, which the tests of a module share."""
    world = make_world()
    world.sandbox.prepare(PROVIDER_ID)
    worker = make_worker(world.arcade_url)
    worker.start()
    yield world, worker
    worker.stop()
    world.close()


@pytest.fixture
def served(working: tuple[World, WorkerProcess]) -> World:
    """The shared world with its real worker registered as ``ticktick``, and no other."""
    world, worker = working
    for registered in call(world, "GET", "/v1/workers").json()["items"]:
        call(world, "DELETE", f"/v1/workers/{registered['id']}")
    register(world, "ticktick", worker.uri)
    return world
