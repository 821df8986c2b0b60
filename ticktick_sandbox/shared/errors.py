"""What goes wrong for the reader of a notebook."""

from __future__ import annotations


class SandboxError(RuntimeError):
    """Something about the sandbox that the reader has to change; the text says what."""
