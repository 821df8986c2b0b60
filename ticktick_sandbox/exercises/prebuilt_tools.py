"""Change one task with the pre-built tools; that a call succeeds is not yet a change."""

from __future__ import annotations

import re

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen
from ticktick_sandbox.recording.exchange import Exchange

TITLE, PROJECT, HIGH = "Plan the summer trip", "Home", 5

HINTS = (
    "You need two IDs: GetUserProjects has the project's, and RetrieveProjectWithTasks the task's. "
    "Then UpdateTaskProperties changes the task, with a mode and a body of JSON.",
    f'The body is {{"id": …, "projectId": …, "priority": {HIGH}}} with the IDs that you have '
    'found. call("UpdateTaskProperties", mode="execute", task_identifier=…, '
    "request_body=json.dumps(body)) sends it.",
)

SOLUTION = f"""\
for project in call("GetUserProjects")["response_json"]:
    if project["name"] == "{PROJECT}":
        home = project["id"]
for task in call("RetrieveProjectWithTasks", project_id=home)["response_json"]["tasks"]:
    if task["title"] == "{TITLE}":
        trip = task["id"]
body = {{"id": trip, "projectId": home, "priority": {HIGH}}}
answer = call(
    "UpdateTaskProperties",
    mode="execute",
    task_identifier=trip,
    request_body=json.dumps(body),
)
print(answer["response_json"]["priority"])"""


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    person, exchanges = seen.users.learner, seen.exchanges
    homes = [project["id"] for project in person.projects if project["name"] == PROJECT]
    there = [task for task in person.tasks if task["projectId"] in homes]
    wanted = [task["id"] for task in there if task["title"] == TITLE and task["priority"] == HIGH]
    for each in exchanges.find("POST /open/v1/task/*", asker="Worker"):
        told, sent = each.response.fields, each.request.fields
        if told.get("id") in wanted and sent.get("priority") == HIGH:
            more = set(sent) - {"id", "projectId", "priority", "title"}
            if more:
                return (
                    f"The priority is {HIGH}, but you sent {', '.join(sorted(more))}, too, and the "
                    "rest has to stay as it is. Give only what changes."
                )
            return f"{CORRECT} Look at what comes back: a call that changes nothing succeeds, too."
    deeds = [each for each in exchanges if _is_deed(each)]
    if not deeds:
        return NOT_YET
    if TITLE not in [task["title"] for task in there]:
        done = TITLE in [task["title"] for task in person.completed]
        if _tool(deeds[-1]) == "UpdateTaskProperties":
            return f"{TITLE!r} has another title now, or another project. Put it back."
        was = f"{TITLE!r} was {'completed' if done else 'deleted'}."
        return f"{was} Make it anew in {PROJECT} with CreateTaskTicktick, and then change it."
    if deeds[-1].answerer == "TickTick":
        return "Your program asked TickTick itself. Let a tool do that, called through Arcade."
    if deeds[-1].status >= 400:
        return f"Arcade did not run it: {deeds[-1].response.fields.get('message')}"
    run = deeds[-1]
    own = [each for each in exchanges.find(asker="Worker") if each.asked > run.asked]
    return _said(run, [each for each in own if each.asked < run.answered])


def _is_deed(each: Exchange) -> bool:
    if each.path == "/v1/tools/execute":
        return each.status >= 400
    if each.path == "/worker/tools/invoke":
        return not _tool(each).startswith(("Get", "Retrieve"))
    return each.asker == "Program" and each.answerer == "TickTick" and each.method != "GET"


def _tool(run: Exchange) -> str:
    return run.request.fields.get("tool", {}).get("name", "")


def _said(run: Exchange, own: list[Exchange]) -> str:
    """Return what to say of a tool that ran, and what it asked of TickTick."""
    if _tool(run) != "UpdateTaskProperties":
        return f"{_tool(run)} is another tool. UpdateTaskProperties changes a task that is there."
    if '"success": false' in run.response.body:
        words = [each.response.fields.get("errorMessage", each.reason) for each in own]
        why = words or re.findall('"message": "(.*)"', run.response.body)
        return f"The call failed: {why[-1] if why else 'look at its error'}"
    if not own:
        return "That told what the body may hold, and changed nothing. Use the mode execute."
    if not (task := own[-1].response.fields):
        return "It succeeded, and nothing is changed: the body names no task of that project."
    if task.get("title") != TITLE:
        return f"You changed {task.get('title')!r}. Change {TITLE!r}."
    return f"The priority of {TITLE!r} is {task.get('priority')}. High is {HIGH}."
