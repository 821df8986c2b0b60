"""Gives each screenshot its size, so that the page does not jump, and loads it when needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PIL import Image

PICTURES = Path(__file__).parents[1] / "pictures"
_SCREENSHOT = re.compile(r'(<img [^>]*src="[^"]*pictures/([\w-]+\.webp)")')


def on_page_content(html: str, **_: Any) -> str:
    """Add width, height and lazy loading to the page's screenshots."""
    return _SCREENSHOT.sub(_with_size, html)


def _with_size(image: re.Match[str]) -> str:
    with Image.open(PICTURES / image.group(2)) as picture:
        width, height = picture.size
    return f'{image.group(1)} width="{width}" height="{height}" loading="lazy"'
