"""Building the site, and where it says that it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.environment import ROOT

PREFIX = "/repo"
REPOSITORY = "https://git.example/owner/kit"


def build(folder: Path, *, run_here: bool = False, **where: str) -> None:
    """Build the site strictly into a folder, with what runs in the browser or without."""
    # Not quietly: with -q no warning counts, so that --strict lets every one pass.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    environment = {k: text for k, text in os.environ.items() if not k.endswith(("_URL", "_URI"))}
    if run_here:  # which is fetched from the package registries
        environment.pop("TICKTICK_SANDBOX_GUARD", None)
    environment |= where | {"RUN_HERE": "on" if run_here else "off"}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@contextmanager
def serving(folder: Path, asked: list[str] | None = None) -> Iterator[str]:
    """Serve a folder below a path while the block runs, and note the paths that are asked for.

    Yields:
        its address.
    """
    pages = partial(_Pages, directory=str(folder), asked=asked)
    with ThreadingHTTPServer(("127.0.0.1", 0), pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}{PREFIX}"
        server.shutdown()


class _Pages(SimpleHTTPRequestHandler):
    """Serves a folder below a path, as a code host serves the pages of a repository."""

    def __init__(self, *args: Any, asked: list[str] | None, **kwargs: Any) -> None:
        self._asked = asked
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        if self._asked is not None:
            self._asked.append(self.path)
        super().do_GET()

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(PREFIX))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        if code != HTTPStatus.NOT_FOUND:
            super().send_error(code, message, explain)
            return
        page = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        pass
