"""What is recorded, and who asked whom; that no secret is in it is tested in together/."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

import httpx
import pytest
from arcadepy import Arcade

from tests.ticktick_sandbox.arcade.helpers import (
    authorize,
    call,
    free_uri,
    make_worker,
    parked,
    query,
    register,
)
from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.recording.helpers import lines
from ticktick_sandbox.browser.browser import local_client
from ticktick_sandbox.recording.recorder import KEPT, LOOKING, Recording, Wire
from ticktick_sandbox.server.entrances import entrance
from ticktick_sandbox.shared.settings import API_KEY, LEARNER

CALLBACK = "/api/v1/oauth/fa4e0_ap_sandboxEUsOy"
PAGES = [
    "Browser → TickTick: GET /oauth/authorize",
    "Browser → TickTick: GET /signin",
    "Browser → TickTick: POST /signin",
    "Browser → TickTick: GET /oauth/custom_authorize",
    "Browser → TickTick: POST /oauth/authorize",
    f"Browser → Arcade: GET {CALLBACK}/callback",
    "Browser → Arcade: GET /api/v1/oauth/callback_verify",
    "Arcade → TickTick: POST /oauth/token",
    "Browser → Arcade: GET /api/v1/oauth/callback_success",
]


def test_the_whole_flow_is_recorded_in_its_order(world: World) -> None:
    token = world.token(["tasks:read"])
    headers = {"Authorization": f"Bearer {token}", "Host": "api.ticktick.com"}
    assert httpx.get(f"{world.ticktick_url}/open/v1/project", headers=headers).is_success
    assert lines(world) == [
        "Program → Arcade: POST /v1/auth/authorize",
        *PAGES,
        "Program → Arcade: GET /v1/auth/status",
        "Program → TickTick: GET /open/v1/project",
    ]
    found = {each.path: each for each in world.sandbox.wire.since()}
    start = found["/v1/auth/authorize"]
    assert start.reason == "200 OK, pending"
    assert '"user_id": "learner@example.com"' in start.request.body
    assert start.request.headers[-1] == ("authorization", "‹API key 1›")
    assert found[f"{CALLBACK}/callback"].query == (("code", "‹code 1›"), ("state", "‹state 1›"))
    exchange = found["/oauth/token"]
    assert "code=‹code 1›" in exchange.request.body.splitlines()
    assert exchange.secrets_asked() == ["client secret 1", "code 1"]
    assert exchange.secrets_answered() == ["token 1"]
    assert found["/v1/auth/status"].secrets_answered() == ["token 1"]
    assert found["/open/v1/project"].secrets_asked() == ["token 1"]
    verify, last = found["/api/v1/oauth/callback_verify"], found["/open/v1/project"]
    assert verify.asked < exchange.asked < exchange.answered < verify.answered
    assert [each.number for each in world.sandbox.wire.since(11)] == [12]
    assert last.seconds >= 0


def test_a_secret_is_known_from_when_it_was_made(world: World) -> None:
    """Wherever it is sent first, if only in the wrong place."""
    state = query(authorize(world)["url"])["state"][0]
    for secret in (world.app.client_secret, state):
        world.http.get(f"{world.arcade_url}/v1/health?note={secret}")
    first, second = (each for each in world.sandbox.wire.since() if each.path == "/v1/health")
    assert first.query == (("note", "‹client secret 1›"),)
    assert second.query == (("note", "‹state 1›"),)


def test_a_parked_poll_is_answered_after_what_it_waited_for(world: World) -> None:
    pending = authorize(world)
    poll = parked(world, pending["id"])
    waiting = world.sandbox.wire.since()[-1]  # and it is read then, without its answer
    assert (waiting.path, waiting.status) == ("/v1/auth/status", 0)
    assert waiting.reason == "no answer yet"
    world.visit(pending["url"], click="Allow")
    poll.join(10)
    token = next(e for e in world.sandbox.wire.since() if e.path == "/oauth/token")
    assert waiting.asked < token.asked < token.answered < waiting.answered
    assert waiting.reason == "200 OK, completed"


def test_a_real_browser_and_a_program_are_told_apart(world: World) -> None:
    for headers in ({"Sec-Fetch-Mode": "navigate"}, {"Accept": "text/html,*/*"}, {}):
        world.http.get(f"{world.ticktick_url}/signin", headers=headers)
    assert [each.asker for each in world.sandbox.wire.since()] == ["Browser", "Browser", "Program"]


def test_who_has_an_entrance_is_named(world: World) -> None:
    url = entrance(world.arcade_url, "my app.py")
    with Arcade(base_url=url, api_key=API_KEY, http_client=local_client()) as client:
        assert client.health.check().healthy
    assert lines(world) == ["my-app.py → Arcade: GET /v1/health"]
    assert world.sandbox.wire.since()[0].url == f"{world.arcade_url}/v1/health"


def test_what_the_sandbox_reads_or_shows_itself_is_left_out(world: World) -> None:
    world.http.get(f"{world.ticktick_url}/signin", headers={LOOKING: "1"})
    for path in ("/", "/_sandbox/state", "/_sandbox/style.css", "/favicon.ico", "/_sandbox/wire"):
        world.http.get(world.arcade_url + path)
    assert lines(world) == []


@pytest.mark.long
def test_a_worker_is_asked_and_asks(world: World) -> None:
    worker = make_worker(entrance(world.arcade_url, "Worker"))
    worker.start()
    try:
        world.sandbox.names[worker.uri] = "Worker"
        register(world, "mine", worker.uri)
        world.token()
        call(world, "GET", "/v1/tools")  # the Engine asks for them once
        before = len(lines(world))
        body = {"tool_name": "Ticktick.ListProjects", "user_id": LEARNER, "input": {}}
        assert call(world, "POST", "/v1/tools/execute", body).json()["success"]
    finally:
        worker.stop()
    assert lines(world)[before:] == [
        "Program → Arcade: POST /v1/tools/execute",
        "Arcade → Worker: POST /worker/tools/invoke",
        "Worker → TickTick: GET /open/v1/project",
    ]
    execute, invoke, ask = world.sandbox.wire.since(before)
    assert "token 1" not in execute.secrets_asked() + execute.secrets_answered()
    assert invoke.secrets_asked() == ["signed key 1", "token 1"]
    assert ask.secrets_asked() == ["token 1"]
    assert ask.url == "https://api.ticktick.com/open/v1/project"


def test_a_server_that_does_not_answer_is_recorded_as_that(world: World) -> None:
    uri = free_uri()
    register(world, "gone", uri)
    call(world, "GET", "/v1/workers/gone/tools")
    asked = next(each for each in world.sandbox.wire.since() if each.asker == "Arcade")
    assert asked.answerer == uri.removeprefix("http://")
    assert asked.reason == "no answer: ConnectError"
    assert not asked.status


def test_an_application_that_fails_gives_no_answer() -> None:
    async def fails(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("boom")

    wire = Wire()
    recording = Recording(fails, "Arcade", lambda: wire)
    transport = httpx.ASGITransport(recording, raise_app_exceptions=False)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.get("/v1/health")

    asyncio.run(ask())
    assert wire.since()[0].reason == "no answer"


def test_starting_over_forgets_it(world: World) -> None:
    world.token()
    old = world.sandbox.wire
    world.sandbox.start_over()
    assert world.sandbox.wire is not old
    assert lines(world) == []
    world.token()
    assert world.sandbox.wire.since()[0].number == 1


def test_the_record_is_bounded_and_large_bodies_are_not_kept(world: World) -> None:
    call(world, "POST", "/v1/auth/authorize", {"user_id": "x" * 200_000})
    sent = world.sandbox.wire.since()[0].request.body
    assert sent.endswith("bytes, too many to keep)")
    wire = Wire()
    for _ in range(KEPT + 10):
        wire.ask("Program", "Arcade", "GET", "http://localhost/", [])
    assert [each.number for each in wire.since()] == list(range(11, KEPT + 11))


def test_bodies_that_nobody_looks_at_are_read_before_they_are_too_many() -> None:
    wire = Wire()
    for _ in range(KEPT):
        noted = wire.ask("Program", "Arcade", "POST", "http://a/", [])
        noted.send(b"x" * 60_000)
        wire.answer(noted, 200, [])
        assert wire._held < 4_100_000
    wire.since()
    assert wire._held == 0
    parked = wire.ask("Program", "Arcade", "GET", "http://a/", [])
    for _ in range(KEPT):
        wire.ask("Program", "Arcade", "GET", "http://a/", [])
    parked.get(b"x" * 60_000)
    wire.answer(parked, 200, [])  # long after its place was taken
    wire.since()
    assert wire._held == 0


@pytest.mark.long
@pytest.mark.parametrize("looks_each", [1, 1_000_000])
def test_ten_thousand_flows_leave_memory_flat(looks_each: int) -> None:
    """What each sends, through the record alone."""
    wire = Wire()

    def flow(number: int) -> None:
        code, token = f"c{number:07}", f"token-{number:030}"
        wire.note_made("code", code)
        url = f"http://a/callback?code={code}&state=s{number:08}"
        noted = wire.ask("Browser", "Arcade", "GET", url, [])
        wire.answer(noted, 302, [(b"location", f"/x?session=s-{number:020}".encode())])
        noted = wire.ask("Program", "Arcade", "GET", "http://a/v1/auth/status", [])
        noted.get(b'{"token": "%s", "filler": "%s"}' % (token.encode(), b"x" * 2000))
        wire.answer(noted, 200, [(b"content-type", b"application/json")])
        if number % looks_each == 0:
            wire.since()

    tracemalloc.start()
    try:
        sizes = []
        for number in range(25_000):
            flow(number)
            if number in (14_999, 24_999):  # all tables are full by then
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[1] - sizes[0] < 200_000
    assert sizes[1] < 10_000_000
