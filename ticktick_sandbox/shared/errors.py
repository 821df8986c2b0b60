"""What goes wrong for the reader of a notebook."""

from __future__ import annotations


class SandboxError(RuntimeError):
    """Something about the sandbox that the reader has to change; the text says what."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: the sandbox's own lines would hide the text."""
        return [f"{type(self).__name__}: {self}"]
