import os

from arcadepy import Arcade

client = Arcade()
user_id = os.environ["ARCADE_USER_ID"]

auth = client.tools.authorize(tool_name="Mytool.ListProjects", user_id=user_id)
if auth.status != "completed":
    print("Open this link and click Allow:")
    print(auth.url)
    client.auth.wait_for_completion(auth)

result = client.tools.execute(tool_name="Mytool.ListProjects", user_id=user_id)
if result.success:
    for project in result.output.value["projects"]:
        print(project["name"])
else:
    print("Failed:", result.output.error.message)
    print(result.output.error.developer_message)
