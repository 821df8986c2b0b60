"""How the API shows a tool, also in the form in which a language model takes it."""

from __future__ import annotations

from collections.abc import Iterable

from ticktick_sandbox.arcade.engine.requirements import Requirements
from ticktick_sandbox.arcade.engine.tools import Tool
from ticktick_sandbox.shared.types import Json

FORMATS = ("arcade", "openai", "anthropic")
_JSON_TYPES = {"json": "object"}


def tool_shape(
    tool: Tool,
    requirements: Requirements,
    *,
    user_id: str | None = None,
    formats: Iterable[str] = (),
) -> Json:
    """Return a tool as the API shows it.

    Args:
        tool: what to show.
        requirements: tells how far the tool's requirements are met.
        user_id: whose authorization to tell; without one it is left out.
        formats: of ``FORMATS``; they come in ``formatted_schema``, by their name. The
            answer itself is the format ``arcade``.
    """
    shown = {
        "fully_qualified_name": tool.fully_qualified_name,
        "qualified_name": tool.qualified_name,
        "name": tool.name,
        **tool.described,
        "requirements": requirements.shown(tool, user_id),
    }
    schemas = {name: formatted(tool, name) for name in formats if name in MODELS}
    return shown | ({"formatted_schema": schemas} if schemas else {})


def formatted(tool: Tool, name: str) -> Json:
    """Return a tool in the form that the models of ``name``, one of ``MODELS``, take."""
    return MODELS[name](tool)


def _openai(tool: Tool) -> Json:
    return {
        "type": "function",
        "function": {**_named(tool), "parameters": _json_schema(tool)},
    }


def _anthropic(tool: Tool) -> Json:
    """Return the form that Anthropic publishes; what Arcade sends is not known."""
    return {**_named(tool), "input_schema": _json_schema(tool)}


def _named(tool: Tool) -> Json:
    return {
        "name": f"{tool.toolkit}_{tool.name}",
        "description": tool.described.get("description", ""),
    }


def _json_schema(tool: Tool) -> Json:
    parameters = sorted(tool.described["input"]["parameters"], key=lambda p: p["name"])
    return {
        "type": "object",
        "properties": {p["name"]: _property(p) for p in parameters},
        "required": [p["name"] for p in parameters if p.get("required")],
    }


def _property(parameter: Json) -> Json:
    schema = parameter["value_schema"]
    kind = schema["val_type"]
    shown: Json = {"type": _JSON_TYPES.get(kind, kind)}
    if "description" in parameter:
        shown["description"] = parameter["description"]
    inner = schema.get("inner_val_type")
    values = {"enum": schema["enum"]} if "enum" in schema else {}
    if kind == "array":
        return {**shown, "items": {"type": _JSON_TYPES.get(inner, inner or "string"), **values}}
    return shown | values


MODELS = {"openai": _openai, "anthropic": _anthropic}
"""The formats that are made for language models."""
