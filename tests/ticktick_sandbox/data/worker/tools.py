"""Tools of all kinds, for a worker that the tests start."""

import time
from pathlib import Path
from typing import Annotated, Literal

import httpx
from arcade_tdk import ToolContext, tool
from arcade_tdk.auth import OAuth2

TICKTICK = "https://api.ticktick.com/open/v1"


def signed(context: ToolContext) -> dict[str, str]:
    return {"Authorization": f"Bearer {context.get_auth_token_or_empty()}"}


@tool(requires_auth=OAuth2(id="arcade-ticktick", scopes=["tasks:read"]))
async def list_projects(context: ToolContext) -> Annotated[dict, "The projects."]:
    """List the user's projects."""
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{TICKTICK}/project", headers=signed(context))
        response.raise_for_status()
        assert context.authorization
        return {
            "projects": response.json(),
            "user_id": context.user_id,
            "user_info": context.authorization.user_info,
        }


@tool(requires_auth=OAuth2(id="arcade-ticktick", scopes=["tasks:write"]))
def create_task(
    context: ToolContext, title: Annotated[str, "What to do."]
) -> Annotated[dict, "The task."]:
    """Create a task in the inbox."""
    response = httpx.post(f"{TICKTICK}/task", headers=signed(context), json={"title": title})
    response.raise_for_status()
    return response.json()


@tool(requires_auth=OAuth2(id="nowhere", scopes=["everything"]))
def act_elsewhere(context: ToolContext) -> Annotated[str, "Nothing."]:
    """Ask for a provider that nobody has configured."""
    return ""


@tool(requires_secrets=["TEAM"])
def name_team(context: ToolContext) -> Annotated[str, "The team."]:
    """Return a secret, which no tool should."""
    return context.get_secret("TEAM")


@tool
def leave_mark(file: Annotated[str, "Where."]) -> Annotated[int, "How many."]:
    """Leave a mark in a file and count them."""
    with Path(file).open("a") as marks:
        marks.write("x")
    return Path(file).stat().st_size


@tool
def hang(file: Annotated[str, "Where."]) -> Annotated[str, "Nothing."]:
    """Leave a mark in a file, then do nothing for a long time."""
    leave_mark(file)
    time.sleep(20)
    return ""


@tool
def fail() -> Annotated[str, "Nothing."]:
    """Fail."""
    raise KeyError("made up")


@tool
def sort_out(
    numbers: Annotated[list[int], "What to sort."],
    order: Annotated[Literal["up", "down"], "Which way."] = "up",
    options: Annotated[dict | None, "More."] = None,
) -> Annotated[list[int], "The numbers."]:
    """Sort numbers."""
    return sorted(numbers, reverse=order == "down")
