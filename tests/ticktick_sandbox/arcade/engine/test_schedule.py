"""Tools that run later: kept, run once when the clock is there, and told with what came of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import arcadepy
import pytest
from arcadepy.types.tools import ScheduledGetResponse

from tests.ticktick_sandbox.arcade.helpers import answering, call, consent, problems, register
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.arcade.engine import schedule
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.context import Context

OFFERED = b'[{"name":"SortOut","toolkit":{"name":"Ticktick"},"input":{"parameters":[]}}]'
DONE = b'{"success":true,"output":{"value":1}}'
LATER = "2026-01-05T10:00:00Z"


@pytest.fixture(scope="module")
def worker(working: tuple[World, WorkerProcess]) -> WorkerProcess:
    return working[1]


@pytest.fixture
def timed(world: World, worker: WorkerProcess) -> World:
    """A world of its own, whose clock shows nine, with the real worker."""
    register(world, "ticktick", worker.uri)
    return world


@pytest.fixture
def calls(bare: World) -> Iterator[list[dict[str, Any]]]:
    """The calls that a worker of the bare world gets; it does each at once."""
    received: list[dict[str, Any]] = []
    with answering(200, DONE, OFFERED, received) as uri:
        register(bare, "ticktick", uri)
        yield received


def plan(world: World, tool: str = "SortOut", run_at: str = LATER, **sent: Any) -> str:
    """Schedule a tool and return the id."""
    answer = world.arcade.tools.execute(tool_name=f"Ticktick.{tool}", run_at=run_at, **sent)
    assert answer.success
    assert answer.id
    return answer.id


def over(world: World, scheduled_id: str) -> ScheduledGetResponse:
    """Return a scheduled execution as soon as it is over, as a live client would wait."""
    deadline = time.monotonic() + 10
    while True:
        found = world.arcade.tools.scheduled.get(scheduled_id)
        if found.execution_status in ("completed", "failed"):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.005)


def failure(found: ScheduledGetResponse) -> dict[str, Any]:
    assert found.execution_status == "failed"
    assert found.attempts
    [attempt] = found.attempts
    assert attempt.success is False
    assert attempt.output
    assert attempt.output.error
    return attempt.output.error.to_dict()


# Kept


def test_a_call_with_a_time_is_kept_and_not_run(bare: World, calls: list[dict[str, Any]]) -> None:
    sent = {"tool_name": "Ticktick_SortOut", "input": {"numbers": [1]}, "user_id": "ada"}
    reply = call(bare, "POST", "/v1/tools/execute", sent | {"run_at": "2026-01-05T10:00:00Z"})
    bare.sandbox.clock.advance(minutes=59, seconds=59)

    assert reply.status_code == 200
    answer = reply.json()
    assert re.fullmatch(r"te_sandbox[0-9A-Za-z]{20}", answer["id"])
    assert answer == {
        "id": answer["id"],
        "execution_type": "scheduled",
        "run_at": LATER,
        "status": "pending",
        "success": True,
    }
    told = {
        "id": answer["id"],
        "execution_type": "scheduled",
        "execution_status": "pending",
        "tool_name": "SortOut",
        "toolkit_name": "Ticktick",
        "user_id": "ada",
        "run_at": LATER,
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-05T09:00:00Z",
    }
    assert call(bare, "GET", "/v1/scheduled_tools").json()["items"] == [told]
    one = call(bare, "GET", f"/v1/scheduled_tools/{answer['id']}").json()
    assert one == told | {"input": {"numbers": [1]}, "attempts": []}
    assert calls == []


@pytest.mark.parametrize(
    ("run_at", "shown"),
    [
        ("2026-01-05T10:00:00", LATER),
        ("2026-01-05T10:00:00.250Z", LATER),
        ("2026-01-05T12:30:00+02:30", LATER),
        ("2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_time_is_told_in_utc(
    bare: World, calls: list[dict[str, Any]], run_at: str, shown: str
) -> None:
    assert bare.arcade.tools.scheduled.get(plan(bare, run_at=run_at)).run_at == shown


@pytest.mark.parametrize(
    ("run_at", "message"),
    [
        ("tomorrow", "run_at must be a time such as 2026-01-05T10:00:00Z"),
        ("2026-01-06", "run_at must be a time such as 2026-01-05T10:00:00Z"),
        ("2026-02-30T10:00:00Z", "run_at must be a time such as 2026-01-05T10:00:00Z"),
        ("2026-01-05 10:00:00Z", "run_at must be a time such as 2026-01-05T10:00:00Z"),
        ("20260105T100000Z", "run_at must be a time such as 2026-01-05T10:00:00Z"),
        ("9999-12-31T23:59:59-10:00", "run_at must be a time such as 2026-01-05T10:00:00Z"),
        (1767607200, "run_at must be a string"),
        (
            "2026-01-05T08:59:59Z",
            "run_at is in the past: the sandbox's clock shows 2026-01-05T09:00:00Z",
        ),
        (
            "2026-01-05T10:00:00+02:00",
            "run_at is in the past: the sandbox's clock shows 2026-01-05T09:00:00Z",
        ),
    ],
)
def test_a_time_that_cannot_be_is_refused(
    bare: World, calls: list[dict[str, Any]], run_at: Any, message: str
) -> None:
    sent = {"tool_name": "Ticktick.SortOut", "run_at": run_at}
    reply = call(bare, "POST", "/v1/tools/execute", sent)

    assert reply.status_code == 400
    assert reply.json()["name"] == "malformed_request"
    assert reply.json()["field_errors"][0]["message"] == message
    assert call(bare, "GET", "/v1/scheduled_tools").json()["items"] == []


def test_a_tool_that_is_not_there_cannot_be_scheduled(
    bare: World, calls: list[dict[str, Any]]
) -> None:
    sent = {"tool_name": "Ticktick.Nothing", "run_at": LATER}
    reply = call(bare, "POST", "/v1/tools/execute", sent)

    assert (reply.status_code, reply.json()["name"]) == (400, "tool_not_found")
    assert call(bare, "GET", "/v1/scheduled_tools").json()["items"] == []


def test_a_tool_that_acts_for_a_user_cannot_be_scheduled_without_one(timed: World) -> None:
    sent = {"tool_name": "Ticktick.ListProjects", "run_at": LATER}
    reply = call(timed, "POST", "/v1/tools/execute", sent)

    assert reply.status_code == 400
    assert reply.json()["field_errors"][0]["message"] == "user_id is a required field"


def test_the_newest_is_listed_first(bare: World, calls: list[dict[str, Any]]) -> None:
    planned = [plan(bare, run_at=f"2026-01-05T{hour}:00:00Z") for hour in (12, 10, 11)]

    listed = list(bare.arcade.tools.scheduled.list(limit=2))
    assert [item.id for item in listed] == planned[::-1]


def test_an_unknown_execution_is_a_bad_request(bare: World) -> None:
    with pytest.raises(arcadepy.BadRequestError) as refusal:
        bare.arcade.tools.scheduled.get("te_nothing")

    assert refusal.value.body == {
        "name": "bad_request",
        "message": "scheduled execution 'te_nothing' not found",
    }


# Run


def test_a_tool_runs_once_when_the_clock_is_there(timed: World, tmp_path: Path) -> None:
    file = tmp_path / "marks"
    planned = plan(timed, "LeaveMark", input={"file": str(file)})
    timed.sandbox.clock.advance(minutes=61)
    found = over(timed, planned)
    timed.sandbox.clock.advance(days=1)

    assert found.attempts
    [attempt] = found.attempts
    assert re.fullmatch(r"ta_sandbox[0-9A-Za-z]{20}", attempt.id or "")
    assert attempt.to_dict() == {
        "id": attempt.id,
        "started_at": "2026-01-05T10:01:00Z",
        "finished_at": "2026-01-05T10:01:00Z",
        "success": True,
        "output": {"value": 1},
    }
    assert (found.started_at, found.finished_at, found.updated_at) == (
        attempt.started_at,
        attempt.finished_at,
        attempt.finished_at,
    )
    version = timed.arcade.tools.get("Ticktick.LeaveMark").toolkit.version
    assert found.toolkit_version == version
    assert over(timed, planned) == found
    assert file.stat().st_size == 1


def test_each_runs_at_its_own_time(bare: World, calls: list[dict[str, Any]]) -> None:
    late = plan(bare, run_at="2026-01-05T11:00:00Z")
    early = plan(bare)
    bare.sandbox.clock.advance(hours=1)

    assert over(bare, early).execution_status == "completed"
    assert bare.arcade.tools.scheduled.get(late).execution_status == "pending"
    bare.sandbox.clock.advance(hours=1)
    assert over(bare, late).execution_status == "completed"
    assert len(calls) == 2


def test_a_time_that_is_now_runs_at_once(bare: World, calls: list[dict[str, Any]]) -> None:
    assert over(bare, plan(bare, run_at="2026-01-05T09:00:00Z")).execution_status == "completed"


def test_a_clock_that_ticks_runs_it_by_itself() -> None:
    world = World(Sandbox(Context.of(Clock()), ports=(0, 0)))
    world.sandbox.start()
    with answering(200, DONE, OFFERED) as uri:
        register(world, "ticktick", uri)
        run_at = world.sandbox.clock.now() + timedelta(seconds=0.3)
        planned = plan(world, run_at=run_at.isoformat())
        assert world.arcade.tools.scheduled.get(planned).execution_status == "pending"
        found = over(world, planned)
    world.close()

    assert found.execution_status == "completed"


def test_consent_is_looked_for_when_it_runs(served: World) -> None:
    user_id = "later@example.com"
    clock = served.sandbox.clock

    def planned(hours: int) -> str:
        run_at = (clock.now() + timedelta(hours=hours)).isoformat()
        return plan(served, "ListProjects", run_at, user_id=user_id)

    too_early, in_time = planned(hours=1), planned(hours=2)
    clock.advance(hours=1)
    assert failure(over(served, too_early)) == {
        "message": "authorization required",
        "kind": "TOOL_REQUIREMENTS_NOT_MET",
        "can_retry": False,
    }
    assert problems(served)[-1] == (
        f"Ticktick.ListProjects for {user_id} did not run: authorization required"
    )
    asked = served.arcade.tools.authorize(tool_name="Ticktick.ListProjects", user_id=user_id)
    consent(served, asked.url, user_id)
    clock.advance(hours=1)

    assert over(served, in_time).execution_status == "completed"
    assert over(served, too_early).execution_status == "failed"


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        ("NameTeam", "secret not found: TEAM"),
        ("ActElsewhere", "auth provider 'nowhere' not found. Configured: arcade-ticktick"),
    ],
)
def test_a_requirement_that_is_not_met_is_a_failed_attempt(
    timed: World, tool: str, message: str
) -> None:
    planned = plan(timed, tool, user_id="ada")
    timed.sandbox.clock.advance(hours=1)

    error = failure(over(timed, planned))
    assert (error["kind"], error["message"]) == ("TOOL_REQUIREMENTS_NOT_MET", message)


def test_a_tool_that_fails_is_a_failed_attempt_and_not_repeated(timed: World) -> None:
    planned = plan(timed, "Fail")
    with_trace = plan(timed, "Fail", include_error_stacktrace=True)
    timed.sandbox.clock.advance(hours=1)

    assert failure(over(timed, planned))["kind"] == "TOOL_RUNTIME_FATAL"
    assert "stacktrace" not in failure(over(timed, planned))
    assert "stacktrace" in failure(over(timed, with_trace))


def test_a_worker_that_is_gone_or_down_is_a_failed_attempt(bare: World) -> None:
    with answering(200, DONE, OFFERED) as uri:
        register(bare, "ticktick", uri)
        down = plan(bare)
        gone = plan(bare, run_at="2026-01-05T11:00:00Z")
    bare.sandbox.clock.advance(hours=1)
    assert failure(over(bare, down))["message"] == "worker ticktick can't be reached"
    call(bare, "DELETE", "/v1/workers/ticktick")
    bare.sandbox.clock.advance(hours=1)

    assert failure(over(bare, gone))["message"] == ("tool Ticktick.SortOut not found. Tools: none")


def test_the_journal_tells_when_and_for_whom(bare: World, calls: list[dict[str, Any]]) -> None:
    plan(bare, user_id="ada")

    assert str(bare.sandbox.event_log.events[-1]) == (
        "2026-01-05 09:00:00 - Arcade: scheduled Ticktick.SortOut for ada "
        "to run at 2026-01-05 10:00:00 UTC"
    )


def test_what_is_over_is_forgotten_before_what_waits(
    bare: World, calls: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "_KEPT", 2)
    waiting = plan(bare, run_at="2026-01-05T11:00:00Z")
    done = plan(bare)
    bare.sandbox.clock.advance(hours=1)
    over(bare, done)
    newest = plan(bare, run_at="2026-01-05T12:00:00Z")

    assert [item.id for item in bare.arcade.tools.scheduled.list()] == [newest, waiting]


def test_many_that_are_over_at_once_are_forgotten_at_once(
    bare: World, calls: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = [plan(bare) for _ in range(4)]
    bare.sandbox.clock.advance(hours=1)
    for each in planned:
        over(bare, each)
    monkeypatch.setattr(schedule, "_KEPT", 2)
    newest = plan(bare, run_at="2026-01-05T11:00:00Z")

    kept = [item.id for item in bare.arcade.tools.scheduled.list()]
    assert kept == [newest, planned[-1]]


# Stop


def test_what_was_scheduled_is_gone_after_starting_over(bare: World) -> None:
    calls: list[dict[str, Any]] = []
    with answering(200, DONE, OFFERED, calls) as uri:
        register(bare, "ticktick", uri)
        plan(bare)
        before = bare.sandbox.clock
        bare.sandbox.start_over()
        before.advance(hours=2)
        bare.sandbox.clock.advance(hours=2)

        assert call(bare, "GET", "/v1/scheduled_tools").json()["items"] == []
        assert calls == []


def test_the_sandbox_stops_at_once_whatever_waits(capfd: pytest.CaptureFixture[str]) -> None:
    world = make_world()
    with answering(200, DONE, OFFERED) as uri:
        register(world, "ticktick", uri)
        for _ in range(20):
            plan(world)
    started = time.monotonic()
    world.close()

    assert time.monotonic() - started < 0.5
    world.sandbox.clock.advance(hours=2)
    assert capfd.readouterr().err == ""


def test_the_sandbox_stops_while_a_scheduled_tool_runs(
    worker: WorkerProcess, tmp_path: Path
) -> None:
    world = make_world()
    register(world, "ticktick", worker.uri)
    file = tmp_path / "marks"
    planned = plan(world, "Hang", input={"file": str(file)})
    world.sandbox.clock.advance(hours=1)
    while not file.exists():
        assert world.arcade.tools.scheduled.get(planned).execution_status != "failed"
    assert world.arcade.tools.scheduled.get(planned).execution_status == "running"
    started = time.monotonic()
    world.close()

    assert time.monotonic() - started < 2
