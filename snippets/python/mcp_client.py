import asyncio
import json
import os
import sys
from pathlib import Path

from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import CallToolResult

server = StdioServerParameters(
    command=sys.executable,
    args=[str(Path(__file__).parent / "mcp_server" / "server.py")],
    env=dict(os.environ),
)


def authorization_url(result: CallToolResult) -> str | None:
    if result.is_error and len(result.content) == 2:
        return json.loads(result.content[1].text).get("authorization_url")
    return None


async def main() -> None:
    with open("mcp_server.log", "w") as log:
        async with Client(stdio_client(server, errlog=log)) as session:
            for tool in (await session.list_tools()).tools:
                print(tool.name)

            result = await session.call_tool("Ticktick_ListProjects")
            if link := authorization_url(result):
                print("Open this link and click Allow:")
                print(link)
            for _ in range(60):  # two minutes
                if not authorization_url(result):
                    break
                await asyncio.sleep(2)
                result = await session.call_tool("Ticktick_ListProjects")

            if result.is_error:
                print(result.content[0].text)
            else:
                for project in result.structured_content["projects"]:
                    print(project["name"])


asyncio.run(main())
