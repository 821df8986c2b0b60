"""Leads the services' real host names to the sandbox, in this process and its children.

``sitecustomize.py`` in this folder does the work. Python imports a module of that name
at the start of every process that finds it on its path, which is how children get it.
``preload.cjs`` does the same in Node, and ``curl.py`` writes what curl reads.

Not covered, and so able to reach the live services: wget and other languages; clients in
Python with network code of their own (pycurl, grpc; uvloop is covered); ``python -I``, ``-E``
and ``-S``; children with an empty environment; ``curl -q``; Node through a proxy on this machine.
docs/reference/behaviours.md tells readers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ticktick_sandbox.redirection.sitecustomize import AUTHORITY, HOSTS, Redirection
from ticktick_sandbox.shared.settings import LOCAL_HOSTS

__all__ = ["AUTHORITY", "HOSTS", "Redirection", "child_environment", "node_options", "python_path"]


def child_environment(sandbox_url: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that give a child process the redirection.

    Args:
        sandbox_url: where the sandbox's Engine listens, ``http://localhost:9099``.
        inherited: the environment to extend; its ``PYTHONPATH``, ``NODE_OPTIONS`` and proxies
            stay in force.
    """
    bypassed = inherited.get("NO_PROXY") or inherited.get("no_proxy") or ""
    hosts = [host for host in bypassed.split(",") if host]
    hosts += [host for host in (*LOCAL_HOSTS, *sorted(HOSTS)) if host not in hosts]
    return {
        "TICKTICK_SANDBOX_URL": sandbox_url,
        "PYTHONPATH": python_path(inherited),
        "NODE_OPTIONS": node_options(inherited),
        "NO_PROXY": ",".join(hosts),
        "no_proxy": ",".join(hosts),
    }


def python_path(inherited: Mapping[str, str]) -> str:
    """Return a ``PYTHONPATH`` by which a child process runs this folder's ``sitecustomize``."""
    folder = str(Path(__file__).parent)
    path = [part for part in inherited.get("PYTHONPATH", "").split(os.pathsep) if part]
    return os.pathsep.join([folder, *(part for part in path if part != folder)])


def node_options(inherited: Mapping[str, str]) -> str:
    """Return ``NODE_OPTIONS`` by which a child process of Node loads ``preload.cjs`` first."""
    path = str(Path(__file__).with_name("preload.cjs"))
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    option = f'--require "{quoted}"'
    options = inherited.get("NODE_OPTIONS", "")
    return options if option in options else f"{option} {options}".strip()
