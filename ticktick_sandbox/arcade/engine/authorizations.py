"""Authorizations: from a request over consent and verification to a token that is kept.

A *flow* is one attempt (ids ``ar_…``), a *connection* is what a person has granted to one
provider (ids ``ac_…``). The OAuth ``state`` is the flow's own id.
"""

from __future__ import annotations

import asyncio
import base64
import math
import secrets
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ticktick_sandbox.arcade.engine.connections import Connection, Connections
from ticktick_sandbox.arcade.engine.providers import Providers
from ticktick_sandbox.arcade.oauth.client import OAuthClient, authorize_url
from ticktick_sandbox.arcade.oauth.provider import Provider
from ticktick_sandbox.arcade.oauth.replies import RequestFailed
from ticktick_sandbox.shared.context import Context

LONGEST_WAIT = 59  # seconds, from the published API description
_NO_SCOPE = "no scope: in JavaScript, client.auth.start takes { scopes: […] } and no list"
_FLOWS_KEPT = 1000
_BETWEEN_POLLS = 5  # seconds within which a client that waits asks again


@dataclass
class Flow:
    """One attempt to get consent.

    ``code`` is set once the person is back from the provider, ``connection`` at the end.
    ``problem`` says why the last token exchange failed; the flow stays pending then.
    """

    auth_id: str
    flow_id: str
    user_id: str
    provider: Provider
    scopes: list[str]
    url: str
    next_uri: str | None
    code_verifier: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    connection: Connection | None = None
    problem: str | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    last_awaited: float = -math.inf

    @property
    def awaited(self) -> bool:
        """Whether a client waits for it, or has until now and will surely ask again."""
        between = time.monotonic() - self.last_awaited < _BETWEEN_POLLS
        return self.waiting > 0 or (between and self.connection is None)


class UnknownAuthorization(LookupError):
    """No authorization has this id."""


class NotAwaitingVerification(LookupError):
    """There is no such flow, or nobody has come back from the provider with it."""


class UserMismatch(ValueError):
    """The person who verified is not the one for whom the flow was started."""


class Authorizations:
    """All flows and connections of one Engine.

    Args:
        local: maps a provider's URL to where its sandbox twin lives, for the browser.
    """

    def __init__(
        self,
        providers: Providers,
        oauth: OAuthClient,
        context: Context,
        *,
        base_url: str,
        local: Callable[[str], str],
    ) -> None:
        self._providers = providers
        self._ids, self._event_log = context.ids, context.event_log
        self._base_url = base_url
        self._local = local
        self._oauth = oauth
        self._flows: OrderedDict[str, Flow] = OrderedDict()  # by auth_id
        self._by_flow_id: dict[str, Flow] = {}
        self._pending: dict[tuple[str, str, frozenset[str]], Flow] = {}
        self._connections = Connections(providers, oauth, context)
        self._closing = False

    @property
    def connections(self) -> Connections:
        """What users have granted."""
        return self._connections

    @property
    def success_url(self) -> str:
        """Where a flow ends when its caller named no other place."""
        return f"{self._base_url}/api/v1/oauth/callback_success"

    def redirect_uri(self, provider: Provider) -> str:
        """Return the callback that has to be registered with the provider."""
        return f"{self._base_url}/api/v1/oauth/{provider.external_id}/callback"

    # The API's side

    async def authorize(
        self, user_id: str, provider: Provider, scopes: list[str], next_uri: str | None = None
    ) -> dict[str, Any]:
        """Return the completed authorization, or the pending one with its URL.

        A token that has expired is refreshed if the provider has a way for it.
        Asking again for the same while it is pending returns the same flow and URL, even
        if the provider was edited in between, as measured of the live Engine.
        """
        return _to_json(await self._granted_or_asked(user_id, provider, scopes, next_uri))

    def token_status(self, user_id: str, provider: Provider, scopes: list[str]) -> str:
        """Return ``completed``, ``pending`` or ``not_started``, and start nothing."""
        connection = self._connections.get(user_id, provider)
        granted = connection is not None and set(scopes) <= set(connection.scopes)
        if connection and granted and not self._connections.ended(connection):
            return "completed"
        key = (user_id, provider.external_id, frozenset(scopes))
        return "pending" if key in self._pending else "not_started"

    async def status(self, auth_id: str, wait: int = 0) -> dict[str, Any]:
        """Return an authorization, after ``wait`` seconds at most if it is pending.

        A token that has expired is refreshed, or else asked for anew.

        Raises:
            UnknownAuthorization: no authorization has this id.
        """
        flow = self._flows.get(auth_id)
        found = flow.connection or flow if flow else self._connections.by_id(auth_id)
        if found is None:
            raise UnknownAuthorization(f"authorization {auth_id} not found")
        if isinstance(found, Connection) and self._connections.expired(found):
            provider = self._providers.current(found.provider)
            found = await self._granted_or_asked(found.user_id, provider, found.scopes)
        if isinstance(found, Flow) and wait > 0 and not self._closing:
            found.waiting += 1
            try:
                async with asyncio.timeout(min(wait, LONGEST_WAIT)):
                    await found.changed.wait()
            except TimeoutError:
                pass
            finally:
                found.waiting -= 1
                found.last_awaited = time.monotonic()
        return _to_json(found)

    async def confirm(self, flow_id: str, user_id: str) -> Flow:
        """Finish a flow: the person is ``user_id``, so exchange the code.

        A failed exchange leaves the flow pending with its ``problem`` set. One that fails
        because another one has succeeded meanwhile changes nothing.

        Raises:
            NotAwaitingVerification: the flow is unknown or nobody is back from the provider,
                or its provider was deleted meanwhile.
            UserMismatch: the flow was started for somebody else.
        """
        flow = self.awaiting_verification(flow_id)
        if flow.user_id != user_id:
            self._note(f"{user_id} tried to verify a flow of {flow.user_id}", problem=True)
            raise UserMismatch(user_id)
        code, flow.code = flow.code, None
        assert code is not None
        provider = self._providers.current(flow.provider)
        try:
            reply = await self._oauth.exchange(
                provider,
                redirect_uri=self.redirect_uri(provider),
                code=code,
                code_verifier=flow.code_verifier,
            )
        except RequestFailed as failure:
            if flow.connection is None:
                flow.problem = str(failure)
                self._note(f"{flow.auth_id} stays pending: {failure}", problem=True)
            return flow
        connection = await self._connections.grant(flow.user_id, provider, reply, flow.scopes)
        if self._providers.by_external_id(provider.external_id) is None:
            self._connections.forget(provider)
            raise NotAwaitingVerification(flow_id)
        self._complete(flow, connection)
        return flow

    def problem_of(self, auth_id: str) -> str:
        """Return how the last attempt to consent to a pending authorization has failed."""
        flow = self._flows.get(auth_id)
        return flow.problem or "" if flow else ""

    def is_to_be_verified(self, auth_id: str) -> bool:
        """Tell whether somebody is back from the provider, and nobody has said who it is."""
        flow = self._flows.get(auth_id)
        return flow is not None and flow.code is not None

    # The browser's side

    def flow(self, flow_id: str | None) -> Flow | None:
        """Return the flow with this id, whatever its state."""
        return self._by_flow_id.get(flow_id) if flow_id else None

    def awaiting_verification(self, flow_id: str | None) -> Flow:
        """Return the flow whose person is back from the provider. Raises otherwise."""
        flow = self.flow(flow_id)
        if flow is None or flow.code is None:
            raise NotAwaitingVerification(flow_id)
        return flow

    def returned(self, flow: Flow, code: str) -> None:
        """Note that the person is back from the provider with a code."""
        flow.code = code
        flow.problem = None

    def not_returned(self, flow_id: str) -> None:
        """Forget the code with which somebody came back who was not the user.

        So nobody can pick the flow up where that person left it, knowing its id.
        """
        if flow := self.flow(flow_id):
            flow.code = None

    def end_of(self, flow: Flow) -> str:
        """Return where the browser goes last.

        After a failed exchange the live page says success all the same; the sandbox's adds
        the flow, so that it can show what went wrong.
        """
        if flow.problem:
            return f"{self.success_url}?{urlencode({'flow_id': flow.flow_id})}"
        return flow.next_uri or self.success_url

    def denied(self, flow: Flow, reason: str) -> None:
        """Note that the person or the provider said no. The flow stays pending."""
        flow.problem = reason
        self._note(f"{flow.auth_id} stays pending: {reason}", problem=True)

    # Housekeeping

    def forget_provider(self, provider: Provider) -> None:
        """Drop the flows and connections of a provider that was deleted."""
        for flow in [
            f for f in self._flows.values() if f.provider.external_id == provider.external_id
        ]:
            self._drop(flow)
        self._connections.forget(provider)

    def revoke(self, connection_id: str) -> None:
        """Forget what a user has granted to a provider; what is pending stays.

        The provider is not told: a token that somebody still has goes on working there.

        Raises:
            UnknownAuthorization: no connection has this id.
        """
        connection = self._connections.by_id(connection_id)
        if connection is None:
            raise UnknownAuthorization(f"connection {connection_id} not found")
        self._connections.revoke(connection)
        for flow in [f for f in self._flows.values() if f.connection is connection]:
            self._drop(flow)
        self._note(f"revoked what {connection.user_id} had granted to {connection.provider.id}")

    def close(self) -> None:
        """Answer every parked poll, so that the server can stop."""
        self._closing = True
        for flow in self._flows.values():
            flow.changed.set()

    async def _granted_or_asked(
        self, user_id: str, provider: Provider, scopes: list[str], next_uri: str | None = None
    ) -> Connection | Flow:
        connection = self._connections.get(user_id, provider)
        if connection and set(scopes) <= set(connection.scopes):
            await self._connections.renew(connection)
            connection = self._connections.get(user_id, provider)  # perhaps revoked meanwhile
            if connection and not self._connections.expired(connection):
                return connection
        ended = connection is not None and self._connections.ended(connection)
        key = (user_id, provider.external_id, frozenset(scopes))
        flow = self._pending.get(key)
        if flow is None:
            if ended:
                text = f"the token of {user_id} has expired and can't be refreshed"
                self._note(text, problem=True)
            granted = connection.scopes if connection and not ended else []
            flow = self._start(user_id, provider, scopes, next_uri, granted)
            self._pending[key] = flow
        return flow

    def _start(
        self,
        user_id: str,
        provider: Provider,
        scopes: list[str],
        next_uri: str | None,
        granted: list[str],
    ) -> Flow:
        flow_id = str(uuid.UUID(self._ids.uuid4("flow")))
        code_verifier = base64.urlsafe_b64encode(secrets.token_bytes(48)).decode()
        url = authorize_url(
            provider,
            redirect_uri=self.redirect_uri(provider),
            scopes=scopes,
            existing_scopes=[scope for scope in granted if scope not in scopes],
            state=flow_id,
            code_verifier=code_verifier,
        )
        flow = Flow(
            auth_id=self._ids.base62("authorization", 30, prefix="ar_sandbox"),
            flow_id=flow_id,
            user_id=user_id,
            provider=provider,
            scopes=scopes,
            url=self._local(url),
            next_uri=next_uri,
            code_verifier=code_verifier,
        )
        self._flows[flow.auth_id] = flow
        self._by_flow_id[flow_id] = flow
        self._make_room()
        asked = " ".join(scopes) or _NO_SCOPE
        self._note(f"{flow.auth_id} asks {user_id} for {asked}", problem=not scopes)
        return flow

    def _make_room(self) -> None:
        """Forget one flow if there are too many: a completed one, or else the oldest.

        One that a client waits for is never forgotten, so that with many clients there may
        be more flows.
        """
        if len(self._flows) <= _FLOWS_KEPT:
            return
        newest = next(reversed(self._flows.values()))
        oldest = None
        for flow in self._flows.values():
            if flow.awaited or flow is newest:
                continue
            if flow.connection:
                self._drop(flow)
                return
            oldest = oldest or flow
        if oldest:
            self._drop(oldest)

    def _complete(self, flow: Flow, connection: Connection) -> None:
        flow.connection = connection
        flow.problem = None
        self._pending.pop((flow.user_id, flow.provider.external_id, frozenset(flow.scopes)), None)
        flow.changed.set()
        self._note(f"{flow.auth_id} completed for {flow.user_id}: {' '.join(connection.scopes)}")
        missing = [scope for scope in flow.scopes if scope not in connection.scopes]
        if missing:
            text = f"the provider granted less than {flow.auth_id} asked for, without "
            self._note(text + " ".join(missing), problem=True)

    def _drop(self, flow: Flow) -> None:
        key = (flow.user_id, flow.provider.external_id, frozenset(flow.scopes))
        if self._pending.get(key) is flow:
            del self._pending[key]
        self._flows.pop(flow.auth_id, None)
        self._by_flow_id.pop(flow.flow_id, None)
        flow.changed.set()

    def _note(self, text: str, *, problem: bool = False) -> None:
        self._event_log.add("Arcade", text, problem=problem)


def _to_json(found: Connection | Flow) -> dict[str, Any]:
    """Return the body for an authorization: pending, or completed with its token."""
    connection = found.connection if isinstance(found, Flow) else found
    body = {"user_id": found.user_id, "provider_id": found.provider.id}
    if isinstance(found, Flow) and connection is None:
        pending = {"status": "pending", "context": {}, "scopes": found.scopes}
        return {"url": found.url, "id": found.auth_id, **body, **pending}
    assert connection
    info = {} if connection.user_info is None else {"user_info": connection.user_info}
    context = {"token": connection.token} | info
    completed = {"status": "completed", "context": context, "scopes": list(connection.scopes)}
    return {"id": connection.id, **body, **completed}
