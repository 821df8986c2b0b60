from typing import Literal

from langchain_arcade import ToolManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import Command, interrupt


def build_agent(model: BaseChatModel, checkpointer: BaseCheckpointSaver) -> CompiledStateGraph:
    """Return an agent that works in TickTick for the user whom its config names.

    If the user has to consent first, ``invoke`` returns at once with the links under
    ``__interrupt__``. Show them, and forget about the run: it is in the checkpointer. When the
    user is back, whatever they did there, go on with ``Command(resume=True)`` on the same thread,
    before anything else is said in it.

    ``user_id`` is the user who is signed in to your app. It never comes from the model. That this
    user is the one who consents, your app verifies: see web_app_fastapi.

        config = {"configurable": {"thread_id": "1", "user_id": "alice"}}
        result = agent.invoke({"messages": [("user", "Buy bread")]}, config)
        if "__interrupt__" in result:
            links = result["__interrupt__"][0].value["links"]
        ...
        result = agent.invoke(Command(resume=True), config)
        answer = result["messages"][-1].content

    Args:
        model: any chat model that can call tools, such as ``ChatOpenAI`` of langchain-openai.
        checkpointer: keeps the runs that wait for a user: ``InMemorySaver`` until the process
            ends, ``PostgresSaver`` for longer.
    """
    manager = ToolManager()
    manager.init_tools(toolkits=["Mytools"])
    # Its interrupts are of a kind that langgraph gives up, and for errors of tools as well.
    tools = manager.to_langchain(use_interrupts=False)
    need_consent = [tool.name for tool in tools if manager.requires_auth(tool.name)]
    model_with_tools = model.bind_tools(tools)

    def ask_model(state: MessagesState) -> dict:
        return {"messages": [model_with_tools.invoke(state["messages"])]}

    def authorize(
        state: MessagesState, config: RunnableConfig
    ) -> Command[Literal["tools", "ask_model"]]:
        user_id = config["configurable"]["user_id"]
        tool_calls = state["messages"][-1].tool_calls
        links = []
        for tool_call in tool_calls:
            if tool_call["name"] in need_consent:
                auth = manager.authorize(tool_call["name"], user_id)
                if auth.status != "completed" and auth.url not in links:
                    links.append(auth.url)
        if not links:
            return Command(goto="tools")

        # The run ends here. On resume this function runs again from its top: if the user has
        # consented meanwhile, it has returned above. Arcade knows that, no answer has to say it.
        interrupt({"links": links})

        # So the user has not. The model is told, so that it can go on without the tools.
        refusals = [
            ToolMessage(
                '{"error": "The user did not allow access to TickTick."}',
                tool_call_id=tool_call["id"],
                status="error",
            )
            for tool_call in tool_calls
        ]
        return Command(goto="ask_model", update={"messages": refusals})

    graph = StateGraph(MessagesState)
    graph.add_node(ask_model)
    graph.add_node(authorize)
    graph.add_node("tools", ToolNode(tools))
    graph.add_edge(START, "ask_model")
    graph.add_conditional_edges(
        "ask_model", tools_condition, {"tools": "authorize", "__end__": "__end__"}
    )
    graph.add_edge("tools", "ask_model")
    return graph.compile(checkpointer=checkpointer)
