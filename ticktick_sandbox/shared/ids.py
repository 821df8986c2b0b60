"""Identifiers that are the same on every run.

Each value derives from a seed, its kind and how many of that kind came before,
so that one more page view does not shift the next access token.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"

FAKE = "fa4e"
"""What hexadecimal identifiers of the sandbox begin with, so that they look made up."""


class Ids:
    """Makes identifiers, counted per kind.

    ``listener``, if there is one, gets each kind and value.

    Args:
        seed: two instances with the same seed make the same values in the same order.
    """

    def __init__(self, seed: str = "sandbox") -> None:
        self._seed = seed
        self.listener: Callable[[str, str], None] | None = None
        self._made: Counter[str] = Counter()

    def fresh(self) -> Ids:
        """Return what makes the same values as this one did from its start."""
        return Ids(self._seed)

    def go_on_from(self, other: Ids) -> None:
        """Make next what ``other``, with the same seed, would make next."""
        self._made = other._made.copy()

    def base62(self, kind: str, length: int, prefix: str = "") -> str:
        """Return ``length`` characters of ``[0-9A-Za-z]``, ``prefix`` included."""
        return self._tell(kind, prefix + self._draw(kind, _BASE62, length - len(prefix)))

    def base36(self, kind: str, length: int) -> str:
        """Return ``length`` characters of ``[0-9a-z]``."""
        return self._tell(kind, self._draw(kind, _BASE36, length))

    def hex(self, kind: str, length: int) -> str:
        """Return ``length`` lower-case hexadecimal characters, the fake mark included."""
        return self._tell(kind, self._hex(kind, length))

    def digits(self, kind: str, length: int) -> str:
        """Return ``length`` decimal digits."""
        return self._tell(kind, self._draw(kind, "0123456789", length))

    def uuid4(self, kind: str) -> str:
        """Return a lower-case UUID of version 4."""
        value = self._hex(kind, 32)
        value = f"{value[:8]}-{value[8:12]}-4{value[13:16]}-a{value[17:20]}-{value[20:]}"
        return self._tell(kind, value)

    def _tell(self, kind: str, value: str) -> str:
        if self.listener:
            self.listener(kind, value)
        return value

    def _hex(self, kind: str, length: int) -> str:
        return FAKE + self._draw(kind, "0123456789abcdef", length - len(FAKE))

    def _draw(self, kind: str, alphabet: str, length: int) -> str:
        self._made[kind] += 1
        text = f"{self._seed}:{kind}:{self._made[kind]}"
        number = int.from_bytes(hashlib.sha256(text.encode()).digest())
        characters = []
        for _ in range(length):
            number, position = divmod(number, len(alphabet))
            characters.append(alphabet[position])
        return "".join(characters)
