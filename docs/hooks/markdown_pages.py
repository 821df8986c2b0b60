"""Offers each page as Markdown, and llms.txt, which lists them.

A page's Markdown is what it was made from, so its code is the code of the files. The plugins for
this turn the HTML back, need a Markdown parser of two years ago, or draw a button of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

_FENCE = re.compile(r"^````\{ \.(\w+)[^}]*\}$", re.M)
_NOTEBOOK = re.compile(r"(\]\([^)\s]*)\.ipynb(?=[)#])")
_DRAWN = re.compile(r'<div class="ticktick-sandbox-wire">.*?</div>(?=\n)', re.S)
_SAID = re.compile(r"(\d+\. [^<]+ → [^<]+)</(?:th|p)>.*?<summary>(.*?)</summary>", re.S)
_navigation: list[Navigation] = []


def on_nav(nav: Navigation, **_: Any) -> Navigation:
    """Keep the order of the pages."""
    _navigation[:] = [nav]
    return nav


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, **_: Any) -> Any:
    """Tell the template where the page's Markdown is, and write it."""
    path = _path(page)
    context["markdown_url"] = get_relative_url(path, page.url)
    text = _DRAWN.sub(_in_lines, page.markdown or "")
    text = _NOTEBOOK.sub(r"\1.md", _FENCE.sub(r"````\1", text))
    place = Path(config.site_dir) / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return context


def on_post_build(config: MkDocsConfig) -> None:
    """Write llms.txt."""
    text = "\n".join(_list(config))
    (Path(config.site_dir) / "llms.txt").write_text(text, encoding="utf-8")


def _in_lines(drawn: re.Match[str]) -> str:
    """Return a line for each request of a diagram."""
    lines = [f"{who}: {what}" for who, what in _SAID.findall(drawn[0])]
    return re.sub("<[^>]*>", "", "\n".join(lines))


def _path(page: Page) -> str:
    return page.file.src_uri.removesuffix(".ipynb").removesuffix(".md") + ".md"


def _list(config: MkDocsConfig) -> Iterator[str]:
    yield f"# {config.site_name}\n\n> {config.site_description}\n"
    for item in _navigation[0].items:
        if isinstance(item, Section):
            yield f"## {item.title}\n"
            yield from (_line(page, config) for page in item.children if isinstance(page, Page))
            yield ""
        elif isinstance(item, Page):
            yield f"{_line(item, config)}\n"


def _line(page: Page, config: MkDocsConfig) -> str:
    place = f"{(config.site_url or '').rstrip('/')}/{_path(page)}".lstrip("/")
    return f"- [{page.title}]({place}): {page.meta['description']}"
