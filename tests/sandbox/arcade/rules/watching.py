"""Checks every answer of every Engine that is started while tests run.

A test may start one in its own process, or in a notebook's kernel or a command: such a
child gets the watch by the ``sitecustomize`` in ``in_children``. What is wrong goes into
one file, which the test run looks at after each test.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sandbox.arcade.rules.checking import violations

if TYPE_CHECKING:
    from sandbox.arcade.engine import Engine

LOG = "TESTS_WRONG_ANSWERS"  # the environment variable that names the file
IN_CHILDREN = Path(__file__).parent / "in_children"


def watch_here_and_in_children(log: Path) -> None:
    """Put the watch on for this process and the Python processes that it starts."""
    from sandbox import arcade

    os.environ[LOG] = str(log)
    os.environ["PYTHONPATH"] += f"{os.pathsep}{IN_CHILDREN}"
    watch(arcade)


def watch(arcade: ModuleType) -> None:
    """Check what every Engine answers that ``sandbox.arcade`` makes from now on."""
    create_app = arcade.create_app

    def watched(engine: Engine) -> ASGIApp:
        return Checked(create_app(engine))

    arcade.create_app = watched  # type: ignore[assignment]


class Checked:
    """Passes requests on to an Engine, and answers back once they are judged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        start: Message = {}
        body = b""

        async def judging(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    _judge(scope, start, body)
            await send(message)

        await self.app(scope, receive, judging)


def _judge(scope: Scope, start: Message, body: bytes) -> None:
    content_type = dict(start["headers"]).get(b"content-type", b"").decode("latin-1")
    found = violations(scope["method"], scope["path"], start["status"], content_type, body)
    if found:
        with Path(os.environ[LOG]).open("a", encoding="utf-8") as log:
            log.write("".join(f"{line}\n" for line in found))


def take_violations() -> str:
    """Return what was found since the last time, one a line."""
    log = Path(os.environ[LOG])
    if not log.exists():
        return ""
    found = log.read_text(encoding="utf-8")
    log.unlink()
    return found
