"""Judges an engine.yaml, or a whole project, by the reference and by what is known.

It knows more than the Engine, which takes a provider's configuration at its word. What is
known of providers stands in ``provider_facts.yaml``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ticktick_sandbox.arcade.config.engine_yaml import inspect
from ticktick_sandbox.arcade.config.findings import ERROR, WARNING, Finding
from ticktick_sandbox.arcade.oauth.provider import Provider, placeholders
from ticktick_sandbox.code_rules import check_env, check_python, files_of

_LARGEST = 1_000_000  # bytes of a file

FACTS = Path(__file__).parent / "provider_facts.yaml"

# Whether a file is right does not depend on the reader's credentials being at hand.
_STAND_INS = {
    "TICKTICK_CLIENT_ID": "client-id",
    "TICKTICK_CLIENT_SECRET": "client-secret",
    "ARCADE_WORKER_SECRET": "worker-secret",
}


def check(path: Path) -> list[Finding]:
    """Return everything that can be said against the file, by line."""
    configuration = inspect(path, fallback=_STAND_INS)
    findings = list(configuration.findings)
    places = ("auth.providers[0]", "tools.directors[0]")
    if not findings and not any(place in configuration.lines for place in places):
        text = "the file has no provider under auth.providers"
        fix = "Write 'auth:', below it 'providers:', and begin each provider with '- id:'."
        findings.append(Finding(ERROR, str(path), text, fix))
    for where, provider in configuration.read.items():
        findings += _unwise(f"{where}.oauth2", provider)
    placed = [replace(f, line=f.line or configuration.line_of(f.where)) for f in findings]
    return sorted(placed, key=lambda finding: finding.line or 0)


def _unwise(where: str, provider: Provider) -> Iterator[Finding]:
    """Yield what will not work with this provider as its owner expects."""

    def warning(place: str, text: str, fix: str) -> Finding:
        return Finding(WARNING, f"{where}.{place}", text, fix)

    facts = _facts_about(provider.authorize_request.endpoint)
    if "existing_scopes" not in placeholders(provider.authorize_request.params):
        yield warning(
            "authorize_request.params.scope",
            "without {{existing_scopes}} a later request for another scope "
            "replaces the token by a narrower one",
            'Write scope: "{{scopes}} {{existing_scopes}}".',
        )
    for kind, request in {"token_request": provider.token_request, **provider.requests}.items():
        spoken = facts.get("token_reply", request.response_content_type)
        if request.response_content_type != spoken:
            yield warning(
                f"{kind}.response_content_type",
                f"{facts['name']} answers {spoken}, so a form-encoded reader finds no token",
                f"Write {spoken}, or drop the line: it is the default.",
            )
    if "refresh_request" in provider.requests and facts.get("refresh_grant") is False:
        yield warning(
            "refresh_request",
            f"{facts['name']} issues no refresh token, so this is never used",
            "Remove the section, and expect users to consent again after "
            f"{facts['token_days']} days.",
        )


def check_project(path: Path) -> list[tuple[Path, Finding]]:
    """Return everything that can be said against a file, or against a folder's files.

    A folder's are each engine.yaml, ``.env`` and Python file in it.

    Raises:
        ValueError: the folder has too many files, or nothing that can be checked.
    """
    files = files_of(path) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{path} has no engine.yaml, no .env and no Python file.")
    return [(file, finding) for file in files for finding in _check_file(file)]


def _check_file(file: Path) -> list[Finding]:
    if file.suffix != ".py" and file.name != ".env":
        return check(file)
    try:
        if file.stat().st_size > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST} bytes")
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        return [Finding(ERROR, file.name, f"it can't be read: {reason}", "Look at the file.")]
    return check_python(text) if file.suffix == ".py" else check_env(text)


def report(path: Path, form: str = "text") -> tuple[list[str], bool]:
    """Return the findings as lines, and whether one is an error.

    Args:
        path: a file or a folder.
        form: ``text`` with the count last, ``json`` for programs, ``github`` for annotations.
    """
    try:
        found = check_project(path)
    except ValueError as problem:
        return [str(problem)], True
    errors = sum(finding.severity == ERROR for _, finding in found)
    if form == "json":
        return [json.dumps([_to_json(*each) for each in found], indent=1)], errors > 0
    if form == "github":
        return [_annotation(*each) for each in found], errors > 0
    several = path.is_dir()
    lines = [f"{file}: {finding}" if several else str(finding) for file, finding in found]
    counts = f"{_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}"
    return [*lines, f"{path}: {counts}"], errors > 0


def _to_json(file: Path, finding: Finding) -> dict[str, Any]:
    names = ("line", "severity", "rule", "where", "text", "fix", "source")
    return {"file": str(file)} | {name: getattr(finding, name) for name in names}


def _annotation(file: Path, finding: Finding) -> str:
    """Return a line of which GitHub makes an annotation at its place."""
    kind = "error" if finding.severity == ERROR else "warning"

    def escaped(text: str, more: str = "") -> str:
        return "".join(f"%{ord(c):02X}" if c in "%\r\n" + more else c for c in text)

    place = f"file={escaped(str(file), ':,')},line={finding.line or 1}"
    text = escaped(f"{finding.where}: {finding.text}. {finding.fix}")
    return f"::{kind} {place},title={escaped(finding.rule, ':,')}::{text}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _facts_about(endpoint: str) -> dict[str, Any]:
    """Return the facts about the provider at this endpoint; ``{}`` for an unknown one."""
    import yaml

    host = urlsplit(endpoint).hostname or ""
    for facts in yaml.safe_load(FACTS.read_text(encoding="utf-8")):
        if host in facts["hosts"]:
            return facts
    return {}
