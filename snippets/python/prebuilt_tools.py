import json
import os

from arcadepy import Arcade

client = Arcade()
user_id = os.environ["ARCADE_USER_ID"]

auth = client.tools.authorize(tool_name="TicktickApi.GetUserProjects", user_id=user_id)
if auth.status != "completed":
    print("Open this link and click Allow:")
    print(auth.url)

auth = client.auth.wait_for_completion(auth)


def call(tool, **inputs):
    """Run a tool for the user and return its value; raise if it fails."""
    result = client.tools.execute(tool_name=f"TicktickApi.{tool}", user_id=user_id, input=inputs)
    if not result.success:
        raise RuntimeError(result.output.error.message)
    return result.output.value


projects = call("GetUserProjects")["response_json"]
for project in projects:
    print(project["name"])

auth = client.tools.authorize(tool_name="TicktickApi.CreateTaskTicktick", user_id=user_id)
if auth.status != "completed":
    print("Open this link and click Allow:")
    print(auth.url)

auth = client.auth.wait_for_completion(auth)

answer = call("CreateTaskTicktick", mode="get_request_schema")
schema = json.loads(answer["request_body_schema"])
print("A new task takes", ", ".join(schema["properties"]))
print("It needs", " and ".join(schema["required"]))

body = {"title": "Water the tomatoes", "projectId": "inbox", "priority": 3}
answer = call("CreateTaskTicktick", mode="execute", request_body=json.dumps(body))
water = answer["response_json"]
print("Made:", water["title"])

call("MarkTaskComplete", project_id=water["projectId"], task_identifier=water["id"])
answer = call(
    "RetrieveTaskDetails",
    project_identifier=water["projectId"],
    task_identifier=water["id"],
)
print("Status:", answer["response_json"]["status"])

garden = call("CreateProjectInTicktick", project_name="Garden")["response_json"]
body = {"title": "Buy soil", "projectId": garden["id"]}
answer = call("CreateTaskTicktick", mode="execute", request_body=json.dumps(body))
soil = answer["response_json"]["id"]
body = {"id": soil, "projectId": garden["id"], "title": "Buy potting soil"}
rest = [
    ("UpdateProjectProperties", {"project_identifier": garden["id"], "project_name": "Balcony"}),
    ("GetTicktickProjectById", {"project_id": garden["id"]}),
    (
        "UpdateTaskProperties",
        {"mode": "execute", "task_identifier": soil, "request_body": json.dumps(body)},
    ),
    ("RetrieveProjectWithTasks", {"project_id": garden["id"]}),
    ("DeleteSpecificTask", {"project_id": garden["id"], "task_identifier_to_delete": soil}),
    ("DeleteTicktickProject", {"project_id": garden["id"]}),
]
for tool, inputs in rest:
    value = call(tool, **inputs)
    print(f"{tool:25} takes {', '.join(inputs)}; gives {', '.join(value)}")
