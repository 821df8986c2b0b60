"""Writes a project to begin with: a tool, a program that calls it, a test, a workflow.

``template/`` is that project, under the name ``mytool``; its tests run as they stand.
"""

from __future__ import annotations

import base64
import hashlib
import keyword
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from ticktick_sandbox.shared.errors import SandboxError

_PACKAGE = Path(__file__).parents[1]
_TEMPLATE = Path(__file__).parent / "template"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 50  # characters of a name
_TAKEN = {"tests", "test", "wheels", "call_tool", "mcp", "arcade", "ticktick_sandbox"}
_LEFT_OUT = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json"}
_LEFT_OUT |= {"uv_cache.json"}
_BEGAN = (1980, 1, 1, 0, 0, 0)  # the first moment that an archive can name: each is the same


def write_project(name: str, where: Path) -> Path:
    """Write a project and return its folder.

    Args:
        name: of the folder, of the toolkit and of its folder: ``mytool`` makes ``Mytool``.
        where: the folder in which to make it.

    Raises:
        SandboxError: the name can't be one, something has it, or nothing can be written there.
    """
    _check(name)
    folder = where / name
    if folder.exists():
        raise SandboxError(f"{folder} exists already. Nothing was changed; choose another name.")
    toolkit = "".join(part.capitalize() for part in name.split("_"))
    try:
        for path in sorted(_TEMPLATE.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                place = path.relative_to(_TEMPLATE).as_posix()
                target = folder / re.sub("^(?=git)", ".", place.replace("mytool", name))
                text = path.read_text(encoding="utf-8")
                text = text.replace("Mytool", toolkit).replace("mytool", name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        (folder / "wheels").mkdir()
        write_wheel(folder / "wheels")
    except OSError as problem:
        raise SandboxError(f"{folder} can't be written: {problem.strerror or problem}.") from None
    return folder


def write_wheel(folder: Path) -> Path:
    """Pack this package, as it is installed here, as a wheel, and return its path."""
    installed = _installed()
    path = folder / f"ticktick_sandbox-{installed.version}-py3-none-any.whl"
    info = f"ticktick_sandbox-{installed.version}.dist-info"
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in _files(installed, info):
            wheel.writestr(_entry(name), content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record.append(f"{name},sha256={digest.decode()},{len(content)}\n")
        lines = [*record, f"{info}/RECORD,,\n"]
        wheel.writestr(_entry(f"{info}/RECORD"), "".join(lines))
    return path


def _check(name: str) -> None:
    if _NAME.fullmatch(name) is None or len(name) > _LONGEST:
        raise SandboxError(
            f"{name!r} can't be the name of a toolkit. Use lower-case letters and digits, and "
            "_ between words, such as mytool or weekly_review."
        )
    if name.startswith("arcade_"):
        shorter = name.removeprefix("arcade_")
        raise SandboxError(f"Arcade leaves arcade_ out of a toolkit's name. Call it {shorter}.")
    if name in sys.stdlib_module_names or name in _TAKEN or keyword.iskeyword(name):
        raise SandboxError(f"Python or this project has something called {name}. Use another name.")


def _installed() -> Distribution:
    """Return what is told of this package; in a clone, what a build left there tells less."""
    for found in distributions(name="ticktick-sandbox"):
        if found.read_text("WHEEL"):
            return found
    raise SandboxError(
        "This package is not installed here, so it can't be put into a project. Install it first: "
        "pip install -e . in a clone, or pip install and its wheel."
    )


def _files(installed: Distribution, info: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the package and what is told of it, wherever they lie."""
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"ticktick_sandbox/{path.relative_to(_PACKAGE).as_posix()}", path.read_bytes()
    for file in sorted(installed.files or []):
        if ".dist-info" in file.parts[0] and file.name not in _LEFT_OUT:
            place = "/".join((info, *file.parts[1:]))
            yield place, Path(str(installed.locate_file(file))).read_bytes()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _BEGAN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
