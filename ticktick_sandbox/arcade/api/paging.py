"""Lists that are answered page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from ticktick_sandbox.arcade.api.query import whole_number

_PAGE = 25
_LARGEST_PAGE = 100


def paginate[Item](
    request: Request, items: Sequence[Item], shown: Callable[[Item], dict[str, Any]]
) -> JSONResponse:
    """Answer with the page that ``limit`` and ``offset`` ask for; only its items are shown.

    Raises:
        EngineError: 400 for a limit or offset that is no whole number.
    """
    limit = min(whole_number(request, "limit", _PAGE), _LARGEST_PAGE) or _PAGE
    offset = whole_number(request, "offset", 0)
    return JSONResponse(
        {
            "items": [shown(item) for item in items[offset : offset + limit]],
            "limit": limit,
            "offset": offset,
            "page_count": -(-len(items) // limit),
            "total_count": len(items),
        }
    )
