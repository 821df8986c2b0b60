"""What objects say of themselves, in an error or a debugger: no token, no secret."""

from __future__ import annotations

from tests.ticktick_sandbox.arcade.helpers import authorize, call, consented, http_of
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.shared.settings import API_KEY, LEARNER

WORKER_SECRET = "a-secret-of-a-worker"
VALUE = "the-value-of-a-secret"


def test_no_object_tells_a_secret(world: World) -> None:
    token = world.token()
    body = {"id": "mine", "http": http_of("http://127.0.0.1:8002", secret=WORKER_SECRET)}
    assert call(world, "POST", "/v1/workers", body).is_success
    assert call(world, "PUT", "/v1/admin/secrets/KEY", {"value": VALUE}).is_success
    engine, ticktick = world.sandbox.engine, world.sandbox.ticktick
    flow = engine.authorizations.flow(
        consented(world, authorize(world, user_id="ada")).partition("state=")[2][:36]
    )
    assert flow
    found = ticktick.grants.token(token)
    assert found
    told = repr(
        [
            engine.settings,
            engine.providers.all(),
            engine.workers.all(),
            engine.secrets.all(),
            engine.authorizations.connections.all(),
            flow,
            ticktick.apps.all(),
            ticktick.accounts.all(),
            found,
        ]
    )

    hidden = (API_KEY, token, WORKER_SECRET, VALUE, flow.code_verifier, world.app.client_secret)
    assert [secret for secret in hidden if secret in told] == []
    assert LEARNER in told
