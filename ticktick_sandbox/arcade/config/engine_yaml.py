"""engine.yaml with its ``.env`` and ``${env:…}`` variables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ticktick_sandbox.arcade.config.findings import (
    ERROR,
    ConfigurationRefused,
    Filled,
    Finding,
    quoted_switch,
)
from ticktick_sandbox.arcade.config.provider_parser import ProviderParser
from ticktick_sandbox.arcade.config.worker_parser import DirectorsParser
from ticktick_sandbox.arcade.engine.worker import Worker
from ticktick_sandbox.arcade.oauth.provider import Provider

_VARIABLE = re.compile(r"\$\{(env|file):([^}]*)\}")
_LONGEST = 100_000  # characters
_MOST_VALUES = 10_000

# The settings whose kind the published schema gives; of others, null is a value like any.
_TYPED = re.compile(
    r"auth(\.providers)?|tools(\.directors)?"
    r"|auth\.providers\[\d+\]\.(id|description|enabled|type|provider_id|client_id|client_secret"
    r"|oauth2(\.(scope_delimiter|pkce(\.(enabled|code_challenge_method))?"
    r"|(authorize|token|refresh|user_info)_request(\.(endpoint|(auth_)?method|params"
    r"|(request|response)_content_type|response_map))?|user_info_request\.triggers(\.\w+)?))?)"
    r"|tools\.directors\[\d+\]\.(id|enabled|max_tools|workers(\[\d+\]\.(id|enabled|http(\.\w+)?))?)"
)


@dataclass(frozen=True)
class Configuration:
    """What a file holds.

    ``read`` has the usable providers by their place, such as ``auth.providers[0]``, and
    ``workers`` the usable workers, both without those that say ``enabled: false``. ``drafts``
    has each provider as far as it could be read.
    """

    source: str
    read: dict[str, Provider]
    findings: list[Finding]
    lines: dict[str, int] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    drafts: dict[str, Provider] = field(default_factory=dict)

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
        if (strict and finding.tolerated) or (finding.severity == ERROR and not finding.tolerated)
    ]
    if refused:
        raise ConfigurationRefused(configuration.source, refused)
    return configuration


def inspect(path: Path, *, fallback: Mapping[str, str] | None = None) -> Configuration:
    """Read an engine.yaml and return whatever can be said about it, without refusing."""
    try:
        return _inspect(path, fallback or {})
    except RecursionError:
        fix = "Remove the alias that contains itself, or the nesting."
        finding = Finding(ERROR, str(path), "the file is nested too deeply", fix, rule="file")
    except _Unusable as problem:
        where = problem.where or str(path)
        rule = problem.rule
        finding = Finding(ERROR, where, problem.text, problem.fix, line=problem.line, rule=rule)
    return Configuration(str(path), {}, [finding])


class _Unusable(Exception):
    """The file can't be read as a configuration at all; carries the one finding."""

    def __init__(
        self, text: str, fix: str, line: int | None = None, where: str = "", rule: str = "file"
    ) -> None:
        super().__init__(text)
        self.text, self.fix, self.line, self.where, self.rule = text, fix, line, where, rule


def _inspect(path: Path, fallback: Mapping[str, str]) -> Configuration:
    tree, data = _parsed(path)
    lines: dict[str, int] = {}
    findings = _walk(tree, "", lines, set())
    listed = _providers_of(data, lines)
    for name in sorted(str(key) for key in (data.get("auth") or {}) if key != "providers"):
        text = f"auth has no setting {name!r}"
        fix = "It has providers, and nothing else."
        findings.append(Finding(ERROR, f"auth.{name}", text, fix, rule="unknown-setting"))
    variables = dict(fallback) | _variables(path)
    read: dict[str, Provider] = {}
    drafts: dict[str, Provider | None] = {}
    seen: set[str] = set()
    for number, sent in enumerate(listed):
        where = f"auth.providers[{number}]"
        filled, missing = _filled(sent, where, variables, path.parent)
        name = filled.get("id") if isinstance(filled, dict) else None
        if isinstance(name, str | int):
            if str(name) in seen:
                shown = name if isinstance(name, str) else str(name)
                text = f"two providers have the id {shown!r}"
                fix = "Give each its own id, or remove one."
                findings.append(Finding(ERROR, f"{where}.id", text, fix, rule="duplicate-id"))
            seen.add(str(name))
        if isinstance(filled, dict) and filled.get("enabled") in ("true", "false"):
            filled["enabled"] = filled["enabled"] == "true"  # a variable is always a text
            findings += quoted_switch(sent["enabled"], f"{where}.enabled")
        reader = ProviderParser(where)
        if isinstance(filled, dict) and filled.get("enabled") is False:
            reader.provider(sent | {"enabled": False})
            findings += [replace(f, tolerated=True) for f in reader.findings if f.of_schema]
            (off := ProviderParser(where)).provider(filled)
            drafts[where] = off.draft
            continue
        provider = reader.provider(filled)
        drafts[where] = reader.draft
        told = {finding.where for finding in missing}
        findings += missing
        findings += [finding for finding in reader.findings if finding.where not in told]
        if provider and not missing:
            read[where] = replace(provider, origin="static")
    workers = DirectorsParser(lambda sent, where: _filled(sent, where, variables, path.parent))
    usable = workers.workers(data.get("tools"))
    findings += workers.findings
    told = {finding.where for finding in findings if finding.severity == ERROR}
    sections = {name: data[name] for name in ("auth", "tools") if name in data}
    findings += [finding for finding in _empty(sections, "") if finding.where not in told]
    known = {where: draft for where, draft in drafts.items() if draft}
    whole = Configuration(str(path), read, [], lines, usable, known)
    placed = [replace(f, line=f.line or whole.line_of(f.where)) for f in findings]
    return replace(whole, findings=sorted(placed, key=lambda f: f.line or 0))


def _parsed(path: Path) -> tuple[Any, Any]:
    """Return the file as YAML nodes, which know their lines, and as plain values."""
    import yaml

    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LONGEST + 1)
    except FileNotFoundError:
        raise _Unusable("the file does not exist", "Check the path.") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise _Unusable(f"the file can't be read: {problem}", "Check the path.") from None
    if len(text) > _LONGEST:
        raise _Unusable(f"the file has more than {_LONGEST:,} characters", "Check the path.")
    try:
        loader = yaml.SafeLoader(text)
        tree = loader.get_single_node()
        _refuse_unfolding(tree, {})
        data = None if tree is None else loader.construct_document(tree)
    except (ArithmeticError, AttributeError, LookupError, TypeError) as problem:
        fix = "Remove the tag, such as !!timestamp, or write a value of its kind."
        raise _Unusable(f"a value does not fit its tag: {problem}", fix, rule="yaml") from None
    except (yaml.YAMLError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        position = getattr(problem, "position", None)  # of a character that YAML forbids
        line = mark.line + 1 if mark else None
        raise _Unusable(
            f"this is not YAML: {getattr(problem, 'problem', problem)}",
            "Check the indentation and the quotes around this place.",
            line if position is None else text.count("\n", 0, position) + 1,
            rule="yaml",
        ) from None
    if data is None:
        fix = "Begin it with auth: and its providers."
        raise _Unusable("the file is empty", fix, rule="type")
    return tree, data


def _refuse_unfolding(node: Any, known: dict[int, int | None]) -> int:
    """Return how many values a node stands for, its aliases written out. Looks at each once.

    Raises:
        RecursionError: an alias contains itself.
        _Unusable: there are more than anybody would write, and reading them would take long.
    """
    import yaml

    if id(node) not in known:
        known[id(node)] = None
        inside = [] if not isinstance(node, yaml.CollectionNode) else node.value
        parts = [part for each in inside for part in (each if type(each) is tuple else (each,))]
        known[id(node)] = 1 + sum(_refuse_unfolding(part, known) for part in parts)
    size = known[id(node)]
    if size is None:
        raise RecursionError
    if size > _MOST_VALUES:
        text = f"with its aliases written out it has more than {_MOST_VALUES:,} values"
        line = node.start_mark.line + 1
        raise _Unusable(text, "Write out what is meant, without aliases of aliases.", line)
    return size


def _providers_of(data: Any, lines: Mapping[str, int]) -> list[Any]:
    """Return what stands below ``auth.providers``; a key with nothing below it is empty."""
    if not isinstance(data, dict):
        kind = type(data).__name__
        fix = "Begin it with auth: and its providers."
        raise _Unusable(f"the file holds a {kind}, not sections", fix, rule="type")
    auth = {} if data.get("auth") is None else data["auth"]
    listed = auth.get("providers") if isinstance(auth, dict) else auth
    listed = [] if listed is None else listed
    if not isinstance(auth, dict) or not isinstance(listed, list):
        raise _Unusable(
            "auth.providers is not a list",
            "Write 'auth:', below it 'providers:', and begin each provider with '- id:'.",
            lines.get("auth.providers") or lines.get("auth"),
            rule="type",
        )
    return listed


def _variables(path: Path) -> dict[str, str]:
    """Return the variables of ``.env`` under those of the environment, which win."""
    beside = path.parent / ".env"
    values: dict[str, str] = {}
    try:
        if beside.is_file():
            from dotenv import dotenv_values

            values = {name: value or "" for name, value in dotenv_values(beside).items()}
    except (OSError, UnicodeDecodeError) as problem:
        fix = "Save it as UTF-8 text, or remove it."
        raise _Unusable(f"it can't be read: {problem}", fix, where=str(beside)) from None
    return values | dict(os.environ)


def _filled(
    value: Any, where: str, variables: Mapping[str, str], folder: Path
) -> tuple[Any, list[Finding]]:
    """Return ``value`` with its variables put in, and what is said of those without a value."""
    missing: list[Finding] = []

    def filled(value: Any, where: str) -> Any:
        if isinstance(value, dict):
            return {key: filled(item, f"{where}.{key}") for key, item in value.items()}
        if isinstance(value, list):
            return [filled(item, f"{where}[{number}]") for number, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        put_in = _VARIABLE.sub(lambda match: read(match[1], match[2], where), value)
        return value if put_in == value else Filled(put_in, value)

    def read(kind: str, name: str, where: str) -> str:
        if kind == "env" and name in variables:
            return variables[name]
        text, fix = (
            f"the variable {name} is not set",
            (f"Set it: export {name}=…, or write {name}=… into .env beside the file."),
        )
        if kind == "file":
            try:
                place = folder / name
                if not place.is_file():  # a device or a pipe may have no end
                    raise OSError
                with place.open(encoding="utf-8") as file:
                    return file.read(_LONGEST).strip()
            except (OSError, ValueError):
                text = f"the file {name} can't be read"
                fix = "The path counts from the folder of the configuration."
        missing.append(Finding(ERROR, where, text, fix, rule="unset-variable"))
        return ""

    return filled(value, where), missing


def _empty(value: Any, where: str) -> Iterator[Finding]:
    """Yield the settings that are there with nothing after them, which YAML reads as null."""
    if value is None and _TYPED.fullmatch(where):
        text = "nothing stands after it, and the published schema takes no null here"
        fix = "Give it a value, or drop the line."
        yield Finding(ERROR, where, text, fix, tolerated=True, rule="empty")
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from _empty(item, f"{where}.{key}" if where else str(key))
    for number, item in enumerate(value if isinstance(value, list) else ()):
        yield from _empty(item, f"{where}[{number}]")


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
                        rule="yaml",
                    )
                )
                continue
            findings += _walk(item, path, lines, above)
            lines[path] = key.start_mark.line + 1
    return findings
