"""How the Engine speaks to a worker: signed requests, and what can go wrong with them.

The protocol is that of arcade-serve 3.6.0 and arcade-mcp-server 1.32.1. The Engine's
words about failures are ours.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ticktick_sandbox.arcade.strict_json import read_json

if TYPE_CHECKING:
    import httpx

    from ticktick_sandbox.arcade.engine.worker import Worker

_QUESTION = 5  # seconds for a question that runs no tool
_SHORTEST_SECRET = 32  # bytes; PyJWT warns below


class WorkerFailed(Exception):
    """A worker did not do what it was asked.

    ``message`` says what happened and ``hint`` what to do; neither holds a secret.
    ``can_retry`` is true only if certainly no tool has run and asking again may help.
    """

    def __init__(self, message: str, hint: str, *, can_retry: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.can_retry = can_retry

    @property
    def advice(self) -> str:
        """What happened and what to do, in sentences."""
        return f"{self.message}. {self.hint}"

    @classmethod
    def junk(cls, name: str, wanted: str) -> WorkerFailed:
        """Return the failure of a worker that answered something else than ``wanted``."""
        return cls(
            f"worker {name} did not answer with {wanted}",
            "What answers at its URI is no worker, or one of another version.",
        )


async def health(client: httpx.AsyncClient, name: str, uri: str, timeout: int = _QUESTION) -> None:
    """Ask a worker how it is; that needs no secret.

    Raises:
        WorkerFailed: it is not well, or no worker.
    """
    seconds = min(timeout, _QUESTION)
    answer = await _ask(client, name, "GET", uri, "/worker/health", seconds)
    if not isinstance(answer, dict) or answer.get("status") != "ok":
        raise WorkerFailed.junk(name, "its health")


async def tools(client: httpx.AsyncClient, worker: Worker) -> list[Any]:
    """Return the definitions of a worker's tools, as it sends them.

    Raises:
        WorkerFailed: it can't be reached, refuses the secret, or answers junk.
    """
    seconds = min(worker.timeout, _QUESTION)
    answer = await _ask(
        client, worker.id, "GET", worker.uri, "/worker/tools", seconds, secret=worker.secret
    )
    if not isinstance(answer, list):
        raise WorkerFailed.junk(worker.id, "a list of tools")
    return answer


async def invoke(
    client: httpx.AsyncClient, worker: Worker, call: dict[str, Any]
) -> tuple[bool, dict[str, Any]]:
    """Have a worker run a tool, once, and return whether that went well, and its output.

    Args:
        client: sends the request.
        worker: offers the tool.
        call: the tool's ``run_id``, ``execution_id``, ``created_at``, ``tool``, ``inputs``
            and ``context``.

    Raises:
        WorkerFailed: there is no result; the tool may have run all the same.
    """
    answer = await _ask(
        client,
        worker.id,
        "POST",
        worker.uri,
        "/worker/tools/invoke",
        worker.timeout,
        secret=worker.secret,
        body=call,
    )
    success = answer.get("success") if isinstance(answer, dict) else None
    output = answer.get("output") if isinstance(answer, dict) else None
    if not isinstance(success, bool) or not isinstance(output, dict):
        raise WorkerFailed.junk(worker.id, "a tool's result")
    return success, output


def token(secret: str) -> str:
    """Return the token that shows a worker that the Engine asks."""
    import jwt

    # HMAC itself fills a short key up with zeros: the signature is the same, unwarned.
    key = secret.encode().ljust(_SHORTEST_SECRET, b"\0")
    return jwt.encode({"aud": "worker", "ver": "1"}, key, algorithm="HS256")


async def _ask(
    client: httpx.AsyncClient,
    name: str,
    method: str,
    uri: str,
    path: str,
    seconds: int,
    *,
    secret: str | None = None,
    body: Any = None,
) -> Any:
    """Send one request and return the JSON of the answer."""
    import httpx

    # A connection of its own: an idle one may be closed just as it is used again.
    headers = {"Connection": "close"}
    if secret is not None:
        headers["Authorization"] = f"Bearer {token(secret)}"
    try:
        async with asyncio.timeout(seconds):
            reply = await client.request(
                method, uri + path, headers=headers, json=body, timeout=None
            )
    except TimeoutError:
        raise WorkerFailed(
            f"worker {name} did not answer within {seconds} s",
            "A tool that was called may still be running. A longer http.timeout waits longer.",
        ) from None
    except httpx.ConnectError:
        raise WorkerFailed(
            f"worker {name} can't be reached",
            f"Nothing listens at {uri}. Start the worker, try again.",
            can_retry=True,
        ) from None
    except httpx.HTTPError:
        raise WorkerFailed(
            f"worker {name} broke the connection off",
            "It was stopped or crashed; its output says more. A tool may have run.",
        ) from None
    if reply.status_code == 401:
        raise WorkerFailed(
            f"worker {name} refuses the Engine's secret",
            "Start it with the ARCADE_WORKER_SECRET that it is registered with.",
        )
    if reply.status_code != 200:
        raise WorkerFailed(
            f"worker {name} answered {reply.status_code}",
            "Its output says more. Perhaps it was started without ARCADE_WORKER_SECRET, has lost "
            "the tool, or is no worker.",
        )
    try:
        return read_json(reply.content)
    except ValueError:
        raise WorkerFailed.junk(name, "JSON") from None
