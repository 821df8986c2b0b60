"""Which tools a list asks for: toolkit, metadata, versions. ``/v1/tools`` and formatted ones."""

from __future__ import annotations

from starlette.requests import Request

from ticktick_sandbox.arcade.api.errors import EngineError, flag
from ticktick_sandbox.arcade.api.tool_filter import BadFilter, MetadataFilter
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.arcade.engine.tools import Tool


async def wanted(request: Request) -> list[Tool]:
    """Return the tools that the query asks for, by name.

    Without ``include_all_versions`` a tool comes once, as it runs when no version is named.

    Raises:
        EngineError: 400 for a filter or a flag that can't be understood.
    """
    toolkit = request.query_params.get("toolkit", "").lower()
    all_versions = flag(request, "include_all_versions")
    fitting = _filter(request)
    return [
        tool
        for tool in await engine_of(request).catalogue.all(all_versions=all_versions)
        if (not toolkit or tool.toolkit.lower() == toolkit)
        and (fitting is None or fitting.fits(tool))
    ]


def _filter(request: Request) -> MetadataFilter | None:
    text = request.query_params.get("filter")
    try:
        return MetadataFilter(text) if text else None
    except BadFilter as problem:
        raise EngineError(400, "malformed_request", str(problem)) from None
