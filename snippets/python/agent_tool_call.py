import json
import os

from arcadepy import Arcade

client = Arcade()
user_id = os.environ["ARCADE_USER_ID"]

tools = list(client.tools.formatted.list(format="openai", toolkit="TicktickApi"))
print("For the model:", len(tools), "tools")

# Stands for the model's answer: no model is asked here.
tool_call = {
    "id": "call_1",
    "type": "function",
    "function": {
        "name": "TicktickApi_RetrieveProjectWithTasks",
        "arguments": '{"project_id": "inbox"}',
    },
}

tool_name = tool_call["function"]["name"].replace("_", ".", 1)
auth = client.tools.authorize(tool_name=tool_name, user_id=user_id)
if auth.status != "completed":
    print("Open this link and click Allow:")
    print(auth.url)

auth = client.auth.wait_for_completion(auth)


def run(tool_call):
    """Run the tool that the model asks for and return the message that answers it."""
    result = client.tools.execute(
        tool_name=tool_call["function"]["name"].replace("_", ".", 1),
        user_id=user_id,
        input=json.loads(tool_call["function"]["arguments"]),
    )
    content = result.output.value if result.success else {"error": result.output.error.message}
    return {
        "role": "tool",
        "tool_call_id": tool_call["id"],
        "content": json.dumps(content),
    }


message = run(tool_call)
print(message["content"])
