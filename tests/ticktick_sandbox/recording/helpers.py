"""Exchanges for tests, recorded and made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.recording.exchange import Exchange, Message


def lines(world: World) -> list[str]:
    """Return who asked whom for what, a line each."""
    return [
        f"{each.asker} → {each.answerer}: {each.method} {each.path}"
        for each in world.sandbox.wire.since()
    ]


def made(number: int = 1, **changes: Any) -> Exchange:
    """Return an exchange that was answered before the next one was asked."""
    exchange = Exchange(
        number=number,
        asker="Program",
        answerer="Arcade",
        method="GET",
        url="http://localhost:9099/v1/health",
        query=(),
        request=Message(),
        began=datetime(2026, 1, 1, tzinfo=UTC),
        asked=2 * number - 1,
        answered=2 * number,
        status=200,
    )
    return replace(exchange, **changes)
