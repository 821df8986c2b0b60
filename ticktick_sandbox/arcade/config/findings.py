"""What a reader of a configuration has to say about it."""

from __future__ import annotations

from dataclasses import dataclass

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or unwise, where it stands and what to write instead.

    ``where`` is a path such as ``auth.providers[0].oauth2.token_request.auth_method``.
    ``slip`` marks what a lenient Engine tolerates and a strict one refuses.
    """

    severity: str
    where: str
    text: str
    fix: str
    slip: bool = False
    line: int | None = None

    def __str__(self) -> str:
        line = f"line {self.line}: " if self.line else ""
        return f"{line}{self.severity}: {self.where}: {self.text}\n    {self.fix}"


class ConfigurationRefused(ValueError):
    """A configuration that can't be used, with everything that is wrong with it."""

    def __init__(self, source: str, findings: list[Finding]) -> None:
        super().__init__(f"{source} can't be used:\n" + "\n".join(str(f) for f in findings))
        self.source = source
        self.findings = findings
