"""The redirection for curl, which reads its options from a ``.curlrc``."""

from __future__ import annotations

import functools
import json
import os
import ssl
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ticktick_sandbox.redirection.sitecustomize import HOSTS, Redirection
from ticktick_sandbox.shared.scratch import scratch

# Where curl looks for its options, in its order: a variable and a file below its folder.
_PLACES = (
    ("CURL_HOME", ".curlrc"),
    ("XDG_CONFIG_HOME", "curlrc"),
    ("HOME", ".curlrc"),
    ("HOME", ".config/curlrc"),
)

# What Python's audit hooks are told before another program is started.
_STARTS = {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"}

_NOWHERE = {"port": 1, "ca": ""}  # an entrance that refuses


def curl_home(folder: Path, entrance: Mapping[str, Any], inherited: Mapping[str, str]) -> str:
    """Write a ``.curlrc`` and the certificates it names; return the value of ``CURL_HOME``.

    Connections to the six host names go to the sandbox. Other hosts are reached and
    verified as before, and the reader's own ``.curlrc`` stays in force.

    Args:
        folder: where to write; has to stay for as long as curl may run.
        entrance: what the sandbox answers at ``/_sandbox/tls``.
        inherited: the environment of the reader.
    """
    certificates = folder / "certificates.pem"
    certificates.write_text(_known_authorities(inherited) + entrance["ca"], encoding="utf-8")
    hosts = [name for host in sorted(HOSTS) for name in (host, f"{host}.")]
    lines = [_option("connect-to", f"{host}:443:127.0.0.1:{entrance['port']}") for host in hosts]
    # The sandbox answers on port 443 only. curl takes the first rule that fits.
    lines += [_option("connect-to", f"{host}::127.0.0.1:1") for host in hosts]
    own = (Path(inherited[name], file) for name, file in _PLACES if inherited.get(name))
    lines += [_option("config", str(path)) for path in own if path.is_file()][:1]
    lines.append(_option("cacert", str(certificates)))
    (folder / ".curlrc").write_text("".join(lines), encoding="utf-8")
    return str(folder)


class CurlHome:
    """A ``CURL_HOME`` for the programs that this process will start.

    The TLS entrance is opened just before the first of them is started. It would slow the
    start of the sandbox down, and most notebooks start no program.
    """

    def __init__(self, redirection: Redirection, inherited: Mapping[str, str]) -> None:
        self._folder = scratch()
        inherited = dict(inherited)
        self.path = curl_home(Path(self._folder.name), _NOWHERE, inherited)
        self._write = lambda: curl_home(Path(self.path), redirection.entrance(), inherited)
        _watch_for_programs()
        _to_write.append(self._write)

    def close(self) -> None:
        """Remove what was written."""
        if self._write in _to_write:
            _to_write.remove(self._write)
        self._folder.cleanup()


_to_write: list[Callable[[], object]] = []


@functools.cache
def _watch_for_programs() -> None:
    def look(event: str, arguments: tuple[object, ...]) -> None:
        if _to_write and event in _STARTS:
            with suppress(OSError):
                _to_write.pop()()

    sys.addaudithook(look)


def _known_authorities(inherited: Mapping[str, str]) -> str:
    paths = ssl.get_default_verify_paths()
    for path in (inherited.get("CURL_CA_BUNDLE"), inherited.get("SSL_CERT_FILE"), paths.cafile):
        if path and os.path.isfile(path):
            return Path(path).read_text(encoding="utf-8")
    return ""


def _option(name: str, value: str) -> str:
    return f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
