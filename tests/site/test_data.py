"""The pages that are written from data: what the data says is so."""

from __future__ import annotations

import re

import yaml

from tests.environment import ROOT
from tests.site.bodies import DATA, exchanges
from tests.site.exchanges import DATA as FLOW
from tests.site.exchanges import PICTURE, data, picture, recorded


def test_the_requests_and_responses_are_those_of_the_sandbox() -> None:
    assert yaml.safe_load(DATA.read_text("utf-8")) == exchanges()


def test_no_token_is_shown() -> None:
    assert not re.search(r'"(access_)?token": "(?!\{token\})', DATA.read_text("utf-8"))


def test_each_message_of_the_error_index_stands_somewhere_in_the_kit() -> None:
    """What says it is the sandbox, a package that a test runs, or a page that a test opens."""
    areas = yaml.safe_load((ROOT / "docs" / "errors.yaml").read_text("utf-8"))
    messages = [entry["message"] for entries in areas.values() for entry in entries]
    folders = ("ticktick_sandbox", "tests", "notebooks", "snippets")
    paths = [path for name in folders for path in (ROOT / name).rglob("*") if path.is_file()]
    kinds = {".py", ".html", ".ipynb", ".sh", ".yaml", ".mjs"}
    paths = [path for path in paths if "node_modules" not in path.parts]
    texts = [path.read_text("utf-8") for path in paths if path.suffix in kinds]
    kit = re.sub(r"[\s\"'\\]+", " ", "".join(texts))
    said_by_others = {
        "blocked by CORS policy",  # the browser
        "HTTP 500: everything answers 500",  # readers
        "requires a different Python",  # pip
        "The ARCADE_API_KEY environment variable is missing or empty",  # arcadejs
        "Connection error",  # arcadepy and arcadejs
        "Cannot find package '@arcadeai/arcadejs'",  # Node
        "No module named 'ticktick_sandbox'",  # Python
        "NameError: name … is not defined",  # Python
        "The api_key client option must be set …",  # arcadepy
        "dictionary update sequence element",  # Python
        "fixture 'ticktick_sandbox' not found",  # pytest
        "Failed to parse URL from undefined/_sandbox/reset",  # Node
        "wait_for_completion hangs: the authorization stays pending",  # nobody says anything
    }
    for message in messages:
        if message in said_by_others:
            continue
        for part in message.split("…"):
            wanted = re.sub(r"[\s\"'\\]+", " ", part).strip()
            parts = re.split(r"(?<=[=:]) ", wanted)
            assert all(piece in kit for piece in parts), message


def test_the_flow_that_is_explained_is_the_one_that_a_run_records() -> None:
    """Else: ``python -m tests.site.exchanges``."""
    found = recorded()
    assert FLOW.read_text("utf-8") == data(found)
    assert PICTURE.read_text("utf-8") == picture(found)


def test_the_explanation_shows_each_request_once_and_says_what_is_so() -> None:
    page = (ROOT / "docs" / "explanation" / "brokered-flow.md").read_text("utf-8")
    flow = recorded()
    shown = re.findall(r"^\*(\d+)\. ", page, re.M)
    assert shown == [str(each.number) for each in flow]
    table = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    parties = {"the browser": "Browser", "your program": "Program"}
    for who, *cells in table[2:]:
        party = parties.get(who, who)
        seen = {
            label
            for each in flow
            for label in each.secrets_asked() + each.secrets_answered()
            if party in (each.asker, each.answerer)
        }
        for secret, cell in zip(("password", "code", "client secret", "token"), cells, strict=True):
            assert (cell == "yes") is (f"{secret} 1" in seen), (who, secret)
