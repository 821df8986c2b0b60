"""No input, however odd, makes the server fail."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.ticktick.helpers import allow, query_of, request_for, sign_in

JUNK = [
    None,
    True,
    -1,
    2**70,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "",
    " ",
    "x" * 100_000,
    "\ud800",
    "\x00\r\n",
    "<script>",
    "2026-13-45T99:00:00+0000",
    "0001-01-01T00:00:00+1400",
    "9999-12-31T23:59:59-1200",
    [],
    {},
    [None],
    [1, "a"],
    [[]],
    [{}, "a"],
    [{"title": "a", "id": {}, "status": [], "sortOrder": {}, "startDate": 5, "isAllDay": "no"}],
    [{"title": ["a"]}],
    {"a": {"b": [1, {"c": None}]}},
]
FIELDS = [
    *("id", "projectId", "title", "content", "desc", "isAllDay", "startDate", "dueDate"),
    *("timeZone", "reminders", "tags", "repeatFlag", "repeatFrom", "priority", "status"),
    *("sortOrder", "items", "kind", "columnId", "name", "color", "viewMode", "parentId"),
]
BODIES = [
    b"",
    b"\xff\xfe\x00",
    b"\x80abc",
    b'{"title": "\xff"}',
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"17",
    b"9" * 10_000,
    b'{"title": "a", "sortOrder": ' + b"9" * 10_000 + b"}",
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b'{"title": "a", "tags": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    '{"title": "a"}'.encode("utf-16"),
]
RULES = [
    "RRULE:",
    "RRULE:FREQ",
    "RRULE:FREQ=SOMETIMES",
    "RRULE:INTERVAL=2",
    "RRULE:FREQ=DAILY;INTERVAL=0",
    "RRULE:FREQ=DAILY;INTERVAL=-1",
    "RRULE:FREQ=DAILY;INTERVAL=99999999999999999999999",
    "RRULE:FREQ=DAILY;BYMONTH=2;INTERVAL=00",
    "RRULE:FREQ=DAILY;BYHOUR=99",
    "RRULE:FREQ=DAILY RRULE:FREQ=DAILY;INTERVAL=0",
    "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "RRULE:FREQ=DAILY;UNTIL=20200101T000000Z",
    "RRULE:FREQ=DAILY;UNTIL=x",
    "ERULE:NAME=CUSTOM;BYDATE=x",
]


@pytest.fixture(autouse=True)
def no_failure(caplog: pytest.LogCaptureFixture):
    """Fail a test during which the server ran into an exception that it does not handle."""
    yield
    assert "Exception in ASGI application" not in caplog.text


def _refused_or_done(reply: httpx.Response) -> None:
    assert reply.status_code in (200, 404, 500)
    if reply.content:
        assert reply.headers["content-type"] == "application/json;charset=UTF-8"
        assert (
            reply.status_code != 500
            or reply.json()["errorCode"].startswith("param_")
            or (reply.json()["errorCode"] in ("project_not_found", "task_not_found"))
        )


@pytest.mark.parametrize("path", ["/task", "/task/{task}", "/project", "/project/{project}"])
def test_any_value_in_any_field_gets_an_answer(api: httpx.Client, path: str) -> None:
    task = api.post("/task", json={"title": "Kept"}).json()
    project = api.post("/project", json={"name": "Kept"}).json()
    path = path.format(task=task["id"], project=project["id"])
    right = {"title": "T", "name": "N"}
    if task["id"] in path:
        right |= {"id": task["id"], "projectId": task["projectId"]}
    for field in FIELDS:
        for junk in JUNK:
            _refused_or_done(api.post(path, content=json.dumps(right | {field: junk})))
    assert api.get("/project/inbox/data").status_code == 200
    assert api.get("/project").status_code == 200


@pytest.mark.parametrize("path", ["/task", "/task/x", "/project", "/project/x"])
def test_any_body_gets_an_answer(api: httpx.Client, path: str) -> None:
    for body in BODIES:
        reply = api.post(path, content=body)
        assert reply.status_code in (200, 500)
        assert reply.headers["content-type"] == "application/json;charset=UTF-8"


@pytest.mark.parametrize("rule", RULES)
def test_any_repeat_rule_gets_an_answer(api: httpx.Client, rule: str) -> None:
    due = "2026-01-05T09:00:00+0000"
    task = api.post("/task", json={"title": "T", "dueDate": due, "repeatFlag": rule}).json()
    reply = api.post(f"/project/{task['projectId']}/task/{task['id']}/complete")
    _refused_or_done(reply)


@pytest.mark.parametrize(
    "path",
    [
        "/project?offset=x",
        "/project?limit=" + "9" * 5000,
        "/project?offset=-5&limit=-5",
        "/project/%ff%00/data",
        "/project/%ed%a0%80",
        "/project/..%2f..%2f/task/%0d%0a",
        "/" + "a/" * 2000,
    ],
)
def test_any_path_gets_an_answer(api: httpx.Client, path: str) -> None:
    assert api.get(path).headers["content-type"] == "application/json;charset=UTF-8"


@pytest.mark.parametrize(
    "header",
    [b"Bearer \xff\xfe", b"Bearer", b"bearer \"'<b>", b"Basic x", b"\xe9"],
)
def test_any_authorization_header_gets_an_answer(world: World, header: bytes) -> None:
    reply = world.http.get(
        f"{world.ticktick_url}/open/v1/project", headers={b"Authorization": header}
    )
    assert reply.status_code == 401
    assert reply.json()["error"] in ("unauthorized", "invalid_token")


@pytest.mark.parametrize(
    "header", [b"Basic \xe9", b"Basic", b"Basic !!", b"Basic /w==", b"Basic Og==", b"Basic \xff=="]
)
def test_any_basic_credentials_get_an_answer(ticktick: httpx.Client, header: bytes) -> None:
    assert ticktick.post("/oauth/token", headers={b"Authorization": header}).status_code == 401


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json"])
@pytest.mark.parametrize("path", ["/signin", "/signup", "/oauth/authorize", "/oauth/token"])
def test_any_form_gets_an_answer(ticktick: httpx.Client, path: str, content_type: str) -> None:
    bodies = [b"\xff\xfe=\x80", b"%", b"%ff=%ff&email=%00@%00&password=%ed%a0%80", b"&&&=", b"{}"]
    for body in bodies:
        reply = ticktick.post(path, content=body, headers={"Content-Type": content_type})
        assert reply.status_code in (400, 401, 403)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"no boundary here"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n\xff: \xff\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=" + "b" * 300, b"--b\r\n"),
        ("multipart/form-data; boundary=\xff", b"--b\r\n"),
        ("application/x-www-form-urlencoded", b"%ff=\xff&name=%"),
        ("text/plain", b"x"),
    ],
)  # fmt: skip
def test_any_upload_gets_an_answer(
    ticktick: httpx.Client, app, content_type: str, body: bytes
) -> None:
    reply = ticktick.post(
        f"/manage/app/{app.client_id}",
        content=body,
        headers={"Content-Type": content_type.encode("latin-1")},
    )
    assert reply.status_code in (400, 403)


def test_an_upload_in_an_unknown_encoding_is_refused(ticktick: httpx.Client, app) -> None:
    reply = ticktick.post(
        f"/manage/app/{app.client_id}",
        content=b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--b--\r\n',
        headers={"Content-Type": "multipart/form-data; boundary=b; charset=no"},
    )
    assert reply.status_code == 415


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "code_challenge"])
def test_any_parameter_gets_an_answer(ticktick: httpx.Client, app, name: str) -> None:
    session = sign_in(ticktick)
    for junk in ("%ff", "\x00\r\nSet-Cookie: a=b", "x" * 10_000, "<script>", "𝔘 \U0010ffff", "+"):
        asked = request_for(app, **{name: junk})
        shown = ticktick.get("/oauth/authorize", params={"session": session, **asked})
        assert shown.status_code in (200, 302, 400, 401)
        assert "<script>" not in shown.text
        decided = allow(ticktick, session, asked)
        assert decided.status_code in (302, 400, 401)
        assert "set-cookie" not in decided.headers
        if name == "state":
            assert query_of(decided)["state"] == junk
