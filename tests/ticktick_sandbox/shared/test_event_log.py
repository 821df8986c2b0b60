"""The event log: one line for each event, whatever others sent."""

from __future__ import annotations

import pytest

from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.event_log import EventLog


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("asks ada for a token", "asks ada for a token"),
        ("asks a\r\nb\x1b[31m\u202e for 漢", "asks a��b�[31m� for 漢"),
        ("x" * 1000, "x" * 1000),
        ("x" * 1001, "x" * 999 + "…"),
    ],
)
def test_an_event_is_one_line_of_bounded_length(text: str, kept: str) -> None:
    event_log = EventLog(Clock(standing_at=NOTEBOOK_TIME))
    event_log.add("Arcade", text)

    assert [event.text for event in event_log.events] == [kept]
