"""Checks every answer of every Engine that is started while tests run.

A test may start one in its own process, or in a notebook's kernel or a command: such a
child gets the watch by the ``sitecustomize`` in ``in_children``. All answers go into one
file, and the test run judges them after each test: to load what judges takes a child long.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from ticktick_sandbox.arcade.engine.engine import Engine

LOG = "TESTS_ANSWERS"  # the environment variable that names the file
IN_CHILDREN = Path(__file__).parent / "in_children"


def watch_here_and_in_children(log: Path) -> None:
    """Put the watch on for this process and the Python processes that it starts."""
    from ticktick_sandbox import arcade

    os.environ[LOG] = str(log)
    os.environ["PYTHONPATH"] += f"{os.pathsep}{IN_CHILDREN}"
    watch(arcade)


def watch(arcade: ModuleType) -> None:
    """Note what every Engine answers that ``ticktick_sandbox.arcade`` makes from now on."""
    create_app = arcade.create_app
    if create_app.__module__ == __name__:
        return  # it was put on before, as in a worker of pytest-xdist

    def watched(engine: Engine) -> ASGIApp:
        return Noted(create_app(engine))

    arcade.create_app = watched  # type: ignore[assignment]


class Noted:
    """Passes requests on to an Engine, and answers back once they are noted."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        start: Message = {}
        body = b""

        async def noting(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    _note(scope, start, body)
            await send(message)

        await self.app(scope, receive, noting)


def _note(scope: Scope, start: Message, body: bytes) -> None:
    content_type = dict(start["headers"]).get(b"content-type", b"").decode("latin-1")
    answer = scope["method"], scope["path"], start["status"], content_type, body.decode("latin-1")
    with Path(os.environ[LOG]).open("ab", buffering=0) as log:  # in one piece: others write, too
        log.write(json.dumps(answer).encode() + b"\n")


def take_violations(log: Path) -> str:
    """Judge the answers since the last time, and return what is wrong with them, one a line."""
    if not log.exists():
        return ""
    from tests.rules.checking import violations

    taken = log.rename(log.with_suffix(".taken"))
    answers = [json.loads(line) for line in taken.read_bytes().splitlines()]
    found = [
        problem
        for *request, content_type, body in answers
        for problem in violations(*request, content_type, body.encode("latin-1"))
    ]
    return "".join(f"{problem}\n" for problem in found)
