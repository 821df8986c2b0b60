"""Derives ``published_configuration.json`` from the published schemas of engine.yaml.

Run ``python -m tests.rules.derive_configuration SCHEMA.json …`` from the top of the repository
when newer schemas are out, with the versions that the checker is held to. Kept are names, types,
enums, patterns and what is required, of providers and workers. Every word meant for people is
left behind.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "published_configuration.json"

_SECTIONS = ("auth", "tools")
_KEPT = (
    "$ref",
    "additionalProperties",
    "enum",
    "format",
    "minProperties",
    "pattern",
    "required",
    "type",
)
_ONE = ("if", "items", "not", "then")
_LISTS = ("allOf", "anyOf", "oneOf")
_PLACE = "#/$defs/"


def derive(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules for a file's providers and workers, as a JSON Schema of draft 7.

    What else a file has to hold is left out: the checker takes a part of a file, too.

    Raises:
        ValueError: the schema has a keyword that would be lost.
    """
    rules = {name: _rule(schema["properties"][name]) for name in _SECTIONS}
    reached: dict[str, Any] = {}
    wanted = set(_refs(rules))
    while wanted - reached.keys():
        reached |= {name: _rule(schema["$defs"][name]) for name in wanted}
        wanted = set(_refs(reached))
    return {"type": "object", "properties": rules, "$defs": dict(sorted(reached.items()))}


def published() -> dict[str, Any]:
    """Return the rules as they were last derived."""
    return json.loads(_FILE.read_text(encoding="utf-8"))


def _rule(schema: Mapping[str, Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {name: schema[name] for name in _KEPT if name in schema}
    rule |= {name: _rule(schema[name]) for name in _ONE if name in schema}
    rule |= {name: [_rule(part) for part in schema[name]] for name in _LISTS if name in schema}
    if "properties" in schema:
        rule["properties"] = {name: _rule(part) for name, part in schema["properties"].items()}
    lost = schema.keys() - rule.keys() - {"$comment", "default", "description"}
    if lost:
        raise ValueError(f"not derived: {', '.join(sorted(lost))}")
    return rule


def _refs(rule: Any) -> Iterator[str]:
    """Yield the names of the definitions that a rule refers to."""
    if isinstance(rule, dict):
        if isinstance(ref := rule.get("$ref"), str):
            yield ref.removeprefix(_PLACE)
        for part in rule.values():
            yield from _refs(part)
    elif isinstance(rule, list):
        for part in rule:
            yield from _refs(part)


if __name__ == "__main__":
    versions = [derive(json.loads(Path(each).read_text("utf-8"))) for each in sys.argv[1:]]
    if any(rules != versions[0] for rules in versions):
        raise SystemExit("The versions differ for providers and workers: derive them apart.")
    _FILE.write_text(json.dumps(versions[0], indent=1) + "\n", encoding="utf-8")
