# Stands for your app, which signs users in and keeps their sessions. It asks for no password.
import secrets
from html import escape
from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

app = FastAPI()

USERS = ("alice", "mallory")
sessions: dict[str, str] = {}  # the user by session id, on the server


def signed_in_user(request: Request) -> str | None:
    return sessions.get(request.cookies.get("app_session", ""))


@app.get("/")
async def home(request: Request) -> Response:
    user_id = signed_in_user(request)
    text = f"You are signed in as {user_id}." if user_id else "You are not signed in."
    return page("Your app", text, '<p><a href="/sign-in">Sign in</a></p>')


@app.get("/sign-in")
async def sign_in_page(flow_id: str = "") -> Response:
    text = f"The users here are {' and '.join(USERS)}. They need no password."
    form = f"""
    <form method="post">
    <input type="hidden" name="flow_id" value="{escape(flow_id)}">
    <p><label>User <input name="user" autocomplete="username" required></label></p>
    <p><button>Sign in</button></p>
    </form>"""
    return page("Sign in to your app", text, form)


@app.post("/sign-in")
async def sign_in(
    request: Request,
    user: Annotated[str, Form()],
    flow_id: Annotated[str, Form()] = "",
) -> Response:
    if user not in USERS:
        query = urlencode({"flow_id": flow_id})
        again = f'<p><a href="/sign-in?{query}">Try again</a></p>'
        return page("No such user", "Nobody here has this name.", again, status=400)
    query = urlencode({"flow_id": flow_id})
    response = RedirectResponse(f"/auth/verify?{query}" if flow_id else "/", status_code=303)
    session_id = secrets.token_urlsafe(32)
    sessions[session_id] = user
    secure = request.url.scheme == "https"
    response.set_cookie("app_session", session_id, httponly=True, samesite="lax", secure=secure)
    return response


def page(heading: str, text: str, more: str = "", status: int = 200) -> HTMLResponse:
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{heading}</title>
</head>
<body>
<main>
<h1>{heading}</h1>
<p>{escape(text)}</p>
{more}
</main>
</body>
</html>
"""
    return HTMLResponse(html, status_code=status)
