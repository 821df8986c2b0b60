"""From ``tools.directors`` of a configuration to workers.

The rules are those of the published configuration schema, except that ``enabled`` may be left
out, and that workers are on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ticktick_sandbox.arcade.config.findings import ERROR, Finding
from ticktick_sandbox.arcade.engine.workers import (
    LONGEST_TIMEOUT,
    MOST_RETRIES,
    WORKER_ID,
    BadAddress,
    Worker,
    address,
)

Json = dict[str, Any]

_DEFAULTS = {"timeout": 30, "retry": 3, "secret": "dev"}  # of the schema, for development


class WorkersReader:
    """Reads the workers of all directors and collects the findings on the way.

    Args:
        fill: puts variables in; it takes a value and its place, and returns the value with
            a finding for each variable that has none.
    """

    def __init__(self, fill: Callable[[Any, str], tuple[Any, list[Finding]]]) -> None:
        self.findings: list[Finding] = []
        self._fill = fill
        self._seen: set[str] = set()

    def workers(self, tools: Any) -> list[Worker]:
        """Return the usable workers below ``tools``, without those that are not enabled."""
        if tools is None:
            return []
        if not isinstance(tools, dict):
            self._error("tools", "tools is not a mapping", "Write 'directors:' below it.")
            return []
        found = []
        for where, director in self._listed(tools, "tools.directors", "directors"):
            if self._enabled(director, where):
                for place, sent in self._listed(director, f"{where}.workers", "workers"):
                    if self._enabled(sent, place) and (worker := self._worker(sent, place)):
                        found.append(worker)
        return found

    def _listed(self, parent: Json, where: str, name: str) -> Iterator[tuple[str, Json]]:
        """Yield the mappings of a list with their places; nothing there is an empty list."""
        listed = [] if parent.get(name) is None else parent[name]
        fix = f"Begin each of the {name} with '- id: …', and its settings below."
        if not isinstance(listed, list):
            self._error(where, f"{name} is not a list", fix)
            return
        for number, item in enumerate(listed):
            if isinstance(item, dict):
                yield f"{where}[{number}]", item
            else:
                self._error(f"{where}[{number}]", f"{item!r} is not a mapping", fix)

    def _enabled(self, sent: Json, where: str) -> bool:
        value, missing = self._fill(sent.get("enabled"), f"{where}.enabled")
        self.findings += missing
        if value in ("true", "false"):
            value = value == "true"  # a variable is always a text
        if not isinstance(value, bool | None):
            self._error(f"{where}.enabled", f"{value!r} is not a boolean", "Write true or false.")
        return value is not False

    def _worker(self, sent: Json, where: str) -> Worker | None:
        before = len(self.findings)
        filled, missing = self._fill({**sent, "enabled": None}, where)
        self.findings += missing
        self._id(filled.get("id"), where)
        http = filled.get("http")
        if not isinstance(http, dict):
            fix = "Give it http: with the uri below. The sandbox knows no other workers."
            self._error(f"{where}.http", "it is missing or not a mapping", fix)
            return None
        for name in sorted(str(key) for key in http if key not in ("uri", *_DEFAULTS)):
            fix = f"It has uri, {', '.join(_DEFAULTS)}."
            self._error(f"{where}.http.{name}", f"http has no setting {name!r}", fix)
        uri = self._uri(http.get("uri"), f"{where}.http.uri")
        timeout = self._number(http, "timeout", 1, LONGEST_TIMEOUT, where)
        retry = self._number(http, "retry", 0, MOST_RETRIES, where)
        secret = _set(http, "secret")
        if not isinstance(secret, str) or not 0 < len(secret) <= 100:
            self._error(
                f"{where}.http.secret",
                "it is not a text of 1 to 100 characters",
                "Write it in quotes, or as ${env:ARCADE_WORKER_SECRET}.",
            )
        if len(self.findings) > before:
            return None
        return Worker(filled["id"], uri, secret, timeout, retry, origin="static")

    def _id(self, value: Any, where: str) -> None:
        if not isinstance(value, str) or not WORKER_ID.fullmatch(value):
            fix = "Use up to 100 letters, digits, underscores and hyphens."
            self._error(f"{where}.id", "it is missing or not usable", fix)
        elif value in self._seen:
            fix = "Give each its own id, or remove one."
            self._error(f"{where}.id", f"two workers have the id {value!r}", fix)
        else:
            self._seen.add(value)

    def _uri(self, value: Any, where: str) -> str:
        try:
            return address(value if isinstance(value, str) else "")
        except BadAddress as problem:
            fix = "Write where the worker listens, such as http://127.0.0.1:8002."
            self._error(where, str(problem), fix)
            return ""

    def _number(self, http: Json, name: str, least: int, most: int, where: str) -> int:
        value = _set(http, name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            fix = f"Write a whole number from {least} to {most}, or drop the line."
            self._error(f"{where}.http.{name}", f"{value!r} is not possible", fix)
            return 0
        return value

    def _error(self, where: str, text: str, fix: str) -> None:
        if all(finding.where != where for finding in self.findings):
            self.findings.append(Finding(ERROR, where, text, fix))


def _set(http: Json, name: str) -> Any:
    """Return a setting, or its default where nothing is written."""
    return _DEFAULTS[name] if http.get(name) is None else http[name]
