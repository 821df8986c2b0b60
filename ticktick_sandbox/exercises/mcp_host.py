"""Have the host's server write: an argument, another consent, and the same call again."""

from __future__ import annotations

import re

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen
from ticktick_sandbox.recording.exchange import Exchange
from ticktick_sandbox.recording.exchanges import Exchanges

TITLE = "Asked for by a host"

HINTS = (
    "Open a session as above, and call Ticktick_CreateTask. session.call_tool takes the tool's "
    "arguments in a dict, after its name. What the user has allowed so far is to read.",
    "authorization_url(result) has the link, as before. After sandbox.open(link, "
    f'click="Allow"), call session.call_tool("Ticktick_CreateTask", {{"title": "{TITLE}"}}) again.',
)

SOLUTION = f"""\
wanted = {{"title": "{TITLE}"}}
with open("mcp_server.log", "a") as log:
    async with Client(stdio_client(server, errlog=log)) as session:
        result = await session.call_tool("Ticktick_CreateTask", wanted)
        if link := authorization_url(result):
            sandbox.open(link, click="Allow")
            result = await session.call_tool("Ticktick_CreateTask", wanted)
print(result.structured_content["title"])"""


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    asked = seen.exchanges.find("POST /v1/auth/authorize")
    writing = [each for each in asked if "tasks:write" in each.request.body]
    made = seen.exchanges.find("POST /open/v1/task")
    through_arcade = seen.exchanges.find("POST /v1/tools/execute")
    served = [each for each in made if _is_of_the_server(each, asked)]
    titles = [each.request.fields.get("title") for each in served if each.status == 200]
    if TITLE in titles:
        return f"{CORRECT} The server asked Arcade at each call, and sent TickTick the new token."
    if titles:
        return f"The server has made a task {titles[-1]!r}. Its title has to be {TITLE!r}."
    if made:
        return "Your program sent the task to TickTick itself. Let the MCP server's tool do it."
    if through_arcade:
        return (
            "No worker is registered here, so client.tools.execute finds no tool. The tool runs "
            "in the MCP server: ask for it with session.call_tool."
        )
    if not writing:
        return NOT_YET
    if writing[-1].response.fields.get("status") == "completed":
        return "The user has allowed it, and the tool did not run: look at result.content."
    clicks = [
        each for each in seen.events if re.search("denied access|issued an access", each.text)
    ]
    if clicks and "denied" in clicks[-1].text:
        return "The user said no. Call the tool again: the same link is still good for a yes."
    if clicks:
        return "The user has allowed it meanwhile, but the server does not wait. Call it again."
    return "The answer is no task but a link: the user has to allow writing, too. Open it."


def _is_of_the_server(task: Exchange, asked: Exchanges) -> bool:
    """Return whether the token was asked for as arcade-mcp-server asks, not as a program does."""
    before = [each for each in asked if each.asked < task.asked]
    return bool(before) and "provider_id" not in before[-1].request.fields.get(
        "auth_requirement", {}
    )
