from pathlib import Path

import pytest
from agent import build_agent
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from scripted_model import ScriptedModel

TOOLS = Path(__file__).parent / "mytools"


@pytest.fixture
def agent(ticktick_sandbox):
    ticktick_sandbox.worker(TOOLS)
    return build_agent(ScriptedModel(), InMemorySaver())


def thread(ticktick_sandbox, thread_id):
    return {"configurable": {"thread_id": thread_id, "user_id": ticktick_sandbox.user_id}}


def say(text):
    return {"messages": [("user", text)]}


def link_in(result):
    """Return the one link that the user has to open."""
    [asked] = result["__interrupt__"]
    [link] = asked.value["links"]
    return link


def test_user_consents_and_agent_goes_on(agent, ticktick_sandbox):
    config = thread(ticktick_sandbox, "1")

    result = agent.invoke(say("Buy bread"), config)
    link = link_in(result)
    assert link.startswith(f"{ticktick_sandbox.ticktick_url}/oauth/authorize")
    assert "Buy bread" not in ticktick_sandbox.users.learner.titles

    ticktick_sandbox.consent(link)
    assert "Buy bread" not in ticktick_sandbox.users.learner.titles

    result = agent.invoke(Command(resume=True), config)
    assert "__interrupt__" not in result
    assert result["messages"][-1].content == "The task was created."
    assert ticktick_sandbox.users.learner.titles.count("Buy bread") == 1


def test_agent_waits_for_nobody(agent, ticktick_sandbox):
    config = thread(ticktick_sandbox, "1")
    ticktick_sandbox.consent(link_in(agent.invoke(say("Buy bread"), config)))
    agent.invoke(Command(resume=True), config)
    assert ticktick_sandbox.exchanges.find("POST /v1/tools/authorize")
    assert not ticktick_sandbox.exchanges.find("GET /v1/auth/status")  # where waiting happens


def test_another_process_can_go_on(ticktick_sandbox):
    ticktick_sandbox.worker(TOOLS)
    config, checkpointer = thread(ticktick_sandbox, "1"), InMemorySaver()
    result = build_agent(ScriptedModel(), checkpointer).invoke(say("Buy bread"), config)
    ticktick_sandbox.consent(link_in(result))
    build_agent(ScriptedModel(), checkpointer).invoke(Command(resume=True), config)
    assert "Buy bread" in ticktick_sandbox.users.learner.titles


def test_user_denies_and_is_asked_again_for_the_next_task(agent, ticktick_sandbox):
    config = thread(ticktick_sandbox, "1")
    ticktick_sandbox.deny(link_in(agent.invoke(say("Buy bread"), config)))

    result = agent.invoke(Command(resume=True), config)
    assert "__interrupt__" not in result
    assert "did not allow access" in result["messages"][-1].content
    assert "Buy bread" not in ticktick_sandbox.users.learner.titles
    assert not ticktick_sandbox.exchanges.find("POST /v1/tools/execute")

    ticktick_sandbox.consent(link_in(agent.invoke(say("Buy butter"), config)))
    agent.invoke(Command(resume=True), config)
    assert "Buy butter" in ticktick_sandbox.users.learner.titles
    assert "Buy bread" not in ticktick_sandbox.users.learner.titles


def test_who_comes_back_without_an_answer_has_not_allowed_it(agent, ticktick_sandbox):
    config = thread(ticktick_sandbox, "1")
    link_in(agent.invoke(say("Buy bread"), config))
    result = agent.invoke(Command(resume=True), config)
    assert "did not allow access" in result["messages"][-1].content
    assert "Buy bread" not in ticktick_sandbox.users.learner.titles


def test_two_tasks_at_once_need_one_consent(agent, ticktick_sandbox):
    config = thread(ticktick_sandbox, "1")
    ticktick_sandbox.consent(link_in(agent.invoke(say("Buy bread\nBuy butter"), config)))
    agent.invoke(Command(resume=True), config)
    assert {"Buy bread", "Buy butter"} <= set(ticktick_sandbox.users.learner.titles)


def test_second_run_asks_nobody(agent, ticktick_sandbox):
    config = thread(ticktick_sandbox, "1")
    ticktick_sandbox.consent(link_in(agent.invoke(say("Buy bread"), config)))
    agent.invoke(Command(resume=True), config)

    result = agent.invoke(say("Buy butter"), thread(ticktick_sandbox, "2"))
    assert "__interrupt__" not in result
    assert "Buy butter" in ticktick_sandbox.users.learner.titles
    assert len(ticktick_sandbox.exchanges.find("POST /oauth/token")) == 1


def test_consent_of_one_user_is_not_that_of_another(agent, ticktick_sandbox):
    config = thread(ticktick_sandbox, "1")
    ticktick_sandbox.consent(link_in(agent.invoke(say("Buy bread"), config)))
    agent.invoke(Command(resume=True), config)

    ben = {"configurable": {"thread_id": "2", "user_id": "ben"}}
    assert link_in(agent.invoke(say("Buy butter"), ben))
    assert "Buy butter" not in ticktick_sandbox.users.learner.titles


def test_user_is_asked_again_after_180_days(agent, ticktick_sandbox):
    config = thread(ticktick_sandbox, "1")
    ticktick_sandbox.consent(link_in(agent.invoke(say("Buy bread"), config)))
    agent.invoke(Command(resume=True), config)

    ticktick_sandbox.clock.advance(days=180)
    ticktick_sandbox.consent(link_in(agent.invoke(say("Buy butter"), config)))
    agent.invoke(Command(resume=True), config)
    assert "Buy butter" in ticktick_sandbox.users.learner.titles


def test_model_is_told_what_went_wrong(agent, ticktick_sandbox):
    config = thread(ticktick_sandbox, "1")
    ticktick_sandbox.consent(link_in(agent.invoke(say(""), config)))
    result = agent.invoke(Command(resume=True), config)  # TickTick takes no task without a title
    assert "__interrupt__" not in result
    assert "The task was not created" in result["messages"][-1].content
