"""The flow that the site explains: ``python -m tests.site.exchanges`` records and draws it anew.

It is the flow of notebook 00, run against a sandbox, so what is shown is what was sent.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import httpx

from tests.environment import ROOT
from tests.ticktick_sandbox.helpers import make_world
from ticktick_sandbox.recording.exchange import Exchange
from ticktick_sandbox.recording.picture import essential, to_svg
from ticktick_sandbox.shared.settings import ARCADE_PORT, LEARNER, PROVIDER_ID, TICKTICK_PORT

DATA = ROOT / "docs" / "exchanges.json"
PICTURE = ROOT / "docs" / "pictures" / "flow.svg"
TITLE = (
    "Your program asks Arcade for access, the user allows it at TickTick, Arcade fetches the "
    "token, and your program calls TickTick with it."
)
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def recorded() -> list[Exchange]:
    """Run the flow, and return what went over the wire, as at the usual ports."""
    world = make_world()
    try:
        world.sandbox.prepare(PROVIDER_ID)
        auth = world.arcade.auth.start(LEARNER, PROVIDER_ID, scopes=["tasks:read"])
        assert auth.url
        world.visit(auth.url, click="Allow")
        auth = world.arcade.auth.wait_for_completion(auth)
        assert auth.context
        headers = {
            "Authorization": f"Bearer {auth.context.token}",
            "Host": "api.ticktick.com",
        }
        httpx.get(f"{world.ticktick_url}/open/v1/project", headers=headers).raise_for_status()
        text = json.dumps([each.to_json() for each in world.sandbox.wire.since()])
        ports = {world.arcade_url: ARCADE_PORT, world.ticktick_url: TICKTICK_PORT}
    finally:
        world.close()
    for url, port in ports.items():
        text = text.replace(url, f"http://localhost:{port}")
    text = text.replace("http://api.ticktick.com", "https://api.ticktick.com")
    found = [Exchange.from_json(each) for each in json.loads(text)]
    return [replace(each, began=_LONG_AGO, seconds=0.0) for each in found]


def data(exchanges: list[Exchange]) -> str:
    """Return the file from which the pages are built."""
    return json.dumps([each.to_json() for each in exchanges], indent=1, ensure_ascii=False) + "\n"


def picture(exchanges: list[Exchange]) -> str:
    """Return the picture of home, README and notebook 00."""
    return to_svg(essential(exchanges), TITLE)


if __name__ == "__main__":
    found = recorded()
    DATA.write_text(data(found), encoding="utf-8")
    PICTURE.write_text(picture(found), encoding="utf-8")
