"""Arcade's Engine and TickTick on this machine, for learning and testing.

In a notebook::

    import ticktick_sandbox as sandbox

    sandbox.start()

On the command line: ``ticktick-sandbox --help``.

With ``TUTORIAL_MODE=live`` nothing is started or changed: the same code then talks to the
live services with your own key.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ticktick_sandbox.notebook import (
        SandboxError,
        check,
        clock,
        events,
        exercise,
        faults,
        open,
        preflight,
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
    "exercise",
    "faults",
    "open",
    "preflight",
    "start",
    "start_app",
    "start_worker",
    "stop",
    "watch",
    "wire",
]


def __getattr__(name: str) -> object:
    """Import what notebooks call when it is called: the commands don't need it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ticktick_sandbox import notebook

    return getattr(notebook, name)


def __dir__() -> list[str]:
    return [*__all__, "__all__", "__doc__"]
