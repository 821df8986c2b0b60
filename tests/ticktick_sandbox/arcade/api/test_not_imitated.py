"""What of the API is not imitated says so, to clients and to readers."""

from __future__ import annotations

import arcadepy
import pytest
from arcadepy import Arcade

from tests.ticktick_sandbox.arcade.helpers import call
from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.arcade.api.not_imitated import PARTS, PROJECT, Part
from ticktick_sandbox.shared.settings import API_KEY

NO_ROUTE = {
    "name": "route_not_found",
    "message": "requested route is not found or method is not allowed",
}
SCOPED = "/v1/orgs/my-org/projects/my-project"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_each_part_is_refused_by_name(bare: World, part: Part) -> None:
    refusal = {
        "name": "not_imitated",
        "message": (
            f"the sandbox does not imitate {part.name} ({part.shown_path}). What else it "
            'leaves out stands in docs/reference/behaviours.md, under "What is not imitated"'
        ),
    }
    expected_plain = (404, NO_ROUTE) if part.project_only else (400, refusal)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for below in ("", "/one", "/one/two"):
            path = part.path.format(id="none") + below
            plain, scoped = (call(bare, method, prefix + path) for prefix in ("/v1", SCOPED))
            assert (scoped.status_code, scoped.json()) == (400, refusal)
            assert (plain.status_code, plain.json()) == expected_plain


def test_plugins_and_gateways_live_under_a_project_only() -> None:
    assert [part.shown_path for part in PARTS if part.project_only] == [
        f"{PROJECT}/plugins",
        f"{PROJECT}/gateways",
    ]


def test_the_client_tells_it_at_once_and_does_not_try_again(bare: World) -> None:
    with (
        Arcade(api_key=API_KEY, base_url=bare.arcade_url, max_retries=2) as client,
        pytest.raises(arcadepy.BadRequestError, match="does not imitate chat completions") as told,
    ):
        client.chat.completions.create(model="none", messages=[])

    assert told.value.request.headers["x-stainless-retry-count"] == "0"
