from typing import Annotated

import httpx
from arcade_tdk import ToolContext, tool
from arcade_tdk.auth import OAuth2


@tool(
    requires_auth=OAuth2(
        provider_id="arcade-ticktick",
        scopes=["tasks:read"]
    )
)
async def get_ticktick_projects(
    context: ToolContext,
) -> Annotated[dict, "The list of projects."]:
    """
    Retrieve all projects from TickTick.
    """
    url = "https://api.ticktick.com/open/v1/project"
    headers = {
        "Authorization": f"Bearer {context.authorization.token}",
    }

    async with httpx.AsyncClient() as client:
        response = await client.get(url, headers=headers)
        response.raise_for_status()
        return dict(response.json())
