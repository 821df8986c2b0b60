"""Servers and load generators as processes of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from ticktick_sandbox.server.ports import Listener

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Server:
    """A running server process, and how long after its start it first answered."""

    process: subprocess.Popen[bytes]
    ports: tuple[int, ...]
    first_answer: float


def environment() -> dict[str, str]:
    """Return an environment in which Python may keep compiled modules, as it does by default."""
    left_out = ("PYTHONDONTWRITEBYTECODE", "TUTORIAL_MODE")
    return {name: value for name, value in os.environ.items() if name not in left_out}


@contextmanager
def sandbox(*arguments: str) -> Iterator[Server]:
    """Run ``ticktick-sandbox`` on free ports, Arcade's first."""
    arcade, ticktick = _free_ports(2)
    options = (f"--arcade-port={arcade}", f"--ticktick-port={ticktick}", *arguments)
    with (
        TemporaryFile() as output,
        _serving(
            ("ticktick_sandbox", *options), (arcade, ticktick), "/v1/health", output
        ) as server,
    ):
        # It greets once its provider is there, too.
        while not os.fstat(output.fileno()).st_size and server.process.poll() is None:
            time.sleep(0.001)
        yield server


@contextmanager
def baseline() -> Iterator[Server]:
    """Run the bare application on a free port."""
    (port,) = _free_ports(1)
    with _serving(("benchmarks.baseline", str(port)), (port,), "/", subprocess.DEVNULL) as server:
        yield server


@dataclass(frozen=True)
class Load:
    """How many flows to make, by how many clients at once, with which four requests."""

    port: int
    clients: int
    flows: int
    requests: tuple[str, str, str, str]


def flows_per_second(load: Load) -> float:
    """Run the load generator in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT,
        env=environment(),
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(run.stderr)
    return load.flows / float(run.stdout)


@contextmanager
def _serving(
    module: tuple[str, ...], ports: tuple[int, ...], path: str, output: IO[bytes] | int
) -> Iterator[Server]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *module], cwd=ROOT, env=environment(), stdout=output
    )
    try:
        _wait_for_answer(process, ports[0], path)
        yield Server(process, ports, first_answer=time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    question = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    while process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(question)
                if client.recv(1024).startswith(b"HTTP/1.1 200"):
                    return
        except ConnectionError:
            time.sleep(0.001)
    raise RuntimeError(f"the server ended with exit code {process.returncode}")


def _free_ports(number: int) -> list[int]:
    sockets = [Listener(0) for _ in range(number)]
    ports = [sock.port for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports
