"""Authorization codes and access tokens."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.ids import Ids
from ticktick_sandbox.ticktick.accounts import Account
from ticktick_sandbox.ticktick.authorization_request import AuthorizationRequest

TOKEN_LIFETIME = timedelta(days=180)
CODE_LIFETIME = timedelta(minutes=10)
"""How long a code lives at TickTick is not known; ten minutes is the most RFC 6749 advises."""

_CODES_KEPT = 1000


@dataclass(frozen=True)
class Code:
    """A consent that waits to be exchanged."""

    asked: AuthorizationRequest
    account: Account
    expires_at: datetime


@dataclass(frozen=True)
class Token:
    """An access token: a UUID that acts for ``account`` within ``scopes``."""

    value: str = field(repr=False)
    client_id: str
    account: Account
    scopes: tuple[str, ...]
    expires_at: datetime


class Grants:
    """All codes and tokens.

    One person, one app and one set of scopes have one token: consenting again returns
    the same one with less time left, as the framework behind TickTick does.
    """

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._codes: OrderedDict[str, Code] = OrderedDict()
        self._tokens: dict[str, Token] = {}
        self._token_of: dict[tuple[str, str, tuple[str, ...]], str] = {}

    def add_code(self, asked: AuthorizationRequest, account: Account) -> str:
        """Return a new code, six characters of ``[0-9A-Za-z]``."""
        value = self._ids.base62("code", 6)
        self._codes[value] = Code(asked, account, self._clock.now() + CODE_LIFETIME)
        if len(self._codes) > _CODES_KEPT:
            self._codes.popitem(last=False)
        return value

    def take_code(self, value: str) -> Code | None:
        """Return the code and forget it; ``None`` if it is unknown, used or expired."""
        code = self._codes.pop(value, None)
        if code is None or code.expires_at <= self._clock.now():
            return None
        return code

    def peek_code(self, value: str) -> Code | None:
        """Return the code without using it up."""
        return self._codes.get(value)

    def token_for(self, code: Code) -> Token:
        """Return the live token of this consent, a new one if there is none."""
        key = (code.asked.app.client_id, code.account.user_id, code.asked.scopes)
        token = self._tokens.get(self._token_of.get(key, ""))
        if token is None or token.expires_at <= self._clock.now():
            token = Token(
                self._ids.uuid4("access_token"),
                code.asked.app.client_id,
                code.account,
                code.asked.scopes,
                self._clock.now() + TOKEN_LIFETIME,
            )
            self._tokens[token.value] = token
            self._token_of[key] = token.value
        return token

    def token(self, value: str) -> Token | None:
        """Return the token with this value, also an expired one; ``None`` if unknown."""
        return self._tokens.get(value)

    def expired(self, token: Token) -> bool:
        """Tell whether the token's time is over."""
        return token.expires_at <= self._clock.now()

    def expires_in(self, token: Token) -> int:
        """Return the seconds left as the token reply counts them: 15551999 for a new one."""
        return math.ceil((token.expires_at - self._clock.now()).total_seconds()) - 1

    def revoke(self, account: Account) -> None:
        """End what this person has granted: their tokens work no more, for whichever app."""
        for code in [value for value, code in self._codes.items() if code.account == account]:
            del self._codes[code]
        for token in [value for value, t in self._tokens.items() if t.account == account]:
            del self._tokens[token]
        gone = [key for key, value in self._token_of.items() if value not in self._tokens]
        for key in gone:
            del self._token_of[key]

    def forget_app(self, client_id: str) -> None:
        """Drop all codes and tokens of an app that was deleted."""
        self._codes = OrderedDict(
            (value, code)
            for value, code in self._codes.items()
            if code.asked.app.client_id != client_id
        )
        self._tokens = {
            value: token for value, token in self._tokens.items() if token.client_id != client_id
        }
        self._token_of = {
            key: value for key, value in self._token_of.items() if key[0] != client_id
        }
