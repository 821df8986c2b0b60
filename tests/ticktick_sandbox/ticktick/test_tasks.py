"""What tasks do with the values they are given."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.ticktick_sandbox.helpers import World

NOW = "2026-01-05T09:00:00.000+0000"
MON, TUE, WED = (f"2026-01-{day:02}T09:00:00.000+0000" for day in (5, 6, 7))
Json = dict[str, Any]


def create(api: httpx.Client, **fields: object) -> Json:
    reply = api.post("/task", json={"title": "Dig", **fields})
    assert reply.status_code == 200
    return reply.json()


def update(api: httpx.Client, task: Json, **fields: object) -> Json:
    body = {"id": task["id"], "projectId": task["projectId"], **fields}
    reply = api.post(f"/task/{task['id']}", json=body)
    assert reply.status_code == 200
    return reply.json()


def path_of(task: Json) -> str:
    return f"/project/{task['projectId']}/task/{task['id']}"


def read(api: httpx.Client, task: Json) -> Json:
    return api.get(path_of(task)).json()


def undone(api: httpx.Client, project: str = "inbox") -> list[Json]:
    return api.get(f"/project/{project}/data").json()["tasks"]


def test_a_task_with_a_title_alone_shows_no_field_that_is_not_set(api: httpx.Client) -> None:
    task = create(api, content=None)
    assert task == {
        "id": task["id"],
        "projectId": task["projectId"],
        "sortOrder": task["sortOrder"],
        "title": "Dig",
        "timeZone": "Etc/UTC",
        "isAllDay": False,
        "priority": 0,
        "isFloating": False,
        "status": 0,
        "etag": task["etag"],
        "etimestamp": 1767603600000,
        "kind": "TEXT",
        "modifiedTime": NOW,
        "createdTime": NOW,
    }
    assert re.fullmatch("[0-9a-f]{24}", task["id"])
    assert re.fullmatch("[0-9a-z]{8}", task["etag"])
    assert read(api, task) == task


def test_a_full_task_has_the_fields_of_the_recording(api: httpx.Client) -> None:
    task = create(
        api,
        content="Text",
        timeZone="Africa/Nairobi",
        priority=3,
        items=[{"title": "Subtask one"}],
        tags=["garden"],
    )
    assert set(task) == {
        *("id", "projectId", "sortOrder", "title", "content", "timeZone", "isAllDay"),
        *("priority", "isFloating", "status", "items", "tags", "etag", "etimestamp"),
        *("kind", "modifiedTime", "createdTime"),
    }
    assert task["kind"] == "CHECKLIST"
    assert task["items"] == [
        {
            "id": task["items"][0]["id"],
            "status": 0,
            "title": "Subtask one",
            "sortOrder": 0,
            "timeZone": "Africa/Nairobi",
        }
    ]
    assert re.fullmatch("[0-9a-f]{24}", task["items"][0]["id"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Ü 👋"),
        ("content", "Line 1\nLine 2"),
        ("desc", "Why"),
        ("isAllDay", True),
        ("timeZone", "Europe/Berlin"),
        ("reminders", ["TRIGGER:PT0S", "TRIGGER:-PT60M"]),
        ("tags", ["a", "b"]),
        ("priority", 5),
        ("sortOrder", 2**63 - 1),
        ("sortOrder", -(2**63)),
        ("kind", "NOTE"),
        ("columnId", "c1"),
    ],
)
def test_a_field_is_kept_on_create_and_on_update(
    api: httpx.Client, field: str, value: object
) -> None:
    assert read(api, create(api, **{field: value}))[field] == value
    task = create(api)
    assert update(api, task, **{field: value})[field] == value
    assert read(api, task)[field] == value


@pytest.mark.parametrize("field", ["parentId", "isFloating", "status", "etag", "nonsense"])
def test_a_field_that_is_not_taken_on_create_is_ignored(api: httpx.Client, field: str) -> None:
    plain, task = create(api), create(api, **{field: "x"})
    assert task.get(field) != "x"
    assert set(task) == set(plain)


@pytest.mark.parametrize("place", [None, "", "inbox"])
def test_a_task_without_a_project_goes_to_the_inbox(api: httpx.Client, place: str | None) -> None:
    task = create(api, projectId=place)
    assert task["projectId"].startswith("inbox")
    assert task in undone(api)


def test_newer_tasks_come_first_in_steps_of_two_to_the_fortieth(api: httpx.Client) -> None:
    first, second, third = (create(api, title=title) for title in "abc")
    assert second["sortOrder"] - first["sortOrder"] == -(2**40)
    assert third["sortOrder"] - second["sortOrder"] == -(2**40)
    assert first["sortOrder"] % 2**40 == 0
    assert [task["title"] for task in undone(api)[:3]] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"dueDate": "2026-01-06T09:00:00+0000"}, TUE),
        ({"startDate": "2026-01-06T09:00:00+0000"}, TUE),
        ({"startDate": MON, "dueDate": TUE}, TUE),
        ({"dueDate": MON, "startDate": TUE}, MON),
        ({"startDate": TUE, "dueDate": ""}, TUE),
        ({"startDate": None, "dueDate": TUE}, TUE),
        ({"dueDate": "2026-01-06T12:00:00.000+0300"}, TUE),
        ({"dueDate": "2026-01-06T12:00:00+03:00"}, TUE),
        ({"dueDate": "2026-01-06T09:00:00Z"}, TUE),
        ({"dueDate": "2026-01-06T09:00:00.123456+0000"}, "2026-01-06T09:00:00.123+0000"),
        ({"dueDate": "0001-01-01T00:00:00+0000"}, "0001-01-01T00:00:00.000+0000"),
    ],
)
def test_both_dates_collapse_into_one_in_utc(api: httpx.Client, sent: Json, kept: str) -> None:
    made = create(api, **sent)
    changed = update(api, create(api, dueDate=WED), **sent)
    for task in (made, changed):
        assert (task["startDate"], task["dueDate"]) == (kept, kept)


def test_null_for_both_dates_clears_them_and_the_repeat_rule(api: httpx.Client) -> None:
    task = create(api, dueDate=TUE, repeatFlag="RRULE:FREQ=DAILY", priority=1)
    cleared = update(api, task, startDate=None, dueDate=None)
    assert not {"startDate", "dueDate", "repeatFlag", "repeatFrom"} & set(cleared)
    assert cleared["priority"] == 1


@pytest.mark.parametrize(
    "sent",
    [{"dueDate": None}, {"startDate": None}, {"startDate": "", "dueDate": ""}, {"dueDate": ""}],
)
def test_nothing_else_clears_a_date(api: httpx.Client, sent: Json) -> None:
    assert update(api, create(api, dueDate=TUE), **sent)["dueDate"] == TUE


def test_a_repeat_rule_needs_a_date_and_gets_a_default(api: httpx.Client) -> None:
    assert "repeatFlag" not in create(api, repeatFlag="RRULE:FREQ=DAILY")
    task = create(api, repeatFlag="RRULE:FREQ=DAILY", dueDate=TUE)
    assert (task["repeatFlag"], task["repeatFrom"]) == ("RRULE:FREQ=DAILY", "2")
    assert "repeatFlag" not in update(api, task, repeatFlag="")
    assert read(api, task)["dueDate"] == TUE


def test_tags_come_back_sorted(api: httpx.Client) -> None:
    task = create(api, tags=["nango", "dryrun"])
    assert task["tags"] == ["dryrun", "nango"]
    assert update(api, task, tags=["z", "a"])["tags"] == ["a", "z"]
    assert not update(api, task, tags=[]).get("tags")


def test_items_make_a_checklist_whatever_the_kind_sent(api: httpx.Client) -> None:
    items = [{"title": "One"}, {"title": "Two", "status": 1, "sortOrder": 7}]
    task = create(api, items=items, kind="TEXT")
    assert task["kind"] == "CHECKLIST"
    assert [item["status"] for item in task["items"]] == [0, 1]
    assert update(api, create(api), items=items)["kind"] == "CHECKLIST"


def test_items_are_replaced_as_a_whole(api: httpx.Client) -> None:
    task = create(api, items=[{"title": "One"}, {"title": "Two"}])
    first = task["items"][0]
    changed = update(api, task, items=[first | {"status": 1}, {"title": "Three"}])
    assert changed["items"][0] == first | {"status": 1, "isAllDay": False}
    assert [item["title"] for item in changed["items"]] == ["One", "Three"]
    assert not update(api, task, items=[]).get("items")


def test_items_say_that_they_are_not_all_day_but_when_they_are_created(api: httpx.Client) -> None:
    task = create(api, items=[{"title": "One"}, {"title": "Two", "isAllDay": True}])
    assert [item.get("isAllDay") for item in task["items"]] == [None, True]
    for seen in (read(api, task), update(api, task, title="Sow"), undone(api)[0]):
        assert [item["isAllDay"] for item in seen["items"]] == [False, True]


def test_the_date_of_an_item_is_kept_in_utc(api: httpx.Client) -> None:
    items = [{"title": "One", "startDate": "2026-01-06T12:00:00+0300"}]
    assert create(api, items=items)["items"][0]["startDate"] == TUE


def test_an_update_changes_only_what_is_sent(api: httpx.Client) -> None:
    task = create(api, content="Text", priority=3, tags=["a"], dueDate=TUE)
    changed = update(api, task, title="Sow", content=None)
    assert changed == task | {"title": "Sow", "etag": changed["etag"]}
    assert read(api, task) == changed


def test_every_write_makes_a_new_etag(api: httpx.Client, world: World) -> None:
    task = create(api)
    etags = {task["etag"], *(update(api, task, title="Same")["etag"] for _ in range(3))}
    world.sandbox.clock.advance(seconds=2)
    api.post(f"{path_of(task)}/complete")
    done = read(api, task)
    assert len(etags | {done["etag"]}) == 5
    assert done["etimestamp"] == task["etimestamp"] + 2000


def test_an_update_moves_the_etimestamp_but_not_the_modified_time(
    api: httpx.Client, world: World
) -> None:
    task = create(api)
    world.sandbox.clock.advance(seconds=2)
    changed = update(api, task, title="Sow")
    assert changed["etimestamp"] == task["etimestamp"] + 2000
    assert changed["modifiedTime"] == task["modifiedTime"]


def test_a_task_in_another_project_is_not_updated(api: httpx.Client) -> None:
    task, other = create(api), api.get("/project").json()[0]["id"]
    body = {"id": task["id"], "projectId": other, "title": "Sow"}
    assert api.post(f"/task/{task['id']}", json=body).content == b""
    assert read(api, task) == task
    assert api.get(f"/project/{other}/task/{task['id']}").content == b""


def test_a_completed_task_leaves_the_data_and_stays_readable(
    api: httpx.Client, world: World
) -> None:
    task = create(api)
    for _ in range(2):  # completing again succeeds and moves the time
        done_at = world.sandbox.clock.advance(hours=1)
        reply = api.post(f"{path_of(task)}/complete")
        assert (reply.status_code, reply.content) == (200, b"")
        done = read(api, task)
        assert done["status"] == 2
        assert done["completedTime"] == f"{done_at:%Y-%m-%dT%H:%M:%S}.000+0000"
    assert task["id"] not in [each["id"] for each in undone(api)]


@pytest.mark.parametrize("status", [-1, 2])
def test_a_status_other_than_open_leaves_the_data_and_can_be_taken_back(
    api: httpx.Client, status: int
) -> None:
    task = create(api)
    closed = update(api, task, status=status)
    assert closed["status"] == status
    assert ("completedTime" in closed) is (status == 2)
    assert closed not in undone(api)
    opened = update(api, task, status=0)
    assert opened.get("completedTime") == closed.get("completedTime")
    assert opened in undone(api)


@pytest.mark.parametrize(
    ("rule", "following"),
    [
        ("RRULE:FREQ=DAILY", TUE),
        ("RRULE:FREQ=DAILY;INTERVAL=2", WED),
        ("RRULE:FREQ=WEEKLY;BYDAY=WE", WED),
        ("RRULE:FREQ=DAILY;INTERVAL=1;TT_SKIP=WEEKEND", TUE),
    ],
)
def test_a_repeating_task_moves_on_and_leaves_a_done_copy(
    api: httpx.Client, rule: str, following: str
) -> None:
    task = create(api, dueDate=MON, repeatFlag=rule, tags=["a"])
    before = [each["id"] for each in undone(api)]
    assert api.post(f"{path_of(task)}/complete").content == b""
    moved = read(api, task)
    assert (moved["status"], moved["startDate"], moved["dueDate"]) == (0, following, following)
    assert moved["repeatFlag"] == rule
    assert moved["etag"] != task["etag"]
    assert [each["id"] for each in undone(api)] == before


def test_the_done_copy_has_another_id_and_no_rule(world: World, api: httpx.Client) -> None:
    task = create(api, dueDate=MON, repeatFlag="RRULE:FREQ=DAILY")
    api.post(f"{path_of(task)}/complete")
    service = world.sandbox.ticktick
    account = service.accounts.by_email("learner@example.com")
    copies = [
        each
        for each in service.tasks_of(account)._tasks.values()
        if each["title"] == "Dig" and each["status"] == 2
    ]
    assert len(copies) == 1
    assert copies[0]["id"] != task["id"]
    assert copies[0]["dueDate"] == MON
    assert copies[0]["completedTime"] == NOW
    assert "repeatFlag" not in copies[0]
    assert read(api, copies[0]) == copies[0]


@pytest.mark.parametrize("rule", ["RRULE:FREQ=DAILY;UNTIL=20260105T120000Z", "ERULE:NAME=CUSTOM"])
def test_a_task_that_does_not_repeat_again_is_done(api: httpx.Client, rule: str) -> None:
    task = create(api, dueDate=MON, repeatFlag=rule)
    api.post(f"{path_of(task)}/complete")
    assert read(api, task)["status"] == 2


def test_repeating_from_completion_counts_from_now(api: httpx.Client, world: World) -> None:
    task = create(api, dueDate=MON, repeatFlag="RRULE:FREQ=DAILY", repeatFrom="1")
    world.sandbox.clock.advance(days=1)
    api.post(f"{path_of(task)}/complete")
    assert read(api, task)["dueDate"] == WED


def test_a_deleted_task_is_gone_from_the_data_but_readable_and_writable(
    api: httpx.Client,
) -> None:
    task = create(api)
    for _ in range(2):  # deleting again succeeds too
        reply = api.delete(path_of(task))
        assert (reply.status_code, reply.content) == (200, b"")
        assert read(api, task) == task
    assert task["id"] not in [each["id"] for each in undone(api)]
    changed = update(api, task, title="Sow")
    assert changed["title"] == "Sow"
    assert read(api, task) == changed
    assert task["id"] not in [each["id"] for each in undone(api)]


def test_deleting_by_another_project_does_nothing(api: httpx.Client) -> None:
    task, other = create(api), api.get("/project").json()[0]["id"]
    assert api.delete(f"/project/{other}/task/{task['id']}").content == b""
    assert task in undone(api)


WRONG = [
    ({"title": 5}, "title must be a string"),
    ({"title": "T", "priority": 2}, "priority is one of 0, 1, 3, 5, not 2"),
    ({"title": "T", "priority": True}, "priority must be a whole number of 64 bits"),
    ({"title": "T", "sortOrder": 2**63}, "sortOrder must be a whole number of 64 bits"),
    ({"title": "T", "sortOrder": 1.5}, "sortOrder must be a whole number of 64 bits"),
    ({"title": "T", "kind": "LIST"}, "kind is one of TEXT, NOTE, CHECKLIST, not 'LIST'"),
    ({"title": "T", "isAllDay": "yes"}, "isAllDay must be true or false"),
    ({"title": "T", "tags": "a"}, "tags must be a list of strings"),
    ({"title": "T", "tags": ["a", 1]}, "tags must be a list of strings"),
    ({"title": "T", "reminders": [{}]}, "reminders must be a list of strings"),
    ({"title": "T", "dueDate": TUE, "items": {}}, "items must be a list"),
    ({"dueDate": TUE, "title": "T", "items": ["a"]}, "items is a list of objects with a title"),
    ({"dueDate": TUE, "title": "T", "items": [{}]}, "items is a list of objects with a title"),
    ({"title": "T", "items": [{"title": "a", "status": 2}]}, "status is one of 0, 1, not 2"),
    (
        {"title": "T", "dueDate": "tomorrow"},
        "'tomorrow' is not a date such as 2019-11-13T03:00:00+0000",
    ),
    (
        {"title": "T", "dueDate": "2026-01-06"},
        "'2026-01-06' is not a date such as 2019-11-13T03:00:00+0000",
    ),
]


@pytest.mark.parametrize(("sent", "message"), WRONG)
def test_a_wrong_value_is_refused_and_changes_nothing(
    api: httpx.Client, sent: Json, message: str
) -> None:
    task = create(api)
    before = undone(api)
    body = {"id": task["id"], "projectId": task["projectId"], **sent}
    for reply in (api.post("/task", json=sent), api.post(f"/task/{task['id']}", json=body)):
        assert reply.status_code == 500
        assert reply.json()["errorCode"] == "param_error"
        assert reply.json()["errorMessage"] == message
    assert undone(api) == before


@pytest.mark.parametrize("title", [None, "", "  "])
def test_a_task_needs_a_title(api: httpx.Client, title: str | None) -> None:
    reply = api.post("/task", json={"title": title})
    assert reply.status_code == 500
    assert reply.json()["errorCode"] == "param_missing"


def test_a_task_cannot_be_created_in_an_unknown_project(api: httpx.Client) -> None:
    reply = api.post("/task", json={"title": "T", "projectId": "unknown"})
    assert reply.status_code == 500
    assert reply.json()["errorCode"] == "project_not_found"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": None}, "param_missing"),
        ({"projectId": None}, "param_missing"),
        ({"id": "another"}, "param_error"),
        ({"projectId": ["x"]}, "param_error"),
        ({"status": 1}, "param_error"),
        ({"status": False}, "param_error"),
    ],
)
def test_an_update_needs_to_name_its_task_rightly(
    api: httpx.Client, changes: Json, code: str
) -> None:
    task = create(api)
    body = {"id": task["id"], "projectId": task["projectId"], "title": "Sow"} | changes
    reply = api.post(f"/task/{task['id']}", json=body)
    assert reply.status_code == 500
    assert reply.json()["errorCode"] == code
    assert read(api, task) == task


def test_a_broken_repeat_rule_can_be_mended(api: httpx.Client) -> None:
    task = create(api, dueDate=MON, repeatFlag="RRULE:FREQ=DAILY;INTERVAL=0")
    reply = api.post(f"{path_of(task)}/complete")
    assert reply.status_code == 500
    assert reply.json()["errorCode"] == "param_error"
    assert read(api, task) == task
    update(api, task, repeatFlag="RRULE:FREQ=DAILY")
    assert api.post(f"{path_of(task)}/complete").status_code == 200


# Lists and moves


def found(api: httpx.Client, name: str, **asked: object) -> list[str]:
    reply = api.post(f"/task/{name}", json=asked)
    assert reply.status_code == 200, reply.text
    return [task["title"] for task in reply.json()]


def test_completed_tasks_are_found_by_project_and_moment(api: httpx.Client, world: World) -> None:
    garden = api.post("/project", json={"name": "Garden"}).json()["id"]
    for title, place in (("Dig", garden), ("Sow", garden), ("Read", "inbox")):
        task = create(api, title=title, projectId=place)
        assert api.post(f"{path_of(task)}/complete").status_code == 200
        world.sandbox.clock.advance(days=1)
    create(api, title="Reap", projectId=garden)
    assert found(api, "completed") == ["Read", "Sow", "Dig"]
    assert found(api, "completed", projectIds=[garden]) == ["Sow", "Dig"]
    assert found(api, "completed", projectIds=["inbox"]) == ["Read"]
    assert found(api, "completed", startDate=TUE) == ["Read", "Sow"]
    assert found(api, "completed", startDate=TUE, endDate=TUE) == ["Sow"]
    assert found(api, "completed", projectIds=[]) == []


def test_tasks_are_filtered_by_every_field(api: httpx.Client) -> None:
    garden = api.post("/project", json={"name": "Garden"}).json()["id"]
    place = {"projectId": garden}
    create(api, title="Dig", **place, priority=5, tags=["heavy"], dueDate=MON)
    create(api, title="Sow", **place, priority=1, tags=["light", "spring"], dueDate=WED)
    done = create(api, title="Plan", **place, kind="NOTE")
    api.post(f"{path_of(done)}/complete")
    assert found(api, "filter", projectIds=[garden]) == ["Plan", "Sow", "Dig"]
    assert found(api, "filter", projectIds=[garden], status=[0]) == ["Sow", "Dig"]
    assert found(api, "filter", projectIds=[garden], status=[2]) == ["Plan"]
    assert found(api, "filter", projectIds=[garden], priority=[1, 5]) == ["Sow", "Dig"]
    assert found(api, "filter", projectIds=[garden], tag=["heavy", "spring"]) == ["Sow", "Dig"]
    assert found(api, "filter", projectIds=[garden], kind=["NOTE"]) == ["Plan"]
    assert found(api, "filter", projectIds=[garden], startDate=TUE) == ["Sow"]
    assert found(api, "filter", projectIds=[garden], endDate=TUE) == ["Dig"]
    assert "Plan" not in found(api, "filter")
    assert {"Dig", "Sow"} <= set(found(api, "filter"))


def test_no_more_than_two_hundred_are_found(api: httpx.Client) -> None:
    for number in range(201):
        create(api, title=str(number), tags=["many"])
    assert len(found(api, "filter", tag=["many"])) == 200


@pytest.mark.parametrize("name", ["completed", "filter"])
@pytest.mark.parametrize("asked", [{"projectIds": "x"}, {"startDate": "today"}, {"endDate": 1}])
def test_a_wrong_question_is_refused(api: httpx.Client, name: str, asked: Json) -> None:
    reply = api.post(f"/task/{name}", json=asked)
    assert (reply.status_code, reply.json()["errorCode"]) == (500, "param_error")


def move(api: httpx.Client, *moves: Json) -> list[Json]:
    reply = api.post("/task/move", json=list(moves))
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_task_moves_to_another_project_and_back(api: httpx.Client) -> None:
    garden = api.post("/project", json={"name": "Garden"}).json()["id"]
    task = create(api)
    there = {"fromProjectId": "inbox", "toProjectId": garden, "taskId": task["id"]}
    [moved] = move(api, there)
    assert moved["id"] == task["id"]
    assert [each["etag"] for each in undone(api, garden)] == [moved["etag"]]
    assert moved["etag"] != task["etag"]
    assert task["id"] not in [each["id"] for each in undone(api)]
    back = {"fromProjectId": garden, "toProjectId": "inbox", "taskId": task["id"]}
    move(api, back)
    assert undone(api, garden) == []


def test_a_move_that_finds_nothing_changes_nothing(api: httpx.Client) -> None:
    garden = api.post("/project", json={"name": "Garden"}).json()["id"]
    task = create(api)
    before = read(api, task)
    nowhere = {"fromProjectId": "inbox", "toProjectId": "f" * 24, "taskId": task["id"]}
    assert move(api, nowhere) == []
    unknown = {"fromProjectId": "inbox", "toProjectId": garden, "taskId": "f" * 24}
    assert [each["id"] for each in move(api, unknown)] == ["f" * 24]
    elsewhere = {"fromProjectId": garden, "toProjectId": "inbox", "taskId": task["id"]}
    move(api, elsewhere)
    assert read(api, task) == before


@pytest.mark.parametrize("sent", [{}, [1], [{"taskId": "x"}], [{"taskId": 1}]])
def test_a_move_without_its_places_is_refused(api: httpx.Client, sent: object) -> None:
    reply = api.post("/task/move", json=sent)
    assert (reply.status_code, reply.json()["errorCode"][:6]) == (500, "param_")
