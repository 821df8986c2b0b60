"""The Engine against a model of it: users, a provider, and whatever order things happen in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.ticktick_sandbox.together.in_process import ARCADE, InProcess
from ticktick_sandbox.shared.settings import LEARNER, PROVIDER_ID

USERS = st.sampled_from([LEARNER, "alice"])
SCOPES = st.sets(st.sampled_from(["tasks:read", "tasks:write"]), min_size=1).map(frozenset)
MOSTLY = st.sampled_from([True, True, True, True, False])
PROVIDERS = "/v1/admin/auth_providers"
Json = dict[str, Any]


class Engine(RuleBasedStateMachine):
    """Users are asked, consent, are mixed up, revoked, and forgotten with their provider."""

    def __init__(self) -> None:
        super().__init__()
        self.world = InProcess()
        self.pending: dict[tuple[str, frozenset[str]], Json] = {}
        self.granted: dict[str, set[str]] = {}
        self.expires: dict[str, datetime] = {}
        self.secrets: set[str] = set()
        self.provider: Json | None = None

    def teardown(self) -> None:
        """End what still runs."""
        self.world.close()

    @initialize()
    def begin(self) -> None:
        """Add the app and the provider."""
        self.world.prepare()
        kept = self.world.engine.providers.get(PROVIDER_ID)
        assert kept
        self.secrets.add(kept.client_secret)
        self.body = {
            "id": PROVIDER_ID,
            "type": "oauth2",
            "external_id": kept.external_id,
            "oauth2": {
                "client_id": kept.client_id,
                "client_secret": kept.client_secret,
                "authorize_request": {
                    "endpoint": kept.authorize_request.endpoint,
                    "params": dict(kept.authorize_request.params),
                },
                "token_request": {
                    "endpoint": kept.token_request.endpoint,
                    "auth_method": "client_secret_basic",
                    "params": dict(kept.token_request.params),
                },
            },
        }
        self.provider = self.body

    def fresh(self, user: str) -> bool:
        return user in self.granted and self.world.clock.now() < self.expires[user]

    def authorize(self, user: str, scopes: frozenset[str]) -> Json:
        requirement = {"id": PROVIDER_ID, "oauth2": {"scopes": sorted(scopes)}}
        body = {"user_id": user, "auth_requirement": requirement}
        reply = self.world.arcade("POST", "/v1/auth/authorize", body)
        if self.provider is None:
            assert reply.status_code == 400
            return {}
        assert reply.status_code == 200, reply.text
        return reply.json()

    @rule(user=USERS, scopes=SCOPES)
    def ask(self, user: str, scopes: frozenset[str]) -> None:
        answer = self.authorize(user, scopes)
        if not answer:
            return
        if self.fresh(user) and scopes <= self.granted[user]:
            assert answer["status"] == "completed"
            assert set(answer["scopes"]) == self.granted[user]
            assert answer["context"]["token"] in self.secrets
            return
        assert answer["status"] == "pending"
        assert answer["context"] == {}
        before = self.pending.setdefault((user, scopes), answer)
        assert answer == before

    @precondition(lambda self: self.pending)
    @rule(data=st.data(), right=MOSTLY, allow=MOSTLY)
    def consent(self, data: st.DataObject, right: bool, allow: bool) -> None:
        keys = sorted(self.pending, key=lambda key: (key[0], sorted(key[1])))
        user, scopes = data.draw(st.sampled_from(keys))
        flow = self.pending[user, scopes]
        asked = dict(parse_qsl(urlsplit(flow["url"]).query))
        state = asked["state"]
        callback = urlsplit(asked["redirect_uri"]).path
        if not allow:
            reply = self.world.form("/oauth/authorize", asked)
            back = dict(parse_qsl(urlsplit(reply.headers["location"]).query))
            assert back["error"] == "access_denied"
            self.world.http.get(f"{ARCADE}{callback}", params=back)
            assert self.status(flow["id"])["status"] == "pending"
            return
        back = self.world.allow(asked)
        self.secrets.add(back["code"])
        assert back["state"] == state
        reply = self.world.http.get(f"{ARCADE}{callback}", params=back)
        assert reply.status_code == 303
        who = user if right else f"not {user}"
        confirmed = self.world.arcade(
            "POST", "/v1/auth/confirm_user", {"flow_id": state, "user_id": who}
        )
        if not right:
            assert (confirmed.status_code, confirmed.json()["name"]) == (400, "user_mismatch")
            assert self.status(flow["id"])["status"] == "pending"
            again = {"flow_id": state, "user_id": user}
            assert self.world.arcade("POST", "/v1/auth/confirm_user", again).status_code == 400
            return
        assert confirmed.status_code == 200, confirmed.text
        status = self.status(flow["id"])
        assert status["status"] == "completed", status
        if not self.fresh(user):
            self.granted[user] = set()
        self.granted[user] |= set(asked["scope"].split())
        assert set(status["scopes"]) == self.granted[user]
        self.secrets.add(status["context"]["token"])
        token = self.world.ticktick.grants.token(status["context"]["token"])
        assert token
        self.expires[user] = token.expires_at - timedelta(seconds=1)
        del self.pending[user, scopes]

    def status(self, auth_id: str) -> Json:
        reply = self.world.arcade("GET", f"/v1/auth/status?id={auth_id}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    @rule(user=USERS)
    def revoke(self, user: str) -> None:
        path = "/v1/admin/user_connections"
        items = self.world.arcade("GET", f"{path}?user_id={user}").json()["items"]
        assert len(items) == (user in self.granted)
        for item in items:
            assert self.world.arcade("DELETE", f"{path}/{item['id']}").status_code == 204
            del self.granted[user]

    @precondition(lambda self: self.provider is not None)
    @rule()
    def delete_provider(self) -> None:
        assert self.world.arcade("DELETE", f"{PROVIDERS}/{PROVIDER_ID}").status_code == 200
        for flow in self.pending.values():
            reply = self.world.arcade("GET", f"/v1/auth/status?id={flow['id']}")
            assert reply.status_code == 400
        self.provider = None
        self.pending, self.granted = {}, {}

    @precondition(lambda self: self.provider is None)
    @rule()
    def add_provider(self) -> None:
        reply = self.world.arcade("POST", PROVIDERS, self.body)
        assert reply.status_code == 201, reply.text
        self.provider = self.body

    @precondition(lambda self: self.provider is not None)
    @rule()
    def edit_provider(self) -> None:
        body = {"description": "edited"}
        reply = self.world.arcade("PATCH", f"{PROVIDERS}/{PROVIDER_ID}", body)
        assert reply.status_code == 200
        assert reply.json()["description"] == "edited"

    @rule(days=st.sampled_from([1, 90, 181]))
    def wait(self, days: int) -> None:
        self.world.clock.advance(days=days)

    @invariant()
    def nothing_secret_is_told(self) -> None:
        told = "\n".join(event.text for event in self.world.running.event_log.events)
        shown = "".join(
            self.world.arcade("GET", path).text
            for path in (PROVIDERS, "/v1/admin/user_connections", "/v1/config")
        )
        assert [secret for secret in self.secrets if secret in told or secret in shown] == []


Engine.TestCase.settings = settings(
    derandomize=True, database=None, deadline=None, max_examples=120, stateful_step_count=60
)


@pytest.mark.long
class TestEngine(Engine.TestCase):
    """Runs the machine."""
