"""How the Engine writes a moment."""

from __future__ import annotations

from datetime import datetime


def format_timestamp(moment: datetime) -> str:
    """Return a moment in UTC as the Engine writes it, without fractions of a second."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
