"""Faults on demand, as those meet them who ask."""

from __future__ import annotations

import time
from contextlib import suppress

import arcadepy
import httpx
import pytest

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.redirection import Redirection
from ticktick_sandbox.server.faults import Faults
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.event_log import EventLog
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID


@pytest.fixture
def faults(world: World) -> Faults:
    return world.sandbox.faults


def test_an_answer_is_another_one_so_many_times(world: World, faults: Faults) -> None:
    api = world.open_api()
    faults.add("TickTick", "GET /open/v1/project", times=2, status=503, body={"sorry": True})
    for _ in range(2):
        reply = api.get("/project")
        assert (reply.status_code, reply.json()) == (503, {"sorry": True})
        assert reply.headers["content-type"] == "application/json"
    assert api.get("/project").status_code == 200
    assert faults.all() == []


def test_only_those_are_met_that_it_is_for(world: World, faults: Faults) -> None:
    api = world.open_api()
    faults.add("TickTick", "POST /open/v1/task", status=500)
    faults.add("Arcade", "*", status=418, times=None)
    assert api.get("/project").status_code == 200
    assert api.post("/task", json={"title": "x"}).status_code == 500
    assert api.post("/task", json={"title": "x"}).status_code == 200
    for _ in range(3):
        assert httpx.get(f"{world.arcade_url}/v1/health").status_code == 418
    assert httpx.get(f"{world.arcade_url}/_sandbox/state").status_code == 200  # its own pages
    faults.clear()
    assert httpx.get(f"{world.arcade_url}/v1/health").status_code == 200


def test_a_slow_service_lets_time_outs_run_out_and_comes_back(world: World, faults: Faults) -> None:
    faults.add("Arcade", "GET /v1/health", seconds=0.5)
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{world.arcade_url}/v1/health", timeout=0.1)
    faults.add("Arcade", "GET /v1/health", seconds=0.3)
    began = time.monotonic()
    assert httpx.get(f"{world.arcade_url}/v1/health").json() == {"healthy": True}
    assert time.monotonic() - began >= 0.3


def test_a_service_that_is_down_ends_the_connection(world: World, faults: Faults) -> None:
    faults.add("Arcade", down=True, times=2)
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{world.arcade_url}/v1/health")
    assert httpx.get(f"{world.arcade_url}/v1/health").is_success
    faults.add("Arcade", down=True)
    with pytest.raises(arcadepy.APIConnectionError):
        world.arcade.health.check()


@pytest.mark.parametrize("host", ["", "https://ticktick.com"])
def test_what_ends_without_an_answer_is_no_error_of_the_servers(
    world: World, faults: Faults, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    """Else it would be read in the next cell of a notebook."""
    url = f"{host or world.ticktick_url}/signin"
    redirection = Redirection(world.arcade_url)
    redirection.on()
    try:
        for fault in ({"seconds": 0.2}, {"down": True}):
            faults.add("TickTick", **fault)
            with pytest.raises(httpx.TransportError):
                httpx.get(url, timeout=0.1)
        time.sleep(0.2)
        assert httpx.get(url).is_success
    finally:
        redirection.off()
    assert caplog.text == ""


def test_half_a_body_is_no_json(world: World, faults: Faults) -> None:
    faults.add("Arcade", "GET /v1/health", broken=True)
    reply = httpx.get(f"{world.arcade_url}/v1/health")
    assert reply.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        reply.json()
    assert int(reply.headers["content-length"]) == len(reply.content) > 0


@pytest.mark.parametrize("what", ["down", "broken", "status"])
def test_arcade_meets_them_at_ticktick_as_it_would_live(
    world: World, faults: Faults, what: str
) -> None:
    auth = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=["tasks:read"])
    assert auth.url
    faults.add("TickTick", "POST /oauth/token", **{what: 500 if what == "status" else True})
    world.visit(auth.url, click="Allow")
    assert auth.id
    assert world.arcade.auth.status(id=auth.id).status == "pending"
    assert any(
        event.problem and "a fault" in event.text for event in world.sandbox.event_log.events
    )
    (exchange,) = [each for each in world.sandbox.wire.since() if each.path == "/oauth/token"]
    assert (
        exchange.reason
        == {
            "down": "no answer: ConnectError (a fault)",
            "broken": "200 OK (a fault: half a body)",
            "status": "500 Internal Server Error (a fault)",
        }[what]
    )
    world.visit(auth.url, click="Allow")  # and it recovers
    assert world.arcade.auth.status(id=auth.id).status == "completed"


def test_the_record_says_which_answers_were_a_fault(world: World, faults: Faults) -> None:
    faults.add("Arcade", "GET /v1/health", seconds=0.01)
    faults.add("Arcade", "GET /v1/health", down=True)
    for _ in range(3):
        with suppress(httpx.TransportError):
            httpx.get(f"{world.arcade_url}/v1/health")
    assert [each.reason for each in world.sandbox.wire.since()] == [
        "200 OK (a fault: 0.01 s late)",
        "no answer (a fault)",
        "200 OK",
    ]


def test_the_limit_of_a_minute_is_per_account_and_recovers(world: World, faults: Faults) -> None:
    api = world.open_api()
    faults.limit(per_minute=3)
    assert [api.get("/project").status_code for _ in range(5)] == [200, 200, 200, 500, 500]
    refused = api.get("/project").json()
    assert refused["errorCode"] == "exceed_query_limit"
    assert refused["errorMessage"].startswith("Query rate limit exceeded. Maximum 3 requests per")
    assert "retry-after" not in api.get("/project").headers
    world.sandbox.clock.advance(seconds=59)
    assert api.get("/project").status_code == 500
    world.sandbox.clock.advance(seconds=1)
    assert api.get("/project").status_code == 200
    faults.clear()
    assert {api.get("/project").status_code for _ in range(5)} == {200}
    with pytest.raises(SandboxError, match="1 to 10000"):
        faults.limit(per_minute=0)


def test_starting_over_removes_them(world: World, faults: Faults) -> None:
    faults.add("Arcade", status=500, times=None)
    world.sandbox.start_over()
    assert world.sandbox.faults.all() == []
    assert httpx.get(f"{world.arcade_url}/v1/health").is_success


def test_they_are_told_as_sentences() -> None:
    log = EventLog(Clock(standing_at=NOTEBOOK_TIME))
    faults = Faults(log, print)
    faults.add("TickTick", "GET /a", status=500, seconds=1.5, times=3)
    faults.add("Arcade", down=True, times=None)
    faults.take("TickTick", "GET", "/a")
    faults.clear()
    assert [(event.text, event.problem) for event in log.events] == [
        ("fault: TickTick answers 500, 1.5 s late to GET /a (3 more)", False),
        ("fault: Arcade does not answer to * * (from now on)", False),
        ("a fault: TickTick answers 500, 1.5 s late to GET /a", True),
        ("no faults any more", False),
    ]


@pytest.mark.parametrize(
    ("service", "given", "said"),
    [
        ("Ticktick", {"down": True}, "The service is Arcade or TickTick"),
        ("Arcade", {}, "Say what goes wrong"),
        ("Arcade", {"down": True, "status": 500}, "exclude each other"),
        ("Arcade", {"request": "/x", "down": True}, "Give method and path"),
        ("TickTick", {"request": "GET /project", "down": True}, "Write GET /open/v1/project."),
        ("Arcade", {"times": 0, "down": True}, "1 or more"),
        ("Arcade", {"seconds": -1}, "from 0 to 600"),
        ("Arcade", {"seconds": float("nan")}, "from 0 to 600"),
        ("Arcade", {"status": 99}, "from 100 to 599"),
        ("Arcade", {"body": "x", "down": True}, "belongs to a status"),
        ("Arcade", {"body": "x" * 100_001, "status": 500}, "100000 characters at most"),
    ],
)
def test_what_is_no_fault_is_said(service: str, given: dict, said: str) -> None:
    faults = Faults(EventLog(Clock()), print)
    with pytest.raises(SandboxError, match=said):
        faults.add(service, **given)
    assert faults.all() == []


def test_there_are_only_so_many() -> None:
    faults = Faults(EventLog(Clock()), print)
    for _ in range(100):
        faults.add("Arcade", down=True)
    with pytest.raises(SandboxError, match="100 faults already"):
        faults.add("Arcade", down=True)
