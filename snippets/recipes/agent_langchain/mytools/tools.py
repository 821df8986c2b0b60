from typing import Annotated

import httpx
from arcade_tdk import ToolContext, tool
from arcade_tdk.auth import OAuth2

TICKTICK = "https://api.ticktick.com/open/v1"


@tool(requires_auth=OAuth2(id="arcade-ticktick", scopes=["tasks:write"]))
async def create_task(
    context: ToolContext,
    title: Annotated[str, "What is to be done."],
) -> Annotated[dict, "The created task."]:
    """Create a task in the user's TickTick inbox."""
    headers = {"Authorization": f"Bearer {context.get_auth_token_or_empty()}"}
    async with httpx.AsyncClient() as client:
        response = await client.post(f"{TICKTICK}/task", headers=headers, json={"title": title})
        response.raise_for_status()
        return response.json()
