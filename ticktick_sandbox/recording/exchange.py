"""One request and its answer, as they are recorded: nothing in them is a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from ticktick_sandbox.recording.labels import LABEL

_NOT_TOLD = ("state", "session", "form token", "API key")
"""Kinds of secrets that an arrow does not name, for nearly all of them carry one."""

_CLOCKS = re.compile(r'^( *"(?:duration|finished_at)": )[^,\n]+', re.M)
_STATUS = re.compile(r'^ "(?:status|errorCode)": "([a-z_]+)"', re.M)

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Message:
    """What was sent: headers that matter, and a body as text."""

    headers: Pairs = ()
    body: str = ""

    @property
    def content_type(self) -> str:
        """What the body is."""
        return dict(self.headers).get("content-type", "")

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a form, or of a JSON object; empty for any other body."""
        kind = self.content_type.partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            return dict(line.split("=", 1) for line in self.body.splitlines() if "=" in line)
        try:
            value = json.loads(self.body) if kind.endswith("json") else None
        except ValueError:  # too long to be kept whole
            value = None
        return value if isinstance(value, dict) else {}


@dataclass
class Exchange:
    """A request, who asked whom, and the answer, once there is one.

    ``began`` is real time, and ``seconds`` what it took. ``asked`` and ``answered`` count
    all requests and answers of a start in one row, so that one sees what lay between.
    ``status`` is 0 as long as there is no answer, and stays so if none came; ``failed``
    then says why. ``remark`` says if the answer was a fault's.
    """

    number: int
    asker: str
    answerer: str
    method: str
    url: str
    query: Pairs
    request: Message
    began: datetime
    asked: int
    seconds: float = 0.0
    answered: int = 0
    status: int = 0
    response: Message = field(default_factory=Message)
    failed: str = ""
    remark: str = ""

    @property
    def path(self) -> str:
        """The path that was asked for."""
        return urlsplit(self.url).path or "/"

    @property
    def reason(self) -> str:
        """The status in words, that or the error of JSON, and a remark: ``200 OK, completed``."""
        return f"{self._outcome} ({self.remark})" if self.remark else self._outcome

    @property
    def _outcome(self) -> str:
        if self.failed or not self.status:
            return self.failed or "no answer yet"
        said = _STATUS.search(self.response.body)
        more = f", {said[1]}" if said else ""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}{more}"
        except ValueError:
            return f"{self.status}{more}"

    def secrets_asked(self) -> list[str]:
        """Return the labels that the request carries: ``code 1``."""
        values = [value for _, value in (*self.query, *self.request.headers)]
        return _labels(*values, self.url, self.request.body)

    def secrets_answered(self) -> list[str]:
        """Return the labels that the answer carries."""
        values = [value for name, value in self.response.headers if name != "set-cookie"]
        return _labels(*values, self.response.body)

    def to_json(self) -> dict[str, Any]:
        """Return it for JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in ("request", "response"):
            message = values[name]
            values[name] = {
                "headers": message.headers,
                "body": message.body,
                "fields": message.fields,
            }
        return values | {"began": self.began.isoformat(), "path": self.path}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Exchange:
        """Return what ``to_json`` has told.

        Raises:
            KeyError, TypeError, ValueError: that did not come from ``to_json``.
        """
        read = {
            "query": _pairs(values["query"]),
            "began": datetime.fromisoformat(values["began"]),
        }
        for name in ("request", "response"):
            message = values[name]
            read[name] = Message(_pairs(message["headers"]), message["body"])
        told = {name: value for name, value in values.items() if name != "path"}
        return cls(**told | read)


def steady(exchange: Exchange) -> Exchange:
    """Return an exchange without what a worker's own clock tells, which each run tells anew."""
    response = exchange.response
    body = _CLOCKS.sub(r"\1…", response.body)
    return replace(exchange, response=Message(response.headers, body))


def parties(exchanges: Sequence[Exchange]) -> list[str]:
    """Return who took part, from the person's side to TickTick's."""
    found = {name for each in exchanges for name in (each.asker, each.answerer)}
    order = ["Browser", "Program", "", "Arcade", "Worker", "TickTick"]

    def place(name: str) -> tuple[int, str]:
        first = name.partition("-")[0]
        return order.index(first if first in order else ""), name

    return sorted(found, key=place)


def steps(exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, bool, bool]]:
    """Yield what to draw, in order: an exchange, whether its request and whether its answer.

    Both are drawn at once unless something else lay between.
    """
    moments = {each.asked: (each, True) for each in exchanges}
    moments |= {each.answered: (each, False) for each in exchanges if each.answered}
    row = [moments[moment] for moment in sorted(moments)]
    at = 0
    while at < len(row):
        exchange, asks = row[at]
        both = asks and at + 1 < len(row) and row[at + 1][0] is exchange
        yield exchange, asks, not asks or both
        at += 2 if both else 1


def _labels(*texts: str) -> list[str]:
    found = dict.fromkeys(label for text in texts for label in LABEL.findall(text))
    return [label for label in found if not label.startswith(_NOT_TOLD)]


def _pairs(values: Any) -> Pairs:
    return tuple((str(name), str(value)) for name, value in values)
