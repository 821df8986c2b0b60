"""What the kernel's interpreter does before JupyterLite puts its drive into it.

Each look for a module on that drive is a request of its own. So the drive comes last, and what
every notebook imports is there before.
"""

import sys

import arcadepy  # noqa: F401
import httpx
import pyodide_kernel  # type: ignore[import-not-found]

import ticktick_sandbox.pyodide.in_this_browser  # noqa: F401
from ticktick_sandbox.pyodide.exchange import answer_httpx_by


def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(
        "Call sandbox.start() first: in a browser, code reaches nothing but the sandbox.",
        request=request,
    )


async def _refuse_async(request: httpx.Request) -> httpx.Response:
    return _refuse(request)


answer_httpx_by(_refuse, _refuse_async)
pyodide_kernel.ipython_shell.Completer.use_jedi = False  # IPython completes without it
sys.path.remove("")
sys.path.append("")
