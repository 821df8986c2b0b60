"""Offers the kit as an archive and the sandbox as a wheel, and says how to start with each.

The kit is what git keeps, or in a kit that was itself downloaded, what lies there. Where the
site is, and where the repository, is known only to who publishes: SITE_URL and REPO_URL.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
KIT = "ticktick-kit"
ARCHIVE = f"downloads/{KIT}.tar.gz"
_LEFT_OUT = {".venv", "__pycache__", "build", "my_tool", "node_modules", "site"}
_HIDDEN = {
    ".ci",
    ".editorconfig",
    ".env.example",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
}


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add both downloads."""
    files.append(File.generated(config, ARCHIVE, content=_archive()))
    name, content = _wheel()
    files.append(File.generated(config, f"downloads/{name}", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Say how to get the kit and how the sandbox where the page asks for it."""
    for mark, steps in (("kit", _kit_steps), ("sandbox", _sandbox_steps)):
        if f"<!-- get the {mark} -->" in markdown:
            text = "\n".join(steps(page, config))
            markdown = markdown.replace(f"<!-- get the {mark} -->", text)
    return markdown


def _kit_steps(page: Page, config: MkDocsConfig) -> Iterator[str]:
    begin = f"tar xzf {KIT}.tar.gz && cd {KIT}"
    if config.site_url:
        begin = f"curl -fLO {config.site_url.rstrip('/')}/{ARCHIVE} && {begin}"
    link = _link(page, ARCHIVE)
    there = "This fetches it" if config.site_url else "In the folder that you have saved it in"
    yield f"The kit is one archive, {link}. {there}:"
    yield f"\n```bash\n{begin}\n```\n"
    if config.repo_url:
        name = config.repo_url.rstrip("/").rpartition("/")[2].removesuffix(".git")
        yield f"Or clone the repository:\n\n```bash\ngit clone {config.repo_url} && cd {name}\n```"


def _sandbox_steps(page: Page, config: MkDocsConfig) -> Iterator[str]:
    name = _wheel()[0]
    place = f"./{name}"
    link = _link(page, f"downloads/{name}")
    if config.site_url:
        place = f"{config.site_url.rstrip('/')}/downloads/{name}"
    there = "" if config.site_url else ", in the folder that you have saved it in"
    yield f"The sandbox is one package, {link}. Install it{there}:"
    yield f"\n```bash\npip install {place}\n```\n"


def _link(page: Page, place: str) -> str:
    path = posixpath.relpath(place, posixpath.dirname(page.file.src_uri))
    return f"[{posixpath.basename(place)}]({path})"


@cache
def _archive() -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        for path in _kept():
            archive.add(path, f"{KIT}/{path.relative_to(ROOT)}", recursive=False, filter=_plain)
    return packed.getvalue()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who made it and when."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def _kept() -> list[Path]:
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
        paths = [ROOT / name for name in names.decode().split("\0") if name]
    else:
        paths = list(ROOT.rglob("*"))
    return sorted(path for path in paths if path.is_file() and _belongs(path.relative_to(ROOT)))


def _belongs(path: Path) -> bool:
    hidden = {part for part in path.parts if part.startswith(".")}
    return not hidden - _HIDDEN and not _LEFT_OUT & set(path.parts)


@cache
def _wheel() -> tuple[str, bytes]:
    """Build the wheel from a copy, for setuptools writes beside its sources."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "source"
        shutil.copytree(
            ROOT / "ticktick_sandbox",
            copy / "ticktick_sandbox",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        with (ROOT / "pyproject.toml").open("rb") as file:
            project = tomllib.load(file)["project"]
        for name in ("pyproject.toml", project["readme"], *project["license-files"]):
            shutil.copy(ROOT / name, copy)
        build = f"from setuptools import build_meta as b; print(b.build_wheel({folder!r}))"
        run = subprocess.run(
            [sys.executable, "-c", build], cwd=copy, capture_output=True, text=True, check=False
        )
        if run.returncode:
            raise RuntimeError(f"the sandbox's wheel can't be built:\n{run.stderr}")
        (wheel,) = Path(folder).glob("*.whl")
        return wheel.name, wheel.read_bytes()
