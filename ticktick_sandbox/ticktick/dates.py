"""TickTick's date format: ``2019-11-13T03:00:00+0000``, answered with milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime

_FORMATS = ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z")


def parse(text: str) -> datetime:
    """Return the moment ``text`` names, in UTC.

    Raises:
        ValueError: the text has another form; the message shows the right one.
    """
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).astimezone(UTC)
        except (OverflowError, ValueError):
            continue
    raise ValueError(f"{text!r} is not a date such as 2019-11-13T03:00:00+0000")


def render(moment: datetime) -> str:
    """Return the moment as replies show it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")
