"""Looks at what is set up before it goes live: environment, key, provider, verifier.

It only reads: from the environment, and over Arcade's admin API. What TickTick's portal holds
can't be read by a program, so what has to stand there is printed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ticktick_sandbox.code_rules import LEFT_OVER, NO_ENGINE
from ticktick_sandbox.shared.settings import API_KEY, LOCAL_HOSTS, PROVIDER_ID

if TYPE_CHECKING:
    import httpx

LIVE = "https://api.arcade.dev"
_UNSET = LEFT_OVER.search
_TIMEOUT = 30  # seconds
_SECRET = 32  # characters that a worker's secret has at least
_AUTHORIZE, _TOKEN = "https://ticktick.com/oauth/authorize", "https://ticktick.com/oauth/token"
_KEYS_PAGE = "the dashboard's page of API keys, https://app.arcade.dev"
_PROVIDER_PAGE = "Connections › Connected Apps in the dashboard"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. ``todo`` is empty if nothing has to be done."""

    what: str
    found: str
    todo: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is as it has to be."""
        return not self.todo

    def __str__(self) -> str:
        """Return a line, and one more with what to do."""
        mark = "ok   " if self.passed else "to do"
        return f"{mark}  {self.what}: {self.found}" + (f"\n    {self.todo}" if self.todo else "")


def preflight(
    environment: Mapping[str, str], provider: str = PROVIDER_ID, client: httpx.Client | None = None
) -> Iterator[Check]:
    """Yield one check after the other; what needs an answer of Arcade's ends where there is none.

    Args:
        environment: the variables of the program that is to go live.
        provider: the id of the provider.
        client: sends the requests.
    """
    key, base = environment.get("ARCADE_API_KEY", ""), environment.get("ARCADE_BASE_URL", "")
    at_arcade = [_key(key), _base(base)]
    yield from at_arcade
    user = environment.get("ARCADE_USER_ID", "")
    unusable = not user or _UNSET(user) or user != user.strip("\"' ")
    yield Check("ARCADE_USER_ID", user or "not set", _USER if unusable else "")
    yield from _reached(environment)
    if environment.get("TICKTICK_SANDBOX_URL"):
        todo = "Run it without ticktick-sandbox exec, and a notebook with TUTORIAL_MODE=live."
        yield Check("the sandbox", "this program runs in it, and meets no live service", todo)
    if not key:
        return
    address = (base or LIVE).rstrip("/")
    if key != API_KEY and not all(check.passed for check in at_arcade):
        yield Check(address, "not asked, since nothing but your own key goes there", "See above.")
        return
    import httpx

    with client or httpx.Client(timeout=_TIMEOUT) as sender:
        sender.headers["Authorization"] = key
        try:
            yield from _arcade(sender, address, provider, user)
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as problem:
            todo = "Look whether this machine reaches it, and try again."
            yield Check(address, f"no usable answer ({type(problem).__name__})", todo)


_USER = (
    "Set ARCADE_USER_ID to the e-mail address of your Arcade account, until your own users come."
)


def _key(key: str) -> Check:
    todo = ""
    if not key:
        todo = f"Set it to the key that you made on {_KEYS_PAGE}."
    elif key == API_KEY:
        todo = f"This is the sandbox's. Set it to your own, from {_KEYS_PAGE}."
    elif key.strip("\"'").startswith("arc_") and not key.startswith("arc_"):
        todo = "There are quotation marks around it: leave them out."
    elif _UNSET(key):
        todo = f"It is still a placeholder. Set it to your own, from {_KEYS_PAGE}."
    elif not key.startswith("arc_"):
        todo = f"A key of Arcade begins with arc_. Copy it anew from {_KEYS_PAGE}."
    return Check("ARCADE_API_KEY", "set" if key else "not set", todo)


def _base(base: str) -> Check:
    if not base:
        return Check("ARCADE_BASE_URL", f"not set, so clients reach {LIVE}")
    todo = "" if _by_https(base) else "Unset it, or name an Engine of your own by https."
    if NO_ENGINE.search(base):
        todo = "The dashboard is there, and no Engine that answers. Unset it."
    return Check("ARCADE_BASE_URL", base, todo)


def _by_https(address: str, *, besides: Collection[str] = ()) -> bool:
    """Tell whether an address is one of https, and not at one of some hosts."""
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and parts.hostname not in besides
    except ValueError:  # such as a bracket that is not closed
        return False


def _reached(environment: Mapping[str, str]) -> Iterator[Check]:
    """Yield what others have to reach or know, as far as it is set."""
    for name, who in (("WORKER_URI", "Arcade has"), ("APP_URL", "browsers have")):
        if address := environment.get(name):
            todo = f"Set it to a public https address: {who} to reach it."
            public = _by_https(address, besides=LOCAL_HOSTS)
            yield Check(name, address, "" if public else todo)
    if secret := environment.get("ARCADE_WORKER_SECRET"):
        todo = "Set it to 32 or more characters, such as openssl rand -hex 32 makes."
        short = len(secret) < _SECRET or _UNSET(secret)
        yield Check("ARCADE_WORKER_SECRET", "set", todo if short else "")


def _arcade(client: httpx.Client, address: str, provider: str, user: str) -> Iterator[Check]:
    reply = client.get(f"{address}/v1/admin/auth_providers", params={"limit": 100})
    if reply.status_code in (401, 403):
        todo = f"Copy the key anew from {_KEYS_PAGE}. It has to be one of this project."
        yield Check(address, f"refuses the key with {reply.status_code}", todo)
        return
    providers = {each["id"]: each for each in reply.raise_for_status().json()["items"]}
    yield Check(address, "takes the key")
    if provider not in providers:
        known = ", ".join(providers) or "none"
        todo = f"Add it on {_PROVIDER_PAGE}, or by create_provider.py."
        yield Check(f"the provider {provider}", f"not there; there is: {known}", todo)
    else:
        yield from _provider(providers[provider])
    yield _verifier(client, address, user)


def _provider(found: dict[str, Any]) -> Iterator[Check]:
    name, oauth2 = f"the provider {found['id']}", found["oauth2"]
    active = found.get("status", "active") == "active"
    yield Check(name, "active" if active else found["status"], "" if active else "Switch it on.")
    credentials = oauth2.get("client_id") and (oauth2.get("client_secret") or {}).get("exists")
    todo = "" if credentials else f"Enter both on {_PROVIDER_PAGE}."
    yield Check("its Client ID and Client Secret", "there" if credentials else "missing", todo)
    for part, wanted in (("authorize_request", _AUTHORIZE), ("token_request", _TOKEN)):
        endpoint = (oauth2.get(part) or {}).get("endpoint", "")
        todo = "" if endpoint == wanted else f"Enter {wanted}."
        yield Check(f"its endpoint for {part.partition('_')[0]}", endpoint or "none", todo)
    scope = ((oauth2.get("authorize_request") or {}).get("params") or {}).get("scope", "")
    asks = "{{scopes}}" in scope.replace(" ", "")
    todo = "" if asks else 'Enter "{{scopes}} {{existing_scopes}}", or no user grants anything.'
    yield Check("its parameter scope", scope or "none", todo)
    kind = (oauth2.get("token_request") or {}).get("response_content_type") or "application/json"
    todo = "" if kind == "application/json" else "Enter application/json: TickTick answers that."
    yield Check("its content type of the token's answer", kind, todo)
    uri = oauth2.get("redirect_uri", "")
    where = "paste it into OAuth redirect URL of your app at https://developer.ticktick.com/manage"
    yield Check("its Redirect URI", f"{uri}: {where}, which no program can look at")


def _verifier(client: httpx.Client, address: str, user: str) -> Check:
    reply = client.get(f"{address}/v1/admin/settings/session_verification")
    settings = reply.raise_for_status().json()
    if settings.get("unsafe_skip_verification"):
        todo = "Set a custom user verifier, or anybody gets the token of whoever clicks Allow."
        return Check("who verifies users", "nobody", todo)
    if url := settings.get("verifier_url"):
        public = _by_https(url, besides=LOCAL_HOSTS)
        todo = "" if public else "Browsers have to reach it: give it a public https address."
        return Check("who verifies users", url, todo)
    todo = "" if "@" in user else _USER
    return Check("who verifies users", "Arcade, by e-mail address", todo)
