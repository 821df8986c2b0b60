"""``python -m benchmarks.in_this_browser``: print what a first visit to Run it here takes.

It builds the site, serves it packed as a host does, and goes through notebook 00 in the
installed Chromium with an empty cache. It measures and never fails on a number.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

_VISITS = 3
_PACKED = (".whl", ".zip", ".webp", ".png", ".woff2")  # what a host sends as it is
_ROW = "{:<52} {:>7}  {}"


class _Host(SimpleHTTPRequestHandler):
    """Serves the site packed, and counts the bytes by kind."""

    def __init__(self, *args: Any, sent: Counter[str], **kwargs: Any) -> None:
        self._sent = sent
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        packs = path.suffix not in _PACKED
        content = gzip.compress(path.read_bytes(), 6) if packs else path.read_bytes()
        kind = "outside"
        if "/lite/" in self.path:
            kind = "wheels" if path.suffix == ".whl" else "shell"
            kind = "Pyodide" if kind == "shell" and path.parent.name == "pyodide" else kind
        self._sent[kind] += len(content)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        if packs:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    """Build, visit, and print one row after the other."""
    chromium = which("chromium") or which("google-chrome")
    sent: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", folder]
        subprocess.run(build, check=True)
        host = partial(_Host, directory=folder, sent=sent)
        with (
            ThreadingHTTPServer(("127.0.0.1", 0), host) as server,
            sync_playwright() as playwright,
        ):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://localhost:{server.server_port}"
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            visits = [_visit(browser, url, sent) for _ in range(_VISITS)]
            browser.close()
            server.shutdown()
    print(_ROW.format(f"figure, median of {_VISITS} first visits", "", "target"))
    for name, target in (
        ("shell, MB packed", ""),
        ("Pyodide, MB packed", ""),
        ("wheels, MB packed", ""),
        ("together, MB packed", "at most 16"),
        ("click on Run it here to notebook ready, s", ""),
        ("first cell, s", ""),
        ("click on Run it here to token, s, clicks at once", "at most 20"),
        ("Allow to token, s", "at most 0.5"),
    ):
        figure = median(visit[name] for visit in visits)
        print(_ROW.format(name, f"{figure:.2f}", target))


def _visit(browser: Browser, url: str, sent: Counter[str]) -> dict[str, float]:
    """Go through notebook 00 with an empty cache, and return what it took."""
    sent.clear()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    tab.goto(f"{url}/notebooks/00_start_here/")
    clicked = time.perf_counter()
    tab.get_by_role("link", name="Run it here").click()
    tab.get_by_text("| Idle").wait_for(timeout=120_000)
    ready = time.perf_counter()
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_text("Run All Cells", exact=True).first.click()
    tab.get_by_text("Sandbox: Arcade at").wait_for()
    started = time.perf_counter()
    page = tab.frame_locator("iframe[title='The page']")
    page.get_by_role("button", name="Sign in").click()
    allowed = _allow(page.get_by_role("button", name="Allow"), tab)
    token = time.perf_counter()
    context.close()
    megabytes = {f"{kind}, MB packed": count / 1e6 for kind, count in sent.items()}
    return megabytes | {
        "together, MB packed": sum(count for kind, count in sent.items() if kind != "outside")
        / 1e6,
        "click on Run it here to notebook ready, s": ready - clicked,
        "first cell, s": started - ready,
        "click on Run it here to token, s, clicks at once": token - clicked,
        "Allow to token, s": token - allowed,
    }


def _allow(button: Any, tab: Page) -> float:
    """Click, wait for the token, and return when the click was."""
    button.wait_for()
    now = time.perf_counter()
    button.click()
    tab.get_by_text("'completed'", exact=True).wait_for()
    return now


if __name__ == "__main__":
    main()
