import os
import time

import httpx
from arcadepy import APIError, Arcade

client = Arcade()
user_id = os.environ["ARCADE_USER_ID"]

try:
    auth = client.auth.start(
        user_id=user_id,
        provider="arcade-ticktick",
        scopes=["tasks:read", "tasks:write"],
    )
except APIError as error:
    raise SystemExit(f"Arcade: {error}") from error
if auth.status != "completed":
    print("Open this link and click Allow:")
    print(auth.url)

auth_id = auth.id
deadline = time.monotonic() + 300
try:
    while auth.status == "pending" and time.monotonic() < deadline:
        auth = client.auth.status(id=auth_id, wait=45)
except APIError as error:
    raise SystemExit(f"Arcade: {error}") from error
if auth.status != "completed":
    raise SystemExit(f"Nobody has allowed access: the authorization is {auth.status}.")

ticktick = httpx.Client(
    base_url="https://api.ticktick.com/open/v1",
    headers={"Authorization": f"Bearer {auth.context.token}"},
    timeout=30,
)
try:
    response = ticktick.get("/project")
except httpx.TransportError as error:
    raise SystemExit(f"TickTick does not answer: {error!r}") from error
if response.status_code == 401:
    raise SystemExit("TickTick refuses the token. Start the program again.")
if response.is_error:
    raise SystemExit(f"TickTick answers {response.status_code}: {response.text[:200]}")
try:
    projects = response.json()
except ValueError as error:
    raise SystemExit(f"TickTick answers no JSON: {response.text[:200]}") from error
for project in projects:
    print(project["name"])
