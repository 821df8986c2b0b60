"""Reading JSON that somebody else wrote and that has to be passed on."""

from __future__ import annotations

import json
from typing import Any


def read_json(text: str | bytes) -> Any:
    """Return what JSON says.

    Raises:
        ValueError: it is no JSON, or says what no answer could repeat: a number that is none,
            half a surrogate pair, or too many levels.
    """
    try:
        value = json.loads(text)
        passed_on = [[[[[[[[value]]]]]]]]  # with levels around it
        json.dumps(passed_on, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise ValueError("too many levels") from None
    return value
