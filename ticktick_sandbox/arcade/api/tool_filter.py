"""The ``filter`` of the lists of tools: JSON about what a tool's metadata has to say.

The keys and operators are those of the published API description. How they meet is not
known; here all keys have to hold, a plain list means any of its values, and a tool that says
nothing about a key fits only ``none_of``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ticktick_sandbox.arcade.engine.tools import Tool
from ticktick_sandbox.arcade.strict_json import read_json
from ticktick_sandbox.shared.types import Json

_LISTS = {"service_domains": "classification", "operations": "behavior"}
_FLAGS = ("read_only", "destructive", "idempotent", "open_world")
_OPERATORS: Mapping[str, Callable[[set[str], set[str]], bool]] = {
    "any_of": lambda wanted, told: bool(wanted & told),
    "all_of": lambda wanted, told: wanted <= told,
    "none_of": lambda wanted, told: not wanted & told,
}


class BadFilter(ValueError):
    """The filter can't be understood; the text says where."""


class MetadataFilter:
    """Tells which tools fit.

    Args:
        text: the JSON as it was sent.

    Raises:
        BadFilter: it is no JSON object, or has a key or a value that is unknown.
    """

    def __init__(self, text: str) -> None:
        try:
            sent = read_json(text)
        except ValueError:
            raise BadFilter("filter is not JSON") from None
        if not isinstance(sent, dict):
            raise BadFilter("filter must be a JSON object")
        self._lists: dict[str, dict[str, set[str]]] = {}
        self._flags: dict[str, bool] = {}
        self._extras: Json = {}
        for key, value in sent.items():
            if key in _LISTS:
                self._lists[key] = _operators(key, value)
            elif key in _FLAGS:
                if not isinstance(value, bool):
                    raise BadFilter(f"{key} must be true or false")
                self._flags[key] = value
            elif key == "extras":
                if not isinstance(value, dict):
                    raise BadFilter("extras must be an object")
                self._extras = value
            else:
                known = ", ".join((*_LISTS, *_FLAGS, "extras"))
                raise BadFilter(f"filter knows {known}, not {key!r}")

    def fits(self, tool: Tool) -> bool:
        """Return whether the tool's metadata says what is wanted."""
        metadata = tool.described.get("metadata", {})
        behavior, extras = _part(metadata, "behavior"), _part(metadata, "extras")
        return (
            all(
                _OPERATORS[operator](values, _told(_part(metadata, _LISTS[key]).get(key)))
                for key, wanted in self._lists.items()
                for operator, values in wanted.items()
            )
            and all(behavior.get(key) is value for key, value in self._flags.items())
            and all(key in extras and extras[key] == v for key, v in self._extras.items())
        )


def _operators(key: str, sent: Any) -> dict[str, set[str]]:
    wanted = {"any_of": sent} if isinstance(sent, list) else sent
    if not isinstance(wanted, dict) or not set(wanted) <= set(_OPERATORS):
        raise BadFilter(f"{key} must be a list, or an object with {', '.join(_OPERATORS)}")
    for values in wanted.values():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise BadFilter(f"{key} must have lists of strings")
    return {operator: _told(values) for operator, values in wanted.items()}


def _told(values: Any) -> set[str]:
    values = values if isinstance(values, list) else []
    return {str(value).lower() for value in values}


def _part(metadata: Json, name: str) -> Json:
    part = metadata.get(name)
    return part if isinstance(part, dict) else {}
