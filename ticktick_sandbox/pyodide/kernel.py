"""What the kernel's interpreter does before JupyterLite puts its drive into it.

Each look for a module on that drive is a request of its own. So the drive comes last, and what
every notebook imports is there before.
"""

import sys

import arcadepy  # noqa: F401
import pyodide_kernel  # type: ignore[import-not-found]  # noqa: F401

import ticktick_sandbox  # noqa: F401
import ticktick_sandbox.pyodide.in_this_browser  # noqa: F401

sys.path.remove("")
sys.path.append("")
