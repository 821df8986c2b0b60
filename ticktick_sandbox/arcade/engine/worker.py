"""A worker, and where one may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ticktick_sandbox.arcade.urls import is_absolute
from ticktick_sandbox.shared.settings import LOCAL_HOSTS

NOT_PLAIN = "uri must be a plain http or https address such as http://127.0.0.1:8002"


@dataclass(frozen=True)
class Worker:
    """A server of tools.

    ``timeout`` is in seconds. ``retry`` is kept and shown, but a call is never repeated:
    its tool may have run. ``origin`` is ``"static"`` for one from engine.yaml and
    ``"project"`` for one made through the API.
    """

    id: str
    uri: str
    secret: str = field(repr=False)
    timeout: int = 30
    retry: int = 3
    enabled: bool = True
    origin: str = "project"


class BadAddress(ValueError):
    """A worker can't be there; the text says why. ``rule`` names the rule that is broken."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule


def address(uri: str) -> str:
    """Return a worker's address, without a slash at its end.

    Raises:
        BadAddress: it is no plain URL, or not on this machine.
    """
    parts = urlsplit(uri) if is_absolute(uri) else None
    if parts is None or parts.query or parts.fragment or parts.username is not None:
        raise BadAddress("url", NOT_PLAIN)
    if parts.hostname not in LOCAL_HOSTS:
        text = (
            "the sandbox calls workers on this machine only: "
            "use http://127.0.0.1 or http://localhost with the worker's port"
        )
        raise BadAddress("local", text)
    return uri.rstrip("/")
