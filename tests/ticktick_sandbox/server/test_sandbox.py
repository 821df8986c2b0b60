"""Starting and stopping: what one sandbox keeps apart from another, and when it is ready."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509

from tests.processes import free_ports
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.server.environment import client_environment
from ticktick_sandbox.server.ports import Listener
from ticktick_sandbox.server.running import find_running, tls_entrance
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.settings import PROVIDER_ID


def test_no_two_sandboxes_have_the_same_worker_secret() -> None:
    first, second = (client_environment(f"http://localhost:{port}") for port in (9099, 9199))
    assert first["ARCADE_WORKER_SECRET"] != second["ARCADE_WORKER_SECRET"]
    assert len(first["ARCADE_WORKER_SECRET"]) >= 32


def test_stopping_twice_changes_nothing(bare: World) -> None:
    bare.sandbox.stop()
    bare.sandbox.stop()


def test_nobody_is_answered_before_everything_is_built() -> None:
    sandbox = Sandbox(Context.of(Clock()), ports=(0, 0))
    found: list[str | None] = []
    asking = threading.Thread(
        target=lambda: found.append(find_running(urlsplit(sandbox.arcade_url).port or 0))
    )
    asking.start()
    sandbox.prepare(PROVIDER_ID)
    assert found == []
    sandbox.start()
    asking.join(timeout=5)
    assert found == [sandbox.arcade_url]
    sandbox.stop()


def test_a_sandbox_that_never_served_frees_its_ports() -> None:
    sandbox = Sandbox(Context.of(Clock()), ports=(0, 0))
    port = urlsplit(sandbox.arcade_url).port or 0
    sandbox.stop()
    Listener(port).close()


def test_nothing_is_found_where_nothing_runs() -> None:
    assert find_running(int(free_ports(1)[0])) is None


def test_the_certificates_are_good_for_little_else(bare: World) -> None:
    entrance = tls_entrance(bare.arcade_url)
    authority = x509.load_pem_x509_certificate(entrance["ca"].encode())
    rules = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (rules.ca, rules.path_length) == (True, 0)
    served = ssl.get_server_certificate(("127.0.0.1", entrance["port"]))
    leaf = x509.load_pem_x509_certificate(served.encode())
    now = datetime.now(UTC)
    assert now - timedelta(days=2) < leaf.not_valid_before_utc < now
    assert now + timedelta(days=7) < leaf.not_valid_after_utc < now + timedelta(days=31)
