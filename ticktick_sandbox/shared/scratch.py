"""Temporary folders that do not outlive their process for long, however it ended."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

_NAME = re.compile(r"ticktick-sandbox-(\d+)-.+")


class NoScratch(OSError):
    """There is no temporary folder; the text says what to do."""


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a new folder. Those of processes that are gone, killed perhaps, are cleared.

    Raises:
        NoScratch: no folder can be made.
    """
    try:
        _clear(Path(tempfile.gettempdir()))
        return tempfile.TemporaryDirectory(prefix=f"ticktick-sandbox-{os.getpid()}-")
    except OSError as problem:
        raise NoScratch(
            f"No temporary folder can be made: {problem.strerror or problem}. Free some space, "
            "or set TMPDIR to a folder that can be written."
        ) from None


def _clear(place: Path) -> None:
    for folder in place.glob("ticktick-sandbox-*"):
        named = _NAME.fullmatch(folder.name)
        if named and not folder.is_symlink() and not _runs(int(named[1])):
            shutil.rmtree(folder, ignore_errors=True)  # another user's stays


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # it is another user's, or none that this machine could have
    return True
