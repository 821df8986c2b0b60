"""One app has one redirect URL: a second one takes the place of the first."""

from __future__ import annotations

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen
from ticktick_sandbox.recording.exchange import Exchange
from ticktick_sandbox.ticktick.apps import App

OLD = "http://localhost:9099/callback"
MOVED = "http://localhost:9099/moved"

HINTS = (
    "The app's page has one field for it, OAuth redirect URL. Save the new one there, in place of "
    "the old one, and open both links after that.",
    f'sandbox.open(app.url, fill={{"OAuth redirect URL": "{MOVED}"}}, click="Save") saves it. Set '
    'request["redirect_uri"] to it, make the new link as above, and call sandbox.open for each.',
)

SOLUTION = f"""\
sandbox.open(app.url, fill={{"OAuth redirect URL": "{MOVED}"}}, click="Save")
request["redirect_uri"] = "{MOVED}"
new_link = "https://ticktick.com/oauth/authorize?" + urlencode(request)
sandbox.open(new_link)
sandbox.open(link)"""

_UNSAVED = 'You opened the app\'s page, and saved nothing. It takes Save: click="Save".'


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    sent = seen.exchanges.find("POST /manage/*")
    saves = [each.asked for each in sent if each.status == 303]
    pages = seen.exchanges.find("GET /oauth/*authorize", answerer="TickTick")
    # What TickTick showed for which link, and how often the app had been saved by then.
    opened = [
        (
            sum(save < each.asked for save in saves),
            dict(each.query).get("redirect_uri"),
            each.status,
        )
        for each in pages
        if each.status != 302  # which leads to the sign-in page
    ]
    if not pages and not sent and seen.exchanges.find("GET /manage/app/*"):
        return _UNSAVED
    if not pages and not sent:
        return NOT_YET
    if pages and not opened:
        return "The link leads to the sign-in page. Sign in there, to see what comes after it."
    if any((n, MOVED, 200) in opened and (n, OLD, 400) in opened for n in range(len(saves) + 1)):
        return f"{CORRECT} The app has one redirect URL, and the one saved last counts."
    apps = seen.services.ticktick.apps.all()
    if not apps:
        return "There is no app any more. Restart the kernel, and begin anew."
    if apps[0].redirect_url != MOVED:
        if any(other.redirect_url == MOVED for other in apps[1:]):
            return "That is another app, with a Client ID of its own. Save it in the first one."
        return _not_saved(seen, sent, apps[0])
    shown = [(uri, status) for n, uri, status in opened if n == len(saves)]
    if (MOVED, 200) in shown:
        if any(uri == OLD for _, uri, _ in opened):
            return "You opened the old link before you saved the new URL. Open it once more now."
        if (f"{OLD}/", 400) in shown:
            return "The old link is the one without a slash at the end: link. Open that."
        return "The new link shows the consent page. Now open the old one, too: link."
    if any(uri == MOVED for uri, _ in shown):
        return "TickTick refuses the new link. Only its redirect_uri may differ from the old one."
    if any(uri == MOVED for _, uri, _ in opened):
        return "The new link was refused before its URL was saved. Open it once more now."
    if (OLD, 400) in shown:
        return f"The old link counts no more. Make one whose redirect_uri is {MOVED}, and open it."
    return f"{MOVED} is saved. Now open a link with it, and the old one."


def _not_saved(seen: Seen, sent: list[Exchange], app: App) -> str:
    url = app.redirect_url
    if sent and sent[-1].status == 400:
        return "TickTick refused what you typed, and says on the page what is wrong with it."
    if url == f"{MOVED}/":
        return "You saved it with a slash at the end. Save it without."
    if OLD in url and MOVED in url:
        return "Both stand in the one field, and TickTick takes them for one. Save the new one."
    if app.service_url.startswith(MOVED):
        return "You saved it as App Service URL. It belongs in the field OAuth redirect URL."
    if not sent and seen.exchanges.find("GET /manage/app/*"):
        return _UNSAVED
    return f"The redirect URL of the app is {url or 'empty'}. Save {MOVED} in its place."
