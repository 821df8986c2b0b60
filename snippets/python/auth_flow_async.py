import asyncio
import os

import httpx
from arcadepy import AsyncArcade


async def main() -> None:
    client = AsyncArcade()
    user_id = os.environ["ARCADE_USER_ID"]

    auth = await client.auth.start(
        user_id=user_id,
        provider="arcade-ticktick",
        scopes=["tasks:read", "tasks:write"],
    )
    if auth.status != "completed":
        print("Open this link and click Allow:")
        print(auth.url)

    auth = await client.auth.wait_for_completion(auth)

    async with httpx.AsyncClient(
        base_url="https://api.ticktick.com/open/v1",
        headers={"Authorization": f"Bearer {auth.context.token}"},
    ) as ticktick:
        response = await ticktick.get("/project")
        response.raise_for_status()
        for project in response.json():
            print(project["name"])

        response = await ticktick.post("/task", json={"title": "Try the async client"})
        response.raise_for_status()
        print("Created:", response.json()["title"])


asyncio.run(main())
