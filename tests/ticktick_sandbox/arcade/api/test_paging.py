"""Every list of tools and workers takes the same ``limit`` and ``offset``."""

from __future__ import annotations

import pytest

from tests.ticktick_sandbox.arcade.helpers import answering, call, register
from tests.ticktick_sandbox.helpers import World

OFFERED = b'[{"name":"SortOut","toolkit":{"name":"Ticktick"},"input":{"parameters":[]}}]'
LISTS = [
    "/v1/tools",
    "/v1/formatted_tools",
    "/v1/scheduled_tools",
    "/v1/workers",
    "/v1/workers/ticktick/tools",
]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_pages(bare: World, path: str) -> None:
    with answering(200, b"", OFFERED) as uri:
        register(bare, "ticktick", uri)
        call(bare, "POST", "/v1/tools/execute", later("Ticktick.SortOut"))
        default = call(bare, "GET", path).json()
        capped = call(bare, "GET", f"{path}?limit=101&offset=1").json()

    assert len(default.pop("items")) == 1
    assert default == {"limit": 25, "offset": 0, "page_count": 1, "total_count": 1}
    assert capped == {"items": [], "limit": 100, "offset": 1, "page_count": 1, "total_count": 1}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize("value", ["-1", "ten", "1.5", "", "1e3", "9999999999"])
def test_what_is_no_number_is_refused(bare: World, path: str, name: str, value: str) -> None:
    with answering(200, b"", OFFERED) as uri:
        register(bare, "ticktick", uri)
        reply = call(bare, "GET", f"{path}?{name}={value}")

    assert reply.status_code == 400
    assert reply.json() == {
        "name": "malformed_request",
        "message": f"the query parameter {name} is a whole number, not {value!r}",
    }


def later(tool: str) -> dict[str, str]:
    return {"tool_name": tool, "run_at": "2026-01-06T09:00:00Z"}
