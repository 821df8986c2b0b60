"""The dashboard's page of secrets."""

from __future__ import annotations

import pytest

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.browser.browser import Page

HOME = "/dashboard/secrets"
VALUE = "a-value-that-no-page-shows"


def add(world: World, **fill: str) -> Page:
    return world.visit(f"{world.arcade_url}{HOME}/new", "Add Secret", fill)


def test_a_secret_is_added_and_its_value_shown_nowhere(bare: World) -> None:
    page = add(bare, Key="TEAM", Value=VALUE, Description="Who we are")
    assert page.url == f"{bare.arcade_url}{HOME}?done=Saved"
    text = bare.http.get(page.url).text
    assert '<th scope="row">TEAM</th>\n<td>Who we are</td>\n<td>…hows</td>\n<td>never</td>' in text
    assert VALUE not in text
    (kept,) = bare.arcade.admin.secrets.list().items or []
    assert (kept.key, kept.description) == ("TEAM", "Who we are")
    assert bare.sandbox.engine.secrets.read("TEAM") == VALUE


def test_the_same_key_replaces_the_value(bare: World) -> None:
    add(bare, Key="TEAM", Value="old")
    page = bare.visit(f"{bare.arcade_url}{HOME}/new?key=TEAM")
    assert page.values["Key"] == "TEAM"
    add(bare, Key="TEAM", Value="new")
    assert bare.sandbox.engine.secrets.read("TEAM") == "new"
    assert len(bare.sandbox.engine.secrets.all()) == 1


@pytest.mark.parametrize(
    ("fill", "error"),
    [
        (
            {"Key": "no blanks", "Value": "x"},
            "a key has up to 100 letters, digits, underscores, hyphens and dots.",
        ),
        ({"Key": "TEAM", "Value": ""}, "value is a required field."),
        ({"Key": "TEAM", "Value": "x" * 5001}, "value has 5000 characters at most."),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(
    bare: World, fill: dict[str, str], error: str
) -> None:
    page = add(bare, Description="Who we are", **fill)
    assert page.error == error
    assert (page.values["Key"], page.values["Description"]) == (fill["Key"], "Who we are")
    assert page.values["Value"] == ""
    assert bare.sandbox.engine.secrets.all() == []


def test_a_secret_is_deleted(bare: World) -> None:
    add(bare, Key="TEAM", Value=VALUE)
    page = bare.visit(f"{bare.arcade_url}{HOME}", "Delete")
    assert page.url == f"{bare.arcade_url}{HOME}?done=Deleted"
    assert bare.sandbox.engine.secrets.all() == []


def test_deleting_what_is_gone_says_so(bare: World) -> None:
    token = bare.sandbox.engine.form_token
    url = f"{bare.arcade_url}{HOME}/gone/delete"
    reply = bare.http.post(url, data={"form_token": token})
    assert reply.status_code == 404
    assert "<h1>No such secret</h1>" in reply.text
