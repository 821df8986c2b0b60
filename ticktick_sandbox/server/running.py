"""A sandbox that runs in another process: whether there is one, and its TLS entrance."""

from __future__ import annotations

import time
from typing import Any

_STARTING_TRIES = 50  # of a tenth of a second each


def find_running(port: int) -> str | None:
    """Return the URL of the sandbox on this port, ``None`` if there is none.

    One that is still starting is waited for.
    """
    import httpx

    from ticktick_sandbox.browser.browser import local_client

    url = f"http://localhost:{port}"
    try:
        with local_client() as client:
            for _ in range(_STARTING_TRIES):
                state = client.get(f"{url}/_sandbox/state", timeout=2).json()
                if not isinstance(state, dict) or state.get("arcade") != url:
                    return None
                if state.get("ready"):
                    break
                time.sleep(0.1)
    except (httpx.HTTPError, ValueError):
        return None
    return url


def tls_entrance(arcade_url: str) -> dict[str, Any]:
    """Return the TLS port of the sandbox at this URL and its certificate authority.

    Returns:
        ``{"port": int, "ca": PEM text}``
    """
    from ticktick_sandbox.browser.browser import local_client

    with local_client() as client:
        return client.get(f"{arcade_url}/_sandbox/tls").raise_for_status().json()
