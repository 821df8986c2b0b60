# Stands for a chat model that understands what users say. No model is asked here.
import json

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult


class ScriptedModel(BaseChatModel):
    """Asks for a task for each line that the user says, and then says how the last one went."""

    @property
    def _llm_type(self):
        return "scripted"

    def bind_tools(self, tools, **kwargs):
        return self.bind(tool_names=[tool.name for tool in tools], **kwargs)

    def _generate(self, messages, stop=None, run_manager=None, *, tool_names, **kwargs):
        last = messages[-1]
        if last.type == "human":
            [name] = tool_names
            tool_calls = [
                {"id": f"{last.id}-{number}", "name": name, "args": {"title": title}}
                for number, title in enumerate(last.content.split("\n"))
            ]
            answer = AIMessage("", tool_calls=tool_calls)
        elif error := json.loads(last.content).get("error"):
            answer = AIMessage(f"The task was not created: {error}")
        else:
            answer = AIMessage("The task was created.")
        return ChatResult(generations=[ChatGeneration(message=answer)])
