import json
import os

from arcadepy import Arcade

client = Arcade()
user_id = os.environ["ARCADE_USER_ID"]

tools = list(client.tools.formatted.list(format="openai", toolkit="TicktickApi"))
print("For the model:", len(tools), "tools")

# Stands for the model, which would get the messages and the tools: it asks for two tools,
# one after the other, and then answers. No model is asked here.
script = [
    ("TicktickApi_GetUserProjects", "{}"),
    ("TicktickApi_RetrieveProjectWithTasks", '{"project_id": "inbox"}'),
]


def ask_model(messages):
    turn = sum(message["role"] == "tool" for message in messages)
    if turn == len(script):
        found = json.loads(messages[-1]["content"])["response_json"]
        return {"role": "assistant", "content": f"Your Inbox has {len(found['tasks'])} tasks."}
    name, arguments = script[turn]
    tool_call = {
        "id": f"call_{turn + 1}",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
    return {"role": "assistant", "tool_calls": [tool_call]}


def run(tool_call):
    """Run the tool that the model asks for and return the message that answers it."""
    tool_name = tool_call["function"]["name"].replace("_", ".", 1)
    auth = client.tools.authorize(tool_name=tool_name, user_id=user_id)
    if auth.status != "completed":
        print("Open this link and click Allow:")
        print(auth.url)
        client.auth.wait_for_completion(auth)
    result = client.tools.execute(
        tool_name=tool_name,
        user_id=user_id,
        input=json.loads(tool_call["function"]["arguments"]),
    )
    content = result.output.value if result.success else {"error": result.output.error.message}
    return {"role": "tool", "tool_call_id": tool_call["id"], "content": json.dumps(content)}


messages = [{"role": "user", "content": "How much is in my Inbox?"}]
answer = ask_model(messages)
while "tool_calls" in answer:
    messages.append(answer)
    for tool_call in answer["tool_calls"]:
        print("The model asks for", tool_call["function"]["name"])
        messages.append(run(tool_call))
    answer = ask_model(messages)
print(answer["content"])
