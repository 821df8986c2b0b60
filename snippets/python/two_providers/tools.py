from typing import Annotated

import httpx
from arcade_tdk import ToolContext, tool
from arcade_tdk.auth import OAuth2

PROJECTS = "https://api.ticktick.com/open/v1/project"


@tool(requires_auth=OAuth2(id="ticktick-work", scopes=["tasks:read"]))
async def list_work_projects(
    context: ToolContext,
) -> Annotated[dict, "The projects, under the key 'projects'."]:
    """List the projects of the user's TickTick account for work."""
    headers = {"Authorization": f"Bearer {context.get_auth_token_or_empty()}"}
    async with httpx.AsyncClient() as client:
        response = await client.get(PROJECTS, headers=headers)
        response.raise_for_status()
        return {"projects": response.json()}


@tool(requires_auth=OAuth2(id="ticktick-home", scopes=["tasks:read"]))
async def list_home_projects(
    context: ToolContext,
) -> Annotated[dict, "The projects, under the key 'projects'."]:
    """List the projects of the user's TickTick account at home."""
    headers = {"Authorization": f"Bearer {context.get_auth_token_or_empty()}"}
    async with httpx.AsyncClient() as client:
        response = await client.get(PROJECTS, headers=headers)
        response.raise_for_status()
        return {"projects": response.json()}
