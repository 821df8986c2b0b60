"""Workers in engine.yaml: what is read, what is refused, and how the refusal helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ticktick_sandbox.arcade.helpers import SECRET, call
from tests.ticktick_sandbox.helpers import World, make_world
from ticktick_sandbox.arcade.config.engine_yaml import inspect, load
from ticktick_sandbox.arcade.config.findings import ConfigurationRefused, Finding
from ticktick_sandbox.arcade.engine.worker import Worker
from ticktick_sandbox.checker import check
from ticktick_sandbox.processes.worker import WorkerProcess
from ticktick_sandbox.server.environment import client_environment

PUBLISHED = """\
tools:
  directors:
    - id: default
      enabled: true
      max_tools: 64
      workers:
        - id: worker
          enabled: true
          http:
            uri: ${env:ARCADE_WORKER_URI}
            timeout: 30
            retry: 3
            secret: ${env:ARCADE_WORKER_SECRET}
"""
URI = "http://127.0.0.1:8002"
FIRST = "tools.directors[0].workers[0]"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ARCADE_WORKER_URI", f"{URI}/")
    monkeypatch.setenv("ARCADE_WORKER_SECRET", SECRET)
    return tmp_path / "engine.yaml"


def worker(**changes: Any) -> dict[str, Any]:
    """Return a worker as the file has it; a change to ``...`` leaves the setting out."""
    sent = {"id": "worker", "enabled": True, "http": {"uri": URI}} | changes
    return {key: value for key, value in sent.items() if value is not ...}


def read(file: Path, *workers: Any, **director: Any) -> list[Worker]:
    write(file, {"directors": [{"id": "default", "workers": list(workers)} | director]})
    return load(file).workers


def write(file: Path, tools: Any) -> None:
    file.write_text(yaml.safe_dump({"tools": tools}), encoding="utf-8")


def refused(file: Path) -> list[Finding]:
    with pytest.raises(ConfigurationRefused) as refusal:
        load(file)
    assert all(finding.fix and finding.line for finding in refusal.value.findings)
    return refusal.value.findings


# What is read


def test_a_worker_is_read_with_its_variables(file: Path) -> None:
    file.write_text(PUBLISHED, encoding="utf-8")
    configuration = load(file)

    assert configuration.findings == []
    assert configuration.workers == [Worker("worker", URI, SECRET, 30, 3, True, "static")]


def test_what_is_not_written_has_the_published_defaults(file: Path) -> None:
    assert read(file, worker(enabled=...)) == [Worker("worker", URI, "dev", 30, 3, True, "static")]


@pytest.mark.parametrize("enabled", [False, "false", "${env:OFF}"])
def test_a_worker_that_is_not_enabled_is_passed_over(
    file: Path, monkeypatch: pytest.MonkeyPatch, enabled: Any
) -> None:
    monkeypatch.setenv("OFF", "false")
    unfinished = worker(id="other", enabled=enabled, http={"uri": "${env:NOT_SET_YET}"})

    assert [found.id for found in read(file, worker(), unfinished)] == ["worker"]
    assert read(file, unfinished, enabled=True) == []
    assert read(file, worker(), enabled=enabled) == []


@pytest.mark.parametrize("tools", [None, {}, {"directors": None}, {"directors": []}])
def test_a_file_may_have_no_workers(file: Path, tools: Any) -> None:
    write(file, tools)

    assert load(file).workers == []


def test_the_workers_of_all_directors_are_read(file: Path) -> None:
    directors = [{"id": name, "workers": [worker(id=name)]} for name in ("a", "b")]
    write(file, {"directors": [*directors, {"id": "c", "workers": None}]})

    assert [found.id for found in load(file).workers] == ["a", "b"]


@pytest.mark.parametrize(
    ("sent", "director", "where"),
    [
        (worker(enabled=...), {}, ".workers[0].enabled"),
        (worker(enabled="true"), {}, ".workers[0].enabled"),
        (worker(http={"uri": "http://${env:HOST}:8002"}), {}, ".workers[0].http.uri"),
        (worker(http={"uri": URI, "secret": None}), {}, ".workers[0].http.secret"),
        (worker(), {"id": 7}, ".id"),
        (worker(), {"max_tools": "64"}, ".max_tools"),
    ],
)
def test_what_the_schema_alone_refuses_is_a_slip(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    sent: dict[str, Any],
    director: dict[str, Any],
    where: str,
) -> None:
    monkeypatch.setenv("HOST", "localhost")
    assert len(read(file, sent, **director)) == 1
    [finding] = inspect(file).findings
    assert (finding.where, finding.tolerated) == (f"tools.directors[0]{where}", True)


def test_one_that_is_not_enabled_is_held_to_the_schema_alone(file: Path) -> None:
    elsewhere = worker(id="other", enabled=False, http={"uri": "https://worker.example"})
    assert [found.id for found in read(file, worker(), elsewhere)] == ["worker"]
    assert inspect(file).findings == []
    read(file, worker(), worker(enabled=False, http={"uri": "x"}))
    [finding] = inspect(file).findings
    assert finding.where == "tools.directors[0].workers[1].http.uri"


# What is refused


@pytest.mark.parametrize(
    ("sent", "where", "text"),
    [
        (worker(id=...), "id", "it is missing or not usable"),
        (worker(id="a b"), "id", "it is missing or not usable"),
        (worker(enabled="maybe"), "enabled", "'maybe' is not a boolean"),
        (worker(enabled=[]), "enabled", "[] is not a boolean"),
        (worker(enabled="${env:UNSET}"), "enabled", "the variable UNSET is not set"),
        (worker(http=...), "http", "it is missing or not a mapping"),
        (worker(http=URI), "http", "it is missing or not a mapping"),
        (worker(http={}), "http.uri", "uri must be a plain http or https address such as " + URI),
        (
            worker(http={"uri": "https://worker.example"}),
            "http.uri",
            "the sandbox calls workers on this machine only: "
            "use http://127.0.0.1 or http://localhost with the worker's port",
        ),
        (worker(http={"uri": "${env:UNSET}"}), "http.uri", "the variable UNSET is not set"),
        (worker(http={"uri": URI, "timeout": 0}), "http.timeout", "0 is not possible"),
        (worker(http={"uri": URI, "timeout": True}), "http.timeout", "True is not possible"),
        (worker(http={"uri": URI, "retry": "3"}), "http.retry", "'3' is not possible"),
        (
            worker(http={"uri": URI, "secret": ""}),
            "http.secret",
            "it is not a text of 1 to 100 characters",
        ),
        (
            worker(http={"uri": URI, "secret": "${env:UNSET}"}),
            "http.secret",
            "the variable UNSET is not set",
        ),
        (worker(http={"uri": URI, "url": URI}), "http.url", "http has no setting 'url'"),
    ],
)
def test_a_wrong_worker_is_refused_with_its_place(
    file: Path, sent: dict[str, Any], where: str, text: str
) -> None:
    write(file, {"directors": [{"id": "default", "workers": [sent]}]})
    [finding] = refused(file)

    assert (finding.where, finding.text) == (f"{FIRST}.{where}", text)


@pytest.mark.parametrize(
    ("tools", "where", "text"),
    [
        ([worker()], "tools", "tools is not a mapping"),
        ({"directors": {"id": "a"}}, "tools.directors", "directors is not a list"),
        ({"directors": ["a"]}, "tools.directors[0]", "'a' is not a mapping"),
        (
            {"directors": [{"workers": worker()}]},
            "tools.directors[0].workers",
            "workers is not a list",
        ),
        ({"directors": [{"workers": [7]}]}, FIRST, "7 is not a mapping"),
    ],
)
def test_another_structure_is_refused_with_its_place(
    file: Path, tools: Any, where: str, text: str
) -> None:
    write(file, tools)
    [finding] = refused(file)

    assert (finding.where, finding.text) == (where, text)


def test_two_workers_cannot_have_the_same_id(file: Path) -> None:
    write(file, {"directors": [{"id": name, "workers": [worker()]} for name in "ab"]})
    [finding] = refused(file)

    assert finding.where == "tools.directors[1].workers[0].id"
    assert finding.text == "two workers have the id 'worker'"


def test_everything_wrong_is_told_at_once_and_the_rest_can_be_read(file: Path) -> None:
    wrong = worker(id="", http={"uri": "x", "timeout": -1})
    write(file, {"directors": [{"id": "default", "workers": [wrong, worker()]}]})
    configuration = inspect(file)

    assert {finding.where for finding in configuration.findings} == {
        f"{FIRST}.id",
        f"{FIRST}.http.uri",
        f"{FIRST}.http.timeout",
    }
    assert [found.id for found in configuration.workers] == ["worker"]


def test_no_finding_shows_a_secret(file: Path) -> None:
    write(file, {"directors": [{"workers": [worker(http={"uri": "x", "secret": SECRET * 3})]}]})

    assert SECRET not in "".join(str(finding) for finding in refused(file))


# The checker and the Engine


def test_a_file_with_workers_only_passes_the_check(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARCADE_WORKER_SECRET")
    file.write_text(PUBLISHED, encoding="utf-8")

    assert check(file) == []


def test_a_worker_of_the_file_is_registered_and_runs_tools(
    working: tuple[World, WorkerProcess], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCADE_WORKER_URI", working[1].uri)
    file.write_text(PUBLISHED, encoding="utf-8")
    world = make_world()
    world.sandbox.prepare(None, file)
    [shown] = world.arcade.workers.list()
    answer = world.arcade.tools.execute(tool_name="Ticktick.SortOut", input={"numbers": [2, 1]})
    changed = world.arcade.workers.update("worker", http={"timeout": 5})
    deleted = call(world, "DELETE", "/v1/workers/worker")
    world.close()

    assert shown.binding
    assert (shown.id, shown.enabled, shown.binding.type) == ("worker", True, "static")
    assert answer.output
    assert answer.output.value == [1, 2]
    assert changed.binding == shown.binding
    assert deleted.status_code == 204


def test_the_secret_of_the_sandbox_is_at_hand(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCADE_WORKER_SECRET")
    file.write_text(PUBLISHED, encoding="utf-8")
    world = make_world()
    world.sandbox.prepare(None, file)
    [registered] = world.sandbox.engine.workers.all()
    world.close()

    assert registered.secret == client_environment(world.arcade_url)["ARCADE_WORKER_SECRET"]
