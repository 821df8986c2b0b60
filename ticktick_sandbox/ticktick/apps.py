"""Apps registered in the Developer Portal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ticktick_sandbox.shared.ids import Ids


@dataclass(frozen=True)
class Icon:
    """An uploaded picture; ``content_type`` is one of the image types browsers show."""

    content: bytes
    content_type: str


@dataclass(frozen=True)
class App:
    """What the portal knows of an app.

    ``client_id`` has 18 characters of ``[0-9A-Za-z]``, ``client_secret`` 32.
    ``redirect_url`` is empty until the owner saves one.
    """

    client_id: str
    client_secret: str = field(repr=False)
    owner_id: str
    name: str
    service_url: str = ""
    description: str = ""
    redirect_url: str = ""
    icon: Icon | None = None


class AppRefused(ValueError):
    """A form of the portal was not filled in right; the text says which field."""


class Apps:
    """All registered apps."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._by_client_id: dict[str, App] = {}

    def get(self, client_id: str | None) -> App | None:
        """Return the app with this Client ID, ``None`` if there is none."""
        return self._by_client_id.get(client_id) if client_id else None

    def all(self) -> list[App]:
        """Return everybody's apps, oldest first."""
        return list(self._by_client_id.values())

    def owned_by(self, user_id: str) -> list[App]:
        """Return a person's apps, oldest first."""
        return [app for app in self._by_client_id.values() if app.owner_id == user_id]

    def create(
        self,
        owner_id: str,
        name: str,
        service_url: str = "",
        description: str = "",
        *,
        credentials: tuple[str, str] | None = None,
    ) -> App:
        """Register an app. It has no redirect URL yet.

        With ``credentials`` it has this Client ID and Client Secret instead of new ones.

        Raises:
            AppRefused: the name is empty.
        """
        client_id, client_secret = credentials or (
            self._ids.base62("client_id", 18, prefix="sandbox"),
            self._ids.base62("client_secret", 32, prefix="sandboxsecret"),
        )
        app = App(
            client_id=client_id,
            client_secret=client_secret,
            owner_id=owner_id,
            name=_required_name(name),
            service_url=service_url.strip(),
            description=description.strip(),
        )
        self._by_client_id[app.client_id] = app
        return app

    def save(
        self,
        app: App,
        *,
        name: str,
        service_url: str,
        description: str,
        redirect_url: str,
        icon: Icon | None = None,
    ) -> App:
        """Store what the Edit page holds. Without a new icon the old one stays.

        Raises:
            AppRefused: the name is empty or the redirect URL can't be one.
        """
        changed = replace(
            app,
            name=_required_name(name),
            service_url=service_url.strip(),
            description=description.strip(),
            redirect_url=_usable_redirect_url(redirect_url),
            icon=icon or app.icon,
        )
        self._by_client_id[app.client_id] = changed
        return changed

    def reset_secret(self, app: App) -> App:
        """Give the app a new Client Secret; the old one stops working."""
        secret = self._ids.base62("client_secret", 32, prefix="sandboxsecret")
        changed = replace(app, client_secret=secret)
        self._by_client_id[app.client_id] = changed
        return changed

    def delete(self, app: App) -> None:
        """Remove the app."""
        del self._by_client_id[app.client_id]


def _required_name(name: str) -> str:
    if not name.strip():
        raise AppRefused("Name is required.")
    return name.strip()


def _usable_redirect_url(text: str) -> str:
    """Return the URL without surrounding blanks; empty stays empty.

    https, and http for this machine, are the forms known to be accepted.
    """
    url = text.strip()
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = None, None
    if parts is None or not host or parts.scheme not in ("http", "https"):
        raise AppRefused(
            f"OAuth redirect URL: {url} is not a complete http or https address. "
            "Paste the whole URL, from http to the last character."
        )
    if parts.scheme == "http" and host not in ("localhost", "127.0.0.1"):
        raise AppRefused(
            f"OAuth redirect URL: {url} must begin with https, "
            "because only localhost and 127.0.0.1 may use http."
        )
    if parts.fragment:
        raise AppRefused(f"OAuth redirect URL: {url} must not contain a # part.")
    return url
