"""Fields of a request's body, each read as what it has to be."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from ticktick_sandbox.arcade.api.errors import malformed, required
from ticktick_sandbox.arcade.config.provider_parser import is_absolute

Json = dict[str, Any]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def text(body: Json, field: str, *, path: str = "", longest: int | None = None) -> str:
    """Return a text that has to be there and is not empty.

    Raises:
        EngineError: 400, also for one longer than ``longest``.
    """
    value = optional_text(body, field, path=path, longest=longest)
    if not value:
        raise required(path, field)
    return value


def optional_text(
    body: Json, field: str, *, path: str = "", longest: int | None = None
) -> str | None:
    """Return a text or ``None``. Raises like ``text``."""
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise malformed(path, field, "string", f"{field} must be a string")
    if value and longest and len(value) > longest:
        raise malformed(path, field, "max", f"{field} has {longest} characters at most")
    return value


def optional_url(body: Json, field: str) -> str | None:
    """Return a complete http or https URL, or ``None`` without one.

    Raises:
        EngineError: 400 for anything else.
    """
    value = optional_text(body, field)
    if value is not None and not is_absolute(value):
        raise malformed("", field, "url", f"{field} must be a complete http or https URL")
    return value


def optional_moment(body: Json, field: str) -> datetime | None:
    """Return a moment in UTC, or ``None`` without one. One that names no offset is in UTC.

    Raises:
        EngineError: 400 for anything else than ``YYYY-MM-DDTHH:MM:SS`` with ``Z``, an
            offset or nothing behind it.
    """
    sent = optional_text(body, field)
    if not sent:
        return None
    try:
        if not _MOMENT.fullmatch(sent):
            raise ValueError
        moment = datetime.fromisoformat(sent)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{field} must be a time such as 2026-01-05T10:00:00Z"
        raise malformed("", field, "datetime", message) from None


def flag(body: Json, field: str, default: bool) -> bool:
    """Return true or false.

    Raises:
        EngineError: 400 for anything else.
    """
    value = body.get(field)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise malformed("", field, "boolean", f"{field} must be true or false")
    return value


def number(body: Json, field: str, *, path: str, least: int, most: int) -> int:
    """Return a whole number that has to be there.

    Raises:
        EngineError: 400 for anything else.
    """
    value = body.get(field)
    if value is None:
        raise required(path, field)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        message = f"{field} must be a whole number from {least} to {most}"
        raise malformed(path, field, "range", message)
    return value


def items(body: Json, field: str, kind: type, named: str, *, path: str = "") -> list[Any]:
    """Return a list whose items are all of one kind; without one, an empty list.

    Raises:
        EngineError: 400 for anything else; it calls the items by the name ``named``.
    """
    value = body.get(field)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise malformed(path, field, "array", f"{field} must be a list of {named}")
    return value


def mapping(body: Json, field: str, *, path: str = "") -> Json | None:
    """Return an object or ``None``.

    Raises:
        EngineError: 400 for anything else.
    """
    value = body.get(field)
    if value is not None and not isinstance(value, dict):
        raise malformed(path, field, "object", f"{field} must be an object")
    return value
