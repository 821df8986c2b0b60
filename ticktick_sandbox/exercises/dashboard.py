"""Switch PKCE on in the provider's form, and see it in the link."""

from __future__ import annotations

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen
from ticktick_sandbox.shared.settings import PROVIDER_ID

HINTS = (
    "The form is the page in provider_page.url. Its section PKCE Settings has the box Enable PKCE, "
    "which is on or off. The user has granted tasks:read, so ask for another scope.",
    'sandbox.open(provider_page.url, fill={"Enable PKCE": "on"}, click="Save") saves the form. '
    'Then call client.auth.start as above with scopes=["tasks:write"], and print auth.url.',
)

SOLUTION = f"""\
sandbox.open(provider_page.url, fill={{"Enable PKCE": "on"}}, click="Save")
auth = client.auth.start(
    user_id=os.environ["ARCADE_USER_ID"],
    provider="{PROVIDER_ID}",
    scopes=["tasks:write"],
)
print(auth.url)"""


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    asked = seen.exchanges.find("POST /v1/auth/authorize")
    changed = any(
        event.text.startswith(("added the provider", "changed the provider"))
        for event in seen.events
    )
    if not asked and not changed:
        return NOT_YET
    answers = [each.response.fields for each in asked]
    ours = [each for each in answers if each.get("provider_id") == PROVIDER_ID]
    providers = seen.services.engine.providers
    provider = providers.get(PROVIDER_ID)
    on = provider is not None and provider.pkce
    if on and any("code_challenge=" in each.get("url", "") for each in ours):
        return (
            f"{CORRECT} The link has a code_challenge. Arcade keeps the code_verifier that fits "
            "it, and sends that with the code."
        )
    if provider is None:
        return f"There is no provider {PROVIDER_ID} any more. Restart the kernel, and begin anew."
    if not provider.pkce:
        if any(other.pkce for other in providers.all()):
            return f"You switched PKCE on for another provider. Do it for {PROVIDER_ID}."
        if changed:
            return "The form is saved, but Enable PKCE is off. Set it to on, and save once more."
        if seen.exchanges.find("GET /dashboard/connected-apps/*"):
            return 'You opened the form, and saved nothing. It takes Save: click="Save".'
        return "The link has nothing of PKCE, because it is off. Switch it on in the form first."
    saved = [
        *seen.exchanges.find("POST /dashboard/connected-apps/*"),
        *seen.exchanges.find("PATCH /v1/admin/auth_providers/*"),
    ]
    last = max((each.asked for each in saved), default=0)
    if not ours or asked[-1].asked < last:
        return f"PKCE is on. Now start an authorization for {PROVIDER_ID}, and print its link."
    if ours[-1].get("status") == "completed":
        return (
            "The authorization is completed at once, and has no link: the user has granted that "
            "before. Ask for a scope that they have not granted, or for another user."
        )
    return (
        "This link is from before PKCE was on. While an authorization is pending, Arcade gives "
        "the same link again. Ask for other scopes, or for another user, to get a new one."
    )
