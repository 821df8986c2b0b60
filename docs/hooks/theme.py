"""Mends what keeps Material 9.8 from being accessible, and its search from finding sentences.

Each mending fails the build when what it mends is not there exactly once, so that none
outlives its reason.
"""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

_SEARCH = 'data-md-component="search" role="dialog"'
# Each word of a query counts as the beginning of a word, so that "a" finds "Arcade": the words
# that are not in the index are dropped, as the index drops them, unless there are no others.
_QUERY = ".map(r=>/([~^]$)/.test(r)?"
_NO_STOP_WORDS = (
    ".filter((r,n,all)=>{let k=w=>lunr.stopWordFilter(w.toLowerCase());return k(r)||!all.some(k)})"
)
_COPY = '("nav",{class:"md-code__nav"})'


def on_post_build(config: MkDocsConfig, **_: object) -> None:
    """Name the search dialog, look for what is in its index; copy buttons are no landmarks."""
    site = Path(config.site_dir)
    for page in site.rglob("*.html"):
        _replace(page, _SEARCH, f'{_SEARCH} aria-label="Search"')
    for bundle in site.glob("assets/javascripts/bundle.*.min.js"):
        _replace(bundle, _COPY, _COPY.replace("nav", "div", 1))
    for worker in site.glob("assets/javascripts/workers/search.*.min.js"):
        _replace(worker, _QUERY, f"{_NO_STOP_WORDS}{_QUERY}")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise PluginError(f"{path.name}: {old} is not there once; see {__file__}")
    path.write_text(text.replace(old, new), encoding="utf-8")
