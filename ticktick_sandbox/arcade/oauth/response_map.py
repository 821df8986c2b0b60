"""``response_map``: where a provider's JSON reply has its values.

An expression is a JSONPath of names, indexes and wildcards, such as ``$.data.token``, or one
of two calls: ``join('$.scope', ' ')`` makes one text of a list, and
``jwt_decode('$.access_token', '$.scp')`` looks into a token without verifying it. The first
argument may itself be a call. Known from Arcade's OAuth 2.0 reference; what a call does with a
value that does not fit is not known, here the reply fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonpath import JSONPathEnvironment

Expression = Callable[[Any], Any]

ALLOWED = (
    "Allowed: $.a.b, join('$.scope', ' ') and jwt_decode('$.access_token', '$.scp'). "
    "Inside a call a path stands in quotes, or another call."
)

_LONGEST = 1000  # characters
_QUOTED = r"""\s*(?:'([^']*)'|"([^"]*)")\s*"""
_PATH = re.compile(_QUOTED)
_BEGIN = re.compile(r"\s*(join|jwt_decode)\s*\(")
_END = re.compile(rf"\s*,{_QUOTED}\)\s*")
_SECOND = {"join": "a delimiter", "jwt_decode": "the path of a claim"}


class BrokenExpression(ValueError):
    """A text that is no expression; says what is wrong with it."""


class NotMapped(ValueError):
    """A reply that an expression does not fit; says which one, without what the reply holds."""


def parse(text: str) -> Expression:
    """Return the expression as a function of the reply; it finds ``None`` where nothing is.

    A path that can find several values finds a list of them.

    Raises:
        BrokenExpression: the text is no expression.
    """
    if len(text) > _LONGEST:
        raise BrokenExpression(f"it has more than {_LONGEST} characters")
    if text.startswith("$"):
        return _path(text)
    call, end = _call(text, 0)
    if end < len(text):
        raise BrokenExpression(f"{text[end:]!r} is left over behind the call")
    return call


def apply(response_map: Mapping[str, str], reply: Any) -> dict[str, Any]:
    """Return what the expressions find in a reply; what is not there is left out.

    Raises:
        NotMapped: the reply is no JSON object or list, or a call does not fit it.
    """
    if not isinstance(reply, dict | list):
        raise NotMapped("there is no JSON for response_map")
    values = {}
    for key, text in response_map.items():
        try:
            value = parse(text)(reply)
        except NotMapped as problem:
            raise NotMapped(f"response_map.{key} does not fit: {text}: {problem}") from None
        if value is not None:
            values[key] = value
    return values


def _call(text: str, at: int) -> tuple[Expression, int]:
    """Return the call that begins at ``at``, and where it ends."""
    begin = _BEGIN.match(text, at)
    if begin is None:
        raise BrokenExpression(f"{text[at:]!r} is neither a path nor a call")
    name, at = begin[1], begin.end()
    if path := _PATH.match(text, at):
        inner, at = _path(_unquoted(path)), path.end()
    else:
        inner, at = _call(text, at)
    end = _END.match(text, at)
    if end is None:
        raise BrokenExpression(f"{name} takes a path and {_SECOND[name]}, both in quotes")
    made = _join(inner, _unquoted(end)) if name == "join" else _jwt_decode(inner, _unquoted(end))
    return made, end.end()


def _unquoted(match: re.Match[str]) -> str:
    single, double = match.groups()
    return double if single is None else single


@cache
def _environment() -> JSONPathEnvironment:
    from jsonpath import JSONPathEnvironment

    return JSONPathEnvironment(strict=True)


@cache
def _plain_selectors() -> tuple[type, ...]:
    from jsonpath.selectors import IndexSelector, NameSelector, WildcardSelector

    return NameSelector, IndexSelector, WildcardSelector


def _path(text: str) -> Expression:
    from jsonpath import JSONPath, JSONPathError
    from jsonpath.segments import JSONPathChildSegment

    try:
        path = _environment().compile(text)
    except JSONPathError as problem:
        raise BrokenExpression(f"{text!r} is not a JSONPath: {problem.args[0]}") from None
    assert isinstance(path, JSONPath)  # strict paths are never compound
    for segment in path.segments:
        plain = isinstance(segment, JSONPathChildSegment) and len(segment.selectors) == 1
        if not plain or not isinstance(segment.selectors[0], _plain_selectors()):
            # A filter's regular expression may need longer than anybody would wait.
            raise BrokenExpression(f"{text!r} holds more than names, indexes and wildcards")
    only_one = path.singular_query()

    def find(reply: Any) -> Any:
        try:
            found = path.findall(reply)
        except JSONPathError as problem:
            raise NotMapped(str(problem.args[0])) from None
        if only_one:
            return found[0] if found else None
        return found

    return find


def _join(inner: Expression, delimiter: str) -> Expression:
    def join(reply: Any) -> str | None:
        values = inner(reply)
        if values is None:
            return None
        if not isinstance(values, list) or not all(isinstance(v, str | int) for v in values):
            raise NotMapped("join found no list of texts")
        return delimiter.join(str(value) for value in values)

    return join


def _jwt_decode(inner: Expression, claim: str) -> Expression:
    find = _path(claim)

    def decode(reply: Any) -> Any:
        import jwt

        token = inner(reply)
        if token is None:
            return None
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise NotMapped("jwt_decode found no JWT") from None
        return find(claims)

    return decode
