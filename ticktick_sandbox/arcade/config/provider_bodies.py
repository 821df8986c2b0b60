"""Providers from bodies in the API's shape: what the API and the dashboard do alike."""

from __future__ import annotations

import re
from dataclasses import replace

from ticktick_sandbox.arcade.config.findings import ERROR, Finding, note
from ticktick_sandbox.arcade.config.provider_parser import ProviderParser
from ticktick_sandbox.arcade.engine.engine import Engine
from ticktick_sandbox.arcade.oauth.provider import OAuthRequest, Provider
from ticktick_sandbox.shared.types import Json

_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class ProviderRefused(ValueError):
    """A provider that can't be kept; the text says why.

    ``field`` is a path into the body, such as ``oauth2.token_request.endpoint``, and
    ``rule`` the name of what it breaks, such as ``required``.
    """

    def __init__(self, field: str, rule: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.rule = rule


class ProviderExists(ProviderRefused):
    """Another provider has this ``id`` or ``external_id``."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(field, "unique", f"an auth provider with the {field} {value} exists")


def create(engine: Engine, body: Json) -> Provider:
    """Add the provider that ``body`` describes and return it as it is kept.

    Raises:
        ProviderRefused: the first thing that is wrong with it.
    """
    provider = replace(_read(engine, body), external_id=_external_id(body))
    if engine.providers.get(provider.id):
        raise ProviderExists("id", provider.id)
    if engine.providers.by_external_id(provider.external_id):
        raise ProviderExists("external_id", provider.external_id)
    return engine.add(provider)


def change(engine: Engine, provider: Provider, body: Json) -> Provider:
    """Lay ``body`` over a provider and return it as it is kept.

    ``params`` and ``response_map`` are replaced whole; what ``body`` leaves out stays.

    Raises:
        ProviderRefused: the first thing that would be wrong with it; nothing has changed.
    """
    if body.get("id") not in (None, provider.id):
        raise ProviderRefused("id", "immutable", "the id of an auth provider can't be changed")
    read = _read(engine, _merged(to_body(provider), body))
    return engine.change(
        replace(
            read,
            external_id=provider.external_id,
            origin=provider.origin,
            created_at=provider.created_at,
        )
    )


def to_body(provider: Provider) -> Json:
    """Return the body that would create this provider, its secret included."""
    requests = {
        "authorize_request": provider.authorize_request,
        "token_request": provider.token_request,
        **provider.requests,
    }
    return {
        "id": provider.id,
        "type": "oauth2",
        "description": provider.description,
        "provider_id": provider.provider_id,
        "status": "active" if provider.enabled else "inactive",
        "oauth2": {
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
            "scope_delimiter": provider.scope_delimiter,
            "pkce": {"enabled": provider.pkce, "code_challenge_method": "S256"},
            **{kind: _request(request) for kind, request in requests.items()},
        },
    }


def _read(engine: Engine, body: Json) -> Provider:
    """Return the provider that ``body`` describes; what is unwise goes into the event log."""
    status = body.get("status") or "active"
    if status not in ("active", "inactive"):
        raise ProviderRefused("status", "oneof", "status is active or inactive")
    oauth2 = body.get("oauth2")
    known = oauth2 if isinstance(oauth2, dict) else {"client_id": "-"}  # oauth2 itself is wrong
    if known.get("scope_delimiter", " ") not in (",", " "):
        text = "scope_delimiter is a comma or a blank"
        raise ProviderRefused("oauth2.scope_delimiter", "oneof", text)
    parser = ProviderParser("")
    provider = parser.provider(
        {
            "id": body.get("id"),
            "type": body.get("type", "oauth2"),
            "description": body.get("description"),
            "provider_id": body.get("provider_id"),
            "enabled": status == "active",
            "client_id": known.get("client_id"),
            "client_secret": known.get("client_secret"),
            "oauth2": oauth2,
        }
    )
    for finding in parser.findings:
        if (engine.settings.strict and finding.tolerated) or (
            finding.severity == ERROR and not finding.tolerated
        ):
            raise _refusal(finding)
    note(parser.findings, engine.event_log)
    assert provider
    return provider


def _refusal(finding: Finding) -> ProviderRefused:
    """Return a finding in the words and with the place that it has in a body."""
    name = finding.where.rpartition(".")[2]
    field = f"oauth2.{name}" if finding.where in ("client_id", "client_secret") else finding.where
    required = finding.rule == "required"
    text = f"{name} is a required field" if required else f"{finding.text}. {finding.fix}"
    return ProviderRefused(field, "required" if required else "invalid", text)


def _external_id(body: Json) -> str:
    value = body.get("external_id")
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not _EXTERNAL_ID.fullmatch(value):
        text = "external_id has up to 100 letters, digits, underscores and hyphens"
        raise ProviderRefused("external_id", "invalid", text)
    return value


def _merged(old: Json, new: Json) -> Json:
    """Return ``old`` with ``new`` laid over it; ``params`` and maps are replaced whole."""
    merged = dict(old)
    for key, value in new.items():
        inside = isinstance(value, dict) and isinstance(old.get(key), dict)
        whole = key in ("params", "response_map")
        merged[key] = _merged(old[key], value) if inside and not whole else value
    return merged


def _request(request: OAuthRequest) -> Json:
    """Return a request's settings; what is not set is left out."""
    shown = {
        "endpoint": request.endpoint,
        "method": request.method,
        "auth_method": request.auth_method,
        "params": dict(request.params),
        "request_content_type": request.request_content_type,
        "response_content_type": request.response_content_type,
        "response_map": dict(request.response_map),
        "triggers": dict(request.triggers),
        "enabled": request.enabled,
        "expiration_format": request.expiration_format,
    }
    return {key: value for key, value in shown.items() if value not in ("", {}, None)}
