"""A running sandbox for programs that attach to it, and a person who clicks Allow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes import free_ports, running, sandbox
from tests.snippets.helpers import Serving


@pytest.fixture
def serving() -> Iterator[Serving]:
    """A sandbox with the provider, in another process."""
    arcade, ticktick = free_ports(2)
    with running(*sandbox("--arcade-port", arcade, "--ticktick-port", ticktick)) as (_, output):
        output.wait_for("your_program.py")
        yield Serving(arcade)
