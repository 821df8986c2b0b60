"""The body of a request: each field is read as what it has to be."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from ticktick_sandbox.arcade.api.errors import EngineError, malformed, required
from ticktick_sandbox.arcade.strict_json import read_json
from ticktick_sandbox.arcade.urls import is_absolute
from ticktick_sandbox.shared.types import Json

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


class Body:
    """The JSON object that was sent, or an object inside it.

    Its methods raise ``EngineError`` (400) for a field that is something else than asked for.

    Args:
        sent: the object.
        path: where it stands in the whole, such as ``auth_requirement.oauth2``.
    """

    def __init__(self, sent: Json, path: str = "") -> None:
        self.sent = sent
        self._path = path

    @classmethod
    async def of(cls, request: Request) -> Body:
        """Read the body of a request.

        Raises:
            EngineError: 415 for another content type, 400 for no JSON object, also for one
                that no answer could repeat.
        """
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise EngineError(
                415,
                "unsupported_media_type",
                f"Content-Type must be application/json, not {content_type or 'missing'}",
            )
        try:
            sent = read_json(await request.body())
        except ValueError:
            raise EngineError(
                400, "malformed_request", "failed to parse request body as JSON"
            ) from None
        if not isinstance(sent, dict):
            raise EngineError(400, "malformed_request", "the request body is not a JSON object")
        return cls(sent)

    def text(self, field: str, *, longest: int | None = None) -> str:
        """Return a text that has to be there, is not empty, and not longer than ``longest``."""
        value = self.optional_text(field, longest=longest)
        if not value:
            raise required(self._path, field)
        return value

    def optional_text(self, field: str, *, longest: int | None = None) -> str | None:
        """Return a text or ``None``."""
        value = self.sent.get(field)
        if value is not None and not isinstance(value, str):
            raise malformed(self._path, field, "string", f"{field} must be a string")
        if value and longest and len(value) > longest:
            raise malformed(self._path, field, "max", f"{field} has {longest} characters at most")
        return value

    def optional_url(self, field: str) -> str | None:
        """Return a complete http or https URL, or ``None`` without one."""
        value = self.optional_text(field)
        if value is not None and not is_absolute(value):
            message = f"{field} must be a complete http or https URL"
            raise malformed(self._path, field, "url", message)
        return value

    def optional_moment(self, field: str) -> datetime | None:
        """Return a moment in UTC, or ``None`` without one.

        It is written ``YYYY-MM-DDTHH:MM:SS`` with ``Z``, an offset or nothing behind it, which
        means UTC.
        """
        sent = self.optional_text(field)
        if not sent:
            return None
        try:
            if not _MOMENT.fullmatch(sent):
                raise ValueError
            moment = datetime.fromisoformat(sent)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            message = f"{field} must be a time such as 2026-01-05T10:00:00Z"
            raise malformed(self._path, field, "datetime", message) from None

    def flag(self, field: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.sent.get(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise malformed(self._path, field, "boolean", f"{field} must be true or false")
        return value

    def items(self, field: str, kind: type, named: str) -> list[Any]:
        """Return a list whose items are all of one kind, called ``named``; or an empty one."""
        value = self.sent.get(field)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            raise malformed(self._path, field, "array", f"{field} must be a list of {named}")
        return value

    def part(self, field: str) -> Body:
        """Return the object in a field; without one, an empty object."""
        value = self.sent.get(field)
        if value is not None and not isinstance(value, dict):
            raise malformed(self._path, field, "object", f"{field} must be an object")
        path = f"{self._path}.{field}" if self._path else field
        return Body(value or {}, path)

    def required_part(self, field: str) -> Body:
        """Return the object in a field that has to be there."""
        if self.sent.get(field) is None:
            raise required(self._path, field)
        return self.part(field)
