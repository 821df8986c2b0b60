"""When a repeating task is due next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

_MOST_STEPS = 5000  # about a fifth of a second, and more than any date one could live to see
_EXTENSIONS = ("TT_SKIP", "TT_WORKDAY")  # TickTick's own, which here change nothing


class _TooManySteps(ValueError):
    """There is no such date, or none within reach."""


class _Counted(frozenset[int]):
    """The values of one part of a rule. Each look at them is a step of the search."""

    def __new__(cls, values: Iterable[int], left: list[int]) -> _Counted:
        """Return the values; ``left`` holds how many steps they all may still take."""
        counted = super().__new__(cls, values)
        counted._left = left
        return counted

    _left: list[int]

    def __contains__(self, value: object) -> bool:
        self._left[0] -= 1
        if self._left[0] < 0:
            raise _TooManySteps("no date that it means is within reach")
        return super().__contains__(value)


def next_date(rule: str, start: datetime) -> datetime | None:
    """Return the first date after ``start``, ``None`` if there is none.

    Only ``RRULE`` is understood; TickTick's own ``ERULE`` has no next date.

    Raises:
        ValueError: the rule can't be understood, or it takes too long to find its next date.
    """
    if not rule.startswith("RRULE:"):
        return None
    from dateutil.rrule import YEARLY, rrule, rrulestr

    text = "".join(rule[6:].split()).upper()
    parts = [part for part in text.split(";") if not part.startswith(_EXTENSIONS)]
    try:
        if int(dict(part.split("=", 1) for part in parts).get("INTERVAL", 1)) < 1:
            raise ValueError("INTERVAL must be 1 or more")  # else dateutil never ends
        search = rrulestr(";".join(parts), dtstart=start)
        if not isinstance(search, rrule):
            raise ValueError("it is more than one rule")
        # dateutil looks day by day until the year 9999, so its looks are counted. Where a rule
        # names no month or weekday, all of them stand for none; in a year they would not.
        left = [_MOST_STEPS]
        all_months = () if getattr(search, "_freq", YEARLY) == YEARLY else range(1, 13)
        everything = {"_bymonth": all_months, "_byweekday": range(7)}
        for name in ("_bymonth", "_byweekday", "_byhour", "_byminute", "_bysecond"):
            if values := getattr(search, name) or everything.get(name):
                setattr(search, name, _Counted(values, left))
        return search.after(start)
    except (LookupError, TypeError):
        raise ValueError(f"repeatFlag {rule!r}: it names no day that there can be") from None
    except (ArithmeticError, ValueError) as problem:
        raise ValueError(f"repeatFlag {rule!r}: {problem}") from None
