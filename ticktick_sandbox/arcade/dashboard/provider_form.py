"""The dashboard's form of a provider, and the body in the API's shape that it stands for.

Labels, sections and defaults are those of the live dashboard.
In one thing the sandbox does not follow it: measured, the live dashboard stores the
credentials of a new provider for Basic and among the parameters, so that they go out twice.
Here they go out once, in the way that ``Authentication Method`` says.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ticktick_sandbox.arcade.config.provider_bodies import ProviderRefused
from ticktick_sandbox.arcade.oauth.provider import FORM, JSON, placeholders
from ticktick_sandbox.shared.types import Json

Fields = dict[str, str]

BASIC = "client_secret_basic"
IN_BODY = "body"
AS_CONFIGURED = "as_configured"
"""The values of ``Authentication Method``."""


@dataclass(frozen=True)
class Field:
    """A field: its label and its place in the body."""

    label: str
    path: str


FIELDS = {
    "id": Field("ID", "id"),
    "description": Field("Description", "description"),
    "client_id": Field("Client ID", "oauth2.client_id"),
    "client_secret": Field("Client Secret", "oauth2.client_secret"),
    "authorization_endpoint": Field("Authorization Endpoint", "oauth2.authorize_request.endpoint"),
    "token_endpoint": Field("Token Endpoint", "oauth2.token_request.endpoint"),
    "pkce": Field("Enable PKCE", "oauth2.pkce.enabled"),
    "pkce_method": Field("PKCE Method", "oauth2.pkce.code_challenge_method"),
    "response_type": Field("Response Type", "oauth2.authorize_request.params.response_type"),
    "scope": Field("Scope", "oauth2.authorize_request.params.scope"),
    "auth_method": Field("Authentication Method", "oauth2.token_request.auth_method"),
    "response_content_type": Field(
        "Response Content Type", "oauth2.token_request.response_content_type"
    ),
}

BLANK: Json = json.loads(Path(__file__).with_name("new_provider.json").read_text("utf-8"))
"""What a new provider starts from."""


def fields_of(body: Json) -> Fields:
    """Return what the form shows of a body: all but the secret."""
    fields = {name: _at(body, field.path) for name, field in FIELDS.items()}
    return fields | {
        "client_secret": "",
        "pkce": "on" if body["oauth2"]["pkce"]["enabled"] else "",
        "auth_method": _auth_method(body),
    }


def choices(body: Json) -> dict[str, dict[str, str]]:
    """Return what the fields that are chosen from offer: texts by values, by field.

    A provider that authenticates in a third way, as only the API and engine.yaml can say,
    may keep it.
    """
    kept = {AS_CONFIGURED: "Another way, as configured"}
    return {
        "pkce_method": {"S256": "S256"},
        "auth_method": {BASIC: "Client Secret Basic", IN_BODY: "Client ID and secret in the body"}
        | (kept if _auth_method(body) == AS_CONFIGURED else {}),
        "response_content_type": {JSON: JSON, FORM: FORM},
    }


def typed(form: Mapping[str, str], before: Json) -> Fields:
    """Return the fields as a person sent them; what a form lacks stays as it was.

    Blanks around a value are dropped: they come along when one copies and pastes.
    """
    sent = {name: form[name].strip() for name in FIELDS if name in form}
    return fields_of(before) | {"pkce": ""} | sent


def body_of(fields: Fields, before: Json) -> Json:
    """Return ``before`` with the fields laid over it; an empty secret keeps the old one.

    Raises:
        ProviderRefused: a new provider has no secret, or a choice is none of the offered.
    """
    if not fields["client_secret"] and not _at(before, "id"):
        raise ProviderRefused("oauth2.client_secret", "required", "Client Secret is required")
    body = copy.deepcopy(before)
    for name, field in FIELDS.items():
        if name not in ("client_secret", "pkce", "auth_method"):
            _put(body, field.path, fields[name])
    if fields["client_secret"]:
        body["oauth2"]["client_secret"] = fields["client_secret"]
    body["oauth2"]["pkce"]["enabled"] = bool(fields["pkce"])
    if fields["auth_method"] not in choices(before)["auth_method"]:
        path = FIELDS["auth_method"].path
        raise ProviderRefused(path, "oneof", f"{fields['auth_method']!r} is not possible")
    if fields["auth_method"] != _auth_method(before):
        _set_auth_method(body["oauth2"]["token_request"], fields["auth_method"])
    return body


def _auth_method(body: Json) -> str:
    token_request = body["oauth2"]["token_request"]
    in_body = "client_secret" in placeholders(token_request.get("params", {}))
    match token_request.get("auth_method", ""), in_body:
        case "client_secret_basic", False:
            return BASIC
        case "", True:
            return IN_BODY
        case _:
            return AS_CONFIGURED


def _set_auth_method(token_request: Json, method: str) -> None:
    """Let the credentials go out once, by Basic or among the parameters."""
    credentials = {name: f"{{{{{name}}}}}" for name in ("client_id", "client_secret")}
    others = {
        name: text
        for name, text in token_request.get("params", {}).items()
        if not placeholders({name: text}) & set(credentials)
    }
    token_request["auth_method"] = BASIC if method == BASIC else ""
    token_request["params"] = others if method == BASIC else others | credentials


def _at(body: Json, path: str) -> str:
    for key in path.split("."):
        body = body.get(key, {})
    return str(body) if body != {} else ""


def _put(body: Json, path: str, value: str) -> None:
    """Set a value; an empty one takes its parameter out."""
    *above, name = path.split(".")
    for key in above:
        body = body.setdefault(key, {})
    if value or "params" not in above:
        body[name] = value
    else:
        body.pop(name, None)
