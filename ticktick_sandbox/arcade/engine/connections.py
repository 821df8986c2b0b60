"""Connections: what users have granted, kept fresh for as long as a provider allows it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ticktick_sandbox.arcade.engine.providers import Providers
from ticktick_sandbox.arcade.oauth.client import OAuthClient
from ticktick_sandbox.arcade.oauth.provider import Provider
from ticktick_sandbox.arcade.oauth.replies import RequestFailed, RequestRefused, TokenReply
from ticktick_sandbox.shared.context import Context


@dataclass
class Connection:
    """What one user has granted to one provider. ``scopes`` is everything ever granted.

    ``user_info`` is ``None`` until a user-info request has succeeded. ``renewing`` is held
    while the token is being replaced.
    """

    id: str
    user_id: str
    provider: Provider
    token: str = field(default="", repr=False)
    scopes: list[str] = field(default_factory=list)
    expires_at: datetime | None = None
    refresh_token: str | None = field(default=None, repr=False)
    user_info: dict[str, Any] | None = None
    renewing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Connections:
    """All connections of one Engine."""

    def __init__(self, providers: Providers, oauth: OAuthClient, context: Context) -> None:
        self._providers = providers
        self._clock, self._ids, self._event_log = context.clock, context.ids, context.event_log
        self._oauth = oauth
        self._kept: dict[tuple[str, str], Connection] = {}

    def get(self, user_id: str, provider: Provider) -> Connection | None:
        """Return what the user has granted to the provider, also if its token has expired."""
        return self._kept.get((user_id, provider.external_id))

    def all(self) -> list[Connection]:
        """Return every connection, in the order in which they were first granted."""
        return list(self._kept.values())

    def by_id(self, connection_id: str) -> Connection | None:
        """Return the connection with this id."""
        return next((c for c in self._kept.values() if c.id == connection_id), None)

    def forget(self, provider: Provider) -> None:
        """Drop what users have granted to a provider."""
        for key in [key for key in self._kept if key[1] == provider.external_id]:
            del self._kept[key]

    def revoke(self, connection: Connection) -> None:
        """Drop what one user has granted to one provider."""
        del self._kept[connection.user_id, connection.provider.external_id]

    def expired(self, connection: Connection) -> bool:
        """Return whether its token has expired by the sandbox's clock."""
        return connection.expires_at is not None and connection.expires_at <= self._clock.now()

    def ended(self, connection: Connection) -> bool:
        """Return whether its token has expired and can't be refreshed."""
        provider = self._providers.current(connection.provider)
        refreshable = connection.refresh_token and "refresh_request" in provider.requests
        return self.expired(connection) and not refreshable

    async def grant(
        self, user_id: str, provider: Provider, reply: TokenReply, asked: list[str]
    ) -> Connection:
        """Keep what a user has granted, with the user info if it is configured."""
        user_info = await self._user_info(provider, reply, "on_token_grant")
        connection = self.get(user_id, provider)
        if connection is None or self.ended(connection):
            connection = Connection(
                id=self._ids.base62("connection", 30, prefix="ac_sandbox"),
                user_id=user_id,
                provider=provider,
            )
        async with connection.renewing:
            self._store(connection, reply, user_info)
        self._kept[user_id, provider.external_id] = connection  # also if revoked meanwhile
        granted = asked if reply.scopes is None else reply.scopes
        in_order = [scope for scope in asked if scope in granted] + granted
        connection.scopes = list(dict.fromkeys(connection.scopes + in_order))
        return connection

    async def renew(self, connection: Connection) -> None:
        """Refresh a token that has expired, if there is a way; only once for all who ask.

        Why it failed goes into the event log. A refresh token that was refused is not used
        again.
        """
        async with connection.renewing:
            if not self.expired(connection) or self.ended(connection):
                return
            provider = self._providers.current(connection.provider)
            assert connection.refresh_token
            try:
                reply = await self._oauth.refresh(
                    provider,
                    access_token=connection.token,
                    refresh_token=connection.refresh_token,
                )
            except RequestFailed as failure:
                if isinstance(failure, RequestRefused):
                    connection.refresh_token = None
                text = f"the token of {connection.user_id} was not refreshed: {failure}"
                self._event_log.add("Arcade", text, problem=True)
                return
            user_info = await self._user_info(provider, reply, "on_token_refresh")
            self._store(connection, reply, user_info)
            self._event_log.add("Arcade", f"refreshed the token of {connection.user_id}")

    def _store(
        self, connection: Connection, reply: TokenReply, user_info: dict[str, Any] | None
    ) -> None:
        """Put a new token in; a refresh token or user info that did not come stays as it is."""
        connection.token = reply.access_token
        connection.refresh_token = reply.refresh_token or connection.refresh_token
        connection.user_info = connection.user_info if user_info is None else user_info
        connection.expires_at = (
            None
            if reply.expires_in is None
            else self._clock.now() + timedelta(seconds=reply.expires_in)
        )

    async def _user_info(
        self, provider: Provider, reply: TokenReply, trigger: str
    ) -> dict[str, Any] | None:
        request = provider.requests.get("user_info_request")
        if request is None or not request.triggers.get(trigger):
            return None
        try:
            return await self._oauth.user_info(provider, access_token=reply.access_token)
        except RequestFailed as failure:
            self._event_log.add("Arcade", f"there is no user info: {failure}", problem=True)
            return None
