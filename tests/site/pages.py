"""The pages of the site."""

from __future__ import annotations

from tests.environment import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


PAGES = [
    "",
    *(f"notebooks/{path.stem}/" for path in NOTEBOOKS),
    "how-to/get/",
    "how-to/sandbox/",
    "how-to/test/",
    "how-to/new-project/",
    "how-to/provider/",
    "how-to/several-providers/",
    "how-to/self-hosted/",
    "how-to/mcp/",
    "how-to/go-live/",
    "explanation/brokered-flow/",
    "capstone/",
    "snippets/authorize/",
    "snippets/tools/",
    "snippets/web-app/",
    "snippets/agents/",
    "snippets/users/",
    "reference/errors/",
    "reference/glossary/",
    "reference/provider-configuration/",
    "reference/ticktick/",
    "reference/bodies/",
    "reference/behaviours/",
    "reference/arcade-behaviours/",
    "reference/ticktick-behaviours/",
    "reference/unknowns/",
]
