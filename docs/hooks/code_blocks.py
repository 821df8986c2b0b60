"""Leaves out the marks of highlighting that our palette shows as plain code.

Names, operators and punctuation have no colour of their own. Their marks are a third of a
page of code.
"""

from __future__ import annotations

import re
from typing import Any

_PLAIN = re.compile(r'<span class="(?:n|nx|o|p|w|sa|m)">([^<]*)</span>')


def on_page_content(html: str, **_: Any) -> str:
    """Keep the text of such marks, and drop the marks."""
    return _PLAIN.sub(r"\1", html)
