"""A program that waits for a consent that nobody gives is told where to give it."""

from __future__ import annotations

import threading
import time

import pytest

from tests.ticktick_sandbox.arcade.helpers import Poll, authorize
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.server import long_waits
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.settings import API_KEY, PROVIDER_ID


def test_it_is_told_once_and_only_if_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_waits, "AFTER", 0.05)
    told: list[str] = []
    heard = threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        heard.set()

    sandbox = Sandbox(Context.of(Clock(standing_at=NOTEBOOK_TIME)), ports=(0, 0), tell=tell)
    sandbox.prepare(PROVIDER_ID)
    sandbox.start()
    world = World(sandbox)
    asked = authorize(world)
    polls = [Poll(world, asked["id"]) for _ in range(2)]
    for poll in polls:
        poll.start()
    assert heard.wait(5)
    assert world.arcade.auth.status(id=asked["id"]).status == "pending"  # answered at once
    world.visit(asked["url"], click="Allow")
    for poll in polls:
        poll.join()
    world.close()
    assert told == [f"Still waiting for the user's consent. Open {asked['url']} and click Allow."]
    assert polls[0].body["status"] == "completed"


def test_who_waits_anew_is_told_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_waits, "AFTER", 0.05)
    monkeypatch.setattr(long_waits, "_PAUSE", 0.2)
    told: list[str] = []
    clock = Clock(standing_at=NOTEBOOK_TIME)
    sandbox = Sandbox(Context.of(clock), ports=(0, 0), tell=told.append)
    sandbox.prepare(PROVIDER_ID)
    sandbox.start()
    world = World(sandbox)
    asked = authorize(world)
    for _ in range(2):
        for _ in range(2):  # one after the other, as a client polls
            world.http.get(
                f"{world.arcade_url}/v1/auth/status",
                params={"id": asked["id"], "wait": 1},
                headers={"Authorization": API_KEY},
            )
        time.sleep(0.5)
    world.close()
    assert len(told) == 2
