"""Judges an engine.yaml by the reference and by what is known of the provider.

It knows more than the Engine, which takes a provider's configuration at its word. What is
known of providers stands in ``provider_facts.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ticktick_sandbox.arcade.config.engine_yaml import inspect
from ticktick_sandbox.arcade.config.findings import ERROR, WARNING, Finding
from ticktick_sandbox.arcade.oauth.provider import Provider, placeholders

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


def report(path: Path) -> tuple[list[str], bool]:
    """Return the findings as lines, the count last, and whether one is an error."""
    findings = check(path)
    errors = sum(finding.severity == ERROR for finding in findings)
    counts = f"{_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}"
    return [*map(str, findings), f"{path}: {counts}"], errors > 0


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
