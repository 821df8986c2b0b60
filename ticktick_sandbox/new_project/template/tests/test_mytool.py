from pathlib import Path

import pytest
from arcadepy import PermissionDeniedError

TOOLS = Path(__file__).parents[1] / "mytool"


def test_a_task_is_created(ticktick_sandbox, arcade_client):
    ticktick_sandbox.worker(TOOLS)
    user_id = ticktick_sandbox.user_id

    auth = arcade_client.tools.authorize(tool_name="Mytool.CreateTask", user_id=user_id)
    ticktick_sandbox.consent(auth)
    result = arcade_client.tools.execute(
        tool_name="Mytool.CreateTask", user_id=user_id, input={"title": "Water the tomatoes"}
    )

    assert result.success, result.output.error.message
    assert "Water the tomatoes" in ticktick_sandbox.users.learner.titles


def test_without_consent_nothing_is_created(ticktick_sandbox, arcade_client):
    ticktick_sandbox.worker(TOOLS)
    user_id = ticktick_sandbox.user_id

    auth = arcade_client.tools.authorize(tool_name="Mytool.CreateTask", user_id=user_id)
    ticktick_sandbox.deny(auth)
    with pytest.raises(PermissionDeniedError):
        arcade_client.tools.execute(
            tool_name="Mytool.CreateTask", user_id=user_id, input={"title": "Water the tomatoes"}
        )

    assert "Water the tomatoes" not in ticktick_sandbox.users.learner.titles


def test_a_tool_asks_for_no_more_than_it_needs(ticktick_sandbox, arcade_client):
    ticktick_sandbox.worker(TOOLS)

    auth = arcade_client.tools.authorize(
        tool_name="Mytool.ListProjects", user_id=ticktick_sandbox.user_id
    )
    ticktick_sandbox.consent(auth)

    (exchange,) = ticktick_sandbox.exchanges.find("POST /oauth/token")
    assert exchange.response.fields["scope"] == "tasks:read"
