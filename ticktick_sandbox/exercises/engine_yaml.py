"""Break the exchange of the code, and nothing before it."""

from __future__ import annotations

from ticktick_sandbox.arcade.oauth.provider import FORM
from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen
from ticktick_sandbox.shared.settings import PROVIDER_ID

HINTS = (
    "What authorize_request says, the user meets before the consent. What happens after it is "
    "token_request: break one of its lines, such as the grant_type.",
    'Path("my_tool").mkdir(exist_ok=True), then Path("my_tool/engine.yaml").write_text('
    'block.replace("authorization_code", "code")). Then sandbox.stop(), '
    'sandbox.start(config="my_tool/engine.yaml", strict=True), client = Arcade(), and the flow as '
    "above, with client.auth.status(id=auth.id) at the end.",
)

SOLUTION = f"""\
Path("my_tool").mkdir(exist_ok=True)
broken = block.replace("grant_type: authorization_code", "grant_type: code")
Path("my_tool/engine.yaml").write_text(broken)
sandbox.stop()
sandbox.start(config="my_tool/engine.yaml", strict=True)
client = Arcade()
auth = client.auth.start(
    user_id=os.environ["ARCADE_USER_ID"],
    provider="{PROVIDER_ID}",
    scopes=["tasks:read"],
)
sandbox.open(auth.url, click="Allow")
print(client.auth.status(id=auth.id).status)"""


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    asked = seen.exchanges.find("POST /v1/auth/authorize")
    texts = [event.text for event in seen.events]
    if not any(text.startswith("added the provider") for text in texts):
        if not asked:
            return NOT_YET
        return (
            "The Engine has read no file since the exercise began. Call sandbox.stop(), and then "
            "sandbox.start with config and your file."
        )
    provider = next(iter(seen.services.engine.providers.all()), None)
    if provider is None or provider.origin != "static":
        return "The sandbox runs without a file. Stop it, and start it with config and your file."
    if not asked:
        return "The Engine has read a file. Make a new client, and start an authorization."
    if asked[-1].status >= 400:
        return f"Arcade refuses to start: it has no {PROVIDER_ID} now. Break another line."
    token = provider.token_request
    if any(" completed for " in text for text in texts):
        if token.response_content_type == FORM:
            return "Line 24 stops only an Engine that is strict. Break another line."
        return "The authorization is completed: with this file, the flow works. Break another line."
    exchanges = seen.exchanges.find(asker="Arcade")
    if not exchanges:
        return _no_consent(seen, texts)
    if token.response_content_type == FORM:
        return "That is line 24, which the notebook gives away. Break another line."
    looks = [*asked, *seen.exchanges.find("GET /v1/auth/status")]
    if not any(each.asked > exchanges[-1].asked for each in looks):
        return "The user has allowed access. Now ask Arcade for the status of the authorization."
    why = next((text for text in reversed(texts) if " stays pending: " in text), "")
    reason = why.partition(": ")[2].rstrip(".?")
    return f"{CORRECT} The user allowed access, and no token came: {reason}."


def _no_consent(seen: Seen, texts: list[str]) -> str:
    if any(" denied access to " in text for text in texts):
        return "The user denied access. Open the link once more, and click Allow."
    if any("the provider refused: " in text for text in texts):
        return (
            "TickTick sends the browser back without asking the user. Leave the lines of "
            "authorize_request whole, and break one that counts after the consent."
        )
    refused = any(text.startswith("authorization refused: ") for text in texts)
    if refused or any(each.status >= 400 for each in seen.exchanges.find("GET /oauth/*")):
        return (
            "The link leads to an error page of TickTick, so the user can't consent. The line "
            "that you broke counts too early: find one that counts after the consent."
        )
    return (
        "The authorization is pending, because nobody has opened its link and clicked Allow. If "
        "the link does not lead to Allow, the line that you broke counts too early."
    )
