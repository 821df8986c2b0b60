"""What a reader of a configuration has to say about it."""

from __future__ import annotations

from dataclasses import dataclass

from ticktick_sandbox.shared.event_log import EventLog

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or unwise, where it stands and what to write instead.

    ``where`` is a path such as ``auth.providers[0].oauth2.token_request.auth_method``.
    ``tolerated`` marks what a lenient Engine tolerates and a strict one refuses. ``rule`` is
    ``required`` for a value that is missing. ``source`` says whence it is known, if that is not
    the published schema.
    """

    severity: str
    where: str
    text: str
    fix: str
    tolerated: bool = False
    line: int | None = None
    rule: str = "invalid"
    source: str = ""

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


class ConfigurationRefused(ValueError):
    """A configuration that can't be used, with everything that is wrong with it."""

    def __init__(self, source: str, findings: list[Finding]) -> None:
        super().__init__(f"{source} can't be used:\n" + "\n".join(str(f) for f in findings))
        self.source = source
        self.findings = findings


def note(findings: list[Finding], event_log: EventLog) -> None:
    """Write what a configuration does wrong into the event log."""
    for finding in findings:
        text = f"{finding.where}: {finding.text}. {finding.fix}"
        event_log.add("Arcade", text, problem=True)
