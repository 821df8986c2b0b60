"""TickTick accounts and who is signed in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from ticktick_sandbox.shared.ids import Ids

_SESSIONS_KEPT = 1000


@dataclass(frozen=True)
class Account:
    """A person's account. ``time_zone`` is an IANA name, the default for their tasks."""

    user_id: str
    email: str
    name: str
    time_zone: str
    salt: bytes = field(repr=False)
    password_hash: bytes = field(repr=False)

    @property
    def inbox_id(self) -> str:
        """The Inbox is a project whose id is made from the user's."""
        return f"inbox{self.user_id}"


class SignUpRefused(ValueError):
    """The sign-up form was not filled in right; the text says which field."""


class Accounts:
    """All accounts and sessions. Passwords are kept as salted hashes only."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._by_email: dict[str, Account] = {}
        self._sessions: OrderedDict[str, Account] = OrderedDict()

    def sign_up(self, email: str, password: str, name: str = "") -> Account:
        """Create an account.

        Raises:
            SignUpRefused: no usable e-mail address, no password, or the address is taken.
        """
        email = email.strip().lower()
        if not email or email.startswith("@") or email.endswith("@") or email.count("@") != 1:
            raise SignUpRefused("Enter an e-mail address such as you@example.com.")
        if not password:
            raise SignUpRefused("Enter a password. Any will do here; do not use a real one.")
        if email in self._by_email:
            raise SignUpRefused(f"{email} already has an account. Sign in instead.")
        salt = secrets.token_bytes(16)
        account = Account(
            user_id=self._ids.digits("user", 9),
            email=email,
            name=name.strip() or email.partition("@")[0],
            time_zone="Etc/UTC",
            salt=salt,
            password_hash=_hash(password, salt),
        )
        self._by_email[email] = account
        return account

    def sign_in(self, email: str, password: str) -> str | None:
        """Return a new session for the right credentials, ``None`` for wrong ones."""
        account = self._by_email.get(email.strip().lower())
        if account is None:
            return None
        if not hmac.compare_digest(account.password_hash, _hash(password, account.salt)):
            return None
        return self.open_session(account)

    def all(self) -> list[Account]:
        """Return every account, oldest first."""
        return list(self._by_email.values())

    def by_email(self, email: str) -> Account | None:
        """Return the account with this address, ``None`` if there is none."""
        return self._by_email.get(email)

    def open_session(self, account: Account) -> str:
        """Return a session for ``account``: a secret that stands for being signed in."""
        session = secrets.token_urlsafe(24)
        self._sessions[session] = account
        if len(self._sessions) > _SESSIONS_KEPT:
            self._sessions.popitem(last=False)
        return session

    def close_session(self, session: str) -> None:
        """Forget a session; one that is none already is no error."""
        self._sessions.pop(session, None)

    def signed_in(self, session: str | None) -> Account | None:
        """Return whose session this is, ``None`` if it is not one."""
        return self._sessions.get(session) if session else None


def _hash(password: str, salt: bytes) -> bytes:
    if hasattr(hashlib, "scrypt"):
        return hashlib.scrypt(password.encode(), salt=salt, n=2**10, r=8, p=1)
    # A Python without OpenSSL, as in a browser, where passwords live in memory alone.
    return hmac.digest(salt, password.encode(), "sha256")
