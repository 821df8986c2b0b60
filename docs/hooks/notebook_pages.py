"""Mends what mkdocs-jupyter 0.27 does to notebook pages.

Each mending fails the build when the thing it mends is no longer there, so that none
outlives its reason.
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.pages import Page

# What a notebook links to where JupyterLab can show it, and the page that has it here.
_PAGES = {
    r"\]\(\.\./docs/errors\.yaml\)": "](../reference/errors.md)",
    r"\]\(\.\./docs/": "](../",
    r"\]\(\.\./ticktick_sandbox/behaviours\.yaml\)": "](../reference/behaviours.md)",
}
_SNIPPET = re.compile(r"\]\(\.\./(snippets/[\w./]+)\)")
_INCLUDED = re.compile(r"^\[[^]]+\]\((?:\.\./)+(snippets/[^)]+)\)$", re.M)
# In JupyterLab the live page follows, and its picture is folded away.
_FOLDED = re.compile(r"<details><summary>[^<]*</summary>\n\n(!\[.*\))\n\n</details>")
_ANSWER = "<details><summary>Answer</summary>"
_DOES = re.compile(r"^\*\*What you(?:&#39;|')ll do:\*\* (.+)$", re.M)
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")
_STYLES = re.compile(r"\n\s*<style>\n.*</style>\s*\Z", re.S)
_MATHJAX = re.compile(r"<script(?:(?!</script>).)*mathjax(?:(?!</script>).)*</script>", re.I | re.S)


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str | None:
    """Undo the template's escaping, drop the styles after the last cell, lead links aright."""
    if not page.file.src_uri.endswith(".ipynb"):
        return None
    does = _LINK.sub(r"\1", unescape(_DOES.findall(markdown)[0]))
    page.meta["description"] = does[0].upper() + does[1:]
    markdown, found = _STYLES.subn("", markdown)
    _expect(found == 1, page, "the styles after the last cell")
    markdown = _FOLDED.sub(r"\1", unescape(markdown))
    # Else what is Markdown in a folded answer would stay as it is typed.
    markdown = markdown.replace(_ANSWER, _ANSWER.replace("details", 'details markdown="1"'))
    for link, place in _PAGES.items():
        markdown = re.sub(link, place, markdown)
    return _SNIPPET.sub(lambda link: f"](../{_page_with(link.group(1))})", markdown)


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Drop the loader of MathJax, which would reach for the network on every page."""
    output, found = _MATHJAX.subn("", output)
    _expect(found == 1, page, "the MathJax loader")
    return output


def _pages_with_snippets() -> dict[str, str]:
    docs = Path(__file__).parents[1]
    return {
        snippet: path.relative_to(docs).as_posix()
        for path in sorted(docs.rglob("*.md"))
        for snippet in _INCLUDED.findall(path.read_text(encoding="utf-8"))
    }


def _page_with(snippet: str) -> str:
    pages = _pages_with_snippets()
    if snippet not in pages:
        raise PluginError(f"a notebook links to {snippet}, and no page in docs/ includes it")
    return pages[snippet]


def _expect(true: bool, page: Page, what: str) -> None:
    if not true:
        raise PluginError(f"{page.file.src_uri}: {what} is not where it was; see {__file__}")
