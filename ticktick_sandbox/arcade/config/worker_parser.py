"""From a plain mapping, in a file, a body or a form, to a ``Worker``.

The rules are those of the published configuration schema and API description, and that
workers are on this machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ticktick_sandbox.arcade.config.findings import ERROR, Finding, quoted_switch
from ticktick_sandbox.arcade.engine.worker import NOT_PLAIN, BadAddress, Worker, address
from ticktick_sandbox.shared.types import Json

_DEFAULTS = {"timeout": 30, "retry": 3, "secret": "dev"}  # of the schema, for development
_LIMITS = {"timeout": (1, 3600), "retry": (0, 10)}
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
# What the schema takes for an address: one of plain characters, or one variable.
_URI = re.compile(
    r"\$\{env:[A-Z0-9_]+\}|[A-Za-z][\w+.-]*:(?:[\w.~!$&'()*+,;=:@/?#\[\]-]|%[0-9A-Fa-f]{2})*",
    re.ASCII,
)


@dataclass(frozen=True)
class WorkerProblem:
    """What is wrong with a ``field``, such as ``http.uri``, and the ``rule`` that it breaks.

    ``text`` says it as the API does.
    """

    field: str
    rule: str
    text: str
    value: Any = None


class WorkerParser:
    """Reads one worker and collects the problems on the way."""

    def __init__(self) -> None:
        self.problems: list[WorkerProblem] = []

    def worker(self, sent: Json, origin: str = "project") -> Worker | None:
        """Return the worker, or ``None`` when there are problems."""
        worker_id = self._text(sent, "", "id", longest=100)
        if worker_id and not _ID.fullmatch(worker_id):
            self._wrong("id", "invalid", "an id has letters, digits, underscores and hyphens")
        http = self.http(sent)
        enabled = True if sent.get("enabled") is None else sent["enabled"]
        if not isinstance(enabled, bool):
            self._wrong("enabled", "boolean", "enabled must be true or false")
        if http is None:
            return None
        uri = self.uri(http)
        secret = self._text(http, "http.", "secret", longest=100)
        timeout, retry = self._number(http, "timeout"), self._number(http, "retry")
        if self.problems:
            return None
        return Worker(worker_id, uri, secret, timeout, retry, enabled, origin)

    def http(self, sent: Json) -> Json | None:
        """Return the settings below ``http``, ``None`` with a problem where there are none."""
        http = sent.get("http")
        if isinstance(http, dict):
            return http
        if http is None:
            self._wrong("http", "required", "http is a required field")
        else:
            self._wrong("http", "object", "http must be an object")
        return None

    def uri(self, http: Json) -> str:
        """Return a worker's address, without a slash at its end."""
        text = self._text(http, "http.", "uri", longest=2048)
        try:
            return address(text) if text else ""
        except BadAddress as problem:
            self._wrong("http.uri", problem.rule, str(problem))
            return ""

    def _text(self, sent: Json, path: str, name: str, *, longest: int) -> str:
        value = sent.get(name)
        if value is not None and not isinstance(value, str):
            self._wrong(path + name, "string", f"{name} must be a string")
        elif not value:
            self._wrong(path + name, "required", f"{name} is a required field")
        elif len(value) > longest:
            self._wrong(path + name, "max", f"{name} has {longest} characters at most")
        else:
            return value
        return ""

    def _number(self, http: Json, name: str) -> int:
        value = http.get(name)
        least, most = _LIMITS[name]
        if value is None:
            self._wrong(f"http.{name}", "required", f"{name} is a required field")
        elif type(value) is not int or not least <= value <= most:
            text = f"{name} must be a whole number from {least} to {most}"
            self._wrong(f"http.{name}", "range", text, value)
        else:
            return value
        return 0

    def _wrong(self, field: str, rule: str, text: str, value: Any = None) -> None:
        self.problems.append(WorkerProblem(field, rule, text, value))


class DirectorsParser:
    """Reads the workers of all directors in a file and collects the findings on the way.

    What the schema alone asks for, such as ``enabled``, is a slip.

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
        self._required(tools, "tools", "directors")
        found = []
        for where, director in self._listed(tools, "tools.directors", "directors"):
            begin, on = len(self.findings), self._enabled(director, where)
            self._required(director, where, "id", "workers")
            self._kind(director, where, "id", str, "Write it in quotes.")
            self._kind(director, where, "max_tools", int | float, "Write a number.")
            for place, sent in self._listed(director, f"{where}.workers", "workers"):
                enabled = self._enabled(sent, place) and on
                self._required(sent, place, "enabled")
                worker = self._worker(sent, place, enabled)
                if worker and enabled:
                    found.append(worker)
            if not on:
                self._tolerate(begin)
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
            self.findings += quoted_switch(sent["enabled"], f"{where}.enabled")
            value = value == "true"  # a variable is always a text
        if not isinstance(value, bool | None):
            self._error(f"{where}.enabled", f"{value!r} is not a boolean", "Write true or false.")
        return value is not False

    def _worker(self, sent: Json, where: str, enabled: bool) -> Worker | None:
        before = len(self.findings)
        filled, missing = {**sent, "enabled": None}, []
        if enabled:
            filled, missing = self._fill(filled, where)
        self.findings += missing
        http = filled.get("http")
        if isinstance(http, dict):
            for name in sorted(str(key) for key in http if key not in ("uri", *_DEFAULTS)):
                text, fix = f"http has no setting {name!r}", f"It has uri, {', '.join(_DEFAULTS)}."
                self._error(f"{where}.http.{name}", text, fix, "unknown-setting")
            written = {name: value for name, value in http.items() if value is not None}
            filled["http"] = _DEFAULTS | written
        parser = WorkerParser()
        worker = parser.worker(filled, origin="static")
        for problem in parser.problems:
            self._error(f"{where}.{problem.field}", *_in_a_file(problem))
        if enabled:
            if worker and worker.id in self._seen:
                fix = "Give each its own id, or remove one."
                text = f"two workers have the id {worker.id!r}"
                self._error(f"{where}.id", text, fix, "duplicate-id")
            self._seen.add(str(filled.get("id")))
        usable = len(self.findings) == before
        if not enabled:
            self._tolerate(before)
        uri = sent["http"].get("uri") if isinstance(sent.get("http"), dict) else None
        if isinstance(uri, str) and not _URI.fullmatch(uri):
            text = f"the published schema takes no {uri!r} for an address"
            fix = "Write plain characters, or one variable of capitals: ${env:ARCADE_WORKER_URI}."
            self._error(f"{where}.http.uri", text, fix, "literal", tolerated=True)
        return worker if usable else None

    def _required(self, sent: Json, where: str, *names: str) -> None:
        for name in names:
            if name not in sent:
                text, fix = "the published schema requires it", f"Add {name}: and its value."
                self._error(f"{where}.{name}", text, fix, "required", tolerated=True)

    def _kind(self, sent: Json, where: str, name: str, kind: Any, fix: str) -> None:
        value = sent.get(name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            self._error(f"{where}.{name}", f"{value!r} is not possible", fix, tolerated=True)

    def _tolerate(self, begin: int) -> None:
        """Keep of the findings from ``begin`` on what the schema says, each as a slip."""
        of_schema = [finding for finding in self.findings[begin:] if finding.of_schema]
        self.findings[begin:] = [replace(finding, tolerated=True) for finding in of_schema]

    def _error(
        self, where: str, text: str, fix: str, rule: str = "type", *, tolerated: bool = False
    ) -> None:
        if all(finding.where != where for finding in self.findings):
            finding = Finding(ERROR, where, text, fix, tolerated=tolerated, rule=rule)
            self.findings.append(finding)


def _in_a_file(problem: WorkerProblem) -> tuple[str, str, str]:
    """Return what is wrong, what to write instead, and the rule."""
    rule = {"string": "type", "object": "type", "required": "required"}.get(problem.rule, "sandbox")
    match problem.field:
        case "id":
            text = "it is missing or not usable"
            return text, "Use up to 100 letters, digits, underscores and hyphens.", rule
        case "http":
            fix = "Give it http: with the uri below. The sandbox knows no other workers."
            rule = "sandbox" if rule == "required" else rule
            return "it is missing or not a mapping", fix, rule
        case "http.uri":
            text = problem.text if problem.rule in ("local", "max") else NOT_PLAIN
            return text, "Write where the worker listens, such as http://127.0.0.1:8002.", rule
        case "http.secret":
            text = "it is not a text of 1 to 100 characters"
            rule = "sandbox" if rule == "required" else rule
            return text, "Write it in quotes, or as ${env:ARCADE_WORKER_SECRET}.", rule
        case field:
            least, most = _LIMITS[field.removeprefix("http.")]
            fix = f"Write a whole number from {least} to {most}, or drop the line."
            number = type(problem.value) in (int, float)
            text = f"{problem.value!r} is not possible"
            return text, fix, "sandbox" if number else "type"
