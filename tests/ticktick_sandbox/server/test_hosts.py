"""Which names the sandbox answers for, and where real addresses lead."""

from __future__ import annotations

import pytest

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.server.hosts import LocalAddresses


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST:9099", "api.arcade.dev"])
def test_arcade_answers_for_its_names(bare: World, host: str) -> None:
    assert bare.http.get(f"{bare.arcade_url}/v1/health", headers={"Host": host}).is_success


@pytest.mark.parametrize("host", ["evil.example", "ticktick.com", "localhost.evil.example", ""])
def test_a_forged_name_is_refused(bare: World, host: str) -> None:
    reply = bare.http.get(f"{bare.arcade_url}/v1/health", headers={"Host": host})
    assert reply.status_code == 421
    assert "does not answer for" in reply.text


def test_ticktick_does_not_answer_for_arcade(bare: World) -> None:
    reply = bare.http.get(f"{bare.ticktick_url}/signin", headers={"Host": "api.arcade.dev"})
    assert reply.status_code == 421


def test_a_real_address_keeps_path_and_query() -> None:
    local = LocalAddresses({"https://ticktick.com": "http://localhost:9100"})
    assert local("https://ticktick.com/a/b?c=d%2Fe") == "http://localhost:9100/a/b?c=d%2Fe"


@pytest.mark.parametrize(
    "url", ["http://ticktick.com/", "https://ticktick.com:444/", "https://example.com/", "/path"]
)
def test_another_address_stays_as_it_is(url: str) -> None:
    assert LocalAddresses({"https://ticktick.com": "http://localhost:9100"})(url) == url
