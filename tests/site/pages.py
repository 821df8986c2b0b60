"""The pages of the site."""

from __future__ import annotations

from tests.environment import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


PAGES = [
    "",
    *(f"notebooks/{path.stem}/" for path in NOTEBOOKS),
    "how-to/go-live/",
    "how-to/mcp/",
    "snippets/authorize/",
    "snippets/tools/",
    "snippets/users/",
    "differences/",
    "reference/provider-configuration/",
    "reference/ticktick/",
    "reference/behaviours/",
    "reference/arcade-behaviours/",
    "reference/ticktick-behaviours/",
]
