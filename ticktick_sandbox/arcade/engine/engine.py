"""The Engine: what it is configured with and what it keeps."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from starlette.requests import Request

from ticktick_sandbox.arcade.engine.authorizations import Authorizations
from ticktick_sandbox.arcade.engine.catalog import Catalog
from ticktick_sandbox.arcade.engine.executions import Executions
from ticktick_sandbox.arcade.engine.providers import Providers
from ticktick_sandbox.arcade.engine.requirements import Requirements
from ticktick_sandbox.arcade.engine.schedule import Schedule
from ticktick_sandbox.arcade.engine.tool_secrets import ToolSecrets
from ticktick_sandbox.arcade.engine.verification import Verification
from ticktick_sandbox.arcade.engine.workers import Workers
from ticktick_sandbox.arcade.oauth.client import OAuthClient
from ticktick_sandbox.arcade.oauth.provider import Provider
from ticktick_sandbox.shared.context import Context

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class Settings:
    """How an Engine is set up.

    ``base_url`` is where browsers and clients find it, ``account`` the Arcade account
    that is signed in to it. ``strict`` refuses the slips that it otherwise tolerates.
    """

    base_url: str
    api_key: str = field(repr=False)
    account: str
    strict: bool = False


class Engine:
    """Arcade's Engine on this machine.

    ``form_token`` stands in every form of its pages, so that no other site can send one.
    ``secrets`` holds what tools may ask for, by key.

    Args:
        local: maps a provider's real URL to its place on this machine, for browsers.
        client: makes the HTTP client for the Engine's own requests to providers and workers.
    """

    def __init__(
        self,
        settings: Settings,
        context: Context,
        *,
        local: Callable[[str], str],
        client: Callable[[], httpx.AsyncClient],
    ) -> None:
        self.settings = settings
        self.clock = context.clock
        self.providers = Providers()
        self.form_token = secrets.token_urlsafe(32)
        self.event_log = context.event_log
        self._ids = context.ids
        self._make_client = client
        self._client: httpx.AsyncClient | None = None
        self.authorizations = Authorizations(
            self.providers,
            OAuthClient(self._http, strict=settings.strict),
            context,
            base_url=settings.base_url,
            local=local,
        )
        self.secrets = ToolSecrets(context)
        self.verification = Verification(
            context.ids, context.event_log, may_skip=not settings.strict
        )
        self.workers = Workers(context.event_log, self._http)
        self.catalog = Catalog(self.workers)
        self.requirements = Requirements(self.providers, self.authorizations, self.secrets)
        self.executions = Executions(self.catalog, self.requirements, context, self._http)
        self.schedule = Schedule(self.executions, context)

    def add(self, provider: Provider) -> Provider:
        """Add a provider and return it with its place in the world: id, times."""
        now = self.clock.now()
        kind = f"aps_{provider.id}" if provider.origin == "static" else None
        external_id = provider.external_id or (
            f"fa4e0_{kind}" if kind else self._ids.base62("provider", 21, prefix="fa4e0_ap_sandbox")
        )
        added = replace(provider, external_id=external_id, created_at=now, updated_at=now)
        self.providers.put(added)
        self.event_log.add("Arcade", f"added the provider {provider.id}")
        if "token_introspection_request" in provider.requests:
            text = (
                f"the sandbox does not carry out the token_introspection_request of {provider.id}"
            )
            self.event_log.add("Arcade", text, problem=True)
        return added

    def change(self, provider: Provider) -> Provider:
        """Store an edited provider. Pending flows keep what they were started with."""
        changed = replace(provider, updated_at=self.clock.now())
        self.providers.put(changed)
        self.event_log.add("Arcade", f"changed the provider {provider.id}")
        return changed

    def remove(self, provider: Provider) -> None:
        """Delete a provider and what users granted through it."""
        self.providers.remove(provider.id)
        self.authorizations.forget_provider(provider)
        self.event_log.add("Arcade", f"deleted the provider {provider.id}")

    async def close(self) -> None:
        """Answer parked polls, end what is scheduled and close the HTTP client."""
        self.authorizations.close()
        await self.schedule.close()
        client, self._client = self._client, None  # what still runs may need another one
        if client:
            await client.aclose()

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = self._make_client()
        return self._client


def engine_of(request: Request) -> Engine:
    """Return the Engine that this request has reached."""
    return request.app.state.engine
