import os

import httpx
from arcadepy import Arcade

client = Arcade()
user_id = os.environ["ARCADE_USER_ID"]

auth = client.auth.start(
    user_id=user_id,
    provider="arcade-ticktick",
    scopes=["tasks:read", "tasks:write"],
)
if auth.status != "completed":
    print("Open this link and click Allow:")
    print(auth.url)

auth = client.auth.wait_for_completion(auth)

ticktick = httpx.Client(
    base_url="https://api.ticktick.com/open/v1",
    headers={"Authorization": f"Bearer {auth.context.token}"},
)

response = ticktick.get("/project")
response.raise_for_status()
for project in response.json():
    print(project["name"])

response = ticktick.post("/task", json={"title": "Try Arcade with TickTick"})
response.raise_for_status()
print("Created:", response.json()["title"])
