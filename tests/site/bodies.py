"""The requests and responses that the site shows: ``python -m tests.site.bodies`` makes them.

They are made by asking the sandbox, so that what is shown is what a program gets there.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from tests.environment import ROOT
from tests.ticktick_sandbox.helpers import BOTH, World, make_world
from tests.ticktick_sandbox.ticktick.helpers import CALLBACK, Flow, add_app, sign_in
from ticktick_sandbox.browser.browser import local_client
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

DATA = ROOT / "docs" / "bodies.yaml"
_HEAD = "# Made by python -m tests.site.bodies, which asks the sandbox.\n"
_FEW = 1  # items of a list that are shown


class Asking:
    """A program that asks, and what it was answered."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._hidden: dict[str, str] = {}
        self._told: dict[str, list[dict[str, str]]] = {}

    def hide(self, value: str, shown: str) -> str:
        """Show something else than this value."""
        self._hidden[value] = shown
        return value

    def ask(self, area: str, what: str, method: str, url: str, **sent: Any) -> Any:
        """Send a request and note it with its answer."""
        place = url.replace("https://api.arcade.dev", self.world.arcade_url)
        place = re.sub(r"https://(api\.)?ticktick\.com", self.world.ticktick_url, place)
        answer = self.world.http.request(method, place, **sent)
        answer.raise_for_status()
        body = sent.get("json") or sent.get("data")
        entry = {"what": what, "request": f"{method} {url}"}
        if body:
            entry["body"] = self._text(body, whole=True) if "json" in sent else _form(sent["data"])
        entry["answer"] = f"{answer.status_code}"
        if answer.content:
            entry["json"] = self._text(answer.json())
        self._told.setdefault(area, []).append(entry)
        return answer.json() if answer.content else None

    def told(self) -> dict[str, list[dict[str, str]]]:
        """Return what was asked and answered, by area."""
        return {
            area: [{key: self._plain(text) for key, text in entry.items()} for entry in entries]
            for area, entries in self._told.items()
        }

    def _text(self, value: Any, *, whole: bool = False) -> str:
        return json.dumps(value if whole else _short(value), indent=2, ensure_ascii=False)

    def _plain(self, text: str) -> str:
        places = {
            self.world.arcade_url: "https://api.arcade.dev",
            self.world.ticktick_url: "https://ticktick.com",
        }
        for value, shown in (self._hidden | places).items():
            text = text.replace(value, shown).replace(quote(value, ""), quote(shown, ""))
        return text


def _short(value: Any) -> Any:
    """Leave out all but the first item of each list of objects."""
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    if isinstance(value, list):
        few = value[:_FEW] if value and isinstance(value[0], dict) else value
        return [_short(item) for item in few]
    return value


def _form(fields: dict[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in fields.items())


def exchanges() -> dict[str, list[dict[str, str]]]:
    """Ask the sandbox and return, by area, what was sent and what came back."""
    world = make_world()
    world.sandbox.prepare(PROVIDER_ID)
    try:
        asking = Asking(world)
        _ask_arcade(world, asking)
        _ask_token(asking)
        _ask_ticktick(world, asking)
        return asking.told()
    finally:
        world.close()


def _ask_arcade(world: World, asking: Asking) -> None:
    arcade, key = "https://api.arcade.dev", {"Authorization": API_KEY}
    wanted = {
        "user_id": LEARNER,
        "auth_requirement": {
            "provider_id": PROVIDER_ID,
            "provider_type": "oauth2",
            "oauth2": {"scopes": BOTH},
        },
    }

    def ask(what: str, method: str, path: str, **sent: Any) -> Any:
        return asking.ask("Arcade", what, method, f"{arcade}{path}", headers=key, **sent)

    auth = ask("Start an authorization", "POST", "/v1/auth/authorize", json=wanted)
    world.visit(auth["url"], click="Allow")
    asking.hide(world.token(), "{token}")
    ask("Wait for it, at most 45 seconds", "GET", f"/v1/auth/status?id={auth['id']}&wait=45")
    ask("Read a provider", "GET", f"/v1/admin/auth_providers/{PROVIDER_ID}")
    ask("Read who has granted what", "GET", "/v1/admin/user_connections")


def _ask_token(asking: Asking) -> None:
    """Exchange a code at TickTick, which Arcade does for its users."""
    world = asking.world
    app = add_app(world)
    with local_client() as browser:
        browser.base_url = httpx.URL(world.ticktick_url)
        code = Flow(browser, sign_in(browser), app).code()
    basic = (app.client_id, app.client_secret)
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    url = "https://ticktick.com/oauth/token"
    what = "Exchange a code for a token, with the Client ID and the Client Secret by HTTP Basic"
    area = "TickTick's token endpoint"
    answer = asking.ask(area, what, "POST", url, data=fields, auth=basic)
    asking.hide(answer["access_token"], "{token}")


def _ask_ticktick(world: World, asking: Asking) -> None:
    api = "https://api.ticktick.com/open/v1"
    key = {"Authorization": f"Bearer {world.token()}"}

    def ask(what: str, method: str, path: str, body: Any = None) -> Any:
        more = {"json": body} if body is not None else {}
        return asking.ask("TickTick", what, method, f"{api}{path}", headers=key, **more)

    projects = ask("List the projects", "GET", "/project")
    project = projects[0]["id"]
    ask("Read a project with its undone tasks", "GET", f"/project/{project}/data")
    new = {
        "title": "Water the tomatoes",
        "projectId": project,
        "content": "In the evening",
        "dueDate": "2026-01-06T17:00:00+0000",
        "timeZone": "Europe/Berlin",
        "priority": 3,
        "tags": ["garden"],
        "items": [{"title": "Fetch the can"}],
    }
    task = ask("Create a task", "POST", "/task", new)
    place = f"/project/{project}/task/{task['id']}"
    ask("Read a task", "GET", place)
    changed = {"id": task["id"], "projectId": project, "title": "Water all plants"}
    ask("Change a task: the fields that are sent", "POST", f"/task/{task['id']}", changed)
    ask("Complete a task", "POST", f"{place}/complete")
    ask("List completed tasks", "POST", "/task/completed", {"projectIds": [project]})
    ask("List tasks by priority", "POST", "/task/filter", {"priority": [3], "status": [0]})
    garden = ask("Create a project", "POST", "/project", {"name": "Garden", "color": "#35D870"})
    move = [{"fromProjectId": project, "toProjectId": garden["id"], "taskId": task["id"]}]
    ask("Move a task to another project", "POST", "/task/move", move)
    ask("Rename a project", "POST", f"/project/{garden['id']}", {"name": "Balcony"})
    ask("Delete a task", "DELETE", f"/project/{garden['id']}/task/{task['id']}")
    ask("Delete a project", "DELETE", f"/project/{garden['id']}")
    ask("Tell who the account is", "GET", "/project/inbox/members")


def main() -> None:
    """Write the data file."""
    yaml.add_representer(str, _as_block, yaml.SafeDumper)
    DATA.write_text(_HEAD + yaml.safe_dump(exchanges(), sort_keys=False, allow_unicode=True))


def _as_block(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


if __name__ == "__main__":
    main()
