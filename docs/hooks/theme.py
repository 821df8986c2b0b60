"""Mends what keeps Material 9.8 from being accessible.

Each mending fails the build when what it mends is not there exactly once, so that none
outlives its reason.
"""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

_SEARCH = 'data-md-component="search" role="dialog"'
_COPY = '("nav",{class:"md-code__nav"})'


def on_post_build(config: MkDocsConfig, **_: object) -> None:
    """Name the search dialog; copy buttons are no landmarks, all of the same name."""
    site = Path(config.site_dir)
    for page in site.rglob("*.html"):
        _replace(page, _SEARCH, f'{_SEARCH} aria-label="Search"')
    for bundle in site.glob("assets/javascripts/bundle.*.min.js"):
        _replace(bundle, _COPY, _COPY.replace("nav", "div", 1))


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise PluginError(f"{path.name}: {old} is not there once; see {__file__}")
    path.write_text(text.replace(old, new), encoding="utf-8")
