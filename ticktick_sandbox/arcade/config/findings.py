"""What a reader of a configuration has to say about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ticktick_sandbox.shared.event_log import EventLog

ERROR = "error"
WARNING = "warning"

_OF_SCHEMA = ("choice", "empty", "literal", "required", "type", "unknown-setting")
_SCHEMA = "engine configuration schema 1.0 and 2.0, ArcadeAI/schemas at eee60f3"
REFERENCE = "Arcade's OAuth 2.0 reference, ArcadeAI/docs at a988fa53"

# Whence the rules of a configuration are known.
SOURCES = dict.fromkeys(_OF_SCHEMA, _SCHEMA) | {
    "auth-method": REFERENCE,
    "both-credentials": REFERENCE,
    "duplicate-id": "this sandbox, which tells providers and workers apart by it",
    "endpoint": REFERENCE,
    "file": "this sandbox, which reads the file",
    "id-shape": "Arcade's dashboard, which names these characters",
    "json-only": REFERENCE,
    "no-provider": REFERENCE,
    "no-such-placeholder": REFERENCE,
    "params": REFERENCE,
    "refresh-token": REFERENCE,
    "response-map": REFERENCE,
    "sandbox": "this sandbox, and not Arcade",
    "trigger": REFERENCE,
    "unsent-secret": REFERENCE,
    "unset-variable": "the environment, and the .env beside the file",
    "yaml": "YAML 1.1, as PyYAML 6 reads it",
}

_SWITCH = re.compile(r"\$\{(?:env:[A-Z0-9_]+|file:[A-Z0-9_/]+)\}")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or unwise, where it stands and what to write instead.

    ``where`` is a path such as ``auth.providers[0].oauth2.token_request.auth_method``.
    ``tolerated`` marks what a lenient Engine tolerates and a strict one refuses. ``rule`` is
    ``required`` for a value that is missing. ``source`` says whence it is known; where it is
    empty, ``SOURCES`` has it by the rule.
    """

    severity: str
    where: str
    text: str
    fix: str
    tolerated: bool = False
    line: int | None = None
    rule: str = "type"
    source: str = ""

    @property
    def of_schema(self) -> bool:
        """Whether the published schema says it, to which blocks are held that are not enabled."""
        return self.rule in _OF_SCHEMA and not self.source

    def __str__(self) -> str:
        line = f"line {self.line}: " if self.line else ""
        return f"{line}{self.severity}: {self.where}: {self.text}\n    {self.fix}"


class Filled(str):
    """A text whose variables were put in. Findings quote what stands in the file instead."""

    def __new__(cls, value: str, written: str = "") -> Filled:
        """Return ``value``, which was ``written`` with variables."""
        made = super().__new__(cls, value)
        made.written = written
        return made

    written: str

    def __repr__(self) -> str:
        return repr(self.written)


def quoted_switch(written: Any, where: str) -> Iterator[Finding]:
    """Yield what the schema has against a true or false that is a text, unless a variable."""
    if isinstance(written, str) and not _SWITCH.fullmatch(written):
        text = f"{written!r} is a text, not a boolean"
        fix = "Write true or false without quotes, or one variable of capitals: ${env:ENABLED}."
        yield Finding(ERROR, where, text, fix, tolerated=True, rule="literal")


class ConfigurationRefused(ValueError):
    """A configuration that can't be used, with every reason, and what is said of it besides."""

    def __init__(
        self, source: str, findings: list[Finding], besides: Sequence[Finding] = ()
    ) -> None:
        reasons, others = ("\n".join(map(str, each)) for each in (findings, besides))
        more = f"\nWhat the checker says besides:\n{others}" if others else ""
        super().__init__(f"{source} can't be used:\n{reasons}{more}")
        self.source = source
        self.findings = findings


def note(findings: list[Finding], event_log: EventLog) -> None:
    """Write what a configuration does wrong into the event log."""
    for finding in findings:
        line = f"line {finding.line}: " if finding.line else ""
        text = f"{line}{finding.where}: {finding.text}. {finding.fix}"
        event_log.add("Arcade", text, problem=True)
