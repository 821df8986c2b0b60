"""The load generator: reads a ``Load`` from its input and prints the seconds it took."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

from benchmarks.http_client import Connection
from benchmarks.processes import Load

CODE = "_CODE_"  # stands in the third request for the code; both have six characters
TOKEN = "_TOKEN_"  # noqa: S105 -- stands in the fourth request for the access token

_CODE = re.compile(rb"[?&]code=(\w{6})\b")
_TOKEN = re.compile(rb'"access_token": ?"([^"]+)"')


async def run(load: Load) -> float:
    """Make the flows and return the seconds that they took."""
    authorize, approve, token, projects = (text.encode() for text in load.requests)
    left = iter(range(load.flows))

    async def client(connection: Connection) -> None:
        for _ in left:
            _found(rb"Allow", await connection.ask(authorize))
            code = _found(_CODE, await connection.ask(approve))[1]
            answer = await connection.ask(token.replace(CODE.encode(), code))
            value = _found(_TOKEN, answer)[1]
            answer = await connection.ask(projects.replace(TOKEN.encode(), value))
            _found(rb"^HTTP/1.1 200", answer)

    connections = [await Connection.to(load.port) for _ in range(load.clients)]
    began = time.perf_counter()
    await asyncio.gather(*map(client, connections))
    return time.perf_counter() - began


def _found(pattern: bytes | re.Pattern[bytes], answer: bytes) -> re.Match[bytes]:
    found = re.search(pattern, answer)
    if found is None:
        raise RuntimeError(f"no {pattern!r} in {answer!r}")
    return found


if __name__ == "__main__":
    print(asyncio.run(run(Load(**json.load(sys.stdin)))))
