"""A tool of one's own that makes a project with three tasks in it."""

from __future__ import annotations

import re

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen
from ticktick_sandbox.recording.exchange import Exchange
from ticktick_sandbox.recording.exchanges import Exchanges

HINTS = (
    "my_tool/tools.py is the pattern: first the tool posts the project, then the tasks with the "
    "project's id. %%writefile my_tool/planner/tools.py in front of a cell writes it to a file.",
    "Each task is {'title': title, 'projectId': project['id']}, with the project as POST /project "
    "answers it. What sandbox.start_worker('my_tool/planner') returns is http['uri'] for Arcade.",
)

_NOT_RUN = "Does the worker serve your folder, does Arcade have its address, is the name right?"

SOLUTION = """\
Path("my_tool/planner").mkdir(exist_ok=True)
Path("my_tool/planner/tools.py").write_text('''\\
from typing import Annotated
import httpx
from arcade_tdk import ToolContext, tool
from arcade_tdk.auth import OAuth2

@tool(requires_auth=OAuth2(id="arcade-ticktick", scopes=["tasks:write"]))
async def create_project(
    context: ToolContext, name: Annotated[str, "Its name."], titles: Annotated[list[str], "Tasks."]
) -> Annotated[dict, "The created project."]:
    \"""Create a TickTick project with tasks in it.\"""
    headers = {"Authorization": f"Bearer {context.get_auth_token_or_empty()}"}
    url = "https://api.ticktick.com/open/v1"
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        project = (await client.post("/project", json={"name": name})).raise_for_status().json()
        for title in titles:
            task = {"title": title, "projectId": project["id"]}
            (await client.post("/task", json=task)).raise_for_status()
        return project
''')
http["uri"] = sandbox.start_worker("my_tool/planner")
client.workers.update("ticktick", http=http)
wanted = {"name": "Move house", "titles": ["Order a van", "Pack books", "Redirect the mail"]}
client.tools.execute(tool_name="Ticktick.CreateProject", user_id=user_id, input=wanted)"""


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    runs = [run for run in seen.exchanges.find("POST /worker/tools/invoke") if not run.failed]
    said = {run.asked: _ran(run, seen) for run in runs}
    for call in seen.exchanges.find("POST /v1/tools/execute"):
        fields = call.response.fields
        why = fields.get("message") or fields.get("output", {}).get("error", {}).get("message")
        if why and not any(call.asked < run.asked < call.answered for run in runs):
            said[call.asked] = f"Arcade did not run it: {why}. {_NOT_RUN}"
    for made in seen.exchanges.find("POST /open/v1/project", asker="Program"):
        said[made.asked] = "Your program made the project. Let a tool make it, called by Arcade."
    told = [said[asked] for asked in sorted(said) if said[asked]] or [NOT_YET]
    return next((text for text in told if text.startswith(CORRECT)), told[-1])


def _ran(run: Exchange, seen: Seen) -> str:
    """Return what there is to say of a tool that ran; nothing if it only looks."""
    tool = run.request.fields.get("tool", {}).get("name", "")
    if tool == "ListProjects":
        return ""
    asked = [each for each in seen.exchanges if each.asker.startswith("Worker")]
    own = Exchanges(each for each in asked if run.asked < each.asked < run.answered)
    if "authorization" not in run.request.fields.get("context", {"authorization": ""}):
        return f"{tool} gets no token, for it asks for none. Give it requires_auth."
    words = [e.response.fields.get("errorMessage", e.reason) for e in own if e.status >= 400]
    if words or '"success": false' in run.response.body:
        words = words or re.findall('"message": "(.*)"', run.response.body)
        return f"{tool} failed: {words[-1] if words else 'look at result.output.error'}"
    made = [each.response.fields.get("id") for each in own.find("POST /open/v1/project")]
    if not made:
        return f"{tool} ran without POST /project. One tool has to make the project and the tasks."
    posted = [each.response.fields.get("id") for each in own.find("POST /open/v1/task")]
    places = [task["projectId"] for task in seen.users.learner.tasks if task["id"] in posted]
    if set(places) - {made[-1]}:
        return (
            "Tasks of your tool are in the Inbox: send the project's id as projectId with each. If "
            "your file does so already, start the worker anew."
        )
    if len(places) != 3:
        return f"The project has {len(places)} tasks that your tool has made. Let it make three."
    told = [each for each in seen.exchanges.find("GET /worker/tools") if each.asked < run.asked]
    scopes = rf'"name": "{tool}".*?"scopes": \[(.*?)\]'
    asks = [found[1] for each in told if (found := re.search(scopes, each.response.body, re.S))]
    if asks and "tasks:write" not in asks[-1]:
        return "It ran only since this user had allowed more before: ask for tasks:write."
    return f"{CORRECT} Arcade called one tool, and the tool did the rest with the user's token."
