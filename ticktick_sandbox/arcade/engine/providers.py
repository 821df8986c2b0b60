"""OAuth 2.0 providers as the Engine keeps them, wherever their configuration came from."""

from __future__ import annotations

from ticktick_sandbox.arcade.oauth.provider import Provider


class UnknownProvider(LookupError):
    """No provider, or more than one, answers to the reference; the text says which."""


class Providers:
    """All providers of one Engine."""

    def __init__(self) -> None:
        self._by_id: dict[str, Provider] = {}

    def begin_as(self, other: Providers) -> None:
        """Take over the providers of another Engine."""
        self._by_id = dict(other._by_id)

    def all(self) -> list[Provider]:
        """Return every provider, in the order in which they were added."""
        return list(self._by_id.values())

    def get(self, provider_id: str) -> Provider | None:
        """Return the provider with this id of its own."""
        return self._by_id.get(provider_id)

    def put(self, provider: Provider) -> None:
        """Add or replace a provider."""
        self._by_id[provider.id] = provider

    def remove(self, provider_id: str) -> None:
        """Take a provider out."""
        del self._by_id[provider_id]

    def by_external_id(self, external_id: str) -> Provider | None:
        """Return the provider whose redirect URI holds this external id."""
        return next((p for p in self._by_id.values() if p.external_id == external_id), None)

    def current(self, provider: Provider) -> Provider:
        """Return a provider as it is configured now."""
        return self.by_external_id(provider.external_id) or provider

    def resolve(self, *references: str | None) -> Provider:
        """Return the provider meant: each reference is tried as an ``id``, then as a type.

        Args:
            *references: the requirement's ``id`` and ``provider_id``; empty ones are skipped.

        Raises:
            UnknownProvider: none fits, several of one type fit, or it is disabled.
        """
        given = [reference for reference in references if reference]
        for reference in given:
            if provider := self._by_id.get(reference):
                return _enabled(provider)
        for reference in given:
            same = [p for p in self._by_id.values() if p.provider_id == reference and p.enabled]
            if len(same) > 1:
                raise UnknownProvider(
                    f"several auth providers have the provider_id {reference}: "
                    f"{', '.join(p.id for p in same)}. Ask for one of them by its id"
                )
            if same:
                return same[0]
        known = ", ".join(p.id for p in self._by_id.values()) or "none"
        raise UnknownProvider(f"auth provider {given[0]!r} not found. Configured: {known}")


def _enabled(provider: Provider) -> Provider:
    if not provider.enabled:
        raise UnknownProvider(f"auth provider {provider.id!r} is disabled")
    return provider
