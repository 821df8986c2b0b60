"""Tools: what a worker says of one, and how one is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ticktick_sandbox.shared.types import Json

_NAME = re.compile(r"([A-Za-z0-9_]+)[._]([A-Za-z0-9_]+)(?:@([^@/\s]+))?")


@dataclass(frozen=True)
class Tool:
    """A tool that a worker offers.

    ``described`` has its ``description``, ``toolkit``, ``input``, ``output`` and
    ``metadata`` as the API shows them. ``authorization`` is what it asks of its user,
    in the worker's words, and ``secrets`` the keys of the secrets that it needs.
    """

    name: str
    toolkit: str
    version: str
    described: Mapping[str, Any]
    authorization: Mapping[str, Any] | None
    secrets: tuple[str, ...]

    @property
    def qualified_name(self) -> str:
        """The name without a version: ``Toolkit.Tool``."""
        return f"{self.toolkit}.{self.name}"

    @property
    def fully_qualified_name(self) -> str:
        """The name with the toolkit's version: ``Toolkit.Tool@1.0``."""
        version = f"@{self.version}" if self.version else ""
        return f"{self.qualified_name}{version}"


class BadToolName(ValueError):
    """This can't be the name of a tool."""


@dataclass(frozen=True)
class ToolName:
    """A name by which somebody asks for a tool: ``A.B`` or ``A_B``, in any case."""

    text: str
    key: str
    version: str | None

    @classmethod
    def parse(cls, text: str, version: str | None = None) -> ToolName:
        """Read a name.

        Args:
            text: the name, perhaps with ``@`` and a version.
            version: the version if ``text`` has none.

        Raises:
            BadToolName: it is not two words with a dot or an underscore between.
        """
        match = _NAME.fullmatch(text)
        if match is None:
            raise BadToolName(f"failed to parse tool name {text}")
        toolkit, name, in_text = match.groups()
        return cls(text, _key(toolkit, name), in_text or version)

    def fits(self, tool: Tool) -> bool:
        """Return whether it means this tool; without a version, any version does."""
        same_version = self.version is None or self.version.lower() == tool.version.lower()
        return same_version and self.key == _key(tool.toolkit, tool.name)


def read_tool(sent: Any) -> Tool:
    """Return the tool that a worker's definition describes.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it is no such definition.
    """
    toolkit = _part(sent["toolkit"], "name", "description", "version")
    requirements = sent.get("requirements") or {}
    authorization = requirements.get("authorization")
    if authorization is not None:
        oauth2 = _part(authorization.get("oauth2") or {}, "scopes")
        named = _part(authorization, "id", "provider_id", "provider_type")
        authorization = {
            **{name: _text(value) for name, value in named.items()},
            "oauth2": {"scopes": [str(scope) for scope in oauth2.get("scopes", [])]},
        }
    described = {
        **_part(sent, "description"),
        "toolkit": toolkit,
        "input": {"parameters": [_parameter(p) for p in sent["input"]["parameters"]]},
        "output": _output(sent.get("output") or {}),
        **({"metadata": sent["metadata"]} if isinstance(sent.get("metadata"), dict) else {}),
    }
    return Tool(
        name=_text(sent["name"]),
        toolkit=_text(toolkit["name"]),
        version=_text(toolkit.get("version", "")),
        described=described,
        authorization=authorization,
        secrets=tuple(_text(secret["key"]) for secret in requirements.get("secrets") or []),
    )


def _key(toolkit: str, name: str) -> str:
    return f"{toolkit}_{name}".lower()


def _parameter(sent: Json) -> Json:
    shown = _part(sent, "description", "inferrable", "required")
    schema = _value_schema(sent["value_schema"])
    return {"name": _text(sent["name"]), "value_schema": schema, **shown}


def _output(sent: Json) -> Json:
    shown = _part(sent, "available_modes", "description")
    if sent.get("value_schema"):
        shown["value_schema"] = _value_schema(sent["value_schema"])
    return shown


def _value_schema(sent: Json) -> Json:
    types = {name: _text(value) for name, value in _part(sent, "inner_val_type").items()}
    enum = _part(sent, "enum")
    if not isinstance(enum.get("enum", []), list):
        raise TypeError("an enum is a list")
    return {"val_type": _text(sent["val_type"]), **types, **enum}


def _part(sent: Json, *names: str) -> Json:
    """Return what is set of these; a worker also sends what the API does not show."""
    return {name: sent[name] for name in names if sent.get(name) is not None}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def by_name(tools: Iterable[Tool]) -> list[Tool]:
    """Return tools in the order of their names; workers tell them in no stable one."""
    return sorted(tools, key=lambda tool: tool.fully_qualified_name)
