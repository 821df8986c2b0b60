import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from arcadepy import BadRequestError

SCOPES = ["tasks:read", "tasks:write"]


def test_a_user_allows_it_and_a_task_is_created(ticktick_sandbox, arcade_client):
    auth = arcade_client.auth.start(ticktick_sandbox.user_id, "arcade-ticktick", scopes=SCOPES)
    ticktick_sandbox.consent(auth)
    auth = arcade_client.auth.wait_for_completion(auth)

    response = httpx.post(
        "https://api.ticktick.com/open/v1/task",
        headers={"Authorization": f"Bearer {auth.context.token}"},
        json={"title": "Water the tomatoes"},
    )

    assert response.status_code == 200
    assert "Water the tomatoes" in ticktick_sandbox.users.learner.titles


def test_a_user_says_no(ticktick_sandbox, arcade_client):
    auth = arcade_client.auth.start(ticktick_sandbox.user_id, "arcade-ticktick", scopes=SCOPES)
    ticktick_sandbox.deny(auth)

    with pytest.raises(BadRequestError, match="was refused"):
        arcade_client.auth.wait_for_completion(auth)
    assert ticktick_sandbox.exchanges.find("POST /oauth/token") == []


def test_after_180_days_the_user_is_asked_again(ticktick_sandbox, arcade_client):
    auth = arcade_client.auth.start(ticktick_sandbox.user_id, "arcade-ticktick", scopes=SCOPES)
    ticktick_sandbox.consent(auth)
    ticktick_sandbox.clock.advance(days=180)

    auth = arcade_client.auth.start(ticktick_sandbox.user_id, "arcade-ticktick", scopes=SCOPES)
    assert auth.status == "pending"


def test_a_program_prints_a_link_and_goes_on(ticktick_sandbox):
    program = Path(__file__).with_name("auth_flow.py")
    command = [sys.executable, "-u", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            if line.startswith("http"):
                ticktick_sandbox.consent(line)

    assert running.returncode == 0
    assert "Try Arcade with TickTick" in ticktick_sandbox.users.learner.titles
