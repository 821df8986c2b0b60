"""The one alias for a JSON object."""

from __future__ import annotations

from typing import Any

type Json = dict[str, Any]
