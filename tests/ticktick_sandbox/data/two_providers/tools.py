"""One tool for each of two providers, and one that names a provider by its type."""

from typing import Annotated

import httpx
from arcade_tdk import ToolContext, tool
from arcade_tdk.auth import GitHub, OAuth2

PROJECTS = "https://api.ticktick.com/open/v1/project"


def names(context: ToolContext) -> list[str]:
    headers = {"Authorization": f"Bearer {context.get_auth_token_or_empty()}"}
    response = httpx.get(PROJECTS, headers=headers)
    response.raise_for_status()
    return [project["name"] for project in response.json()]


@tool(requires_auth=OAuth2(id="arcade-ticktick", scopes=["tasks:read"]))
def ask_arcades(context: ToolContext) -> Annotated[list[str], "The names."]:
    """List projects with a token of the first provider."""
    return names(context)


@tool(requires_auth=OAuth2(id="my-ticktick", scopes=["tasks:read"]))
def ask_mine(context: ToolContext) -> Annotated[list[str], "The names."]:
    """List projects with a token of the second provider."""
    return names(context)


@tool(requires_auth=GitHub(scopes=["tasks:read"]))
def ask_any(context: ToolContext) -> Annotated[list[str], "The names."]:
    """List projects with a token of whatever provider is of the type."""
    return names(context)
