"""Take back what was granted, get less, and meet the limit of it."""

from __future__ import annotations

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen

HINTS = (
    "client.admin.user_connections.list() has what users granted, and "
    "client.admin.user_connections.delete(connection.id) takes it back. client is the "
    "asynchronous one here: write async for, and await.",
    'Then start with scopes=["tasks:read"], open the link, wait, and post a task with the new '
    "token. Don't call raise_for_status: print response.status_code and response.json().",
)

SOLUTION = """\
async for connection in client.admin.user_connections.list():
    await client.admin.user_connections.delete(connection.id)
auth = await client.auth.start(
    user_id=user_id,
    provider="arcade-ticktick",
    scopes=["tasks:read"],
)
sandbox.open(auth.url, click="Allow")
auth = await client.auth.wait_for_completion(auth)
response = httpx.post(
    "https://api.ticktick.com/open/v1/task",
    headers={"Authorization": f"Bearer {auth.context.token}"},
    json={"title": "This can't be written"},
)
print(response.status_code, response.json()["errorCode"])"""


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    gone = [
        *seen.exchanges.find("DELETE /v1/admin/user_connections/*"),
        *seen.exchanges.find("POST /dashboard/connected-users/*"),
    ]
    gone = sorted((each for each in gone if each.status in (204, 303)), key=lambda e: e.asked)
    asked = seen.exchanges.find("POST /v1/auth/authorize")
    sent = seen.exchanges.find("POST /open/v1/task")
    if not gone and not asked and not sent:
        return NOT_YET
    if not gone:
        return (
            "Arcade still has what the user granted before, and hands out that token. Take it "
            "back first."
        )
    after = [each for each in asked if each.asked > gone[-1].asked]
    if not after:
        return "What was granted is taken back. Now start an authorization for tasks:read."
    if "tasks:write" in after[-1].request.body:
        return (
            "The last authorization asks for tasks:write as well. If the user has allowed that, "
            "take it back once more; then ask for tasks:read alone."
        )
    if not any(event.text.startswith("issued an access token") for event in seen.events):
        return "The authorization is pending: open its link, and click Allow."
    tried = [each for each in sent if each.asked > after[-1].asked]
    if not tried:
        return "You have a token that can only read. Now try to create a task with it."
    if tried[-1].status == 200:
        return (
            "The task was created, so the token can write. Either it is the old one, which "
            "TickTick still knows, or what was granted meanwhile was not taken back: look at "
            "auth.scopes of the new authorization."
        )
    if "access_forbidden" not in tried[-1].response.body:
        return f"TickTick answered {tried[-1].status}. Send the new token after Bearer."
    return f"{CORRECT} TickTick says 500 and means that the scope is missing: access_forbidden."
