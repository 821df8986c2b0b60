"""Secrets that tools may ask for: their values are handed to workers and shown nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from ticktick_sandbox.shared.context import Context

_HINT = 4
_SHORTEST_WITH_HINT = 16


@dataclass(frozen=True)
class Secret:
    """A value under a key. ``last_accessed_at`` is ``None`` until a tool has asked for it."""

    id: str
    key: str
    value: str = field(repr=False)
    description: str
    created_at: datetime
    updated_at: datetime
    last_accessed_at: datetime | None = None

    @property
    def hint(self) -> str:
        """The end of the value, by which its owner knows it again.

        The ``arcade`` command shows the hint behind three dots. A short value has none: it
        would give too much away.
        """
        return self.value[-_HINT:] if len(self.value) >= _SHORTEST_WITH_HINT else ""


class ToolSecrets:
    """All secrets of one Engine, by their keys."""

    def __init__(self, context: Context) -> None:
        self._clock, self._ids, self._event_log = context.clock, context.ids, context.event_log
        self._by_key: dict[str, Secret] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def all(self) -> list[Secret]:
        """Return every secret, in the order in which they were added."""
        return list(self._by_key.values())

    def put(self, key: str, value: str, description: str | None = None) -> Secret:
        """Add a secret or replace its value; without a description the old one stays."""
        now = self._clock.now()
        before = self._by_key.get(key)
        if before is None:
            secret = Secret(self._ids.uuid4("secret"), key, value, description or "", now, now)
        else:
            text = before.description if description is None else description
            secret = replace(before, value=value, description=text, updated_at=now)
        self._by_key[key] = secret
        self._event_log.add("Arcade", f"{'replaced' if before else 'added'} the secret {key}")
        return secret

    def read(self, key: str) -> str:
        """Return a value for a tool that runs now.

        Raises:
            KeyError: there is no such secret.
        """
        secret = replace(self._by_key[key], last_accessed_at=self._clock.now())
        self._by_key[key] = secret
        return secret.value

    def remove(self, secret_id: str) -> None:
        """Take a secret out.

        Raises:
            KeyError: none has this id.
        """
        for secret in self.all():
            if secret.id == secret_id:
                del self._by_key[secret.key]
                self._event_log.add("Arcade", f"deleted the secret {secret.key}")
                return
        raise KeyError(secret_id)
