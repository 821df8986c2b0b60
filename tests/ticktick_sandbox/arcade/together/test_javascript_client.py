"""Every method of the JavaScript SDK gets what its published description says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installed import NODE_MODULES, node
from tests.ticktick_sandbox.arcade.helpers import READ, SECRET
from tests.ticktick_sandbox.helpers import BOTH, World
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.server.environment import client_environment
from ticktick_sandbox.shared.settings import PROVIDER_ID

PROGRAM = Path(__file__).parents[2] / "data" / "every_method.mjs"
OTHER_USER = "user-17"


@pytest.fixture(scope="module")
def told(
    working: tuple[World, WorkerProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict]:
    """What the program found, run once against a sandbox with a consent and a worker."""
    world, worker = working
    world.token(BOTH)
    folder = tmp_path_factory.mktemp("every-method")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    run = subprocess.run(
        [node(), shutil.copy(PROGRAM, folder)],
        env=os.environ
        | client_environment(world.arcade_url)
        | {
            "FLOW_ID": awaiting_verification(world),
            "FLOW_USER_ID": OTHER_USER,
            "WORKER_URI": worker.uri,
            "WORKER_SECRET": SECRET,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    yield json.loads(run.stdout)


def awaiting_verification(world: World) -> str:
    """Return a flow whose user has consented and is not yet confirmed."""
    auth = world.arcade.auth.start(OTHER_USER, PROVIDER_ID, scopes=READ)
    assert auth.url
    page = world.visit(auth.url, click="Allow")
    return page.url.partition("flow_id=")[2]


def test_no_method_is_left_out(told: dict) -> None:
    assert len(told["methods"]) > 25
    assert sorted(told["checks"]) == sorted(told["methods"])


def test_every_answer_has_its_shape(told: dict) -> None:
    assert told["problems"] == {}, json.dumps(told["problems"], indent=1)
