"""What counts as a complete URL, wherever one is typed or sent."""

from __future__ import annotations

import re
from urllib.parse import urlsplit


def is_absolute(url: str) -> bool:
    """Return whether this is a complete http or https URL."""
    try:
        parts = urlsplit(url)
        usable = (
            bool(parts.hostname) and parts.port != 0 and not re.search(r"[\s\x00-\x1f\x7f]", url)
        )
        return parts.scheme in ("http", "https") and usable
    except ValueError:
        return False
