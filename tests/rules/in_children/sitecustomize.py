"""Watches the answers of an Engine that is started in a child process of the tests.

Python imports a module of this name at its start. The watch is put on when, and only if,
the process imports the Engine.
"""

import importlib.util
import os
import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[3])


class WatchTheEngine:
    """Finds the Engine's package once and has its applications checked."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "ticktick_sandbox.arcade":
            return None
        sys.meta_path.remove(cls)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def load_and_watch(module):
            load(module)
            sys.path.insert(0, ROOT)
            try:
                from tests.rules.watching import watch
            finally:
                sys.path.remove(ROOT)
            watch(module)

        spec.loader.exec_module = load_and_watch
        return spec


if os.environ.get("TESTS_ANSWERS"):
    sys.meta_path.insert(0, WatchTheEngine)
