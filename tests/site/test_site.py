"""The published site: complete, small, and without a request beyond its own host."""

from __future__ import annotations

import json
import re
import struct
from html import unescape
from pathlib import Path

import nbformat
import pytest

from tests.environment import ROOT
from tests.site.pages import NOTEBOOKS, PAGES
from ticktick_sandbox.arcade.api.not_imitated import PARTS

BYTES_A_PAGE = 60_000


def page_html(site: Path, page: str) -> str:
    return (site / page / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_small(site: Path, page: str) -> None:
    assert len(page_html(site, page).encode()) < BYTES_A_PAGE


def test_every_built_page_is_known(site: Path) -> None:
    built = {str(path.parent.relative_to(site)) for path in site.rglob("index.html")}
    assert built == {page.rstrip("/") or "." for page in PAGES}


def test_readers_are_told_what_of_the_api_is_not_imitated(site: Path) -> None:
    page = page_html(site, "reference/behaviours/").partition('id="what-is-not-imitated"')[2]
    for part in PARTS:
        assert f"<li>{part.name}: <code>{part.shown_path}</code></li>" in page


def test_only_pages_and_their_assets_are_published(site: Path) -> None:
    kinds = {path.suffix for path in site.rglob("*") if path.is_file()}
    assert kinds <= {
        ".css",
        ".gz",
        ".html",
        ".ipynb",
        ".js",
        ".json",
        ".map",
        ".png",
        ".svg",
        ".xml",
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_page_has_every_cell_its_outputs_and_the_download(
    site: Path, path: Path
) -> None:
    page = page_html(site, f"notebooks/{path.stem}/")
    text = unescape(re.sub(r"<[^>]+>", "", page))
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        assert cell.source in text
        for output in cell.outputs:
            shown = output.get("text") or output["data"]["text/plain"]
            assert shown.strip("\n") in text
    assert f'href="{path.name}"' in page
    assert (site / "notebooks" / path.stem / path.name).read_bytes() == path.read_bytes()


def test_code_on_pages_is_included(site: Path) -> None:
    for path in sorted((ROOT / "docs").rglob("*.md")):
        blocks = re.findall(r"^ *```[^\n]*\n(.*?)^ *```", path.read_text("utf-8"), re.S | re.M)
        assert [block for block in blocks if "--8<--" not in block] == []


def test_every_snippet_is_on_a_page() -> None:
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md"))
    everything = [path for path in (ROOT / "snippets").rglob("*") if path.is_file()]
    files = [
        path
        for path in everything
        if not {"__pycache__", "node_modules", "package-lock.json"} & set(path.parts)
    ]
    assert files
    for path in files:
        assert f'--8<-- "{path.relative_to(ROOT)}"' in pages, f"no page includes {path.name}"


def test_every_picture_is_used() -> None:
    texts = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *NOTEBOOKS]
    used = "".join(path.read_text("utf-8") for path in texts)
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert f"pictures/{picture.name})" in used


def test_every_picture_has_a_text_of_its_own() -> None:
    texts = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    pages = [path.read_text("utf-8") for path in texts]
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        pages += ["\n".join(cell.source for cell in cells if cell.cell_type == "markdown")]
    pictures = re.findall(r"!\[([^]]*)\]\([^)]*?([\w-]+)\.\w+\)", "\n".join(pages))
    assert len(pictures) > 10
    assert [name for text, name in pictures if len(text.split()) < 4] == []
    # The same words only for the same picture.
    assert len(set(pictures)) == len({text for text, _ in pictures})


@pytest.mark.parametrize("page", PAGES)
def test_screenshots_have_their_size_and_load_when_needed(site: Path, page: str) -> None:
    for image in re.findall(r"<img[^>]*\.png[^>]*>", page_html(site, page)):
        name, width, height = re.findall(r'([\w-]+\.png)" width="(\d+)" height="(\d+)"', image)[0]
        header = (ROOT / "docs" / "pictures" / name).read_bytes()[16:24]
        assert struct.pack(">II", int(width), int(height)) == header
        assert 'loading="lazy"' in image


def test_a_notebook_leads_to_the_page_that_shows_the_snippet(site: Path) -> None:
    for notebook, page in {
        "04_authorize_a_user": "authorize",
        "05_custom_tool": "tools",
        "06_prebuilt_tools": "tools",
        "07_verify_your_users": "users",
    }.items():
        assert f'href="../../snippets/{page}/"' in page_html(site, f"notebooks/{notebook}/")


def test_search_finds_a_method_in_code(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    found = [doc["location"] for doc in index["docs"] if "wait_for_completion" in doc["text"]]
    assert any(location.startswith("notebooks/04") for location in found)
