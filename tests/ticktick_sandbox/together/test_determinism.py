"""Identifiers and time: the same on every run, whatever else was looked at."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.ticktick_sandbox.helpers import make_world
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.ids import Ids
from ticktick_sandbox.shared.settings import PROVIDER_ID

UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def first_token(*, curious: bool) -> tuple[str, str]:
    world = make_world()
    try:
        world.sandbox.prepare(PROVIDER_ID)
        if curious:
            for page in ("/manage", "/signup", "/manage/new"):
                world.visit(f"{world.ticktick_url}{page}")
            world.http.get(f"{world.ticktick_url}/open/v1/project")
        return world.app.client_id, world.token()
    finally:
        world.close()


def test_two_runs_make_the_same_app_and_token() -> None:
    assert first_token(curious=False) == first_token(curious=False)


def test_looking_at_more_pages_shifts_nothing() -> None:
    assert first_token(curious=True) == first_token(curious=False)


def test_kinds_are_counted_apart() -> None:
    quiet, busy = Ids(), Ids()
    busy.hex("other", 24)
    assert quiet.hex("task", 24) == busy.hex("task", 24)


def test_no_value_comes_twice() -> None:
    ids = Ids()
    assert len({ids.base62("code", 6) for _ in range(5000)}) == 5000


def test_another_seed_makes_other_values() -> None:
    assert Ids("a").uuid4("x") != Ids("b").uuid4("x")


def test_values_have_their_form_and_look_made_up() -> None:
    ids = Ids()
    assert re.fullmatch(UUID4, ids.uuid4("token"))
    assert re.fullmatch(r"fa4e[0-9a-f]{20}", ids.hex("task", 24))
    assert re.fullmatch(r"ar_sandbox[0-9A-Za-z]{20}", ids.base62("a", 30, prefix="ar_sandbox"))
    assert re.fullmatch(r"[0-9a-z]{8}", ids.base36("etag", 8))
    assert re.fullmatch(r"[0-9]{9}", ids.digits("user", 9))


def test_a_standing_clock_moves_only_when_told() -> None:
    clock = Clock(standing_at=NOTEBOOK_TIME)
    assert clock.now() == clock.now() == NOTEBOOK_TIME
    clock.advance(hours=1, minutes=30)
    assert clock.now() == NOTEBOOK_TIME + timedelta(hours=1, minutes=30)


def test_a_ticking_clock_shows_the_real_time_and_what_was_added() -> None:
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    clock.advance(days=1)
    assert clock.now() - datetime.now(UTC) > timedelta(hours=23)


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="only moves forward"):
        Clock().advance(days=-1)
