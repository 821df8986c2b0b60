"""What a tool needs before it runs: its user's authorization, and secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ticktick_sandbox.arcade.engine.authorizations import Authorizations
from ticktick_sandbox.arcade.engine.providers import Providers, UnknownProvider
from ticktick_sandbox.arcade.engine.tool_secrets import ToolSecrets
from ticktick_sandbox.arcade.engine.tools import Tool
from ticktick_sandbox.arcade.oauth.provider import Provider
from ticktick_sandbox.shared.types import Json

_NOTHING_TO_GRANT = "ac_sandbox".ljust(30, "0")


class RequirementNotMet(Exception):
    """A tool's requirement can't be met by its user; the text says which."""


class AuthorizationRequired(Exception):
    """The user has to consent first."""


class Requirements:
    """Looks up what tools need.

    Args:
        secrets: what tools may ask for.
    """

    def __init__(
        self, providers: Providers, authorizations: Authorizations, secrets: ToolSecrets
    ) -> None:
        self._providers = providers
        self._authorizations = authorizations
        self._secrets = secrets

    async def authorize(self, tool: Tool, user_id: str, next_uri: str | None = None) -> Json:
        """Return the user's authorization for a tool: completed, or pending with a URL.

        For a tool that needs none it is completed. Clients wait only for what has an id,
        so there is one; what the live Engine answers is not known.

        Raises:
            RequirementNotMet: the tool asks for a provider that is not here.
        """
        if tool.authorization is None:
            return {
                "id": _NOTHING_TO_GRANT,
                "user_id": user_id,
                "status": "completed",
                "context": {},
                "scopes": [],
            }
        provider, scopes = self._wanted(tool.authorization)
        return await self._authorizations.authorize(user_id, provider, scopes, next_uri)

    async def context(self, tool: Tool, user_id: str | None) -> Json:
        """Return what a worker hands to the tool: token, user, secrets.

        Raises:
            RequirementNotMet: a secret or the provider is missing.
            AuthorizationRequired: the user has to consent first.
        """
        self._check_secrets(tool)
        context: Json = {"metadata": [], "user_id": user_id}
        if tool.authorization is not None:
            granted = await self.authorize(tool, user_id or "")
            if granted["status"] != "completed":
                raise AuthorizationRequired("authorization required")
            user_info = granted["context"].get("user_info", {})
            context["authorization"] = {
                "token": granted["context"]["token"],
                "user_info": user_info,
            }
        self._check_secrets(tool)  # again: one may be deleted while the token is refreshed
        context["secrets"] = [
            {"key": key, "value": self._secrets.read(key)} for key in tool.secrets
        ]
        return context

    def shown(self, tool: Tool, user_id: str | None) -> Json:
        """Return a tool's requirements as the API shows them; nobody is asked for anything.

        Args:
            tool: the tool that has them.
            user_id: whose token to look for; without one, the user's part is left out.
        """
        shown: Json = {}
        met = True
        if tool.secrets:
            shown["secrets"] = [self._secret(key) for key in tool.secrets]
            met = all(secret["met"] for secret in shown["secrets"])
        if tool.authorization is not None:
            shown["authorization"] = self._authorization(tool.authorization, user_id)
            met = met and shown["authorization"]["status"] == "active"
            met = met and shown["authorization"].get("token_status", "completed") == "completed"
        return {"met": met, **shown}

    async def together(
        self, tools: Iterable[Tool], user_id: str | None, *, authorize: bool = False
    ) -> Json:
        """Return what several tools need as the API shows it, each provider and secret once.

        Args:
            tools: the tools that have the requirements.
            user_id: whose token to look for; without one, the user's part is left out.
            authorize: start a flow for what the user has not granted, one for each provider.
        """
        secrets: dict[str, Json] = {}
        grants: dict[str, Json] = {}
        for tool in tools:
            for key in tool.secrets:
                item = secrets.setdefault(key, self._secret(key) | {"tool_names": []})
                item["tool_names"].append(tool.qualified_name)
            if tool.authorization is not None:
                self._add_grant(grants, tool, tool.authorization)
        for item in grants.values():
            if user_id and item["status"] == "active":
                await self._tell_token(item, user_id, authorize=authorize)
            item["met"] = item["status"] == "active" and (
                item.get("token_status", "completed") == "completed"
            )
        for item in secrets.values():
            del item["key"]
        authorization, secret = _group(grants), _group(secrets)
        met = authorization["met"] and secret["met"]
        return {"met": met, "authorization": authorization, "secrets": secret}

    def _add_grant(self, grants: dict[str, Json], tool: Tool, wanted: Mapping[str, Any]) -> None:
        """Add what a tool asks of its user to what the tools before it ask."""
        try:
            provider_id, status = self._wanted(wanted)[0].id, "active"
        except RequirementNotMet:
            provider_id, status = wanted.get("id") or wanted.get("provider_id") or "", "inactive"
        item = grants.setdefault(
            provider_id,
            {
                "provider_id": provider_id,
                "provider_type": wanted.get("provider_type", ""),
                "status": status,
                "scopes": [],
                "tool_names": [],
            },
        )
        item["scopes"] = list(dict.fromkeys(item["scopes"] + wanted["oauth2"]["scopes"]))
        item["tool_names"].append(tool.qualified_name)

    async def _tell_token(self, item: Json, user_id: str, *, authorize: bool) -> None:
        """Add how a user's token stands, and where to consent if a flow was to be started."""
        provider = self._providers.resolve(item["provider_id"])
        scopes = item["scopes"]
        standing = self._authorizations.token_status(user_id, provider, scopes)
        item["token_status"] = standing
        if authorize and standing != "completed":
            answer = await self._authorizations.authorize(user_id, provider, scopes)
            item |= {"token_status": answer["status"], "authorization_id": answer["id"]}
            if "url" in answer:
                item["url"] = answer["url"]

    def _check_secrets(self, tool: Tool) -> None:
        for key in tool.secrets:
            if key not in self._secrets:
                raise RequirementNotMet(f"secret not found: {key}")

    def _authorization(self, wanted: Mapping[str, Any], user_id: str | None) -> Json:
        try:
            provider, scopes = self._wanted(wanted)
        except RequirementNotMet as problem:
            return {**wanted, "status": "inactive", "status_reason": str(problem)}
        shown = {**wanted, "status": "active"}
        if user_id:
            shown["token_status"] = self._authorizations.token_status(user_id, provider, scopes)
        return shown

    def _secret(self, key: str) -> Json:
        if key in self._secrets:
            return {"key": key, "met": True}
        return {"key": key, "met": False, "status_reason": f"secret not found: {key}"}

    def _wanted(self, wanted: Mapping[str, Any]) -> tuple[Provider, list[str]]:
        if wanted.get("provider_type") != "oauth2" or not (
            wanted.get("id") or wanted.get("provider_id")
        ):
            raise RequirementNotMet("the tool's authorization names no OAuth 2.0 provider")
        try:
            provider = self._providers.resolve(wanted.get("id"), wanted.get("provider_id"))
        except UnknownProvider as problem:
            raise RequirementNotMet(str(problem)) from None
        return provider, list(dict.fromkeys(wanted["oauth2"]["scopes"]))


def _group(items: dict[str, Json]) -> Json:
    return {"met": all(item["met"] for item in items.values()), "items": items}
