"""The dashboard's page of the user verification."""

from __future__ import annotations

import pytest

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.browser.browser import Page

HOME = "/dashboard/user-verification"
METHOD, URL = "Verification Method", "Custom verifier URL"
ARCADES, CUSTOM = "Arcade.dev users only", "Custom user verifier"
VERIFIER = "https://example.com/verify"


def save(world: World, method: str, url: str) -> Page:
    return world.visit(world.arcade_url + HOME, "Save settings", {METHOD: method, URL: url})


def shown(world: World) -> tuple[str, str]:
    values = world.visit(world.arcade_url + HOME).values
    return values[METHOD], values[URL]


def test_at_first_arcade_verifies(bare: World) -> None:
    assert shown(bare) == (ARCADES, "")


def test_a_custom_verifier_is_set_and_taken_back(bare: World) -> None:
    page = save(bare, CUSTOM, VERIFIER)
    assert page.url == f"{bare.arcade_url}{HOME}?done=Saved"
    assert shown(bare) == (CUSTOM, VERIFIER)
    assert bare.sandbox.engine.verification.verifier_url == VERIFIER
    save(bare, ARCADES, VERIFIER)
    assert shown(bare) == (ARCADES, "")
    assert bare.sandbox.engine.verification.verifier_url is None


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("", "Custom verifier URL is required."),
        (
            "http://example.com/verify",
            "Custom verifier URL must begin with https://; only this machine may do without.",
        ),
        (
            "example.com",
            "Custom verifier URL must be a complete URL, such as https://example.com/verify.",
        ),
    ],
)
def test_a_url_that_cannot_be_used_is_shown_again_with_the_reason(
    bare: World, url: str, error: str
) -> None:
    page = save(bare, CUSTOM, url)
    assert page.error == error
    assert (page.values[METHOD], page.values[URL]) == (CUSTOM, url)
    assert bare.sandbox.engine.verification.is_arcades


def test_saving_ends_the_skipping_that_the_page_reports(bare: World) -> None:
    bare.sandbox.engine.verification.change(None, skip=True)
    assert "At the moment nobody verifies" in bare.http.get(bare.arcade_url + HOME).text
    save(bare, ARCADES, "")
    assert not bare.sandbox.engine.verification.skip
