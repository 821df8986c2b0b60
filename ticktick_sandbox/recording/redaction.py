"""The door of the record: what a message says, with a label in place of each secret.

A value is a secret by where it stands (a header, a parameter, a field of JSON), or because
whoever made it said so. What can't be read is not kept: a body is a form, JSON, or only its
kind and length; a page is its title.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from ticktick_sandbox.recording.labels import Labels

LARGEST = 65_536  # bytes of a body that is looked at
_SHOWN = 4_000  # characters of it that are kept
_DEEPEST = 50

_KINDS = {
    "access_token": "token",
    "refresh_token": "token",
    "id_token": "token",
    "token": "token",
    "code": "code",
    "state": "state",
    "flow_id": "state",  # Arcade's verifier is told the state by this name
    "client_secret": "client secret",
    "code_verifier": "verifier",
    "password": "password",
    "secret": "secret",
    "session": "session",
    "form_token": "form token",
    "api_key": "API key",
}
"""What kind of secret a parameter or a field of this name holds."""

_ONLY_IN_URLS = ("code", "state", "session")
"""In JSON these are error codes and the like."""

_SOUNDS_SECRET = re.compile(r"(secret|token|password|passwd|api_?key|verifier|private_?key)$")
_TEMPLATE = re.compile(r"(\w+ )?(\{\{[\w. ]+\}\}|\$\{[\w:. ]+\})")
_TITLE = re.compile(r"<title>([^<]*)</title>", re.I)

REQUEST_HEADERS = ("authorization", "content-type", "cookie", "origin")
RESPONSE_HEADERS = ("content-type", "location", "retry-after", "set-cookie", "www-authenticate")


class Redaction:
    """Reads messages for one record.

    Args:
        labels: name the secrets, and learn here of those they did not know.
    """

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def target(self, url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return a URL without its query, and the parameters of that."""
        place, _, query = url.partition("?")
        return printable(self._labels.hide(unquote(place))), tuple(self._pairs(query))

    def headers(
        self, headers: Iterable[tuple[str, str]], kept: Iterable[str], *, api_key: bool = False
    ) -> tuple[tuple[str, str], ...]:
        """Return those headers that matter.

        Args:
            headers: names in lower case, and values.
            kept: the names of those that matter.
            api_key: whether who is asked takes an API key for authorization.
        """
        return tuple(
            (name, printable(self._header(name, value, api_key)))
            for name, value in headers
            if name in kept
        )

    def body(self, content_type: str, content: bytes | None, size: int) -> str:
        """Return what a body says.

        Args:
            content_type: as its header says.
            content: ``None`` if it was too large to be kept.
            size: how many bytes it has.
        """
        if not size:
            return ""
        kind = content_type.partition(";")[0].strip().lower()
        if content is None:
            return f"({size} bytes, too many to keep)"
        try:
            text = content.decode()
            if kind == "application/x-www-form-urlencoded":
                shown = "\n".join(f"{name}={value}" for name, value in self._pairs(text))
            elif kind.endswith("json"):
                shown = self._json(text)
            elif kind == "text/html":
                title = _TITLE.search(text)
                shown = f"(a page: {unescape(title[1]).strip()})" if title else "(a page)"
                shown = self._labels.hide(shown)
            elif kind == "text/plain":
                shown = self._labels.hide(text)
            else:
                return f"({size} bytes of {self._labels.hide(kind) or 'an unknown kind'})"
        except (ValueError, RecursionError):
            return f"({size} bytes that are not what their content type says)"
        shown = printable(shown)
        left = len(shown) - _SHOWN
        return shown if left <= 0 else f"{shown[:_SHOWN]}\n({left} more characters)"

    def _json(self, text: str) -> str:
        value = json.loads(text)
        return json.dumps(self._value(value, "", "", 0), indent=1, ensure_ascii=False)

    def _value(self, value: Any, name: str, within: str, depth: int) -> Any:
        """Return a value of JSON; ``name`` is its field's, ``within`` that of the one around."""
        if depth > _DEEPEST:
            raise RecursionError
        if isinstance(value, dict):
            return {
                self._labels.hide(key): self._value(inner, key, name, depth + 1)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self._value(inner, name, within, depth + 1) for inner in value]
        if isinstance(value, bool) or value is None or value == "":
            return value
        kind = None if name.lower() in _ONLY_IN_URLS else _kind_of(name)
        if name == "value" and within in ("secrets", ""):  # what a tool's secret is set to
            kind = "secret"
        if within == "client_secret" and name != "binding":  # its hint has the last characters
            kind = "hint"
        if kind:
            return self._secret(kind, str(value))
        return self._text(value) if isinstance(value, str) else value

    def _secret(self, kind: str, value: str) -> str:
        """Return the label of what stands where a secret belongs, but for a place holder."""
        return self._labels.hide(value) if _TEMPLATE.fullmatch(value) else self._of(kind, value)

    def _of(self, kind: str, value: str) -> str:
        return self._labels.of(kind, value)

    def _text(self, text: str) -> str:
        """Return a text; one that is an address with parameters is read as that."""
        if "?" in text and text.startswith(("http://", "https://", "/")) and " " not in text:
            return self._url(text)
        return self._labels.hide(text)

    def _url(self, url: str) -> str:
        place, query = self.target(url)
        sent = "&".join(f"{name}={value}" for name, value in query)
        return f"{place}?{sent}" if sent else place

    def _pairs(self, query: str) -> Iterable[tuple[str, str]]:
        for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=1000):
            kind = _kind_of(name) if value else None
            shown = self._secret(kind, value) if kind else self._text(value)
            yield printable(self._labels.hide(name)), printable(shown)

    def _header(self, name: str, value: str, api_key: bool) -> str:
        read: dict[str, Callable[[str], str]] = {
            "authorization": lambda text: self._authorization(text, api_key),
            "cookie": self._cookies,
            "set-cookie": self._set_cookie,
            "location": self._url,
        }
        return read.get(name, self._labels.hide)(value)

    def _authorization(self, value: str, api_key: bool) -> str:
        scheme, _, rest = value.strip().partition(" ")
        if scheme.lower() == "basic":
            try:
                user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
            except ValueError:
                return f"Basic {self._of('client secret', rest)}"
            user = self._labels.hide(unquote_plus(user))
            return f"Basic {user}:{self._secret('client secret', unquote_plus(password))}"
        bearer = bool(rest) and scheme.lower() == "bearer"
        kind = "API key" if api_key else "token"
        if bearer and rest.count(".") == 2:
            kind = "signed key"  # a JSON Web Token, by which the Engine shows who it is
        return f"Bearer {self._of(kind, rest)}" if bearer else self._of(kind, value)

    def _cookies(self, value: str) -> str:
        pairs = (part.strip().partition("=") for part in value.split(";"))
        return "; ".join(
            f"{self._labels.hide(name)}={self._of('session', secret)}"
            for name, _, secret in pairs
            if secret
        )

    def _set_cookie(self, value: str) -> str:
        cookie, _, rest = value.partition(";")
        name, _, secret = cookie.partition("=")
        shown = self._of("session", secret) if secret.strip('"') else ""
        return f"{self._labels.hide(name)}={shown};{self._labels.hide(rest)}"


def _kind_of(name: str) -> str | None:
    name = name.lower().replace("-", "_")
    kind = _KINDS.get(name)
    return kind or ("secret" if _SOUNDS_SECRET.search(name) else None)


def printable(text: str) -> str:
    """Return a text that no terminal and no page takes for more than text."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def api_key_is_asked_for(url: str) -> bool:
    """Tell whether an Authorization header here is an API key of Arcade's."""
    return urlsplit(url).path.startswith("/v1/")
