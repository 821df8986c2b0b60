"""Run in the browser's Python by the build: puts bytecode in place of sources in the packages.

Of the modules that every notebook imports, and that tools and apps do. A kernel then starts in
less than half the time; the others, and those that read their own source, stay as they are.
"""

import sys
import zipfile
from importlib import import_module
from importlib._bootstrap_external import _code_to_hash_pyc
from pathlib import Path

SITE = "/lib/python3.14/site-packages/"
LIBRARY = "/lib/python314.zip/"
READ_THEMSELVES = {"anyio/__init__.py"}

for name in (
    "ticktick_sandbox.pyodide.kernel",
    "ticktick_sandbox.pyodide.worker",
    "arcade_core.discovery",
    "arcade_serve.fastapi",
    "arcade_tdk",
    "fastapi.responses",
):
    import_module(name)
files_of_modules = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
imported = {file for file in files_of_modules if file and file.endswith(".py")}

for path in Path("/out").glob("*"):
    if path.suffix not in (".whl", ".zip"):
        continue
    folder = SITE if path.suffix == ".whl" else LIBRARY
    with zipfile.ZipFile(path) as archive:
        files = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for info, source in files.items():
            place = folder + info.filename
            if place in imported and info.filename not in READ_THEMSELVES:
                code = compile(source, place, "exec", dont_inherit=True)
                files[info] = bytes(_code_to_hash_pyc(code, bytes(8), False))
                info.filename += "c"
            archive.writestr(info, files[info], zipfile.ZIP_DEFLATED)
