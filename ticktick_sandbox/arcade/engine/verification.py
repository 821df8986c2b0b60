"""User verification: who makes sure that the one who consents is the one who was asked.

By default that is Arcade, with its own accounts. A custom verifier is a page of your own
app: the browser is sent there with the ``flow_id``, and your server confirms the user. The
settings and their names are those of the published API description.
"""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit, urlunsplit

from ticktick_sandbox.arcade.engine.authorizations import UserMismatch
from ticktick_sandbox.arcade.urls import is_absolute
from ticktick_sandbox.shared.event_log import EventLog
from ticktick_sandbox.shared.ids import Ids

_ARCADES_OWN = "/api/v1/oauth/callback_verify"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TESTS_KEPT = 100


class VerifierRefused(ValueError):
    """A URL that can't be a verifier's; the text says why."""


class SkippingNotAllowed(PermissionError):
    """This Engine does not let anybody skip the verification."""


class Verification:
    """How one Engine verifies users, and the tests of verifiers that wait for an answer.

    ``verifier_url`` is ``None`` while Arcade verifies. While ``skip`` is true nobody does:
    whoever consents counts as the user for whom the flow was started.

    Args:
        may_skip: whether ``skip`` can be set at all.
    """

    def __init__(self, ids: Ids, event_log: EventLog, *, may_skip: bool) -> None:
        self.verifier_url: str | None = None
        self.skip = False
        self.may_skip = may_skip
        self._ids = ids
        self._event_log = event_log
        self._tests: dict[str, str] = {}  # the user by flow id

    @property
    def is_arcades(self) -> bool:
        """Whether Arcade verifies with its own accounts."""
        return not self.skip and self.verifier_url is None

    def change(self, verifier_url: str | None, *, skip: bool) -> None:
        """Set both; on an error both stay as they were.

        Raises:
            VerifierRefused: the URL can't be used.
            SkippingNotAllowed: ``skip`` is true and must not be.
        """
        if verifier_url is not None:
            check(verifier_url)
        if skip and not self.may_skip:
            raise SkippingNotAllowed
        self.verifier_url, self.skip = verifier_url, skip
        if skip:
            self._note("nobody verifies users: whoever consents is taken for them", problem=True)
        else:
            self._note(
                f"users are verified by {_plain(verifier_url) if verifier_url else 'Arcade'}"
            )

    def url(self, flow_id: str) -> str:
        """Return where the browser goes after consent, unless verification is skipped."""
        return with_flow_id(self.verifier_url or _ARCADES_OWN, flow_id)

    def note_callback(self, auth_id: str, user_id: str) -> None:
        """Note that the browser goes on after consent, where that is not Arcade's page."""
        if self.skip:
            text = f"nobody checks that it was {user_id} who consented to {auth_id}"
            self._note(text, problem=True)
        elif self.verifier_url:
            self._note(f"{auth_id} goes to {_plain(self.verifier_url)} to verify the user")

    def start_test(self, user_id: str, verifier_url: str) -> tuple[str, str]:
        """Begin a flow without a provider, for trying out a verifier.

        Returns:
            Its id, and the verifier's URL with it.

        Raises:
            VerifierRefused: the URL can't be used.
        """
        check(verifier_url)
        flow_id = str(uuid.UUID(self._ids.uuid4("verifier test")))
        self._tests[flow_id] = user_id
        if len(self._tests) > _TESTS_KEPT:
            del self._tests[next(iter(self._tests))]
        return flow_id, with_flow_id(verifier_url, flow_id)

    def is_test(self, flow_id: str) -> bool:
        """Tell whether a flow is a test that waits for its answer."""
        return flow_id in self._tests

    def end_test(self, flow_id: str, user_id: str) -> str:
        """Take the answer of a test, which is over then, and return its ``ar_`` id.

        Raises:
            UserMismatch: the test was begun for somebody else.
        """
        if self._tests.pop(flow_id) != user_id:
            raise UserMismatch(user_id)
        return self._ids.base62("verifier test", 30, prefix="ar_sandbox")

    def _note(self, text: str, *, problem: bool = False) -> None:
        self._event_log.add("Arcade", text, problem=problem)


def check(verifier_url: str) -> None:
    """Raise ``VerifierRefused`` unless browsers can safely be sent to this URL."""
    if not is_absolute(verifier_url):
        raise VerifierRefused(
            "verifier_url must be a complete URL, such as https://example.com/verify"
        )
    parts = urlsplit(verifier_url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise VerifierRefused(
            "verifier_url must begin with https://; only this machine may do without"
        )
    if parts.username is not None:
        raise VerifierRefused("verifier_url must not hold a user name or password")


def with_flow_id(url: str, flow_id: str) -> str:
    """Return the URL with one parameter more; what it has stays as it is."""
    parts = urlsplit(url)
    query = f"{parts.query}&flow_id={flow_id}" if parts.query else f"flow_id={flow_id}"
    return urlunsplit(parts._replace(query=query))


def _plain(url: str) -> str:
    """Return the URL without its query, which may hold what is nobody's business."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))
