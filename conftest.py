"""Sets up what every test, kernel and child process runs in, and watches what they do.

One folder of logs belongs to the whole run, with a folder in it for each worker of
pytest-xdist. What a worker could not tell any more, the run reads there at its end.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.environment import set_up
from tests.installed import node
from tests.rules import watching

_LOGS = pytest.StashKey[Path]()  # of the whole run
_OWN = pytest.StashKey[Path]()  # of this process
_REACHED = "reached-beyond-this-machine.log"
_ANSWERS = "answers.log"
_RUNS_NODE = "11_from_the_published_guide.ipynb"
_OF_THE_SITE = {f"tests/site/test_{name}.py" for name in ("glossary", "search", "site")}


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment before the first kernel starts; fixtures don't reach notebooks."""
    worker = getattr(config, "workerinput", None)
    if worker:
        logs = Path(worker["logs"])
    else:
        logs = Path(tempfile.mkdtemp(prefix="sandbox-tests-"))
        atexit.register(shutil.rmtree, logs, ignore_errors=True)
    own = logs / (worker["workerid"] if worker else "main")
    own.mkdir()
    config.stash[_LOGS], config.stash[_OWN] = logs, own
    set_up(own / _REACHED)
    watching.watch_here_and_in_children(own / _ANSWERS)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the logs are."""
    node.workerinput["logs"] = str(node.config.stash[_LOGS])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers ``-n auto`` means: one more than cores, for tests that wait."""
    return min((os.cpu_count() or 1) + 1, 8)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a worker whole files, because the cells of a notebook share a kernel.

    Only the faults, each of which is a run of its own, are spread; and what looks at the built
    site stays together, so that it is built once.
    """
    from xdist.scheduler.loadfile import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            if "::test_the_suite_turns_red[" in nodeid:
                return nodeid
            return "the site" if file in _OF_THE_SITE else file

    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long in one file, so that all workers end at about the same time."""
    sandbox = config.rootpath / "tests" / "ticktick_sandbox"
    items.sort(key=lambda item: sandbox in item.path.parents)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Fail a test whose fixtures did what none may; skip what needs Node where there is none."""
    if item.path.name == _RUNS_NODE:
        node()
    yield
    _fail_on_what_was_seen(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail the test that did what none may."""
    try:
        return (yield)
    finally:
        _fail_on_what_was_seen(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Fail a test whose fixtures did at their end what none may."""
    yield
    _fail_on_what_was_seen(item)


def _fail_on_what_was_seen(item: pytest.Item) -> None:
    if found := _take_what_was_seen(item.config.stash[_OWN]):
        pytest.fail(found, pytrace=False)


def _take_what_was_seen(logs: Path) -> str:
    """Return what reached beyond this machine, and which answers no Engine would give."""
    said = ""
    if (logs / _REACHED).exists():
        taken = (logs / _REACHED).rename(logs / "taken.log")
        said += f"the network guard stopped:\n{taken.read_text(encoding='utf-8')}"
    if found := watching.take_violations(logs / _ANSWERS):
        said += f"the Engine's answers break the rules:\n{found}"
    return said


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for what was seen after a process had run its last test."""
    if hasattr(session.config, "workerinput"):
        return  # an exit status set here is lost
    for logs in sorted(session.config.stash[_LOGS].iterdir()):
        if found := _take_what_was_seen(logs):
            print(f"\nAfter the last test of {logs.name}, {found}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
