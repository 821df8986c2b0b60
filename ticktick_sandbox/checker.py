"""Judges an engine.yaml, or a whole project, by the reference and by what is known.

It knows more than the Engine, which takes a provider's configuration at its word. What is
known of providers stands in ``provider_facts.yaml``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ticktick_sandbox.arcade.config.engine_yaml import inspect
from ticktick_sandbox.arcade.config.findings import (
    ERROR,
    REFERENCE,
    SOURCES,
    WARNING,
    Filled,
    Finding,
)
from ticktick_sandbox.arcade.oauth.provider import PLACEHOLDER, OAuthRequest, Provider, placeholders
from ticktick_sandbox.arcade.urls import is_absolute
from ticktick_sandbox.code_rules import (
    LEFT_OVER,
    about_address,
    check_env,
    check_python,
    editions,
    files_of,
    named_providers,
    two_editions,
)
from ticktick_sandbox.shared.settings import LOCAL_HOSTS

SCRIPTS = (".js", ".mjs", ".cjs", ".ts")
_SCRIPTS = "Of JavaScript an editor tells the slips: write // @ts-check in the first line."
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
        findings.append(Finding(ERROR, str(path), text, fix, rule="no-provider"))
    told = {finding.where for finding in findings if finding.severity == ERROR}
    for where, provider in configuration.drafts.items():
        more = [*_left_over(where, provider), *_unwise(f"{where}.oauth2", provider)]
        findings += [finding for finding in more if finding.where not in told]
    placed = [
        replace(
            finding,
            line=finding.line or configuration.line_of(finding.where),
            source=finding.source or SOURCES.get(finding.rule, ""),
        )
        for finding in findings
    ]
    return sorted(placed, key=lambda finding: finding.line or 0)


def _left_over(where: str, provider: Provider) -> Iterator[Finding]:
    """Yield the credentials that are not there yet, or are sent as they are written."""
    for name in ("client_id", "client_secret"):
        value, variable = getattr(provider, name), f"TICKTICK_{name.upper()}"
        if not isinstance(value, Filled) and (LEFT_OVER.search(value) or value.startswith("$")):
            text = "it is a placeholder, and would be sent as it stands"
            fix = f"Write {name}: ${{env:{variable}}}, and set {variable} in .env."
            yield Finding(ERROR, f"{where}.{name}", text, fix, rule="placeholder", source=REFERENCE)


def _unwise(where: str, provider: Provider) -> Iterator[Finding]:
    """Yield what will not work with this provider as its owner expects."""
    requests = {
        "authorize_request": provider.authorize_request,
        "token_request": provider.token_request,
        **provider.requests,
    }
    facts = _facts_of_most([request.endpoint for request in requests.values()])
    known = facts.get("source", "")

    def finding(
        severity: str, place: str, rule: str, text: str, fix: str, source: str = REFERENCE
    ) -> Finding:
        return Finding(severity, f"{where}.{place}", text, fix, rule=rule, source=source)

    for kind, request in requests.items():
        if not is_absolute(request.endpoint):
            continue
        for told in _misdirected(kind, request, facts):
            yield finding(ERROR, f"{kind}.endpoint", *told)
        parts = urlsplit(request.endpoint)
        if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
            text = "what is sent there can be read on the way"
            fix = "Write https:// instead of http://."
            source = "RFC 6749, sections 3.1 and 3.2"
            if not _facts_about(request.endpoint):
                yield finding(WARNING, f"{kind}.endpoint", "no-tls", text, fix, source)
        redirect = request.params.get("redirect_uri", "{{redirect_uri}}")
        if not PLACEHOLDER.fullmatch(redirect):
            severity, text = ERROR, "it is no address, and would be sent as it stands"
            if is_absolute(redirect):
                severity, text = WARNING, "Arcade gives each provider another, so it may go stale"
            fix = 'Write redirect_uri: "{{redirect_uri}}".'
            yield finding(severity, f"{kind}.params.redirect_uri", "redirect-uri", text, fix)
        written = PLACEHOLDER.sub(" ", request.params.get("scope", "")).replace(",", " ").split()
        if facts and not set(written) <= set(facts["scopes"]):
            text = f"{facts['name']} has the scopes {' and '.join(facts['scopes'])} and no other"
            fix = 'Write scope: "{{scopes}} {{existing_scopes}}".'
            yield finding(ERROR, f"{kind}.params.scope", "no-such-scope", text, fix, known)
        spoken = facts.get("token_reply", request.response_content_type)
        if kind != "authorize_request" and request.response_content_type != spoken:
            yield finding(
                ERROR,
                f"{kind}.response_content_type",
                "reply-type",
                f"{facts['name']} answers {spoken}, so a form-encoded reader finds no token",
                f"Write {spoken}, or drop the line: it is the default.",
                known,
            )
    if "existing_scopes" not in placeholders(provider.authorize_request.params):
        yield finding(
            WARNING,
            "authorize_request.params.scope",
            "existing-scopes",
            "without {{existing_scopes}} a later request for another scope "
            "replaces the token by a narrower one",
            'Write scope: "{{scopes}} {{existing_scopes}}".',
        )
    if "refresh_request" in provider.requests and facts.get("refresh_grant") is False:
        yield finding(
            WARNING,
            "refresh_request",
            "no-refresh",
            f"{facts['name']} issues no refresh token, so this is never used",
            "Remove the section, and expect users to consent again after "
            f"{facts['token_days']} days.",
            known,
        )


def _misdirected(
    kind: str, request: OAuthRequest, of_most: dict[str, Any]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield rule, text, fix and source where a known provider has no such endpoint."""
    facts = _facts_about(request.endpoint)
    right = facts.get("endpoints", {}).get(kind)
    parts = urlsplit(request.endpoint)
    if of_most and facts and facts != of_most:
        text = f"{facts['name']} and {of_most['name']} know nothing of each other's grants"
        fix = of_most["endpoints"].get(kind)
        fix = f"Write endpoint: {fix}." if fix else "Remove the section."
        fix += f" To use {facts['name']} instead, write its addresses everywhere."
        yield "two-editions", text, fix, facts["source"]
    elif right and f"{parts.scheme}://{parts.netloc.lower()}{parts.path}" != right:
        text = f"{facts['name']} has no such endpoint"
        yield "wrong-host", text, f"Write endpoint: {right}", facts["source"]
    elif not right:
        for found in about_address(request.endpoint, 0):
            yield found.rule, found.text, found.fix, found.source


def check_project(path: Path) -> list[tuple[Path, Finding]]:
    """Return everything that can be said against a file, or against a folder's files.

    A folder's are each engine.yaml, ``.env`` and Python file in it.

    Raises:
        ValueError: the folder has too many files, or nothing that can be checked.
    """
    files = files_of(path) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{path} has no engine.yaml, no .env and no Python file. {_SCRIPTS}")
    if path.suffix in SCRIPTS:
        raise ValueError(f"{path} is JavaScript. {_SCRIPTS}")
    found = [(file, finding) for file in files for finding in _check_file(file)]
    if path.is_dir():
        found += _unconfigured(files)
    told = any(finding.rule == "two-editions" for _, finding in found)
    return found if told else found + _mixed(files)


def _unconfigured(files: list[Path]) -> list[tuple[Path, Finding]]:
    """Return what is said of providers that Python names and no engine.yaml here has.

    Others may well be configured elsewhere, so only ids are told that resemble one of those.
    """
    configured = {
        provider.id
        for file in files
        if file.suffix in (".yaml", ".yml")
        for provider in inspect(file, fallback=_STAND_INS).drafts.values()
    }
    return [
        (
            file,
            Finding(
                WARNING,
                name,
                "no engine.yaml here has a provider of this id",
                f"Write the same id in both. There is: {', '.join(sorted(configured))}.",
                line=line,
                rule="unknown-provider",
                source=REFERENCE,
            ),
        )
        for file in files
        if file.suffix == ".py"
        for name, line in named_providers(_text_of(file)).items()
        if name not in configured and get_close_matches(name, configured, n=1, cutoff=0.6)
    ]


def _text_of(file: Path) -> str:
    """Return what stands in a file; nothing if that can't be read."""
    try:
        return file.read_text("utf-8") if file.stat().st_size <= _LARGEST else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _mixed(files: list[Path]) -> list[tuple[Path, Finding]]:
    """Return what is said of two editions in different files, where Dida365 is first named."""
    named: dict[str, tuple[Path, int]] = {}
    for file in files:
        for host, line in editions(_text_of(file)).items():
            named.setdefault(host, (file, line))
    if len(named) < 2:
        return []
    file, line = named["dida365.com"]
    return [(file, two_editions(line, named["ticktick.com"][0]))]


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
    if several and any(next(path.glob(f"*{kind}"), None) for kind in SCRIPTS):
        lines.append(f"JavaScript is not looked at. {_SCRIPTS}")
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
    host = (urlsplit(endpoint).hostname or "") if is_absolute(endpoint) else ""
    return next((facts for facts in _all_facts() if host in facts["hosts"]), {})


def _facts_of_most(endpoints: list[str]) -> dict[str, Any]:
    """Return the facts about whom most endpoints belong to; of the first listed, if it is even."""
    counts = Counter(facts["name"] for each in endpoints if (facts := _facts_about(each)))
    return max(_all_facts(), key=lambda facts: counts[facts["name"]]) if counts else {}


@cache
def _all_facts() -> list[dict[str, Any]]:
    import yaml

    return yaml.safe_load(FACTS.read_text(encoding="utf-8"))
