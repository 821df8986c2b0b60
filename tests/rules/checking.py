"""Judges one answer of the Engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.rules import recorded
from tests.rules.derive import published
from tests.rules.recorded import Answers

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_SHOWN = 200  # characters of what is wrong, which may be a whole body


def violations(method: str, path: str, status: int, content_type: str, body: bytes) -> list[str]:
    """Return what is wrong with an answer; each names request, status, field and rule."""
    found = _violations(method, path, str(status), content_type, body)
    return [f"{method} {path} answered {status}: {problem}" for problem in found]


def _violations(
    method: str, path: str, status: str, content_type: str, body: bytes
) -> Iterator[str]:
    is_json = content_type.partition(";")[0].strip() == "application/json"
    if not is_json and any(re.fullmatch(page, path, re.DOTALL) for page in recorded.PAGES):
        return
    answers = _answers(method, path)
    if status not in answers:
        yield f"the status breaks the rule: one of {', '.join(sorted(answers))}"
        return
    name = answers[status]
    if name is None:
        if body:
            yield "the body breaks the rule: none with this status"
        return
    if not is_json:
        yield f"content-type {content_type!r} breaks the rule: application/json"
        return
    try:
        sent = json.loads(body)
    except ValueError as problem:
        yield f"the body breaks the rule: JSON ({problem})"
        return
    for error in _validator(name).iter_errors(sent):
        rule = "/".join(str(part) for part in error.relative_schema_path)
        yield f"{error.json_path}: {error.message[:_SHOWN]} breaks the rule: {name}/{rule}"
    if status >= "400" and isinstance(sent, dict):
        belongs = recorded.STATUS_OF_ERROR.get(sent.get("name"), status)
        if status != belongs:
            yield f"$.name: {sent['name']!r} breaks the rule: with status {belongs}"


def _answers(method: str, path: str) -> Answers:
    """Return what a route may answer."""
    method = "GET" if method == "HEAD" else method
    for project, plain in recorded.BELOW_A_PROJECT:
        path = re.sub(f"^{project}", plain, path)
    for pattern, methods in _routes():
        if pattern.fullmatch(path) and (answers := methods.get(method)):
            return answers
    left_out = re.fullmatch(recorded.NOT_IMITATED, path, re.DOTALL)
    return recorded.SAYS_SO if left_out else recorded.UNKNOWN_ROUTE


@cache
def _routes() -> list[tuple[re.Pattern[str], dict[str, Answers]]]:
    """Return all routes, those without a parameter first."""
    routes: dict[str, dict[str, Answers]] = {}
    for part in (published()["answers"], recorded.MORE_ANSWERS):
        for path, methods in part.items():
            known = routes.setdefault(path, {})
            for method, answers in methods.items():
                known[method] = known.get(method, {}) | answers
    return [
        (
            re.compile(re.sub(r"\{\w+\}", "[^/]+", path)),
            {
                method: recorded.completed(path, method, answers)
                for method, answers in methods.items()
            },
        )
        for path, methods in sorted(routes.items(), key=lambda route: route[0].count("{"))
    ]


@cache
def _validator(name: str) -> Draft202012Validator:
    """Return what validates a body of this name."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator({"$ref": f"#/bodies/{name}", "bodies": _bodies()})


@cache
def _bodies() -> dict[str, Any]:
    bodies = published()["bodies"] | recorded.REPLACED
    for name, fields in recorded.MORE_FIELDS.items():
        bodies[name] = bodies[name] | {"properties": bodies[name]["properties"] | fields}
    for name, rule in recorded.TIGHTENED.items():
        bodies[name] = {"allOf": [bodies[name], rule]}
    return bodies
