"""The two services together: made at the start, and made anew to start over."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticktick_sandbox import arcade, ticktick
from ticktick_sandbox.arcade.engine.engine import Engine, Settings
from ticktick_sandbox.recording.recorder import Wire, recording_transport
from ticktick_sandbox.server.faults import Down, Faults
from ticktick_sandbox.server.hosts import LocalAddresses
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.settings import (
    API_KEY,
    LEARNER,
    LOCAL_HOSTS,
    PASSWORD,
    TICKTICK_HOSTS,
    worker_secret,
)
from ticktick_sandbox.ticktick.service import TickTick

if TYPE_CHECKING:
    import httpx

    from ticktick_sandbox.arcade.oauth.provider import Provider
    from ticktick_sandbox.browser.browser import Page

_PROVIDER = Path(__file__).with_name("provider.json")
_APP = {
    "Name": "My TickTick app",
    "Description": "Reads and writes tasks for its users",
}


class Services:
    """One Engine and one TickTick that know each other, with nothing but the learner's account.

    ``arcade_app`` and ``ticktick_app`` are their applications, ``engine`` and ``ticktick``
    what is behind these, and ``faults`` what goes wrong with them. ``wire`` records what passes
    between them and others; ``form_token`` stands in the form to start over.

    Args:
        context: what both take for the time, and where they tell what happens.
        strict: the Engine refuses the slips that it otherwise tolerates.
        local: leads from real addresses to these services.
        name_of: says what others are called that the Engine asks.
        run: runs a coroutine on the loop of the applications and returns its result.
        like: services that were prepared and never used, whose state these begin with.
    """

    def __init__(
        self,
        context: Context,
        *,
        arcade_url: str,
        ticktick_url: str,
        strict: bool,
        local: LocalAddresses,
        name_of: Callable[[str], str] = str,
        run: Callable[[Coroutine[Any, Any, Any]], Any],
        like: Services | None = None,
    ) -> None:
        self.context = context
        self.form_token = secrets.token_urlsafe(32)
        self.wire = Wire()
        context.ids.listener = self.wire.note_made
        self._name_of = name_of
        self._arcade_url = arcade_url
        self._ticktick_url = ticktick_url
        self._local = local
        self._run = run
        self.ticktick_app = ticktick.create_app(context)
        self.ticktick: TickTick = self.ticktick_app.state.ticktick
        self.faults = Faults(
            context.event_log, partial(setattr, self.ticktick, "requests_per_minute")
        )
        self.engine = Engine(
            Settings(arcade_url, API_KEY, account=LEARNER, strict=strict),
            context,
            local=local,
            client=self._engine_client,
        )
        self.arcade_app = arcade.create_app(self.engine)
        if like is None:
            self.ticktick.sign_up(LEARNER, PASSWORD, "Learner")
        else:
            self._begin_as(like)

    def prepare(
        self, provider: str | None, config: Path | None = None, person: str | None = None
    ) -> None:
        """Build what the earlier notebooks build, through the same forms and calls.

        An app is registered at TickTick in any case. Not for the applications' loop.

        Args:
            provider: the id for a provider to add through the Engine's API, ``None`` for none.
            config: an engine.yaml whose providers and workers to load instead.
            person: the name of somebody with an account of their own, whom the sign-in page
                offers from then on.

        Raises:
            ValueError: the file or the id can't be used.
        """
        from ticktick_sandbox.browser.browser import Browser, inside_client

        apps = {self._arcade_url: self.arcade_app, self._ticktick_url: self.ticktick_app}
        client = inside_client(apps, self._run)
        with Browser(self._local, LEARNER, client) as browser:
            page = browser.open(f"{self._ticktick_url}/manage/new")
            _done(browser.submit(page, "Add", _APP))
            app_url = self._newest_app_url()
            shown = browser.open(app_url).values
            credentials = shown["Client ID"], shown["Client Secret"]
            redirect_uris = []
            if config:
                redirect_uris = self._load(config, *credentials)
            elif provider:
                redirect_uris = [self._add_provider(client, provider, *credentials)]
            if redirect_uris:
                page = browser.open(app_url)
                _done(browser.submit(page, "Save", {"OAuth redirect URL": redirect_uris[0]}))
        if person:
            account = self.ticktick.sign_up(f"{person.lower()}@example.com", PASSWORD, person)
            self.ticktick.offered = account.email
            # What nobody else has, so that one sees whose tasks a token opens.
            self.ticktick.tasks_of(account).create_project({"name": f"{person}'s wedding"})

    def _begin_as(self, other: Services) -> None:
        """Take over what ``prepare`` has built there; what protects forms stays one's own."""
        before, now = other.context, self.context
        now.ids.go_on_from(before.ids)
        now.event_log.events.extend(before.event_log.events)
        ours = {id(before.clock): now.clock, id(before.ids): now.ids}
        self.ticktick.begin_as(other.ticktick, ours)
        self.engine.providers.begin_as(other.engine.providers)
        self.wire.begin_as(other.wire)

    def _newest_app_url(self) -> str:
        learner = self.ticktick.accounts.by_email(LEARNER)
        assert learner
        newest = self.ticktick.apps.owned_by(learner.user_id)[-1]
        return f"{self._ticktick_url}/manage/app/{newest.client_id}"

    def _load(self, config: Path, client_id: str, client_secret: str) -> list[str]:
        from ticktick_sandbox.arcade.config.engine_yaml import load
        from ticktick_sandbox.arcade.config.findings import ConfigurationRefused, note
        from ticktick_sandbox.checker import check

        own = {
            "TICKTICK_CLIENT_ID": client_id,
            "TICKTICK_CLIENT_SECRET": client_secret,
            "ARCADE_WORKER_SECRET": worker_secret(self._arcade_url),
        }
        found = check(config)
        try:
            loaded = load(config, strict=self.engine.settings.strict, fallback=own)
        except ConfigurationRefused as refused:
            reasons = {(reason.where, reason.text) for reason in refused.findings}
            besides = [each for each in found if (each.where, each.text) not in reasons]
            raise ConfigurationRefused(refused.source, refused.findings, besides) from None
        note(found, self.context.event_log)
        for worker in loaded.workers:
            self.engine.workers.put(worker)
        ours = []
        for provider in [self.engine.add(provider) for provider in loaded.providers]:
            uri = self.engine.authorizations.redirect_uri(provider)
            if provider.client_id == client_id:
                ours.append(uri)
            elif self._local(provider.authorize_request.endpoint).startswith(self._ticktick_url):
                self._register(provider, uri)
        return ours

    def _register(self, provider: Provider, redirect_uri: str) -> None:
        """Let TickTick know an app by the credentials that the configuration has of its own."""
        learner = self.ticktick.accounts.by_email(LEARNER)
        assert learner
        apps, credentials = self.ticktick.apps, (provider.client_id, provider.client_secret)
        if apps.get(provider.client_id):  # an app has one redirect URL, and this one is taken
            return
        app = apps.create(learner.user_id, f"App of {provider.id}", credentials=credentials)
        apps.save(
            app,
            name=app.name,
            service_url=app.service_url,
            description=app.description,
            redirect_url=redirect_uri,
        )
        self.ticktick.note(f"registered {app.name} with the credentials of the configuration")

    def _add_provider(
        self, client: httpx.Client, provider: str, client_id: str, client_secret: str
    ) -> str:
        body = json.loads(_PROVIDER.read_text(encoding="utf-8")) | {"id": provider}
        body["oauth2"] |= {"client_id": client_id, "client_secret": client_secret}
        reply = client.post(
            f"{self._arcade_url}/v1/admin/auth_providers",
            json=body,
            headers={"Authorization": API_KEY},
        )
        if reply.is_error:
            body = reply.json()
            reason = body.get("field_errors", [body])[0]["message"]
            raise ValueError(f"provider {provider!r}: {reason}")
        return reply.json()["oauth2"]["redirect_uri"]

    def _engine_client(self) -> httpx.AsyncClient:
        """Return the client with which the Engine reaches providers: TickTick, or this machine."""
        import httpx

        def recorded(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
            return recording_transport(inner, "Arcade", self._name_of, lambda: self.wire)

        class Inside(httpx.ASGITransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                try:
                    return await super().handle_async_request(request)
                except Down as problem:
                    raise httpx.ConnectError(str(problem), request=request) from None

        inside = recorded(Inside(partial(self.faults.serve, "TickTick", self.ticktick_app)))
        mounts = {f"https://{host}": inside for host in TICKTICK_HOSTS}
        return httpx.AsyncClient(
            mounts=mounts,
            transport=recorded(_only_here()),
            trust_env=False,
            follow_redirects=False,
        )


def _done(page: Page) -> None:
    """Raise ``ValueError`` if a form was refused."""
    if page.error:
        raise ValueError(f"{page.heading}: {page.error}")


def _only_here() -> httpx.AsyncBaseTransport:
    """Return a transport that refuses every host that is not this machine."""
    import httpx

    class OnlyHere(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.host not in LOCAL_HOSTS:
                raise httpx.ConnectError(f"the sandbox does not reach out to {request.url.host}")
            return await super().handle_async_request(request)

    return OnlyHere(verify=False)
