"""The site, built once as it is published, and served on this machine below a path."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.site.helpers import PREFIX, REPOSITORY, build


class _Pages(SimpleHTTPRequestHandler):
    """Serves a folder below a path, as a code host serves the pages of a repository."""

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


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Serve an empty folder, and return it with its address."""
    folder = tmp_path_factory.mktemp("site")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://localhost:{server.server_port}{PREFIX}"
        server.shutdown()


@pytest.fixture(scope="session")
def site(served: tuple[Path, str]) -> Path:
    """Build the site strictly, as the workflow does, and return its folder."""
    folder, url = served
    build(folder, SITE_URL=f"{url}/", REPO_URL=REPOSITORY, EDIT_URI="edit/main/docs/")
    return folder


@pytest.fixture(scope="session")
def site_url(site: Path, served: tuple[Path, str]) -> str:
    """Return where the built site is served."""
    return served[1]
