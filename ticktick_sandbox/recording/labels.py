"""Labels in place of secrets: the same value has the same label, wherever it occurs."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable

_KEPT = 10_000  # values
_ODD_KEPT = 200
_SHORTEST = 6  # characters; a shorter value is hidden only where a secret belongs
_RUN = re.compile(rf"[A-Za-z0-9_-]{{{_SHORTEST},}}")
_MARKS = str.maketrans("‹›", "<>")

LABEL = re.compile("‹([^‹›]+)›")
"""What a label looks like, with what is in it: ``‹code 1›``."""


class Labels:
    """Knows the secrets of one start, and what stands in their place.

    A label is its kind and a number, counted per kind in the order in which values were
    shown first. Nothing of the value is in it. In a text a value is found as a whole word:
    no letter, digit, hyphen or underscore beside it.

    Args:
        public: words that stand where secrets belong, and are none elsewhere.
    """

    def __init__(self, public: Iterable[str] = ()) -> None:
        self._public = frozenset(public)
        self._kinds: OrderedDict[str, str] = OrderedDict()
        self._shown: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._odd: OrderedDict[str, str] = OrderedDict()  # more than one word: as it is in a text

    def begin_as(self, other: Labels) -> None:
        """Know the secrets of another one that has shown none yet."""
        self._kinds, self._odd = other._kinds.copy(), other._odd.copy()

    def know(self, kind: str, value: str) -> None:
        """Take a value for a secret from now on, wherever it occurs. Its first kind stays."""
        self._kinds.setdefault(value, kind)
        self._kinds.move_to_end(value)
        if len(value) >= _SHORTEST and not _RUN.fullmatch(value):
            self._odd[value] = value.translate(_MARKS)
        if len(self._kinds) > _KEPT:
            self._forget(next(iter(self._kinds)))
        if len(self._odd) > _ODD_KEPT:
            self._forget(next(iter(self._odd)))

    def of(self, kind: str, value: str) -> str:
        """Return the label of a value that stands where a secret of this kind belongs."""
        self.know(kind, value)
        label = self._shown.get(value)
        if label is None:
            kind = self._kinds[value]
            self._counts[kind] += 1
            label = self._shown[value] = f"‹{kind} {self._counts[kind]}›"
        return label

    def hide(self, text: str) -> str:
        """Return a text with labels in place of the secrets in it.

        Marks of labels that were in it are none afterwards.
        """
        text = text.translate(_MARKS)
        if not self._odd:
            return _RUN.sub(self._replace, text)
        pieces = [text]
        for value, marked in sorted(self._odd.items(), key=lambda odd: -len(odd[0])):
            if marked in text:
                label = self.of("secret", value)
                pieces = [part for piece in pieces for part in _around(label, piece, marked)]
        return "".join(
            piece if LABEL.fullmatch(piece) else _RUN.sub(self._replace, piece) for piece in pieces
        )

    def _replace(self, word: re.Match[str]) -> str:
        if word[0] in self._kinds and word[0] not in self._public:
            return self.of("secret", word[0])
        return word[0]

    def _forget(self, value: str) -> None:
        for kept in (self._kinds, self._shown, self._odd):
            kept.pop(value, None)


def _around(label: str, piece: str, value: str) -> list[str]:
    if LABEL.fullmatch(piece):
        return [piece]
    parts = [part for between in piece.split(value) for part in (label, between)]
    return parts[1:]
