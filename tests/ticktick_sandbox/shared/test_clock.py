"""The clock: who waits for a moment is told, whichever thread moves it."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest

from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock


def test_who_waits_is_woken_by_a_move_from_another_thread() -> None:
    clock = Clock(standing_at=NOTEBOOK_TIME)

    async def wait() -> list[str]:
        happened = []
        waiting = asyncio.create_task(clock.until(NOTEBOOK_TIME + timedelta(hours=2)))
        for _ in range(2):
            await asyncio.sleep(0)
            happened.append("over" if waiting.done() else "waiting")
            mover = threading.Thread(target=clock.advance, kwargs={"hours": 1})
            mover.start()
            await asyncio.to_thread(mover.join)
        async with asyncio.timeout(1):
            await waiting
        return [*happened, "over"]

    assert asyncio.run(wait()) == ["waiting", "waiting", "over"]


def test_a_moment_that_is_there_is_not_waited_for() -> None:
    clock = Clock(standing_at=NOTEBOOK_TIME)

    async def wait() -> None:
        async with asyncio.timeout(1):
            await clock.until(NOTEBOOK_TIME)

    asyncio.run(wait())


def test_a_clock_that_ticks_gets_there_by_itself() -> None:
    clock = Clock()
    moment = clock.now() + timedelta(seconds=0.05)

    async def wait() -> None:
        async with asyncio.timeout(1):
            await clock.until(moment)

    asyncio.run(wait())
    assert clock.now() >= moment


def test_a_clock_that_ticks_can_be_moved_there() -> None:
    clock = Clock()

    async def wait() -> None:
        waiting = asyncio.create_task(clock.until(clock.now() + timedelta(hours=1)))
        await asyncio.sleep(0)
        clock.advance(hours=1)
        async with asyncio.timeout(1):
            await waiting

    asyncio.run(wait())


def test_a_clock_can_be_moved_after_who_waited_is_gone() -> None:
    clock = Clock(standing_at=NOTEBOOK_TIME)

    async def give_up() -> None:
        waiting = asyncio.create_task(clock.until(NOTEBOOK_TIME + timedelta(hours=1)))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    asyncio.run(give_up())
    assert clock.advance(hours=1) == NOTEBOOK_TIME + timedelta(hours=1)


def test_a_duration_that_is_none_is_said() -> None:
    with pytest.raises(ValueError, match="not by months"):
        Clock().advance(months=6)
