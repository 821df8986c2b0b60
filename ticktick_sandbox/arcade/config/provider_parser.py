"""From a plain mapping, as YAML or JSON gives it, to a ``Provider``.

The rules are those of Arcade's OAuth 2.0 reference and of the published configuration
schema. Where a published example breaks them, the finding is a *slip*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ticktick_sandbox.arcade.config.findings import (
    ERROR,
    REFERENCE,
    WARNING,
    Filled,
    Finding,
)
from ticktick_sandbox.arcade.oauth import response_map
from ticktick_sandbox.arcade.oauth.provider import (
    FORM,
    JSON,
    PLACEHOLDER,
    OAuthRequest,
    Provider,
    placeholders,
)
from ticktick_sandbox.arcade.urls import is_absolute
from ticktick_sandbox.shared.types import Json

_PLACEHOLDERS = {
    "authorize_request": ("client_id", "redirect_uri", "scopes", "existing_scopes"),
    "token_request": ("client_id", "client_secret", "redirect_uri"),
    "refresh_request": ("refresh_token", "client_id", "client_secret"),
    "token_introspection_request": ("access_token",),
    "user_info_request": (),
}
_ADDED_BY_ITSELF = {"authorize_request": "state", "token_request": "code"}
_AUTH_METHODS = {
    "authorize_request": ("",),
    "token_request": ("", "client_secret_basic"),
    "refresh_request": ("", "client_secret_basic", "bearer_access_token"),
    "token_introspection_request": ("", "client_secret_basic", "bearer_access_token"),
    "user_info_request": ("", "bearer_access_token"),
}
_OF_TOKENS = ("access_token", "expires_in", "refresh_token", "scope", "token_type")
_MAPPED = {
    "token_request": _OF_TOKENS,
    "refresh_request": _OF_TOKENS,
    "token_introspection_request": ("expires_in", "scope"),
}
_REQUIRED = ("authorize_request", "token_request")
_TRIGGERS = ("on_token_grant", "on_token_refresh")
_TRIGGERED = ("token_introspection_request", "user_info_request")
_ID = re.compile(r"[a-z0-9_-]{1,100}")
# Places of which the reference speaks, and the schema does not.
_BEYOND_SCHEMA = re.compile(
    r"oauth2\.(?:token_introspection_request\b|(?!user_info)\w+_request\.triggers\b"
    r"|\w+_request\.(?:response_map\.|enabled$|expiration_format$))"
)


class ProviderParser:
    """Reads one provider and collects the findings on the way.

    ``draft`` is the provider as far as it could be read, whatever was found.
    """

    def __init__(self, where: str) -> None:
        self.findings: list[Finding] = []
        self.draft: Provider | None = None
        self._root = where

    def provider(self, sent: Any) -> Provider | None:
        """Return the provider, or ``None`` when the findings hold an error that is no slip."""
        if not isinstance(sent, dict):
            self._error("", "a provider is a mapping", "Begin with '- id: …' and its settings.")
            return None
        provider_id = self._text(sent, "id", required=True)
        if provider_id and not _ID.fullmatch(provider_id):
            self._error(
                "id",
                f"{provider_id!r} is not a usable id",
                "Use up to 100 lowercase letters, digits, underscores and hyphens.",
                rule="id-shape",
            )
        if (kind := sent.get("type")) != "oauth2" or isinstance(kind, Filled):
            text, slip = f"{kind!r} is not a provider type", kind == "oauth2"
            self._error("type", text, "Write type: oauth2.", rule="choice", tolerated=slip)
        client_id = self._text(sent, "client_id", required=True)
        client_secret = self._text(sent, "client_secret")
        enabled = sent.get("enabled")
        if enabled is None:
            enabled = True
        if not isinstance(enabled, bool):
            self._error("enabled", f"{enabled!r} is not a boolean", "Write true or false.")
        description = self._text(sent, "description")
        well_known = self._text(sent, "provider_id")
        # A provider that Arcade knows by this id needs no requests, by the schema.
        needed = "sandbox" if isinstance(sent.get("provider_id"), str) else "required"
        oauth2 = sent.get("oauth2")
        if not isinstance(oauth2, dict):
            self._error(
                "oauth2",
                "the requests of the provider are missing"
                if oauth2 is None
                else "oauth2 is a mapping",
                "Give it an authorize_request and a token_request. "
                "The sandbox knows no provider by its provider_id alone.",
                rule="type" if oauth2 is not None else needed,
            )
            return None
        requests = {
            kind: self._request(oauth2, kind, needed if kind in _REQUIRED else "")
            for kind in _PLACEHOLDERS
        }
        for kind in ("token_request", "refresh_request"):
            self._credentials(kind, requests[kind], client_secret)
        pkce = self._pkce(oauth2)
        delimiter = self._text(oauth2, "scope_delimiter", prefix="oauth2.", default=" ")
        authorize_request = requests.pop("authorize_request")
        token_request = requests.pop("token_request")
        if not authorize_request or not token_request:
            return None
        self.draft = Provider(
            id=provider_id,
            client_id=client_id,
            client_secret=client_secret,
            authorize_request=authorize_request,
            token_request=token_request,
            description=description,
            provider_id=well_known,
            enabled=enabled,
            scope_delimiter=delimiter,
            pkce=pkce,
            requests={kind: request for kind, request in requests.items() if request},
        )
        refused = any(f.severity == ERROR and not f.tolerated for f in self.findings)
        return None if refused else self.draft

    def _request(self, oauth2: Json, kind: str, needed: str) -> OAuthRequest | None:
        """Return one request; ``needed`` is the rule that is broken where it is missing."""
        sent = oauth2.get(kind)
        where = f"oauth2.{kind}"
        if sent is None and not needed:
            return None
        if not isinstance(sent, dict):
            problem, rule = "it is not a mapping", "type"
            fix = "Give it at least an endpoint."
            if sent is None:
                problem, rule = "it is missing", needed
            if rule == "sandbox":
                fix += " The sandbox knows no provider by its provider_id alone."
            self._error(where, problem, fix, rule=rule)
            return None
        prefix = f"{where}."
        endpoint = self._text(sent, "endpoint", prefix=prefix, required=True)
        if endpoint and not is_absolute(endpoint):
            self._error(
                f"{prefix}endpoint",
                f"{endpoint!r} is not a complete URL",
                "Write it with https:// and the host.",
                rule="endpoint",
            )
        default_method = "POST" if kind in ("token_request", "refresh_request") else "GET"
        auth_method = self._text(sent, "auth_method", prefix=prefix)
        if auth_method not in _AUTH_METHODS[kind] or isinstance(auth_method, Filled):
            by_schema = auth_method not in _AUTH_METHODS["refresh_request"]
            self._tolerated(
                ERROR,
                f"{prefix}auth_method",
                f"{auth_method!r} is not an allowed method",
                "Drop the line: the access token is always sent as Bearer."
                if kind == "user_info_request"
                else "Use client_secret_basic without the two params, or drop auth_method and "
                "keep client_id and client_secret in params.",
                "choice" if by_schema or isinstance(auth_method, Filled) else "auth-method",
            )
        read = OAuthRequest(
            endpoint=endpoint,
            method=self._choice(sent, "method", ("GET", "POST"), default_method, prefix),
            auth_method=auth_method,
            params=self._params(sent, kind, prefix),
            request_content_type=self._choice(
                sent, "request_content_type", (FORM, JSON), FORM, prefix
            ),
            response_content_type=self._choice(
                sent, "response_content_type", (FORM, JSON), JSON, prefix
            ),
            response_map=self._response_map(sent, kind, prefix),
            triggers=self._triggers(sent, kind, prefix),
            enabled=self._enabled(sent, prefix),
            expiration_format=self._text(sent, "expiration_format", prefix=prefix),
        )
        json_only = read.response_map or kind == "user_info_request"
        if json_only and read.response_content_type == FORM:
            self._tolerated(
                ERROR,
                f"{prefix}response_content_type",
                f"{'response_map' if read.response_map else 'user info'} takes JSON replies only",
                f"Write {JSON}, or drop the line: it is the default.",
                "json-only",
            )
        if kind == "refresh_request" and "refresh_token" not in placeholders(read.params):
            self._tolerated(
                WARNING,
                f"{prefix}params",
                "the refresh token is not among the parameters",
                'Write refresh_token: "{{refresh_token}}".',
                "refresh-token",
            )
        return read

    def _response_map(self, sent: Json, kind: str, prefix: str) -> dict[str, str]:
        where = f"{prefix}response_map"
        expressions = self._mapping(sent, "response_map", prefix, str)
        keys = _MAPPED.get(kind)
        for key, text in expressions.items():
            if keys and key not in keys:
                self._error(
                    f"{where}.{key}",
                    f"a reply to {kind} has no {key} to be mapped",
                    f"Allowed here: {', '.join(keys)}.",
                    rule="response-map",
                )
            if not isinstance(text, str):
                continue
            try:
                response_map.parse(text)
            except response_map.BrokenExpression as problem:
                quoted = isinstance(text, Filled)
                wrong = f"{text!r} is not an expression" if quoted else str(problem)
                self._error(f"{where}.{key}", wrong, response_map.ALLOWED, rule="response-map")
        if expressions and keys is _OF_TOKENS and "access_token" not in expressions:
            self._error(
                where,
                "only what is mapped is read, and access_token is not",
                'Add the place of the token, such as access_token: "$.access_token".',
                rule="response-map",
            )
        return expressions

    def _triggers(self, sent: Json, kind: str, prefix: str) -> dict[str, bool]:
        triggers = self._mapping(sent, "triggers", prefix, bool)
        fix = "Write on_token_grant: true, on_token_refresh: true, or both."
        if kind in _TRIGGERED and not triggers:
            self._error(f"{prefix}triggers", "it is not said when to ask", fix, rule="required")
        for name in [name for name in triggers if name not in _TRIGGERS]:
            text = f"{name} is not a trigger"
            self._error(f"{prefix}triggers.{name}", text, fix, rule="unknown-setting")
        return triggers

    def _enabled(self, sent: Json, prefix: str) -> bool | None:
        enabled = sent.get("enabled")
        if enabled is not None and not isinstance(enabled, bool):
            self._error(f"{prefix}enabled", f"{enabled!r} is not a boolean", "Write true or false.")
            return None
        return enabled

    def _params(self, sent: Json, kind: str, prefix: str) -> dict[str, str]:
        params = {}
        for name, value in self._mapping(sent, "params", prefix).items():
            where = f"{prefix}params.{name}"
            if isinstance(value, dict | list) or value is None:
                fix = "Write one value, in quotes."
                self._error(where, "a parameter is a text", fix, rule="params")
                continue
            params[name] = str(value).lower() if isinstance(value, bool) else str(value)
            for placeholder in PLACEHOLDER.findall(params[name]):
                if placeholder in _PLACEHOLDERS[kind]:
                    continue
                if placeholder == _ADDED_BY_ITSELF.get(kind):
                    self._tolerated(
                        WARNING,
                        where,
                        f"{{{{{placeholder}}}}} is not a documented placeholder",
                        f"Remove the line: the Engine adds {placeholder} by itself.",
                        "no-such-placeholder",
                    )
                    continue
                allowed = ", ".join(f"{{{{{p}}}}}" for p in _PLACEHOLDERS[kind]) or "none"
                shown = f"{{{{{placeholder}}}}}"
                if isinstance(value, Filled) and shown not in value.written:
                    shown = f"what stands in braces in {value!r}"
                text = f"{shown} is not a placeholder of {kind}"
                fix = f"Allowed here: {allowed}."
                if name in _PLACEHOLDERS[kind]:
                    fix = f'Write {name}: "{{{{{name}}}}}". {fix}'
                self._error(where, text, fix, rule="no-such-placeholder")
        return params

    def _credentials(self, kind: str, request: OAuthRequest | None, client_secret: str) -> None:
        if request is None:
            return
        where = f"oauth2.{kind}"
        in_body = "client_secret" in {*request.params, *placeholders(request.params)}
        basic = request.auth_method == "client_secret_basic"
        if basic and in_body:
            self._note(
                where,
                "the credentials go out twice, by Basic and in the body",
                "Keep one: drop auth_method, or client_id and client_secret from params.",
                "both-credentials",
            )
        unsent = client_secret and not in_body and request.auth_method == ""
        if unsent and kind == "token_request":
            self._note(
                where,
                "the client secret is configured but never sent",
                "Write auth_method: client_secret_basic.",
                "unsent-secret",
            )

    def _pkce(self, oauth2: Json) -> bool:
        sent = oauth2.get("pkce")
        if sent is None:
            return False
        if not isinstance(sent, dict) or not isinstance(sent.get("enabled"), bool):
            fix = "Write enabled: true or false."
            self._error("oauth2.pkce", "pkce needs 'enabled'", fix, rule="required")
            return False
        self._choice(sent, "code_challenge_method", ("S256",), "S256", "oauth2.pkce.")
        for name in [n for n in sent if n not in ("enabled", "code_challenge_method")]:
            self._error(
                f"oauth2.pkce.{name}",
                "pkce has no such setting",
                "It has enabled and code_challenge_method.",
                rule="unknown-setting",
            )
        return sent["enabled"]

    # Values

    def _text(
        self, sent: Json, name: str, *, prefix: str = "", required: bool = False, default: str = ""
    ) -> str:
        value = sent.get(name)
        if value is None:
            value = default
        if isinstance(value, int | float) and not isinstance(value, bool):
            shown = "it" if name == "client_secret" else str(value)
            text = f"{shown} is a number, and the published schema takes a text"
            self._error(f"{prefix}{name}", text, "Write it in quotes.", tolerated=True)
            value = str(value)
        if not isinstance(value, str):
            shown = "it" if name == "client_secret" else repr(value)
            self._error(f"{prefix}{name}", f"{shown} is not a text", "Write it in quotes.")
            return default
        if required and not value:
            where, fix = f"{prefix}{name}", f"Give {name} a value."
            self._error(where, "it is missing or empty", fix, rule="required")
        return value

    def _choice(
        self, sent: Json, name: str, choices: Iterable[str], default: str, prefix: str
    ) -> str:
        value = sent.get(name)
        if value is None:
            return default
        if value not in choices or isinstance(value, Filled):
            where, text = f"{prefix}{name}", f"{value!r} is not possible"
            fix, slip = f"Use {' or '.join(choices)}.", value in ("", *choices)
            self._error(where, text, fix, rule="choice", tolerated=slip)
        return value or default

    def _mapping(self, sent: Json, name: str, prefix: str, kind: type = object) -> Json:
        value = sent.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._error(
                f"{prefix}{name}", f"{name} is a mapping", "Write one 'name: value' a line."
            )
            return {}
        for key, item in value.items():
            if not isinstance(item, kind):
                fix = "Write true or false." if kind is bool else "Write it in quotes."
                self._error(f"{prefix}{name}.{key}", f"{item!r} is not possible", fix)
        return {str(key): item for key, item in value.items()}

    # Findings

    def _error(
        self, where: str, text: str, fix: str, *, rule: str = "type", tolerated: bool = False
    ) -> None:
        source = REFERENCE if _BEYOND_SCHEMA.match(where) else ""
        place = self._path(where)
        self.findings.append(Finding(ERROR, place, text, fix, tolerated, rule=rule, source=source))

    def _tolerated(self, severity: str, where: str, text: str, fix: str, rule: str) -> None:
        place = self._path(where)
        self.findings.append(Finding(severity, place, text, fix, tolerated=True, rule=rule))

    def _note(self, where: str, text: str, fix: str, rule: str) -> None:
        self.findings.append(Finding(WARNING, self._path(where), text, fix, rule=rule))

    def _path(self, where: str) -> str:
        return ".".join(part for part in (self._root, where) if part)
