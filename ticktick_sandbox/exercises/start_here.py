"""A token that can only read does not write: ask for the other scope, too."""

from __future__ import annotations

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen

TITLE = "Learn OAuth"

HINTS = (
    "The token of this notebook was asked for with tasks:read alone. Start another authorization, "
    "with both scopes in the list.",
    'Open auth.url with sandbox.open(auth.url, click="Allow"), wait for the completion, and send '
    "the new token with httpx.post to https://api.ticktick.com/open/v1/task, with "
    f'json={{"title": "{TITLE}"}}.',
)

SOLUTION = f"""\
auth = client.auth.start(
    user_id=os.environ["ARCADE_USER_ID"],
    provider="arcade-ticktick",
    scopes=["tasks:read", "tasks:write"],
)
sandbox.open(auth.url, click="Allow")
auth = client.auth.wait_for_completion(auth)
response = httpx.post(
    "https://api.ticktick.com/open/v1/task",
    headers={{"Authorization": f"Bearer {{auth.context.token}}"}},
    json={{"title": "{TITLE}"}},
)
response.raise_for_status()"""


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    asked = seen.exchanges.find("POST /v1/auth/authorize")
    sent = seen.exchanges.find("POST /open/v1/task")
    written = [each for each in seen.exchanges.find("POST /open/v1/task*") if each.status == 200]
    if written and TITLE in seen.users.learner.titles:
        return f"{CORRECT} TickTick has the task, since the new token has both scopes."
    if not asked and not sent:
        return NOT_YET
    if asked and sent and asked[-1].asked > sent[-1].asked:
        sent = sent[:0]  # what was sent before is another try
    issued = any(event.text.startswith("issued an access token") for event in seen.events)
    if sent and sent[-1].status == 500 and "access_forbidden" not in sent[-1].response.body:
        why = sent[-1].response.fields.get("errorCode", "an error")
        return f"TickTick answered 500, {why}: it takes JSON with a title. Use json= of httpx."
    if sent and sent[-1].status == 500:
        return (
            "TickTick answered 500, access_forbidden: the token can't write. Ask Arcade for an "
            "authorization with tasks:write, too, and send its token."
        )
    if sent and sent[-1].status == 401 and asked and not issued:
        return (
            "TickTick answered 401, for there is no new token yet: open the link, click Allow, and "
            "send the token of what wait_for_completion returns."
        )
    if sent and sent[-1].status == 401 and issued:
        return (
            "TickTick answered 401: send the token that wait_for_completion returns, in the header "
            "Authorization, after Bearer. auth itself stays as it was before the consent."
        )
    if sent and sent[-1].status == 401:
        return "TickTick answered 401: send the token in the header Authorization, after Bearer."
    if sent:
        title = sent[-1].request.fields.get("title")
        return f"TickTick has a task {title!r}. Its title has to be {TITLE!r}."
    if "tasks:write" not in asked[-1].request.body:
        return "You have asked for an authorization without tasks:write. Add it to the list."
    if not issued:
        return "The authorization is pending: open its link, and click Allow."
    return "You have a token that can write. Now create the task with it."
