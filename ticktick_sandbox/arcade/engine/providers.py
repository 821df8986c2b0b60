"""OAuth 2.0 providers as the Engine keeps them, wherever their configuration came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True)
class OAuthRequest:
    """One request of a flow: where it goes and what it carries.

    ``params`` may hold placeholders such as ``{{client_id}}``. ``auth_method`` is ``""``,
    ``client_secret_basic`` or ``bearer_access_token``; any other text is a slip that a
    lenient Engine reads as credentials in the body. ``enabled`` and ``expiration_format``
    belong to ``token_introspection_request`` alone, which is kept but not carried out.
    """

    endpoint: str
    method: str = "POST"
    auth_method: str = ""
    params: Mapping[str, str] = MappingProxyType({})
    request_content_type: str = FORM
    response_content_type: str = JSON
    response_map: Mapping[str, str] = MappingProxyType({})
    triggers: Mapping[str, bool] = MappingProxyType({})
    enabled: bool | None = None
    expiration_format: str = ""


@dataclass(frozen=True)
class Provider:
    """A provider. ``external_id`` is the part of its redirect URI that makes it unique.

    ``origin`` is ``"static"`` for one from engine.yaml and ``"project"`` for one made
    through the API. ``requests`` holds the further requests by their key.
    """

    id: str
    client_id: str
    client_secret: str = field(repr=False)
    authorize_request: OAuthRequest
    token_request: OAuthRequest
    description: str = ""
    provider_id: str = ""
    enabled: bool = True
    scope_delimiter: str = " "
    pkce: bool = False
    requests: Mapping[str, OAuthRequest] = field(default_factory=dict)
    external_id: str = ""
    origin: str = "project"
    created_at: datetime | None = None
    updated_at: datetime | None = None


class UnknownProvider(LookupError):
    """No provider, or more than one, answers to the reference; the text says which."""


class Providers:
    """All providers of one Engine."""

    def __init__(self) -> None:
        self._by_id: dict[str, Provider] = {}

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

    def resolve(self, *references: Any) -> Provider:
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
