"""Building the site, and where it says that it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT

PREFIX = "/repo"
REPOSITORY = "https://git.example/owner/kit"


def build(folder: Path, **where: str) -> None:
    """Build the site strictly into a folder."""
    # Not quietly: with -q no warning counts, so that --strict lets every one pass.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    environment = {k: text for k, text in os.environ.items() if not k.endswith(("_URL", "_URI"))}
    run = subprocess.run(
        command, cwd=ROOT, env=environment | where, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
