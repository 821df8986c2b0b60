# The published tool, its provider named rightly, to show what fails next. Don't copy it.
from typing import Annotated

import httpx
from arcade_tdk import ToolContext, tool
from arcade_tdk.auth import OAuth2


@tool(requires_auth=OAuth2(id="arcade-ticktick", scopes=["tasks:read"]))
async def get_ticktick_projects(context: ToolContext) -> Annotated[dict, "The projects."]:
    """Retrieve the projects."""
    headers = {"Authorization": f"Bearer {context.authorization.token}"}
    async with httpx.AsyncClient() as client:
        response = await client.get("https://api.ticktick.com/open/v1/project", headers=headers)
        response.raise_for_status()
        return dict(response.json())
