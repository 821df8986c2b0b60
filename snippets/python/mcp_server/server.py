from typing import Annotated

import httpx
from arcade_mcp_server import Context, MCPApp
from arcade_mcp_server.auth import OAuth2

app = MCPApp(name="ticktick")


@app.tool(requires_auth=OAuth2(id="arcade-ticktick", scopes=["tasks:read"]))
async def list_projects(
    context: Context,
) -> Annotated[dict, "The projects, under the key 'projects'."]:
    """List the user's TickTick projects."""
    headers = {"Authorization": f"Bearer {context.get_auth_token_or_empty()}"}
    async with httpx.AsyncClient() as client:
        response = await client.get("https://api.ticktick.com/open/v1/project", headers=headers)
        response.raise_for_status()
        return {"projects": response.json()}


if __name__ == "__main__":
    app.run()
