"""When a repeating task is due next, and rules that would be looked for without end."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from ticktick_sandbox.ticktick.repeats import next_date

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "following"),
    [
        ("FREQ=DAILY", "2026-01-06"),
        ("FREQ=WEEKLY;BYDAY=MO,FR", "2026-01-09"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-02-13"),
        ("FREQ=MONTHLY;BYDAY=2TU", "2026-01-13"),
        ("FREQ=YEARLY;BYDAY=20MO", "2026-05-18"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2028-02-29"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", "2028-02-29"),
        ("FREQ=YEARLY;BYWEEKNO=53", "2026-12-28"),
        ("FREQ=YEARLY;BYYEARDAY=366", "2028-12-31"),
        ("FREQ=YEARLY;BYEASTER=0", "2026-04-05"),
        ("FREQ=SECONDLY;BYMONTH=12", "2026-12-01"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-30"),
    ],
)
def test_the_next_date_is_found(rule: str, following: str) -> None:
    found = next_date(f"RRULE:{rule}", START)
    assert found
    assert f"{found:%Y-%m-%d}" == following


NEVER = [
    *(f"FREQ={freq};BYMONTH=2;BYMONTHDAY=30" for freq in ("SECONDLY", "MINUTELY", "HOURLY")),
    *(f"FREQ={freq};BYMONTH=2;BYMONTHDAY=30" for freq in ("DAILY", "WEEKLY", "MONTHLY")),
    "FREQ=YEARLY;BYWEEKNO=-53;BYEASTER=-100;BYYEARDAY=60;BYDAY=5MO",
    "FREQ=YEARLY;BYDAY=60MO",
    "FREQ=SECONDLY;BYHOUR=23;BYMINUTE=59;BYSECOND=59;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MINUTELY;BYHOUR=23;BYMINUTE=59;BYYEARDAY=366;BYMONTH=1",
    "FREQ=MONTHLY;BYSETPOS=366",
    "FREQ=SECONDLY;INTERVAL=7919;BYMONTH=6;BYMONTHDAY=31",
]


@pytest.mark.parametrize("rule", NEVER)
def test_a_rule_that_never_comes_true_is_given_up(rule: str) -> None:
    began = time.process_time()
    try:
        assert next_date(f"RRULE:{rule}", START) is None
    except ValueError as problem:
        text = str(problem)
        assert text.endswith(("is within reach", "it names no day that there can be"))
    assert time.process_time() - began < 1


def test_a_rule_of_ticktick_itself_has_no_next_date() -> None:
    assert next_date("ERULE:NAME=CUSTOM;BYDATE=20260106", START) is None


@pytest.mark.parametrize("rule", ["FREQ=SOMETIMES", "INTERVAL=0;FREQ=DAILY", "FREQ", ""])
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="repeatFlag"):
        next_date(f"RRULE:{rule}", START)
