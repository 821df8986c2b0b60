"""Starting over from what was built once: nothing tells it from building it anew."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from datetime import datetime
from pathlib import Path
from types import FunctionType, MethodType

import pytest

from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.arcade.engine.engine import Engine
from ticktick_sandbox.server.services import Services
from ticktick_sandbox.shared.settings import PROVIDER_ID
from ticktick_sandbox.ticktick.service import TickTick

ONES_OWN = {"form_token", "_form_key", "salt", "password_hash", "_sessions"}
"""What protects the forms and passwords of one start, and is drawn anew."""

PLAIN = (str, bytes, int, float, bool, type(None), datetime, Path)


def state(value: object, seen: dict[int, int] | None = None) -> object:
    """Return all that an object holds, as far as it is data, for a comparison."""
    seen = {} if seen is None else seen
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, (FunctionType, MethodType)) or callable(value):
        return "a function"
    if id(value) in seen:
        return f"object {seen[id(value)]} again"
    seen[id(value)] = len(seen)
    if isinstance(value, (dict, Counter, OrderedDict)):
        return [(state(k, seen), state(v, seen)) for k, v in value.items()]
    if isinstance(value, (list, tuple, deque, set, frozenset)):
        return [state(each, seen) for each in value]
    if type(value).__module__.startswith("ticktick_sandbox"):
        names = [name for name in sorted(vars(value)) if name not in ONES_OWN]
        return type(value).__name__, [(name, state(vars(value)[name], seen)) for name in names]
    return type(value).__name__


def parts(services: Services) -> dict[str, object]:
    ticktick: TickTick = services.ticktick
    engine: Engine = services.engine
    held = {
        "wire": services.wire,
        "events": services.context.event_log,
        "ids": services.context.ids,
    }
    return {
        name: state(part)
        for name, part in (vars(ticktick) | vars(engine) | held).items()
        if name not in ONES_OWN
    }


@pytest.mark.parametrize(
    "prepared",
    [None, (PROVIDER_ID, None, None), (None, None, None), (PROVIDER_ID, None, "Ben")],
    ids=["empty", "provider", "app", "person"],
)
def test_the_copy_is_what_the_pages_build(bare: World, prepared: tuple | None) -> None:
    sandbox = bare.sandbox
    sandbox.prepared = prepared
    built = parts(sandbox._prepared(sandbox.services.context.fresh(), prepared))
    for _ in range(2):
        sandbox.start_over(noted=False)
        copied = parts(sandbox.services)
        assert built.keys() == copied.keys()
        for name, value in built.items():
            assert copied[name] == value, name
        for scope in ("tasks:read", "tasks:write"):  # and use it, so that the next one differs
            if prepared and prepared[0]:
                bare.token([scope])
        bare.sandbox.ticktick.sign_up("other@example.com", "pw")


def test_what_one_start_does_is_not_seen_by_the_next(world: World) -> None:
    sandbox = world.sandbox
    client = world.open_api()
    client.post("/task", json={"title": "Only here"})
    (project, *_) = client.get("/project").json()
    client.delete(f"/project/{project['id']}")
    sandbox.start_over(noted=False)
    learner = sandbox.ticktick.accounts.all()[0]
    tasks = sandbox.ticktick.tasks_of(learner)
    assert len(tasks.projects()) == 4
    assert "Only here" not in str(tasks.project_data("inbox"))
    assert world.sandbox.wire.since() == []
    assert world.arcade.admin.user_connections.list().items == []


def test_it_can_be_prepared_otherwise_from_then_on(world: World) -> None:
    sandbox = world.sandbox
    sandbox.start_over(("another", None, None))
    assert sandbox.provider_ids() == ["another"]
    sandbox.start_over()
    assert sandbox.provider_ids() == ["another"]
    with pytest.raises(ValueError, match="provider"):
        sandbox.start_over(("no id", None, None))
    assert sandbox.provider_ids() == ["another"]
    assert sandbox.prepared == ("another", None, None)


def test_a_standing_worker_is_there_again(world: World) -> None:
    http = {"uri": "http://127.0.0.1:1", "secret": "x" * 32, "timeout": 1, "retry": 0}
    world.arcade.workers.create(id="mine", http=http)
    world.sandbox.standing = world.sandbox.engine.workers.all()
    try:
        world.sandbox.start_over(noted=False)
        assert [worker.id for worker in world.arcade.workers.list()] == ["mine"]
    finally:
        world.sandbox.standing = []


def test_with_a_ticking_clock_the_days_are_those_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    from ticktick_sandbox.server.sandbox import Sandbox
    from ticktick_sandbox.shared.clock import Clock
    from ticktick_sandbox.shared.context import Context

    sandbox = Sandbox(Context.of(Clock()), ports=(0, 0))
    sandbox.prepare(PROVIDER_ID)
    sandbox.start_over()
    before = sandbox.engine.providers.all()[0].created_at
    time.sleep(0.01)
    sandbox.start_over()
    assert sandbox.engine.providers.all()[0].created_at > before
    sandbox.stop()


def test_a_stopped_sandbox_says_so() -> None:
    world = make_world()
    assert world.sandbox.serves
    world.close()
    assert not world.sandbox.serves
