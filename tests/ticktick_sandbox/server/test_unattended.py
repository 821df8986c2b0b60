"""Programs that wait for a person where there is none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import arcadepy
import httpx
import pytest

from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.browser.consent import ALLOW, DENY, answer
from ticktick_sandbox.server.unattended import Allow, Refuse
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID


@pytest.fixture
def refusing() -> Iterator[World]:
    world = make_world(unattended=Refuse())
    world.sandbox.prepare(PROVIDER_ID)
    yield world
    world.close()


@pytest.fixture
def allowing() -> Iterator[World]:
    world = make_world(unattended=Allow())
    world.sandbox.prepare(PROVIDER_ID)
    yield world
    world.close()


@contextmanager
def meanwhile(seconds: float, function: Callable, *args: object) -> Iterator[None]:
    """Call something after so many seconds while the block runs, and wait for its end."""
    timer = threading.Timer(seconds, function, args)
    timer.start()
    yield
    timer.join()


def pending(world: World, user_id: str = LEARNER) -> arcadepy.types.AuthorizationResponse:
    auth = world.arcade.auth.start(user_id, PROVIDER_ID, scopes=["tasks:read"])
    assert auth.status == "pending"
    return auth


def test_a_wait_ends_within_a_second_and_says_what_to_call(refusing: World) -> None:
    auth = pending(refusing)
    began = time.monotonic()
    with pytest.raises(arcadepy.BadRequestError, match=r"ticktick_sandbox\.consent\(auth\)"):
        refusing.arcade.auth.wait_for_completion(auth)
    assert 0.5 < time.monotonic() - began < 1.5  # a second, on a machine with time


def test_the_real_host_name_is_no_way_around_it(refusing: World) -> None:
    auth = pending(refusing)
    app = refusing.sandbox.recorded()[0]

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, timeout=10) as client:
            url = f"https://api.arcade.dev/v1/auth/status?id={auth.id}&wait=9"
            return await client.get(url, headers={"Authorization": API_KEY})

    assert refusing.sandbox.run(ask()).status_code == 400


def test_who_consents_meanwhile_ends_the_wait(refusing: World) -> None:
    auth = pending(refusing)
    with meanwhile(0.2, answer, auth, ALLOW, refusing.sandbox.local):
        assert refusing.arcade.auth.wait_for_completion(auth).status == "completed"


def test_a_consent_that_is_on_its_way_is_waited_for() -> None:
    policy = Refuse()
    world = make_world(unattended=policy)
    world.sandbox.prepare(PROVIDER_ID)
    auth = pending(world)
    policy.deciding = 1

    def decide() -> None:
        answer(auth, ALLOW, world.sandbox.local)
        policy.deciding = 0

    with meanwhile(policy.patience + 0.3, decide):
        assert world.arcade.auth.wait_for_completion(auth).status == "completed"
    world.close()


def test_a_wait_of_before_is_not_that_of_the_same_id_after_starting_over() -> None:
    policy = Refuse()
    policy.patience = 0.5
    world = make_world(unattended=policy)
    world.sandbox.prepare(PROVIDER_ID)
    first = pending(world)
    with pytest.raises(arcadepy.BadRequestError, match="Nobody is here"):
        world.arcade.auth.wait_for_completion(first)
    world.sandbox.start_over()
    again = pending(world)
    assert again.id == first.id
    with meanwhile(0.25, answer, again, ALLOW, world.sandbox.local):
        assert world.arcade.auth.wait_for_completion(again).status == "completed"
    world.close()


def test_who_waits_in_vain_is_told_what_has_happened_already(refusing: World) -> None:
    auth = pending(refusing)
    answer(auth, DENY, refusing.sandbox.local)
    with pytest.raises(arcadepy.BadRequestError, match=r"was refused .*access_denied"):
        refusing.arcade.auth.wait_for_completion(auth)
    refusing.sandbox.engine.verification.change("http://localhost:1/verify", skip=False)
    with pytest.raises(SandboxError, match="nothing answers"):
        answer(auth, ALLOW, refusing.sandbox.local)
    with pytest.raises(arcadepy.BadRequestError, match="nobody has verified them"):
        refusing.arcade.auth.wait_for_completion(auth)


def test_looking_is_not_waiting_unless_it_goes_on_and_on() -> None:
    policy = Refuse()
    policy.patience = 0.2
    world = make_world(unattended=policy)
    world.sandbox.prepare(PROVIDER_ID)
    auth = pending(world)
    assert world.arcade.auth.status(id=auth.id).status == "pending"
    time.sleep(0.5)
    assert world.arcade.auth.status(id=auth.id).status == "pending"
    deadline = time.monotonic() + 20
    with pytest.raises(arcadepy.BadRequestError, match="Nobody is here"):
        while time.monotonic() < deadline:
            world.arcade.auth.status(id=auth.id)
            time.sleep(0.1)
    answer(auth, ALLOW, world.sandbox.local)
    assert world.arcade.auth.status(id=auth.id).status == "completed"
    world.close()


def test_what_no_wait_is_passes(refusing: World) -> None:
    with pytest.raises(arcadepy.BadRequestError, match="authorization nothing not found"):
        refusing.arcade.auth.status(id="nothing", wait=5)
    auth = pending(refusing)
    answer(auth, ALLOW, refusing.sandbox.local)
    assert refusing.arcade.auth.status(id=auth.id, wait=5).status == "completed"


def test_on_autopilot_who_waits_gets_the_consent(allowing: World) -> None:
    auth = pending(allowing)
    assert allowing.arcade.auth.status(id=auth.id).status == "pending"
    began = time.monotonic()
    assert allowing.arcade.auth.wait_for_completion(auth).status == "completed"
    assert time.monotonic() - began < 5


def test_on_autopilot_a_no_stays_one(allowing: World) -> None:
    auth = pending(allowing)
    answer(auth, DENY, allowing.sandbox.local)
    with pytest.raises(arcadepy.BadRequestError, match=r"refused .*access_denied"):
        allowing.arcade.auth.wait_for_completion(auth)
    answer(auth, ALLOW, allowing.sandbox.local)
    assert allowing.arcade.auth.wait_for_completion(auth).status == "completed"


def test_the_autopilot_says_what_it_cannot_do(allowing: World) -> None:
    auth = pending(allowing, "somebody@example.com")
    with pytest.raises(arcadepy.BadRequestError, match="Arcade compares the user_id"):
        allowing.arcade.auth.wait_for_completion(auth)
    allowing.sandbox.ticktick.apps.delete(allowing.app)
    with pytest.raises(arcadepy.BadRequestError, match="TickTick does not ask: OAuth Error"):
        allowing.arcade.auth.wait_for_completion(auth)
