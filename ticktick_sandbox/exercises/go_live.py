"""Users of one's own need a verifier at an address that their browsers reach."""

from __future__ import annotations

from urllib.parse import urlsplit

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen

URL = "https://app.example.com/auth/verify"

HINTS = (
    "Point 4 reads the setting with client.get. The same address takes PUT: client.put needs a "
    "body, too, and cast_to=object.",
    f'The body is {{"verifier_url": "{URL}"}}. Call sandbox.preflight() after it, and look at the '
    "last line.",
)

SOLUTION = f"""\
# Not live, where this is a setting of your whole project.
if os.environ.get("TUTORIAL_MODE") != "live":
    client.put(
        "/v1/admin/settings/session_verification",
        body={{"verifier_url": "{URL}"}},
        cast_to=object,
    )
    sandbox.preflight()"""


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    verification = seen.services.engine.verification
    url = verification.verifier_url
    changes = [
        *seen.exchanges.find("PUT /v1/admin/settings/session_verification"),
        *seen.exchanges.find("POST /dashboard/user-verification"),
    ]
    if not changes:
        if seen.exchanges.find("POST /v1/auth/validate_custom_verifier"):
            return "That tries a verifier out and sets none. Change the setting of point 4."
        return NOT_YET
    if verification.skip:
        return (
            "Nobody verifies your users now: whoever starts an authorization gets the token of "
            "whoever clicks Allow. Set the address without skipping anything."
        )
    last = max(changes, key=lambda each: each.asked)
    if url != URL and last.status >= 400:
        return (
            f"Arcade answered {last.status} and changed nothing. The address has to be complete "
            "and to begin with https://."
        )
    if url is None:
        return (
            "Arcade itself still verifies users, by e-mail address: no verifier_url has arrived. "
            "That is the name of the field."
        )
    if urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1"):
        return (
            f"Arcade takes {url}, but no other machine reaches it, and your users' browsers have "
            f"to. Set {URL}."
        )
    if url != URL:
        return f"Arcade would send browsers to {url}. Your verifier is at {URL}."
    looks = seen.exchanges.find("GET /v1/admin/settings/session_verification")
    if not any(each.status == 200 and each.asked > last.asked for each in looks):
        return "The address is set. Now let sandbox.preflight() say so, or read the setting back."
    return f"{CORRECT} From now on your app says who its users are, and no account is needed."
