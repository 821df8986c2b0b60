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

auth = client.tools.authorize(tool_name="TicktickApi.CreateProjectInTicktick", user_id=user_id)
if auth.status != "completed":
    print("Open this link and click Allow:")
    print(auth.url)

auth = client.auth.wait_for_completion(auth)

garden = call(
    "CreateProjectInTicktick",
    project_name="Garden",
    project_color="#35D870",
    project_view_mode="kanban",
)["response_json"]
call(
    "UpdateProjectProperties",
    project_identifier=garden["id"],
    project_name="Garden and balcony",
)

garden = call("GetTicktickProjectById", project_id=garden["id"])["response_json"]
print("Made:", garden["name"], garden["viewMode"])

answer = call("CreateTaskTicktick", mode="get_request_schema")
schema = json.loads(answer["request_body_schema"])
print("A new task takes", ", ".join(schema["properties"]))
print("It needs", " and ".join(schema["required"]))

body = {"title": "Water the tomatoes", "projectId": garden["id"]}
water = call("CreateTaskTicktick", mode="execute", request_body=json.dumps(body))["response_json"]
body = {"title": "Buy potting soil", "projectId": garden["id"], "priority": 3}
buy = call("CreateTaskTicktick", mode="execute", request_body=json.dumps(body))["response_json"]

data = call("RetrieveProjectWithTasks", project_id=garden["id"])["response_json"]
for task in data["tasks"]:
    print("To do:", task["title"])

answer = call("UpdateTaskProperties", mode="get_request_schema")
schema = json.loads(answer["request_body_schema"])
print("A change needs", " and ".join(schema["required"]))

body = {"id": water["id"], "projectId": garden["id"], "title": "Water the tomatoes and the basil"}
call(
    "UpdateTaskProperties",
    mode="execute",
    task_identifier=water["id"],
    request_body=json.dumps(body),
)
call("MarkTaskComplete", project_id=garden["id"], task_identifier=water["id"])

task = call(
    "RetrieveTaskDetails",
    project_identifier=garden["id"],
    task_identifier=water["id"],
)["response_json"]
print("Done:", task["title"], "- status", task["status"])

call(
    "DeleteSpecificTask",
    project_id=garden["id"],
    task_identifier_to_delete=buy["id"],
)
data = call("RetrieveProjectWithTasks", project_id=garden["id"])["response_json"]
print("Left to do:", len(data["tasks"]))

call("DeleteTicktickProject", project_id=garden["id"])
for project in call("GetUserProjects")["response_json"]:
    print(project["name"])
