"""What several tools need together: each provider once, each secret once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ticktick_sandbox.arcade.helpers import READ, call, consent
from tests.ticktick_sandbox.helpers import World

READS, WRITES = "Ticktick.ListProjects", "Ticktick.CreateTask"
NOTHING = {"met": True, "items": {}}


def needed(world: World, *names: str, **sent: Any) -> dict[str, Any]:
    body = {"tool_names": list(names)} | sent
    reply = call(world, "POST", "/v1/tools/requirements", body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_tool_that_needs_nothing_has_its_requirements_met(served: World) -> None:
    assert needed(served, "Ticktick.SortOut") == {
        "met": True,
        "authorization": NOTHING,
        "secrets": NOTHING,
    }


def test_tools_of_one_provider_are_told_together(served: World) -> None:
    expected = {
        "provider_id": "arcade-ticktick",
        "provider_type": "oauth2",
        "status": "active",
        "scopes": ["tasks:read", "tasks:write"],
        "tool_names": [READS, WRITES],
        "met": True,
    }
    asked = needed(served, READS, "ticktick_listprojects", tools=[{"tool_name": WRITES}])

    assert asked["authorization"] == {"met": True, "items": {"arcade-ticktick": expected}}
    of_user = needed(served, READS, WRITES, user_id="nobody@example.com")
    assert of_user["met"] is False
    assert of_user["authorization"] == {
        "met": False,
        "items": {"arcade-ticktick": expected | {"met": False, "token_status": "not_started"}},
    }


def test_nothing_is_started_unless_asked_for(served: World) -> None:
    user_id = "together@example.com"

    def item(**sent: Any) -> dict[str, Any]:
        answer = needed(served, READS, WRITES, user_id=user_id, **sent)
        return answer["authorization"]["items"]["arcade-ticktick"]

    assert item()["token_status"] == "not_started"
    started = item(authorize=True)
    assert (started["met"], started["token_status"]) == (False, "pending")
    again = item(authorize=True)
    assert (again["url"], again["authorization_id"]) == (
        started["url"],
        started["authorization_id"],
    )
    assert "url" not in item()
    consent(served, started["url"], user_id)

    done = item(authorize=True)
    assert (done["met"], done["token_status"]) == (True, "completed")
    assert "url" not in done
    status = served.arcade.auth.status(id=started["authorization_id"])
    assert status.scopes == done["scopes"]
    alone = served.arcade.auth.start(user_id, "arcade-ticktick", scopes=READ)
    assert alone.status == "completed"


def test_what_nobody_can_meet_is_told_apart(served: World) -> None:
    asked = needed(
        served, "Ticktick.ActElsewhere", "Ticktick.NameTeam", user_id="ada", authorize=True
    )

    assert asked == {
        "met": False,
        "authorization": {
            "met": False,
            "items": {
                "nowhere": {
                    "provider_id": "nowhere",
                    "provider_type": "oauth2",
                    "status": "inactive",
                    "scopes": ["everything"],
                    "tool_names": ["Ticktick.ActElsewhere"],
                    "met": False,
                }
            },
        },
        "secrets": {
            "met": False,
            "items": {
                "TEAM": {
                    "met": False,
                    "status_reason": "secret not found: TEAM",
                    "tool_names": ["Ticktick.NameTeam"],
                }
            },
        },
    }


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "tool_names is a required field"),
        ({"tool_names": [], "tools": []}, "tool_names is a required field"),
        ({"tool_names": READS}, "tool_names must be a list of strings"),
        ({"tool_names": [5]}, "tool_names must be a list of strings"),
        ({"tools": [READS]}, "tools must be a list of objects"),
        ({"tools": [{}]}, "tool_name is a required field"),
        (
            {"tools": [{"tool_name": READS, "tool_version": 1}]},
            "tool_version must be a string",
        ),
        ({"tool_names": [READS], "authorize": "yes"}, "authorize must be true or false"),
        ({"tool_names": [READS], "authorize": True}, "user_id is a required field"),
    ],
)
def test_a_wrong_body_is_refused(served: World, sent: dict[str, Any], message: str) -> None:
    reply = call(served, "POST", "/v1/tools/requirements", sent)

    assert reply.status_code == 400
    assert reply.json()["name"] == "malformed_request"
    assert reply.json()["field_errors"][0]["message"] == message


@pytest.mark.parametrize(
    "sent",
    [
        {"tool_names": ["Ticktick.Nothing"]},
        {"tools": [{"tool_name": READS, "tool_version": "99"}]},
    ],
)
def test_an_unknown_tool_is_refused_and_nothing_is_started(
    served: World, sent: dict[str, Any]
) -> None:
    names = [WRITES, *sent.get("tool_names", [])]
    body = sent | {"tool_names": names, "user_id": "unlucky@example.com", "authorize": True}
    reply = call(served, "POST", "/v1/tools/requirements", body)

    assert reply.status_code == 400
    assert reply.json()["name"] == "tool_not_found"
    asked = needed(served, WRITES, user_id="unlucky@example.com")
    assert asked["authorization"]["items"]["arcade-ticktick"]["token_status"] == "not_started"
