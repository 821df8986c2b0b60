# A web app whose users connect their TickTick. Start it with: python -m uvicorn app:app
#
# Live, set ARCADE_API_KEY, and APP_URL to the https address at which browsers find the app. In
# Arcade's dashboard, at Connections > User verification, the custom user verifier is
# that address with /auth/verify after it.
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Annotated

import httpx
from arcadepy import AsyncArcade, BadRequestError
from arcadepy.types.shared import AuthorizationResponse
from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

PROVIDER = "arcade-ticktick"
SCOPES = ["tasks:read", "tasks:write"]
TICKTICK = "https://api.ticktick.com/open/v1"
LINK_LIVES = timedelta(minutes=10)  # your app decides; Arcade's link has no known end


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncArcade() as arcade, httpx.AsyncClient(base_url=TICKTICK) as ticktick:
        app.state.arcade = arcade
        app.state.ticktick = ticktick
        app.state.app_url = os.environ.get("APP_URL", "http://localhost:8000")
        # A real app keeps both in its database: a process forgets, and there may be several.
        app.state.sessions = {}  # the user by session id
        app.state.asked = {}  # when the user was last given a link, until it is used
        yield


app = FastAPI(lifespan=lifespan)


def now() -> datetime:
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(now)]  # a test puts its own clock here


# Your app's users. This stands for the sign-in that you have: it asks for no password.
#
# Other sites can't post a form in the user's name, as the session's cookie is SameSite=Lax. (Strict
# would lose the session when the user comes back from TickTick.) A real app also puts a CSRF token
# into each form, that of the sign-in included: without it another site could sign your visitor in
# as somebody else, who would then get what your visitor connects.


def signed_in_user(request: Request) -> str | None:
    return request.app.state.sessions.get(request.cookies.get("app_session", ""))


@app.get("/sign-in")
async def sign_in_page() -> Response:
    form = """
    <form method="post">
    <p><label>Name <input name="name" autocomplete="username" required></label></p>
    <p><button>Sign in</button></p>
    </form>"""
    return page("Sign in", "Any name will do. There is no password.", form)


@app.post("/sign-in")
async def sign_in(request: Request, name: Annotated[str, Form()]) -> Response:
    session_id = secrets.token_urlsafe(32)
    request.app.state.sessions[session_id] = name
    response = RedirectResponse("/", status_code=303)
    secure = request.app.state.app_url.startswith("https://")
    response.set_cookie("app_session", session_id, httponly=True, samesite="lax", secure=secure)
    return response


# The connection to TickTick


async def authorization(request: Request, user_id: str) -> AuthorizationResponse:
    """Ask Arcade for the user's token, or else for the link by which the user consents.

    Nothing waits here. As long as the user has not consented, the link is the same each time.
    """
    state = request.app.state
    auth = await state.arcade.auth.authorize(  # auth.start takes no next_uri
        user_id=user_id,
        auth_requirement={
            "provider_id": PROVIDER,
            "provider_type": "oauth2",
            "oauth2": {"scopes": SCOPES},
        },
        next_uri=f"{state.app_url}/",
    )
    if auth.status == "completed":
        state.asked.pop(user_id, None)
    return auth


def connection_state(
    request: Request, user_id: str, auth: AuthorizationResponse, now: datetime
) -> str:
    """Return not_connected, pending, expired (the link was not used in time), or connected."""
    asked = request.app.state.asked.get(user_id)
    if auth.status == "completed":
        return "connected"
    if asked is None:
        return "not_connected"
    return "pending" if now - asked < LINK_LIVES else "expired"


async def forget(request: Request, user_id: str) -> None:
    """Take the user's token from Arcade."""
    connections = request.app.state.arcade.admin.user_connections
    found = connections.list(user={"id": user_id}, provider={"id": PROVIDER})
    for connection in [each async for each in found]:
        # Looked at once more: one that is deleted by mistake is another user's.
        if connection.user_id == user_id and connection.provider_id == PROVIDER:
            await connections.delete(connection.id)


@app.get("/connection")
async def connection(request: Request, now: Now) -> Response:
    """Tell the front end how the connection stands."""
    user_id = signed_in_user(request)
    if user_id is None:
        return Response(status_code=401)
    auth = await authorization(request, user_id)
    return JSONResponse({"state": connection_state(request, user_id, auth, now)})


@app.post("/connect")
async def connect(request: Request, now: Now) -> Response:
    """Send the user's browser to TickTick."""
    user_id = signed_in_user(request)
    if user_id is None:
        return RedirectResponse("/sign-in", status_code=303)
    auth = await authorization(request, user_id)
    if auth.status == "completed":
        return RedirectResponse("/", status_code=303)
    request.app.state.asked[user_id] = now  # which makes a link good again that was over
    return RedirectResponse(auth.url, status_code=303)


@app.get("/auth/verify")
async def verify(request: Request, flow_id: str, now: Now) -> Response:
    """Tell Arcade who has come back from TickTick. The user is the session's, never the URL's."""
    user_id = signed_in_user(request)
    asked = request.app.state.asked.get(user_id)
    over = asked is None or now - asked >= LINK_LIVES
    try:
        # Arcade is told in any case, and a stranger is nobody: as long as it has no answer, the
        # one who sent the link around could come here and take over what somebody else allowed.
        # That a wrong answer uses the consent up is so in the sandbox; of Arcade it is not known.
        confirmed = await request.app.state.arcade.auth.confirm_user(
            flow_id=flow_id, user_id=user_id or f"nobody-{secrets.token_hex(8)}"
        )
    except BadRequestError:
        who = f"signed in as {user_id}" if user_id else "not signed in"
        text = (
            f"You are {who}, and this authorization is not yours, or it is over. "
            "Nothing was connected. If somebody sent you the link, don't trust them."
        )
        return page("Not your authorization", text, HOME_LINK, status=400)
    if over:
        await forget(request, user_id)
        text = "You were not asked for this in the last ten minutes. Nothing was connected."
        return page("This link is over", text, HOME_LINK, status=400)
    return RedirectResponse(confirmed.next_uri or "/", status_code=303)


@app.post("/disconnect")
async def disconnect(request: Request) -> Response:
    user_id = signed_in_user(request)
    if user_id is None:
        return RedirectResponse("/sign-in", status_code=303)
    await forget(request, user_id)
    return RedirectResponse("/", status_code=303)


# What the connection is for


@app.get("/")
async def home(request: Request, now: Now) -> Response:
    user_id = signed_in_user(request)
    if user_id is None:
        return page("Your app", "You are not signed in.", '<p><a href="/sign-in">Sign in</a></p>')
    auth = await authorization(request, user_id)
    state = connection_state(request, user_id, auth, now)
    if state == "connected":
        response = await request.app.state.ticktick.get(
            "/project/inbox/data", headers={"Authorization": f"Bearer {auth.context.token}"}
        )
        if response.status_code == 401:  # the user took it back at TickTick: Arcade can't know
            await forget(request, user_id)
            state = "not_connected"
        else:
            response.raise_for_status()
            tasks = [f"<li>{escape(task['title'])}</li>" for task in response.json()["tasks"]]
            more = f"<h2>Inbox</h2><ul>{''.join(tasks)}</ul>{CONNECTED_FORMS}"
            return page("TickTick is connected", f"You are signed in as {user_id}.", more)
    heading, more = {
        "not_connected": ("TickTick is not connected", CONNECT_FORM),
        "pending": ("TickTick waits for your answer", CONNECT_FORM + LOOK_AGAIN),
        "expired": ("You did not answer at TickTick in time", CONNECT_FORM),
    }[state]
    return page(heading, f"You are signed in as {user_id}.", more)


@app.post("/tasks")
async def add_task(request: Request, title: Annotated[str, Form()]) -> Response:
    user_id = signed_in_user(request)
    if user_id is None:
        return RedirectResponse("/sign-in", status_code=303)
    auth = await authorization(request, user_id)
    if auth.status == "completed":
        response = await request.app.state.ticktick.post(
            "/task",
            headers={"Authorization": f"Bearer {auth.context.token}"},
            json={"title": title},
        )
        if response.status_code != 401:
            response.raise_for_status()
    return RedirectResponse("/", status_code=303)


# The pages

HOME_LINK = '<p><a href="/">Go on</a></p>'

CONNECT_FORM = '<form method="post" action="/connect"><button>Connect TickTick</button></form>'

CONNECTED_FORMS = """
<form method="post" action="/tasks">
<p><label>New task <input name="title" required></label> <button>Add</button></p>
</form>
<form method="post" action="/disconnect"><button>Disconnect TickTick</button></form>"""

# The user may be at TickTick in another tab. The browser waits for that, the server does not.
LOOK_AGAIN = """
<script>
setInterval(async () => {
  const response = await fetch("/connection");
  if (!response.ok || (await response.json()).state !== "pending") location.reload();
}, 2000);
</script>"""


def page(heading: str, text: str, more: str = "", status: int = 200) -> HTMLResponse:
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(heading)}</title>
</head>
<body>
<main>
<h1>{escape(heading)}</h1>
<p>{escape(text)}</p>
{more}
</main>
</body>
</html>
"""
    return HTMLResponse(html, status_code=status)
