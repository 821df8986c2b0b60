"""What a provider is configured with: its requests, its credentials, its ways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


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


def placeholders(params: Mapping[str, str]) -> set[str]:
    """Return the names of all placeholders in ``params``."""
    return {name for text in params.values() for name in PLACEHOLDER.findall(text)}
