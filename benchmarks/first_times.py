"""How long a person waits at first: for the first answer, and for the first cell."""

from __future__ import annotations

from statistics import median

from jupyter_client.manager import start_new_kernel

from benchmarks import processes

_CELL = """
from time import perf_counter as _now
_began = _now()
import ticktick_sandbox as sandbox
sandbox.start()
_took = _now() - _began
"""


def answers(pairs: int) -> tuple[float, float]:
    """Return the median seconds to the first answer, of the sandbox and of the bare application.

    The two are started in turn. A first pair is not counted: it may have to compile.
    """
    ours, theirs = [], []
    for _ in range(pairs + 1):
        with processes.sandbox("--empty") as server:
            ours.append(server.first_answer)
        with processes.baseline() as server:
            theirs.append(server.first_answer)
    return median(ours[1:]), median(theirs[1:])


def cell(kernels: int) -> float:
    """Return the median seconds of a notebook's first cell, each in a fresh kernel.

    A first kernel is not counted: it may have to compile.
    """
    return median([_first_cell() for _ in range(kernels + 1)][1:])


def _first_cell() -> float:
    manager, client = start_new_kernel(
        cwd=str(processes.ROOT),
        env=processes.environment(),
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        reply = client.execute_interactive(
            _CELL, user_expressions={"took": "_took"}, output_hook=lambda _: None, timeout=60
        )["content"]
        if reply["status"] != "ok":
            raise RuntimeError(f"{reply['ename']}: {reply['evalue']}")
        return float(reply["user_expressions"]["took"]["data"]["text/plain"])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
