"""Shows a file where a page links to it on a line of its own, and offers it for download.

In the source such a line is an ordinary link, so that it leads somewhere wherever the source is
read: on a code host, in JupyterLab. On the site the file stands there, its title is the link,
and below it stand the commands of ``snippets/commands.yaml`` that install what it needs and run
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).parents[2]
COMMANDS = ROOT / "snippets" / "commands.yaml"
_LINK = re.compile(r"^\[([^]]+)\]\((?:\.\./)+(snippets/[^)]+)\)$", re.M)
_NOTEBOOK = re.compile(r"\]\(((?:\.\./)*)\.\./notebooks/")  # on the site they lie in docs/
_TITLE = re.compile(r'<span class="filename">([^<]+)</span>')
_LANGUAGES = {"py": "python", "mjs": "javascript", "sh": "bash", "json": "json", "txt": "text"}
_LANGUAGES |= dict.fromkeys(("yaml", "yml"), "yaml")
_LEFT_OUT = {"node_modules", "__pycache__", ".venv", ".pytest_cache"}


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Publish the snippets as files."""
    for path in sorted((ROOT / "snippets").rglob("*")):
        name = path.relative_to(ROOT)
        if path.is_file() and not _LEFT_OUT & set(name.parts):
            files.append(
                File.generated(config, _published(name.as_posix()), abs_src_path=str(path))
            )
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put the files where the page links to them."""
    if page.file.src_uri.endswith(".ipynb"):
        return markdown
    markdown = _NOTEBOOK.sub(r"](\1notebooks/", markdown)
    page.meta["included"] = _LINK.findall(markdown)
    return _LINK.sub(lambda link: "\n".join(_shown(*link.groups())), markdown)


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Make the title of each file a link to it."""
    left = list(page.meta.get("included", ()))  # in their order, for two may have one name

    def linked(title: re.Match[str]) -> str:
        if not left or left[0][0] != title.group(1):
            return title.group()
        _, snippet = left.pop(0)
        place = get_relative_url(_published(snippet), page.url)
        return f'<span class="filename"><a href="{place}" download>{title.group(1)}</a></span>'

    return _TITLE.sub(linked, html)


def on_serve(server: Any, **_: Any) -> Any:
    """Rebuild when a snippet changes."""
    server.watch(str(ROOT / "snippets"))
    return server


@cache
def commands() -> dict[str, dict[str, str]]:
    """Return, by the path below ``snippets/``, what installs and what runs each file."""
    return yaml.safe_load(COMMANDS.read_text(encoding="utf-8"))


def _published(snippet: str) -> str:
    """Return where a file is on the site; hosts leave out names that begin with a dot."""
    return f"files/{snippet.removeprefix('snippets/').removeprefix('.')}"


def _shown(title: str, snippet: str) -> Iterator[str]:
    path = ROOT / snippet
    if not path.is_file():
        raise PluginError(f"a page links to {snippet}, and there is no such file")
    yield f'```{_LANGUAGES.get(path.suffix[1:], "bash")} title="{title}"'
    yield path.read_text(encoding="utf-8").rstrip("\n")
    yield "```"
    steps = commands().get(snippet.removeprefix("snippets/"), {})
    exec_ = steps.get("run", "").startswith("ticktick-sandbox exec")
    run = "Run it in the sandbox" if exec_ else "Run it"
    for step, what in (("install", "Install what it needs"), ("run", run)):
        if step in steps:
            yield f'\n```bash title="{what}"\n{steps[step]}\n```'
