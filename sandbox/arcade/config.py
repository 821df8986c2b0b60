"""engine.yaml with its ``.env`` and ``${env:…}`` variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sandbox.arcade.findings import ERROR, ConfigurationRefused, Finding
from sandbox.arcade.providers import Provider
from sandbox.arcade.reading import Reader

_VARIABLE = re.compile(r"\$\{(env|file):([^}]*)\}")


@dataclass(frozen=True)
class Configuration:
    """What a file holds.

    ``read`` has the usable providers by their place, such as ``auth.providers[0]``,
    without those that say ``enabled: false``.
    """

    source: str
    read: dict[str, Provider]
    findings: list[Finding]
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def providers(self) -> list[Provider]:
        """The usable providers in the order of the file."""
        return list(self.read.values())

    def line_of(self, where: str) -> int | None:
        """Return the line of a place, or of the nearest place around it."""
        while where and where not in self.lines:
            where = where[: max(where.rfind("."), where.rfind("["), 0)]
        return self.lines.get(where)


def load(
    path: Path, *, strict: bool = False, fallback: Mapping[str, str] | None = None
) -> Configuration:
    """Read an engine.yaml and refuse what no Engine could use.

    Args:
        path: the file; a ``.env`` beside it is read, too.
        strict: refuse the slips, too, that a lenient Engine tolerates.
        fallback: values for variables that neither the environment nor ``.env`` sets.

    Raises:
        ConfigurationRefused: the file can't be used; it names every reason at once.
    """
    configuration = inspect(path, fallback=fallback)
    refused = [
        finding
        for finding in configuration.findings
        if (strict and finding.slip) or (finding.severity == ERROR and not finding.slip)
    ]
    if refused:
        raise ConfigurationRefused(configuration.source, refused)
    return configuration


def inspect(path: Path, *, fallback: Mapping[str, str] | None = None) -> Configuration:
    """Read an engine.yaml and return whatever can be said about it, without refusing."""
    source = str(path)
    try:
        return _inspect(path, source, fallback or {})
    except RecursionError:
        fix = "Remove the alias that contains itself, or the nesting."
        return _unusable(source, "the file is nested too deeply", fix)


def _inspect(path: Path, source: str, fallback: Mapping[str, str]) -> Configuration:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return _unusable(source, "the file does not exist", "Check the path.")
    except (OSError, UnicodeDecodeError) as problem:
        return _unusable(source, f"the file can't be read: {problem}", "Check the path.")
    if not text.strip():
        return _unusable(source, "the file is empty", "Begin it with auth: and its providers.")

    import yaml

    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        position = getattr(problem, "position", None)  # of a character that YAML forbids
        line = mark.line + 1 if mark else None
        return _unusable(
            source,
            f"this is not YAML: {getattr(problem, 'problem', problem)}",
            "Check the indentation and the quotes around this place.",
            line=line if position is None else text.count("\n", 0, position) + 1,
        )
    if data is None:
        return _unusable(source, "the file is empty", "Begin it with auth: and its providers.")
    lines: dict[str, int] = {}
    findings = _walk(tree, "", lines, set())
    if not isinstance(data, dict):
        return _unusable(
            source,
            f"the file holds a {type(data).__name__}, not sections",
            "Begin it with auth: and its providers.",
        )
    auth = _or_empty(data.get("auth"), {})
    listed = _or_empty(auth.get("providers"), []) if isinstance(auth, dict) else auth
    if not isinstance(auth, dict) or not isinstance(listed, list):
        return _unusable(
            source,
            "auth.providers is not a list",
            "Write 'auth:', below it 'providers:', and begin each provider with '- id:'.",
            line=lines.get("auth.providers") or lines.get("auth"),
        )
    try:
        variables = dict(fallback) | _variables(path)
    except (OSError, UnicodeDecodeError) as problem:
        fix = "Save it as UTF-8 text, or remove it."
        return _unusable(source, f"it can't be read: {problem}", fix, where=path.parent / ".env")
    read: dict[str, Provider] = {}
    seen: set[str] = set()
    for number, sent in enumerate(listed):
        where = f"auth.providers[{number}]"
        missing: list[Finding] = []
        filled = _fill(sent, where, variables, path.parent, missing)
        name = filled.get("id") if isinstance(filled, dict) else None
        if isinstance(name, str | int):
            if str(name) in seen:
                findings.append(
                    Finding(
                        ERROR,
                        f"{where}.id",
                        f"two providers have the id {str(name)!r}",
                        "Give each its own id, or remove one.",
                    )
                )
            seen.add(str(name))
        if isinstance(filled, dict) and filled.get("enabled") in ("true", "false"):
            filled["enabled"] = filled["enabled"] == "true"  # a variable is always a text
        if isinstance(filled, dict) and filled.get("enabled") is False:
            continue
        findings += missing
        reader = Reader(where)
        provider = reader.provider(filled)
        told = {finding.where for finding in missing}
        findings += [finding for finding in reader.findings if finding.where not in told]
        if provider and not missing:
            read[where] = replace(provider, origin="static")
    whole = Configuration(source, read, [], lines)
    placed = [replace(f, line=f.line or whole.line_of(f.where)) for f in findings]
    return replace(whole, findings=sorted(placed, key=lambda f: f.line or 0))


def _unusable(
    source: str, text: str, fix: str, *, line: int | None = None, where: Path | None = None
) -> Configuration:
    finding = Finding(ERROR, str(where or source), text, fix, line=line)
    return Configuration(source, {}, [finding])


def _or_empty(value: Any, empty: Any) -> Any:
    """Return ``value``, or ``empty`` for a key that stands there with nothing below it."""
    return empty if value is None else value


def _variables(path: Path) -> dict[str, str]:
    """Return the variables of ``.env`` under those of the environment, which win."""
    beside = path.parent / ".env"
    values: dict[str, str] = {}
    if beside.is_file():
        from dotenv import dotenv_values

        values = {name: value or "" for name, value in dotenv_values(beside).items()}
    return values | dict(os.environ)


def _fill(
    value: Any, where: str, variables: Mapping[str, str], folder: Path, missing: list[Finding]
) -> Any:
    """Return ``value`` with its variables put in; a variable without a value is a finding."""
    if isinstance(value, dict):
        return {
            key: _fill(item, f"{where}.{key}", variables, folder, missing)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _fill(item, f"{where}[{number}]", variables, folder, missing)
            for number, item in enumerate(value)
        ]
    if not isinstance(value, str):
        return value

    def put_in(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind == "env":
            if name in variables:
                return variables[name]
            fix = f"Set it: export {name}=…, or write {name}=… into .env beside the file."
            missing.append(Finding(ERROR, where, f"the variable {name} is not set", fix))
            return ""
        try:
            return (folder / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            fix = "The path counts from the folder of the configuration."
            missing.append(Finding(ERROR, where, f"the file {name} can't be read", fix))
            return ""

    return _VARIABLE.sub(put_in, value)


def _walk(node: Any, where: str, lines: dict[str, int], above: set[int]) -> list[Finding]:
    """Note the line of every path below ``node``; a key written twice is a finding."""
    import yaml

    lines[where] = node.start_mark.line + 1
    if id(node) in above:
        return []
    above = above | {id(node)}
    findings: list[Finding] = []
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            findings += _walk(item, f"{where}[{number}]", lines, above)
    if isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            path = f"{where}.{key.value}" if where else str(key.value)
            if path in lines:
                findings.append(
                    Finding(
                        ERROR,
                        path,
                        "this key is written twice, and the first would be lost",
                        f"Merge it with the one in line {lines[path]}.",
                        line=key.start_mark.line + 1,
                    )
                )
                continue
            findings += _walk(item, path, lines, above)
            lines[path] = key.start_mark.line + 1
    return findings
