"""Requests that a test looks for."""

from __future__ import annotations

import pytest

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.testing import Exchanges


def test_they_are_found_by_method_path_and_who_took_part(world: World) -> None:
    world.token(["tasks:read"])
    all_of_them = Exchanges(world.sandbox.wire.since())
    (token,) = all_of_them.find("POST /oauth/token")
    assert (token.asker, token.answerer, token.status) == ("Arcade", "TickTick", 200)
    assert token.request.fields["grant_type"] == "authorization_code"
    assert token.request.fields["code"] == "‹code 1›"
    assert token.response.fields["scope"] == "tasks:read"
    assert all_of_them.find("POST /oauth/token", asker="Program") == []
    by_program = all_of_them.find(asker="Program")
    assert [each.path for each in by_program] == ["/v1/auth/authorize", "/v1/auth/status"]
    assert all_of_them.find("* /v1/auth/*", answerer="Arcade") == by_program
    assert all_of_them.find("GET *").find("* /signin")[0].response.fields == {}
    assert str(by_program).splitlines()[0].endswith("POST /v1/auth/authorize → 200 OK, pending")


@pytest.mark.parametrize("request_line", ["", "POST", "/oauth/token"])
def test_what_is_no_request_is_said(request_line: str) -> None:
    with pytest.raises(ValueError, match="Give method and path"):
        Exchanges().find(request_line)
