"""Builds JupyterLite into the site, with the tutorial and all it needs, so that it runs there.

Everything comes from the package registries and is served by the site itself: JupyterLite and its
kernel, Pyodide from docs/lite, and for each Python package what is installed here, which is
what the tests ran, packed as a wheel. The one that is compiled comes as a wheel for the browser.
RUN_HERE=off builds the site without it.
"""

from __future__ import annotations

import atexit
import gzip
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
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
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
_LITE_KERNEL = "jupyterlite-pyodide-kernel==0.8.6"  # as jupyterlite-core is
_RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
_NOT_READ = {".pyc", ".pyi", ".so", ".typed", ".js", ".mjs", ".cjs"}
# Languages that no traceback is written in, and authorities for connections that there are not.
_LANGUAGES = "__init__|_mapping|css|html|javascript|perl|python|ruby|shell|markup"
_UNUSED = re.compile(rf"pygments/lexers/(?!({_LANGUAGES})\.py)|certifi/cacert\.pem")
_KERNEL = ["ipykernel", "comm", "pyodide-kernel", "jedi", "ipython", "micropip", "piplite"]
_AT_START = [*_KERNEL, "ticktick-sandbox", "arcadepy", "arcade-mcp-server"]
_LATER = ["arcade-serve", "arcade-tdk", "fastapi"]  # once a cell imports them

# What packages ask for and nothing here calls: servers, telemetry, terminals, time zones by name.
_NOT_CALLED = {
    "aiohttp",
    "opentelemetry-exporter-otlp-proto-common",
    "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-instrumentation-aiohttp-client",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-instrumentation-httpx",
    "opentelemetry-instrumentation-requests",
    "matplotlib-inline",
    "posthog",
    "prompt-toolkit",
    "sse-starlette",
    "types-python-dateutil",
    "types-pytz",
    "types-toml",
    "tzdata",
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

# Those that run in a browser; the others need programs that no browser can start.
NOTEBOOKS = {
    "00_start_here",
    "01_create_an_app",
    "02_dashboard",
    "03_engine_yaml",
    "04_authorize_a_user",
    "05_custom_tool",
    "07_verify_your_users",
    "09_when_things_go_wrong",
    "10_go_live",
}
_MARK = re.compile(r"<!-- run (\w+) -->")


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put a button below the title of a notebook, and where a page asks for one."""
    name = Path(page.file.src_uri).stem
    if page.file.src_uri.endswith(".ipynb") and name in NOTEBOOKS:
        markdown = re.sub(
            r"^# .+$", rf"\g<0>\n\n<!-- run {name} -->", markdown, count=1, flags=re.M
        )
    return _MARK.sub(lambda mark: _button(mark[1], page), markdown)


def on_post_build(config: MkDocsConfig, **_: Any) -> None:
    """Put JupyterLite below ``lite/``."""
    if _wanted():
        shutil.copytree(_built(), Path(config.site_dir) / "lite", dirs_exist_ok=True)


def _wanted() -> bool:
    return os.environ.get("RUN_HERE") != "off"


def _button(notebook: str, page: Page) -> str:
    if notebook not in NOTEBOOKS:
        raise PluginError(f"{page.file.src_uri}: {notebook} does not run in a browser")
    if not _wanted():
        return ""
    here = f"notebooks/{notebook}.ipynb" == page.file.src_uri
    which = "" if here else f" opens {_title(notebook)}"
    place = get_relative_url(f"lite/?notebook={notebook}", page.url)
    return (
        '<p class="run-here"><a class="md-button md-button--primary" '
        f'href="{place}">Run it here</a>'
        f"<span>{which} in your browser. Nothing to install, no account.</span></p>"
    )


@cache
def _title(notebook: str) -> str:
    cells = json.loads(_read(ROOT / "notebooks" / f"{notebook}.ipynb"))["cells"]
    return "".join(cells[0]["source"]).split("\n")[0].removeprefix("# ")


@cache
def _built() -> Path:
    """Build it once; ``mkdocs serve`` shows what the notebooks were when it began."""
    folder = Path(tempfile.mkdtemp(prefix="run-here-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    out = folder / "lite"
    _jupyterlite(folder / "source", out)
    # Where the browser looks for a notebook's pictures before JupyterLite does.
    shutil.copytree(ROOT / "docs" / "pictures", out / "docs" / "pictures")
    _pyodide(folder / "source", out / "pyodide")
    _finish(out)
    return out


def _jupyterlite(source: Path, out: Path) -> None:
    """Build JupyterLite with the notebooks, and the files that they read and link to."""
    contents = source / "contents"
    for place in ("notebooks", "snippets", "docs"):
        shutil.copytree(ROOT / place, contents / place, ignore=_left_out)
    (contents / "ticktick_sandbox").mkdir()
    shutil.copy(ROOT / "ticktick_sandbox/behaviours.yaml", contents / "ticktick_sandbox")
    for path in (contents / "notebooks").glob("*.ipynb"):
        path.write_text(json.dumps(_fresh(path)), encoding="utf-8")
    overrides = json.loads(_read(ROOT / "notebooks/data/jupyterlab/overrides.json"))
    overrides |= json.loads(_read(LITE / "overrides.json"))
    (source / "overrides.json").write_text(json.dumps(overrides), encoding="utf-8")
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
    options = {
        "apps": ["lab", "notebooks"],  # for wide windows, and for narrow ones
        "contents": ["contents"],
        "federated_extensions": [str(_extension())],
        "ignore_sys_prefix": ["federated_extensions"],  # what else is installed for JupyterLab
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
    }
    build = json.dumps({"LiteBuildConfig": options})
    (source / "jupyter_lite_config.json").write_text(build, encoding="utf-8")
    _run(sys.executable, "-m", "jupyterlite_core", "build", "--output-dir", str(out), cwd=source)


def _fresh(path: Path) -> dict[str, Any]:
    """Return a notebook without its outputs, which tell of the tests' machine.

    What does not run here says so first.
    """
    notebook = json.loads(_read(path))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    if path.stem not in NOTEBOOKS:
        link = "[the kit](../docs/how-to/get.md)"
        text = f"**This notebook does not run in a browser.** Get {link}, and in its folder run:"
        first = {"cell_type": "markdown", "id": "not-here", "metadata": {}}
        notebook["cells"].insert(0, first | {"source": f"{text}\n\n`{_command()}`"})
    return notebook


@cache
def _extension() -> Path:
    """Fetch JupyterLite's kernel; installed, it would break the reader's own JupyterLab."""
    folder = Path(tempfile.mkdtemp(prefix="run-here-kernel-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    fetch = ("-m", "pip", "download", "--no-deps", "--quiet", "--dest=.", _LITE_KERNEL)
    _run(sys.executable, *fetch, cwd=folder)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return next(folder.rglob("pyodide-kernel-extension/package.json")).parent


def _command() -> str:
    """Return the command that opens JupyterLab on one's own machine, from the README."""
    block = re.search(
        r"^uv run (?:\\\n|.)+ jupyter lab(?:\\\n|.)+", _read(ROOT / "README.md"), re.M
    )
    if block is None:
        raise PluginError("README.md has no command that begins with uv run and opens JupyterLab")
    return " ".join(block[0].replace("\\\n", "").split()).rpartition(" ")[0]


def _left_out(folder: str, names: list[str]) -> list[str]:
    """Name what the tutorial does not link to, and what a reader has made."""
    left = {"node_modules", "my_tool", "hooks", "overrides", "lite", "recipes", "__pycache__"}
    return [name for name in names if name in left or name.endswith((".log", ".pyc"))]


def _pyodide(source: Path, out: Path) -> None:
    """Gather Pyodide, the packages, and the list by which it finds them."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LITE / name, source)
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=source)
    npm = source / "node_modules" / "pyodide"
    out.mkdir()
    for name in _RUNTIME:
        shutil.copy(npm / name, out)
    for name in ("kernel.mjs", "worker.mjs"):
        shutil.copy(PYODIDE / name, out)
    packages = {}
    for wheel in sorted((_extension() / "static" / "pypi").glob("*.whl")):
        name = wheel.name.split("-")[0].replace("_", "-")
        if name in ("ipykernel", "pyodide-kernel"):
            packages[name] = _entry(Path(shutil.copy(wheel, out)), name, [])
    for name, files in _STUBS.items():
        packages[name] = _entry(_wheel(out, name, "0", files.items()), name, [])
    for module, why in _NOT_HERE.items():
        text = f"{why}. Run this notebook on your own machine, in the kit's folder: {_command()}"
        files = [(f"{module}.py", f"raise ImportError({text!r})\n")]
        name = str(canonicalize_name(module))
        packages[name] = _entry(_wheel(out, name, "0", files), name, [])
    for name, needs in _closure([*_AT_START, *_LATER], known=set(packages)).items():
        packages[name] = _entry(_package(out, name), name, needs)
    lock = json.loads(_read(npm / "pyodide-lock.json"))
    _write_lock(out, lock["info"], packages)
    _run("node", str(LITE / "compile.mjs"), str(out), str(LITE / "compile.py"), cwd=out)
    for entry in packages.values():
        content = (out / entry["file_name"]).read_bytes()
        entry["sha256"] = hashlib.sha256(content).hexdigest()
    _write_lock(out, lock["info"], packages)


def _write_lock(out: Path, info: dict[str, str], packages: dict[str, Any]) -> None:
    text = json.dumps({"info": info, "packages": packages})
    (out / "pyodide-lock.json").write_text(text, encoding="utf-8")


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
            part_of_a_page = path.parent.name == "templates"
            if path.is_file() and (part_of_a_page or path.suffix not in _NOT_READ):
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


def _finish(out: Path) -> None:
    """Put our service worker before JupyterLite's, and the first page in place of theirs.

    Both name this build, and the page what a first visit fetches.
    """
    build = _digest(out)
    theirs = _read(out / "service-worker.js")
    ours = _read(PYODIDE / "service_worker.js").replace("{build}", build)
    (out / "service-worker.js").write_text(ours + theirs, encoding="utf-8")
    lock = json.loads(_read(out / "pyodide" / "pyodide-lock.json"))["packages"]
    places = [f"pyodide/{lock[name]['file_name']}" for name in _with_needs(_AT_START, lock)]
    places += [f"pyodide/{name}" for name in (*_RUNTIME, "pyodide-lock.json")]
    places += [path.relative_to(out).as_posix() for path in out.glob("build/jlab_core.*.js")]
    files = [[place, _sent(out / place), (out / place).stat().st_size] for place in sorted(places)]
    files.append(["", 3000, 5000])  # the page itself
    lite = json.loads(_read(out / "jupyter-lite.json"))
    page = _read(LITE / "index.html")
    page = page.replace("{files}", json.dumps(files)).replace("{build}", build)
    page = page.replace("{version}", lite["jupyter-config-data"]["appVersion"])
    (out / "index.html").write_text(page, encoding="utf-8")


def _with_needs(names: list[str], lock: dict[str, dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    while names:
        found |= set(names)
        names = [need for name in names for need in lock[name]["depends"] if need not in found]
    return found


def _sent(path: Path) -> int:
    """Return how many bytes a host sends, which packs text."""
    content = path.read_bytes()
    return len(content) if path.suffix in (".whl", ".zip") else len(gzip.compress(content))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _digest(folder: Path) -> str:
    """Return a name for what a folder holds."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _run(*command: str, cwd: Path) -> None:
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    said = run.stdout + run.stderr
    if run.returncode:
        raise PluginError(
            f"{' '.join(command[:4])} … failed, which the page Run it here needs. Without a "
            f"network, RUN_HERE=off builds the site without it.\n{said[-3000:]}"
        )
