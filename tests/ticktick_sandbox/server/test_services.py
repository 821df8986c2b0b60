"""The services run where there is no thread, no socket and nothing compiled of the servers'."""

from __future__ import annotations

import subprocess
import sys

from tests.environment import ROOT

PROGRAM = """
import asyncio, hashlib, socket, sys, threading
from urllib.parse import parse_qs, urlsplit

for name in ("httptools", "trustme", "uvicorn"):
    sys.modules[name] = None  # importing it fails
del hashlib.scrypt

def no(*args, **kwargs):
    raise RuntimeError("there is none here")

import httpx
from ticktick_sandbox.server.services import Services
from ticktick_sandbox.server.hosts import LocalAddresses
from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.context import Context

loop = asyncio.new_event_loop()
threading.Thread.start = socket.socket.bind = socket.socket.connect = no
arcade, ticktick = "http://localhost:9099", "http://localhost:9100"
local = LocalAddresses({"https://ticktick.com": ticktick})
services = Services(
    Context.of(Clock()), arcade_url=arcade, ticktick_url=ticktick, strict=False, local=local,
    run=loop.run_until_complete,
)
services.prepare("arcade-ticktick")

async def answer():
    transport = httpx.ASGITransport(services.arcade_app)
    headers = {"Authorization": "arc_sandbox"}
    async with httpx.AsyncClient(transport=transport, base_url=arcade, headers=headers) as client:
        return (await client.get("/v1/admin/auth_providers")).json()["items"][0]["id"]

print(loop.run_until_complete(answer()))
"""


def test_the_services_need_no_server() -> None:
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{PROGRAM}"
    command = [sys.executable, "-I", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.stdout == "arcade-ticktick\n", run.stderr
