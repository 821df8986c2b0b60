"""The start page of both servers, and starting over from it."""

from __future__ import annotations

import base64
import gc
import hashlib
import re
import shutil
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.environment import ROOT
from tests.processes import free_ports, running, sandbox
from tests.ticktick_sandbox.arcade.helpers import authorize, call, http_of, parked
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.server.running import find_running
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.event_log import Event
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID

OVER = "started over: everything is as it was after the start"


def start_over(world: World, url: str | None = None) -> str:
    """Click Start over on a start page and return the text of the page that follows."""
    url = url or world.arcade_url
    page = world.visit(f"{url}/", click="Start over")
    assert (page.url, page.status) == (f"{url}/?started-over", 200)
    return world.http.get(page.url).text


def add_worker(world: World) -> None:
    """Register a worker, which nobody asks for anything."""
    body = {"id": "mine", "type": "http", "http": http_of("http://localhost:8002")}
    assert call(world, "POST", "/v1/workers", body).is_success


def texts(world: World) -> list[str]:
    return [event.text for event in world.sandbox.event_log.events]


def built(world: World) -> tuple[object, ...]:
    """Return what a start builds, in a form to compare."""
    return (
        world.app,
        world.sandbox.engine.providers.all(),
        world.sandbox.ticktick.accounts.by_email(LEARNER).user_id,
        authorize(world),
        [event for event in world.sandbox.event_log.events if event.service != "Sandbox"],
    )


# The page


@pytest.mark.parametrize("service", ["arcade", "ticktick"])
def test_the_page_says_what_runs(world: World, service: str) -> None:
    add_worker(world)
    text = world.http.get(f"{getattr(world, f'{service}_url')}/").text
    for told in (
        f'<body class="{service}">',
        f"{world.arcade_url}/dashboard",
        f"{world.ticktick_url}/manage",
        "2026-01-05 09:00:00 UTC. It stands still until it is moved.",
        f"<td>{LEARNER}</td>",
        ">My TickTick app</a>",
        f">{world.app.redirect_url}</td>",
        f">{PROVIDER_ID}</a>",
        "<td>mine</td>",
        "Arcade: added the provider arcade-ticktick",
    ):
        assert told in text


@pytest.mark.parametrize("service", ["arcade", "ticktick"])
def test_every_link_of_the_page_leads_somewhere(world: World, service: str) -> None:
    page = world.visit(f"{getattr(world, f'{service}_url')}/")
    assert len(page.links) > 10
    for link in page.links.values():
        reply = world.http.get(httpx.URL(page.url).join(link), follow_redirects=True)
        assert reply.status_code == 200, link


def test_the_page_holds_no_secret(world: World) -> None:
    world.token()
    secrets = [world.app.client_secret, *world.sandbox.ticktick.grants._tokens]
    secrets += world.sandbox.ticktick.accounts._sessions
    text = world.http.get(f"{world.arcade_url}/").text
    assert [secret for secret in secrets if secret in text] == []


def test_a_ticking_clock_is_told_so() -> None:
    running = Sandbox(Context.of(Clock()), ports=(0, 0))
    running.start()
    text = httpx.get(f"{running.arcade_url}/", trust_env=False).text
    running.stop()
    assert re.search(r"\d\d:\d\d:\d\d UTC\. It ticks\.", text)


def test_an_empty_sandbox_says_how_to_fill_it(bare: World) -> None:
    page = bare.visit(f"{bare.arcade_url}/")
    assert page.links["Register one"] == f"{bare.ticktick_url}/manage/new"
    assert page.links["Add one"] == f"{bare.arcade_url}/dashboard/connected-apps/new"


def test_what_people_typed_is_shown_as_text(bare: World) -> None:
    fill = {"Name": "<b>bold</b>"}
    bare.visit(f"{bare.ticktick_url}/manage/new", click="Add", fill=fill)
    assert "<b>" not in bare.http.get(f"{bare.arcade_url}/").text


# Starting over


@pytest.mark.parametrize("service", ["arcade", "ticktick"])
def test_starting_over_leaves_what_the_start_had_built_and_nothing_else(
    world: World, service: str
) -> None:
    first = built(world)
    world.token()
    world.visit(f"{world.ticktick_url}/manage/new", click="Add", fill={"Name": "Another"})
    world.sandbox.ticktick.sign_up("other@example.com", "pw")
    add_worker(world)
    world.sandbox.engine.secrets.put("TEAM", "blue")
    world.sandbox.clock.advance(days=3)

    text = start_over(world, getattr(world, f"{service}_url"))

    assert "Started over." in text
    assert "Another" not in text
    assert len(world.sandbox.ticktick.apps.all()) == 1
    assert [account.email for account in world.sandbox.ticktick.accounts.all()] == [LEARNER]
    assert world.sandbox.engine.workers.all() == []
    assert world.sandbox.engine.secrets.all() == []
    assert world.sandbox.clock.now() == NOTEBOOK_TIME
    assert texts(world)[-1] == OVER
    assert built(world) == first


def test_after_starting_over_everything_works_again_and_again(world: World) -> None:
    tokens = set()
    for _ in range(3):
        tokens.add(world.token())
        with httpx.Client(trust_env=False) as client:
            url = f"{world.ticktick_url}/open/v1/project"
            headers = {"Authorization": f"Bearer {world.token()}"}
            assert len(client.get(url, headers=headers).json()) > 0
        start_over(world)
    assert len(tokens) == 1
    assert texts(world).count(OVER) == 1


def test_an_empty_start_is_empty_again(bare: World) -> None:
    bare.visit(f"{bare.ticktick_url}/manage/new", click="Add", fill={"Name": "Mine"})
    assert "The start had built nothing" in bare.http.get(f"{bare.arcade_url}/").text
    start_over(bare)
    assert bare.sandbox.ticktick.apps.all() == []
    assert bare.sandbox.provider_ids() == []
    assert texts(bare) == [OVER]


def test_a_parked_poll_is_answered(world: World) -> None:
    pending = authorize(world)
    poll = parked(world, pending["id"])
    start_over(world)
    poll.join(timeout=5)
    assert poll.body == pending
    assert call(world, "GET", f"/v1/auth/status?id={pending['id']}").status_code == 400


def test_nothing_of_before_is_left_in_memory(world: World) -> None:
    world.token()
    before = world.sandbox.services
    old = [
        weakref.ref(thing)
        for thing in (before, before.engine, before.ticktick, before.context.event_log)
    ]
    old += [weakref.ref(thing) for thing in (before.arcade_app, before.ticktick_app)]
    del before
    start_over(world)
    for url in (f"{world.arcade_url}/v1/health", f"{world.ticktick_url}/signin"):
        world.http.get(url)  # a kept connection knows its last request
        world.arcade.health.check()
    gc.collect()
    assert [ref() for ref in old if ref() is not None] == []


def test_ports_the_real_names_and_whoever_listens_stay() -> None:
    heard: list[Event] = []
    sandbox = Sandbox(
        Context.of(Clock(standing_at=NOTEBOOK_TIME), listener=heard.append), ports=(0, 0)
    )
    sandbox.start()
    world = World(sandbox)
    sandbox.prepare(PROVIDER_ID)
    urls = sandbox.arcade_url, sandbox.ticktick_url
    entrance = world.http.get(f"{sandbox.arcade_url}/_sandbox/tls").json()
    heard.clear()
    start_over(world)
    assert (sandbox.arcade_url, sandbox.ticktick_url) == urls
    assert world.http.get(f"{sandbox.arcade_url}/_sandbox/tls").json() == entrance
    assert [event.text for event in heard] == [OVER]
    world.close()


def test_the_providers_of_a_file_come_again_as_the_file_is_now(tmp_path: Path) -> None:
    config = tmp_path / "engine.yaml"
    shutil.copy(ROOT / "snippets" / "engine.yaml", config)
    world = make_world()
    world.sandbox.prepare(None, config)
    first = world.sandbox.engine.providers.all()
    config.write_text(config.read_text("utf-8").replace("TickTick, for", "Edited, for"), "utf-8")
    start_over(world)
    (again,) = world.sandbox.engine.providers.all()
    assert (again.id, again.origin, again.client_id) == (
        PROVIDER_ID,
        "static",
        first[0].client_id,
    )
    assert again.description == first[0].description.replace("TickTick", "Edited")
    assert world.token()
    world.close()


def test_a_file_that_can_no_longer_be_used_changes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "engine.yaml"
    shutil.copy(ROOT / "snippets" / "engine.yaml", config)
    world = make_world()
    world.sandbox.prepare(None, config)
    before, events = world.sandbox.services, texts(world)
    config.write_text("auth: 1", "utf-8")
    page = world.visit(f"{world.arcade_url}/", click="Start over")
    assert page.status == 409
    assert page.error.startswith(f"Starting over did not work, so nothing was changed. {config}")
    assert world.sandbox.services is before
    assert texts(world) == events
    assert world.token()
    world.close()


def test_a_second_click_on_the_same_page_starts_nothing_over(world: World) -> None:
    url = f"{world.arcade_url}/"
    shown = world.visit(url).form_with("Start over", [])
    sent = [world.http.post(f"{url}_sandbox/start-over", data=shown.fields) for _ in range(2)]
    assert [reply.status_code for reply in sent] == [303, 403]
    assert "Nothing was changed." in sent[1].text


def test_a_look_at_the_address_starts_nothing_over(world: World) -> None:
    before = world.sandbox.services
    assert world.http.get(f"{world.arcade_url}/_sandbox/start-over").status_code == 405
    assert world.sandbox.services is before


def test_a_page_of_before_says_what_to_do(world: World) -> None:
    page = world.visit(f"{world.ticktick_url}/manage/new")
    form = page.form_with("Add", ["Name"]).filled({"Name": "Late"})
    start_over(world)
    reply = world.http.post(f"{world.ticktick_url}/manage/new", data=form)
    assert reply.status_code == 403
    assert "Open the page anew, fill in its form and send it again." in reply.text


def test_the_command_started_empty_starts_over_to_empty() -> None:
    arcade, ticktick = free_ports(2)
    command = sandbox("--empty", "--arcade-port", arcade, "--ticktick-port", ticktick)
    with running(*command) as (_, output):
        output.wait_for("your_program.py")
        url = find_running(int(arcade))
        assert url
        with httpx.Client(base_url=url, trust_env=False) as client:
            token = re.search('form_token" value="(.+?)"', client.get("/").text)
            assert token
            form = {"form_token": token[1]}
            reply = client.post("/_sandbox/start-over", data=form, follow_redirects=True)
        assert "The start had built nothing" in reply.text
        output.wait_for(OVER)


def test_a_tool_that_runs_meanwhile_is_answered(bare: World) -> None:
    asked, over = threading.Event(), threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            over.wait(5)
            self.send_response(503)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as worker, ThreadPoolExecutor() as pool:
        pool.submit(worker.serve_forever, 0.01)
        body = {"id": "slow", "http": http_of(f"http://127.0.0.1:{worker.server_port}")}
        for worker_id in ("slow", "slower"):
            assert call(bare, "POST", "/v1/workers", body | {"id": worker_id}).is_success
        answer = pool.submit(call, bare, "POST", "/v1/tools/execute", {"tool_name": "A.B"})
        asked.wait(5)
        start_over(bare)
        over.set()
        worker.shutdown()

        assert (answer.result().status_code, answer.result().json()["success"]) == (200, False)


def test_a_frame_leads_to_its_page_and_one_of_an_earlier_run_says_so(bare: World) -> None:
    address = f"{bare.ticktick_url}/_sandbox/frame"
    now = {"run": bare.sandbox.run_id, "to": "/signin?dest=%2Fmanage"}
    reply = bare.http.get(address, params=now)
    assert (reply.status_code, reply.headers["location"]) == (303, now["to"])
    for wrong in (
        {"run": "earlier"},
        {"to": "//elsewhere.example"},
        {"to": "/\\elsewhere.example"},
    ):
        reply = bare.http.get(address, params=now | wrong)
        assert reply.status_code == 410
        assert "Run the cell again." in reply.text


def test_a_picture_tells_whether_the_run_of_a_notebooks_page_lasts(bare: World) -> None:
    address = f"{bare.arcade_url}/_sandbox/alive.svg"
    reply = bare.http.get(address, params={"run": bare.sandbox.run_id})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/svg+xml")
    assert bare.http.get(address, params={"run": "earlier"}).status_code == 410


def test_going_on_takes_the_button_of_the_page_itself(bare: World) -> None:
    address = f"{bare.arcade_url}/_sandbox/go-on"
    assert bare.http.post(address, data={"form_token": "made up"}).status_code == 403
    assert bare.visit(address, click="Go on").heading == "The notebook goes on"


# What goes over the wire


def test_the_page_of_requests_has_one_script_and_its_hash(bare: World) -> None:
    page = bare.http.get(f"{bare.arcade_url}/_sandbox/wire")
    policy = page.headers["content-security-policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "Nothing yet." in page.text


def test_rows_are_sent_only_if_there_is_more_than_was_seen(bare: World) -> None:
    rows = f"{bare.arcade_url}/_sandbox/wire-rows"
    seen = bare.http.get(rows).headers["x-seen"]
    assert bare.http.get(rows, params={"seen": seen}).status_code == 204
    bare.http.get(f"{bare.arcade_url}/v1/health")
    more = bare.http.get(rows, params={"seen": seen})
    assert "GET /<wbr>v1/<wbr>health" in more.text
    assert bare.http.get(rows, params={"seen": more.headers["x-seen"]}).status_code == 204
    bare.sandbox.start_over()
    assert bare.http.get(rows, params={"seen": more.headers["x-seen"]}).text == ""


def test_the_page_shows_the_newest_hundred_and_the_list_all(bare: World) -> None:
    for _ in range(105):
        bare.http.get(f"{bare.arcade_url}/v1/health")
    text = bare.http.get(f"{bare.arcade_url}/_sandbox/wire").text
    assert text.count("<details>") == 100
    place = f"{bare.arcade_url}/_sandbox/exchanges"
    assert len(bare.http.get(place).json()) == 105
    assert [each["number"] for each in bare.http.get(place, params={"after": "103"}).json()] == [
        104,
        105,
    ]
    for odd in ("-1", "x", "9" * 5000, ""):
        assert len(bare.http.get(place, params={"after": odd}).json()) == 105
