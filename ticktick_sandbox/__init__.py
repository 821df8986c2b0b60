"""Arcade's Engine and TickTick on this machine, for learning and testing.

In a notebook::

    import ticktick_sandbox as sandbox

    sandbox.start()

On the command line: ``ticktick-sandbox --help``.

With ``TUTORIAL_MODE=live`` nothing is started or changed: the same code then talks to the
live services with your own key.
"""

from ticktick_sandbox.notebook import (
    SandboxError,
    check,
    clock,
    events,
    open,
    start,
    start_app,
    start_worker,
    stop,
    watch,
    wire,
)

__all__ = [
    "SandboxError",
    "check",
    "clock",
    "events",
    "open",
    "start",
    "start_app",
    "start_worker",
    "stop",
    "watch",
    "wire",
]
