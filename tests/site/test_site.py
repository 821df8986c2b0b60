"""The published site: complete, small, and without a request beyond its own host."""

from __future__ import annotations

import json
import re
import tarfile
from html import unescape
from pathlib import Path

import nbformat
import pytest
from markdown.extensions.toc import slugify
from PIL import Image

from tests.environment import ROOT
from tests.site.commands import COMMANDS
from tests.site.helpers import PREFIX, REPOSITORY, build
from tests.site.pages import NOTEBOOKS, PAGES
from ticktick_sandbox.arcade.api.not_imitated import PARTS

BYTES_A_PAGE = 120_000
"""Half of it is the frame; the largest page has three quarters, so that a sentence always fits."""


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
        ".md",
        ".png",  # Material's own
        ".svg",
        ".txt",
        ".webp",
        ".whl",
        ".xml",
    } | {Path(name).suffix for name in published(site)}


def published(site: Path) -> dict[str, bytes]:
    """Return the snippets that are offered for download, by their place below ``files/``."""
    folder = site / "files"
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


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
            data = output.get("data", {})
            if "text/html" in data:
                drawn = unescape(re.sub(r"<[^>]+>", "", data["text/html"]))
                assert "".join(drawn.split()) in "".join(text.split())
                assert page.count("<details><summary>") == page.count("</pre></details>") > 0
            else:
                assert (output.get("text") or data["text/plain"]).strip("\n") in text
    assert f'href="{PREFIX}/notebooks/{path.stem}/{path.name}" title="Download' in page
    assert (site / "notebooks" / path.stem / path.name).read_bytes() == path.read_bytes()


def snippets() -> dict[str, Path]:
    everything = [path for path in (ROOT / "snippets").rglob("*") if path.is_file()]
    return {
        path.relative_to(ROOT / "snippets").as_posix(): path
        for path in everything
        if not {"__pycache__", "node_modules"} & set(path.parts)
    }


def test_a_page_shows_a_file_as_it_is_and_its_title_is_the_link_to_it(site: Path) -> None:
    shown = set()
    for page in PAGES:
        html = page_html(site, page)
        for place, block in re.findall(
            r'<span class="filename"><a href="([^"]+)" download>.*?<code>(.*?)</code>', html, re.S
        ):
            path = (site / page / place).resolve().relative_to((site / "files").resolve())
            name = path.as_posix()
            source = snippets()[".env.example" if name == "env.example" else name]
            assert (site / "files" / path).read_bytes() == source.read_bytes()
            code = unescape(re.sub(r"<[^>]+>", "", block))
            assert code.rstrip("\n") == source.read_text("utf-8").rstrip("\n")
            shown.add(source)
    left_out = {"package-lock.json", "commands.yaml"}
    assert {path for name, path in snippets().items() if Path(name).name not in left_out} == shown


def test_other_code_in_the_sources_of_pages_is_commands(site: Path) -> None:
    """What a program does is shown from its file; commands are run by test_commands.py."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        blocks = re.findall(r"^ *```([^\n]*)\n(.*?)^ *```", path.read_text("utf-8"), re.S | re.M)
        for language, block in blocks:
            assert language == "bash"
            assert set(block.splitlines()) <= set(COMMANDS), path.name


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
    for image in re.findall(r"<img[^>]*\.webp[^>]*>", page_html(site, page)):
        [size] = re.findall(r'([\w-]+\.webp)" width="(\d+)" height="(\d+)"', image)
        with Image.open(ROOT / "docs" / "pictures" / size[0]) as picture:
            assert picture.size == (int(size[1]), int(size[2]))
        assert 'loading="lazy"' in image


def test_a_notebook_leads_to_the_page_that_shows_the_snippet(site: Path) -> None:
    for notebook, page in {
        "04_authorize_a_user": "authorize",
        "05_custom_tool": "tools",
        "06_prebuilt_tools": "tools",
        "07_verify_your_users": "users",
    }.items():
        assert f'href="../../snippets/{page}/"' in page_html(site, f"notebooks/{notebook}/")


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.stem)
def test_a_source_reads_well_on_a_code_host(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "--8<--" not in text
    assert "\n=== " not in text
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, anchor = link.partition("#")
        if place.startswith("http"):
            continue
        target = (path.parent / place).resolve() if place else path
        assert target.is_file(), link
        if anchor and target.suffix == ".md" and "errors.md" not in link:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.M)
            assert anchor in [slugify(re.sub(r"[`*]", "", each), "-") for each in headings], link


def test_the_notebooks_and_the_readme_lead_to_whole_pages() -> None:
    """What a hook writes is missing where the source is read."""
    texts = [path.read_text("utf-8") for path in (ROOT / "README.md", *NOTEBOOKS)]
    for place in set(re.findall(r"\]\((?:\.\./)?(docs/[\w/-]+\.md)", "".join(texts))):
        text = re.sub(r"<!-- run \w+ -->", "", (ROOT / place).read_text("utf-8"))  # a button
        assert "<!--" not in text, place


def test_each_page_has_a_title_and_a_description_of_its_own(site: Path) -> None:
    pages = [page_html(site, page) for page in PAGES]
    titles = [re.findall(r"<title>(.*?)</title>", page)[0] for page in pages]
    about = [re.findall(r'<meta name="description" content="([^"]+)"', page)[0] for page in pages]
    for texts in (titles, about):
        assert len(set(texts)) == len(PAGES)
    assert all(40 <= len(unescape(text)) <= 170 and text[0].isupper() for text in about)


def test_a_page_knows_where_it_is(site: Path, site_url: str) -> None:
    for page in PAGES:
        assert f'<link rel="canonical" href="{site_url}/{page}">' in page_html(site, page)
        assert f"{REPOSITORY}/edit/main/" in page_html(site, page)
        [icon] = re.findall(r'<link rel="icon" href="([^"]+)"', page_html(site, page))
        assert (site / page / icon).resolve() == (site / "styles" / "favicon.svg").resolve()
    listed = re.findall(r"<loc>(.*?)</loc>", (site / "sitemap.xml").read_text("utf-8"))
    assert sorted(listed) == sorted(f"{site_url}/{page}" for page in PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_there_as_markdown(site: Path, page: str) -> None:
    html = page_html(site, page)
    [place] = re.findall(r"fetch\('([^']+\.md)'\)", html)
    text = (site / page / place).read_text("utf-8")
    [heading] = re.findall(r"<h1[^>]*>(.*?)<", html)
    assert f"# {unescape(heading)}" in text
    # Its links lead to Markdown, pictures and files that are there.
    for link in re.findall(r"\]\(((?!https?:)[^)#\s]+)", text):
        assert ((site / page / place).parent / link).resolve().is_file(), link


def test_llms_txt_lists_each_page(site: Path, site_url: str) -> None:
    text = (site / "llms.txt").read_text("utf-8")
    places = re.findall(rf"^- \[[^]]+\]\({re.escape(site_url)}/(.+?)\): .+$", text, re.M)
    assert len(places) == len(PAGES)
    assert all((site / place).is_file() for place in places)


def test_the_site_says_how_to_get_everything(site: Path, site_url: str) -> None:
    page = unescape(re.sub(r"<[^>]+>", "", page_html(site, "how-to/get/")))
    [wheel] = (site / "downloads").glob("*.whl")
    assert f"curl -fLO {site_url}/downloads/ticktick-kit.tar.gz" in page
    assert f"pip install {site_url}/downloads/{wheel.name}" in page
    assert f"git clone {REPOSITORY}" in page


def test_no_page_says_to_install_the_name_from_a_registry(site: Path) -> None:
    for path in (*site.rglob("*.html"), *site.rglob("*.md"), ROOT / "README.md"):
        text = unescape(re.sub(r"<[^>]+>", "", path.read_text("utf-8")))
        assert not re.search(r"(pip install|uv add|uvx) +ticktick[-_]sandbox", text)


def test_the_archive_is_the_kit(site: Path) -> None:
    with tarfile.open(site / "downloads" / "ticktick-kit.tar.gz") as archive:
        names = set(archive.getnames())
        requirements = archive.extractfile("ticktick-kit/requirements.txt")
        assert requirements
        assert requirements.read() == (ROOT / "requirements.txt").read_bytes()
    for name in ("README.md", ".ci/run", "notebooks/00_start_here.ipynb", "tests/conftest.py"):
        assert f"ticktick-kit/{name}" in names
    left_out = re.compile(r"node_modules|__pycache__|/my_tool/|\.log$")
    assert [name for name in names if left_out.search(name)] == []


@pytest.mark.long
def test_without_an_address_the_site_still_says_how_to_get_it(tmp_path: Path) -> None:
    build(tmp_path)
    page = unescape(re.sub(r"<[^>]+>", "", page_html(tmp_path, "how-to/get/")))
    assert "tar xzf ticktick-kit.tar.gz" in page
    assert "pip install ./ticktick_sandbox-" in page
    assert not re.search(r"git clone|curl -fLO", page)


def test_the_pictures_are_light() -> None:
    pictures = (ROOT / "docs" / "pictures").iterdir()
    assert sum(path.stat().st_size for path in pictures) < 400_000


def test_search_finds_a_method_in_code(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    found = [doc["location"] for doc in index["docs"] if "wait_for_completion" in doc["text"]]
    assert any(location.startswith("notebooks/04") for location in found)
