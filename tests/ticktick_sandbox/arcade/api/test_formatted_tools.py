"""Tools in the form in which a language model takes them."""

from __future__ import annotations

import pytest

from tests.ticktick_sandbox.arcade.helpers import call
from tests.ticktick_sandbox.helpers import World

NAME = "Ticktick.SortOut"


@pytest.mark.parametrize("query", ["", "?format=", "?format=openai", "?format=openai&user_id=ada"])
def test_a_tool_comes_in_the_format_for_openai_unless_another_is_named(
    served: World, query: str
) -> None:
    whole = call(served, "GET", f"/v1/tools/{NAME}?include_format=openai").json()
    reply = call(served, "GET", f"/v1/formatted_tools/{NAME}{query}")

    assert reply.status_code == 200
    assert reply.json() == whole["formatted_schema"]["openai"]
    assert reply.json()["function"]["name"] == "Ticktick_SortOut"


def test_a_tool_comes_in_the_format_for_anthropic(served: World) -> None:
    whole = call(served, "GET", f"/v1/tools/{NAME}?include_format=anthropic").json()

    formatted = served.arcade.tools.formatted.get(NAME, format="anthropic")
    assert formatted == whole["formatted_schema"]["anthropic"]
    assert formatted["name"] == "Ticktick_SortOut"


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_all_tools_come_formatted_by_name_page_by_page(served: World, name: str) -> None:
    tools = [tool.qualified_name for tool in served.arcade.tools.list()]
    formatted = list(served.arcade.tools.formatted.list(format=name, limit=3))

    assert formatted == [served.arcade.tools.formatted.get(tool, format=name) for tool in tools]
    assert len(formatted) == 8


@pytest.mark.parametrize("path", ["/v1/formatted_tools", f"/v1/formatted_tools/{NAME}"])
@pytest.mark.parametrize("name", ["latin", "arcade", "openai,anthropic"])
def test_an_unknown_format_is_refused(served: World, path: str, name: str) -> None:
    reply = call(served, "GET", f"{path}?format={name}")

    assert reply.status_code == 400
    assert reply.json() == {
        "name": "malformed_request",
        "message": f"format knows openai, anthropic, not {name!r}",
    }


@pytest.mark.parametrize("name", ["a-b.c", "Ticktick.Nothing"])
def test_a_tool_that_is_not_there_is_refused_as_elsewhere(served: World, name: str) -> None:
    reply = call(served, "GET", f"/v1/formatted_tools/{name}")

    assert reply.status_code == 400
    assert reply.json() == call(served, "GET", f"/v1/tools/{name}").json()
