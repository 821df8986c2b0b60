"""Builds JupyterLite into the site, with the tutorial and all it needs, so that it runs there.

Everything comes from the package registries and is served by the site itself: JupyterLite's two
packages, Pyodide from docs/lite, and for each Python package what is installed here, which is
what the tests ran, packed as a wheel. The one that is compiled comes as a wheel for the browser.
RUN_HERE=off builds the site without it.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LITE = ROOT / "docs" / "lite"
PYODIDE = ROOT / "ticktick_sandbox" / "pyodide"
_TAG = {"platform": "pyemscripten_2026_0_wasm32", "python-version": "3.14", "abi": "cp314"}
_MARKERS = default_environment() | {
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "platform_machine": "wasm32",
    "python_version": "3.14",
    "python_full_version": "3.14.2",
    "extra": "",
}
_COMPILED = {"pydantic-core"}
_NOT_READ = {".pyc", ".pyi", ".so", ".typed", ".js", ".mjs", ".cjs"}
_UNUSED = re.compile(r"(?!)")
_COMMAND = "uv run"
_KERNEL = ["ipykernel", "comm", "pyodide-kernel", "jedi", "ipython", "micropip", "piplite"]
_AT_START = [*_KERNEL, "ticktick-sandbox", "arcadepy"]
_LATER = ["arcade-serve", "arcade-tdk", "fastapi"]  # once a cell imports them

# What packages ask for and nothing here calls: servers, telemetry, terminals, other formats.
_NOT_CALLED = {
    "aiohttp",
    "opentelemetry-exporter-otlp-proto-common",
    "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-instrumentation-aiohttp-client",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-instrumentation-httpx",
    "opentelemetry-instrumentation-requests",
    "posthog",
    "sse-starlette",
    "types-python-dateutil",
    "types-pytz",
    "types-toml",
    "uvicorn",
    "watchfiles",
}
# Modules that say why they are not there, in place of those that can't be.
_NOT_HERE = {
    "mcp": "An MCP host starts programs, which no browser can",
    "arcade_mcp_server": "The pre-built tools need packages that no browser can run",
}
_PIP = "print('Nothing can be installed here: the page fetches nothing but its own files.')"
# What the kernel insists on and this page does without; IPython completes without jedi.
_STUBS = {
    "jedi": {},
    "micropip": {"micropip.py": ""},
    "piplite": {
        "piplite/__init__.py": "",
        "piplite/piplite.py": "",
        "piplite/cli.py": f"async def get_transformed_code(argv):\n    return {_PIP!r}\n",
    },
}


def on_post_build(config: MkDocsConfig, **_: Any) -> None:
    """Put it below ``lite/``."""
    if os.environ.get("RUN_HERE") != "off":
        shutil.copytree(_built(), Path(config.site_dir) / "lite", dirs_exist_ok=True)


@cache
def _built() -> Path:
    """Build it once; ``mkdocs serve`` shows what the notebooks were when it began."""
    folder = Path(tempfile.mkdtemp(prefix="run-here-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    out = folder / "lite"
    _jupyterlite(folder / "source", out)
    _pyodide(out / "pyodide")
    _service_worker(out)
    return out


def _jupyterlite(source: Path, out: Path) -> None:
    """Build JupyterLite with the notebooks, and the files that they read and link to."""
    contents = source / "contents"
    for place in ("notebooks", "snippets", "docs"):
        shutil.copytree(ROOT / place, contents / place, ignore=_left_out)
    shutil.copy(ROOT / "notebooks/data/jupyterlab/overrides.json", source)
    settings = {
        "appName": "TickTick through Arcade",
        "contentsStorageName": f"TickTick through Arcade {_digest(contents)}",
        "exposeAppInBrowser": False,
        "litePluginSettings": {
            "@jupyterlite/pyodide-kernel-extension:kernel": {
                "pyodideUrl": "./pyodide/kernel.mjs",
                "disablePyPIFallback": True,
                "pipliteUrls": [],
                "loadPyodideOptions": {"packages": _AT_START},
            }
        },
    }
    lite = {"jupyter-lite-schema-version": 0, "jupyter-config-data": settings}
    (source / "jupyter-lite.json").write_text(json.dumps(lite), encoding="utf-8")
    build = {"LiteBuildConfig": {"contents": ["contents"], "apps": ["lab"], "no_sourcemaps": True}}
    build["LiteBuildConfig"]["no_unused_shared_packages"] = True
    (source / "jupyter_lite_config.json").write_text(json.dumps(build), encoding="utf-8")
    _run(sys.executable, "-m", "jupyterlite_core", "build", "--output-dir", str(out), cwd=source)


def _left_out(folder: str, names: list[str]) -> list[str]:
    """Name what the tutorial does not link to, and what a reader has made."""
    left = {"node_modules", "my_tool", "hooks", "overrides", "lite", "__pycache__"}
    return [name for name in names if name in left or name.endswith((".log", ".pyc"))]


def _pyodide(out: Path) -> None:
    """Gather Pyodide, the packages, and the list by which it finds them."""
    npm = LITE / "node_modules" / "pyodide"
    if not npm.is_dir():
        _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=LITE)
    out.mkdir()
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"):
        shutil.copy(npm / name, out)
    for name in ("kernel.mjs", "worker.mjs"):
        shutil.copy(PYODIDE / name, out)
    packages = {}
    extension = next(
        Path(sys.prefix).glob("share/jupyter/labextensions/*/pyodide-kernel-extension")
    )
    for wheel in sorted((extension / "static" / "pypi").glob("*.whl")):
        name = wheel.name.split("-")[0].replace("_", "-")
        if name in ("ipykernel", "pyodide-kernel"):
            packages[name] = _entry(Path(shutil.copy(wheel, out)), name, [])
    for name, files in _STUBS.items():
        packages[name] = _entry(_wheel(out, name, "0", files.items()), name, [])
    for module, why in _NOT_HERE.items():
        text = f"{why}. Run this notebook on your own machine: {_COMMAND}"
        files = [(f"{module}.py", f"raise ImportError({text!r})\n")]
        packages[module] = _entry(_wheel(out, module, "0", files), module, [])
    for name, needs in _closure([*_AT_START, *_LATER], known=set(packages)).items():
        packages[name] = _entry(_package(out, name), name, needs)
    lock = json.loads((npm / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock = {"info": lock["info"], "packages": packages}
    (out / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def _closure(roots: list[str], known: set[str]) -> dict[str, list[str]]:
    """Return what these packages need in a browser, each with what it needs in turn."""
    found: dict[str, list[str]] = {}
    open_ = [name for name in roots if name not in known]
    while open_:
        name = open_.pop()
        if name in found:
            continue
        wanted = [Requirement(text) for text in distribution(name).requires or []]
        names = {
            str(canonicalize_name(each.name))
            for each in wanted
            if each.marker is None or each.marker.evaluate(_MARKERS)
        }
        found[name] = sorted(names - _NOT_CALLED)
        open_ += [each for each in found[name] if each not in known]
    return found


def _package(out: Path, name: str) -> Path:
    """Pack an installed package, or fetch the wheel of one that is compiled."""
    installed = distribution(name)
    if name in _COMPILED:
        options = [f"--{option}={value}" for option, value in _TAG.items()]
        options += ["--implementation=cp", "--only-binary=:all:", "--no-deps", "--quiet"]
        wanted = f"{name}=={installed.version}"
        _run(sys.executable, "-m", "pip", "download", *options, f"--dest={out}", wanted, cwd=out)
        return next(out.glob(f"{name.replace('-', '_')}-*.whl"))
    return _wheel(out, name, installed.version, _files_of(installed))


def _files_of(installed: Distribution) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a package, without those that nothing in a browser reads."""
    if installed.name == "ticktick-sandbox":  # installed in place
        for path in sorted((ROOT / "ticktick_sandbox").rglob("*")):
            if path.is_file() and path.suffix not in _NOT_READ:
                yield str(path.relative_to(ROOT)), path.read_bytes()
    for file in sorted(installed.files or []):
        place = file.as_posix()
        left_out = file.suffix in _NOT_READ or ".." in file.parts or _UNUSED.match(place)
        if not left_out and file.name not in ("RECORD", "INSTALLER", "direct_url.json"):
            yield place, Path(str(installed.locate_file(file))).read_bytes()


def _wheel(out: Path, name: str, version: str, files: Iterable[tuple[str, str | bytes]]) -> Path:
    """Write a wheel, the same for the same files."""
    stem = f"{name.replace('-', '_')}-{version}"
    path = out / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        written = dict(files)
        if not any(".dist-info/" in place for place in written):
            written[f"{stem}.dist-info/METADATA"] = f"Name: {name}\nVersion: {version}\n"
        for place, content in written.items():
            archive.writestr(zipfile.ZipInfo(place), content, zipfile.ZIP_DEFLATED)
    return path


def _entry(wheel: Path, name: str, needs: list[str]) -> dict[str, Any]:
    """Return what Pyodide's list says of a package."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {place.split("/")[0] for place in archive.namelist()}
    modules = {top.removesuffix(".py") for top in tops if not top.endswith((".dist-info", ".pth"))}
    return {
        "name": name,
        "version": wheel.name.split("-")[1],
        "file_name": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "depends": needs,
        "imports": sorted(modules),
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
    }


def _service_worker(out: Path) -> None:
    """Put ours before JupyterLite's, so that it is asked first, and name this build in it."""
    theirs = (out / "service-worker.js").read_text(encoding="utf-8")
    ours = (PYODIDE / "service_worker.js").read_text(encoding="utf-8")
    build = _digest(out)
    (out / "service-worker.js").write_text(
        ours.replace("{build}", build) + theirs, encoding="utf-8"
    )


def _digest(folder: Path) -> str:
    """Return a name for what a folder holds."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _run(*command: str, cwd: Path) -> None:
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if run.returncode:
        raise PluginError(
            f"{' '.join(command[:4])} … failed, which the page Run it here needs. Without a "
            f"network, RUN_HERE=off builds the site without it.\n{run.stdout}{run.stderr}"
        )
