"""Two fixtures for pytest, in effect wherever this package is installed.

``ticktick_sandbox`` is Arcade's Engine and TickTick for one test, ``arcade_client`` a real
``arcadepy.Arcade`` that talks to it. Nothing is imported and started before a test asks.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from arcadepy import Arcade

    from ticktick_sandbox.testing import TickTickSandbox

_SANDBOX = pytest.StashKey["TickTickSandbox"]()


@pytest.fixture
def ticktick_sandbox(pytestconfig: pytest.Config) -> Iterator[TickTickSandbox]:
    """Arcade's Engine and TickTick on this machine, as they are at their start."""
    if _SANDBOX not in pytestconfig.stash:
        from ticktick_sandbox.testing import TickTickSandbox

        pytestconfig.stash[_SANDBOX] = started = TickTickSandbox()
        pytestconfig.add_cleanup(started.stop)
    with pytestconfig.stash[_SANDBOX].for_one_test() as sandbox:
        yield sandbox


@pytest.fixture
def arcade_client(ticktick_sandbox: TickTickSandbox) -> Arcade:
    """Return a client of Arcade's SDK for Python that talks to the sandbox."""
    try:
        import arcadepy
    except ImportError:
        pytest.fail("arcade_client is the client of arcadepy: pip install arcadepy", pytrace=False)
    return arcadepy.Arcade(
        base_url=ticktick_sandbox.arcade_url,
        api_key=ticktick_sandbox.api_key,
        http_client=ticktick_sandbox.http_client,
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Add to the report of a test that failed what went over the wire, and what was written."""
    report = yield
    sandbox = getattr(item, "funcargs", {}).get("ticktick_sandbox")
    if report.failed and report.when == "call" and sandbox is not None:
        report.sections += sandbox.report()
    return report
