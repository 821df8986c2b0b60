"""Derives ``published.json`` from the Engine's published OpenAPI description.

Run ``python -m tests.rules.derive DESCRIPTION.yml`` from the top of the
repository when a newer description is out. Kept are names, types, enums and what is
required. Every word meant for people is left behind.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "published.json"

# What the sandbox does not imitate.
_LEFT_OUT = ("/v1/chat", "/v1/hooks", "/v1/orgs/", "/v1/plugins", "/v1/swagger")

_KEPT = ("$ref", "enum", "maxItems", "minItems", "required", "type")
_METHODS = ("get", "post", "put", "patch", "delete")


def derive(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules that a description holds.

    Returns:
        ``{"answers": {path: {method: {status: name}}}, "bodies": {name: JSON Schema}}``;
        the name is ``None`` for an answer without a body. An object with named fields has
        no others.
    """
    answers = {
        path: {
            method.upper(): {
                status: _body(answer) for status, answer in operation["responses"].items()
            }
            for method, operation in operations.items()
            if method in _METHODS
        }
        for path, operations in description["paths"].items()
        if not path.startswith(_LEFT_OUT)
    }
    schemas = {
        _name(name): _rule(schema) for name, schema in description["components"]["schemas"].items()
    }
    wanted = {
        name
        for methods in answers.values()
        for statuses in methods.values()
        for name in statuses.values()
        if name
    }
    reached: set[str] = set()
    while wanted - reached:
        reached |= wanted
        wanted = {_name(ref) for name in reached for ref in _refs(schemas[name])}
    return {"answers": answers, "bodies": {name: schemas[name] for name in sorted(reached)}}


def published() -> dict[str, Any]:
    """Return the rules as they were last derived, in the shape that ``derive`` gives."""
    return json.loads(_FILE.read_text(encoding="utf-8"))


def _body(answer: Mapping[str, Any]) -> str | None:
    content = answer.get("content")
    return _name(content["application/json"]["schema"]["$ref"]) if content else None


def _name(text: str) -> str:
    """Return a schema's name as it stands here: ``schemas.Error`` is ``Error``."""
    return text.rpartition("/")[2].replace("schemas.", "").replace("schemas_", "")


def _rule(schema: Mapping[str, Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {name: schema[name] for name in _KEPT if name in schema}
    if "$ref" in schema:
        rule["$ref"] = f"#/bodies/{_name(schema['$ref'])}"
    if "allOf" in schema:
        rule["allOf"] = [_rule(part) for part in schema["allOf"]]
    if "items" in schema:
        rule["items"] = _rule(schema["items"])
    if "properties" in schema:
        rule["properties"] = {name: _rule(part) for name, part in schema["properties"].items()}
        rule["additionalProperties"] = False
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        rule["additionalProperties"] = _rule(more)
    return rule


def _refs(rule: Any) -> Iterator[str]:
    if isinstance(rule, dict):
        if "$ref" in rule:
            yield rule["$ref"]
        for part in rule.values():
            yield from _refs(part)
    elif isinstance(rule, list):
        for part in rule:
            yield from _refs(part)


def _written(rules: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the rules as JSON with one path or body a line."""
    parts = []
    for part, entries in rules.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()]
        parts.append(f'"{part}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    import yaml

    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    _FILE.write_text(_written(derive(yaml.safe_load(text))), encoding="utf-8")
