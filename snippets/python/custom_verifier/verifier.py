from urllib.parse import urlencode

from arcadepy import AsyncArcade, BadRequestError
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from your_app import app, page, signed_in_user

arcade = AsyncArcade()


@app.get("/auth/verify")
async def verify(request: Request, flow_id: str) -> Response:
    user_id = signed_in_user(request)
    if user_id is None:
        return RedirectResponse(f"/sign-in?{urlencode({'flow_id': flow_id})}", status_code=303)
    try:
        confirmed = await arcade.auth.confirm_user(flow_id=flow_id, user_id=user_id)
    except BadRequestError:
        text = (
            f"You are signed in as {user_id}, and this authorization is not yours, or it is over. "
            "Nothing was connected. If somebody sent you the link, don't trust them."
        )
        return page("Not your authorization", text, status=400)
    return RedirectResponse(confirmed.next_uri or "/", status_code=303)
