"""A sandbox that runs in another process: whether there is one, and its TLS entrance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ticktick_sandbox.recording.exchange import Exchange

_STARTING = 5  # seconds; one that is still starting answers once it is ready


def find_running(port: int) -> str | None:
    """Return the URL of the sandbox on this port, ``None`` if there is none."""
    import httpx

    from ticktick_sandbox.browser.browser import local_client

    url = f"http://localhost:{port}"
    try:
        with local_client() as client:
            state = client.get(f"{url}/_sandbox/state", timeout=_STARTING).json()
    except (httpx.HTTPError, ValueError):
        return None
    return url if isinstance(state, dict) and state.get("arcade") == url else None


def exchanges(arcade_url: str) -> list[Exchange]:
    """Return what went over the wire in the sandbox at this URL, oldest first."""
    from ticktick_sandbox.browser.browser import local_client
    from ticktick_sandbox.recording.exchange import Exchange

    with local_client() as client:
        found = client.get(f"{arcade_url}/_sandbox/exchanges").raise_for_status().json()
    return [Exchange.from_json(values) for values in found]


def control_key(arcade_url: str) -> str:
    """Return what a program needs that steers the sandbox at this URL."""
    from ticktick_sandbox.browser.browser import local_client

    with local_client() as client:
        return client.get(f"{arcade_url}/_sandbox/key").raise_for_status().json()["key"]


def steer(arcade_url: str, action: str, body: dict[str, Any]) -> str:
    """Steer the sandbox at this URL; return why that was refused, and nothing if it was not."""
    from ticktick_sandbox.browser.browser import local_client

    headers = {"Authorization": f"Bearer {control_key(arcade_url)}"}
    with local_client() as client:
        reply = client.post(f"{arcade_url}/_sandbox/{action}", json=body, headers=headers)
    return "" if reply.is_success else reply.json()["message"]


def tls_entrance(arcade_url: str) -> dict[str, Any]:
    """Return the TLS port of the sandbox at this URL and its certificate authority.

    Returns:
        ``{"port": int, "ca": PEM text}``
    """
    from ticktick_sandbox.browser.browser import local_client

    with local_client() as client:
        return client.get(f"{arcade_url}/_sandbox/tls").raise_for_status().json()
