"""Each person's projects and tasks, kept in the form in which the API shows them.

Fields that are not set are absent, not null. The rules are those of the fact rows
``tasks-*`` and ``projects-*`` in behaviours.yaml.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.ids import Ids
from ticktick_sandbox.shared.types import Json
from ticktick_sandbox.ticktick import dates
from ticktick_sandbox.ticktick.accounts import Account
from ticktick_sandbox.ticktick.repeats import next_date

SAMPLES = Path(__file__).parent / "sample_tasks.json"

_SORT_STEP = 2**40
_DATES = ("startDate", "dueDate")
_PROJECT_NAME_LENGTH = 64

# What a field's value has to be, by the name the API gives the field.
_TASK_FIELDS: Json = {
    "title": str,
    "content": str,
    "desc": str,
    "isAllDay": bool,
    "startDate": str,
    "dueDate": str,
    "timeZone": str,
    "reminders": list[str],
    "tags": list[str],
    "repeatFlag": str,
    "repeatFrom": str,
    "priority": int,
    "sortOrder": int,
    "items": list,
    "kind": str,
    "columnId": str,
}
_PROJECT_FIELDS: Json = {
    "name": str,
    "color": str,
    "sortOrder": int,
    "viewMode": str,
    "kind": str,
}
_ITEM_FIELDS: Json = {
    "id": str,
    "status": int,
    "title": str,
    "sortOrder": int,
    "startDate": str,
    "isAllDay": bool,
    "timeZone": str,
    "completedTime": str,
}
_TASK_CHOICES: Json = {
    "priority": (0, 1, 3, 5),
    "kind": ("TEXT", "NOTE", "CHECKLIST"),
    "status": (-1, 0, 2),
}
_COMPLETED_FIELDS: Json = {"projectIds": list[str], "startDate": str, "endDate": str}
_FILTER_FIELDS: Json = _COMPLETED_FIELDS | {
    "priority": list[int],
    "tag": list[str],
    "kind": list[str],
    "status": list[int],
}
_MOVE = ("fromProjectId", "toProjectId", "taskId")
_MOST_FOUND = 200
_ITEM_CHOICES: Json = {"status": (0, 1)}
_PROJECT_CHOICES: Json = {"viewMode": ("list", "kanban", "timeline"), "kind": ("TASK", "NOTE")}


class ApiError(Exception):
    """The request can't be carried out. ``code`` is the ``errorCode`` of the reply."""

    def __init__(self, code: str, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class Tasks:
    """One person's projects and tasks. Deleted tasks stay readable."""

    def __init__(self, account: Account, clock: Clock, ids: Ids) -> None:
        self._account = account
        self._clock = clock
        self._ids = ids
        self._projects: dict[str, Json] = {}
        self._columns: dict[str, Json] = {}
        self._tasks: dict[str, Json] = {}
        self._deleted: dict[str, Json] = {}
        self._next_sort_order = -_SORT_STEP

    # Projects

    def projects(self) -> list[Json]:
        """Return all projects but the Inbox, which the real list leaves out too."""
        return list(self._projects.values())

    def project(self, project_id: str) -> Json | None:
        """Return one project, ``None`` if it is unknown. The Inbox is not a project here."""
        return self._projects.get(project_id)

    def project_data(self, project_id: str) -> Json:
        """Return ``{project, tasks, columns}`` with the undone tasks, ``{}`` if unknown.

        ``inbox`` and the Inbox's own id answer without ``project``.
        """
        wanted = self._own_inbox(project_id)
        inbox = wanted == self._account.inbox_id
        if not inbox and wanted not in self._projects:
            return {}
        undone = [
            task
            for task in self._tasks.values()
            if task["projectId"] == wanted and task["status"] == 0
        ]
        data: Json = {} if inbox else {"project": self._projects[wanted]}
        data["tasks"] = sorted(undone, key=lambda task: task["sortOrder"])
        data["columns"] = [
            column for column in self._columns.values() if column["projectId"] == wanted
        ]
        return data

    def create_project(self, sent: Json) -> Json:
        """Create a project from ``name`` and the optional fields. Raises ``ApiError``."""
        fields = _checked_project(sent)
        if not fields.get("name", "").strip():
            raise ApiError("param_missing", "name is required to create a project")
        defaults: Json = {"sortOrder": 0, "viewMode": "list", "kind": "TASK"}
        project = {"id": self._ids.hex("project", 24), "name": fields["name"]} | defaults | fields
        self._projects[project["id"]] = project
        return project

    def update_project(self, project_id: str, sent: Json) -> Json:
        """Change the fields sent. Raises ``ApiError`` for an unknown project."""
        project = self._known_project(project_id)
        fields = _checked_project(sent)
        if not fields.get("name", project["name"]).strip():
            raise ApiError("param_missing", "name must not be empty")
        project |= fields
        return project

    def delete_project(self, project_id: str) -> None:
        """Remove a project with its tasks and columns. Raises ``ApiError`` if unknown."""
        self._known_project(project_id)
        del self._projects[project_id]
        for things in (self._tasks, self._deleted, self._columns):
            for key in [key for key, thing in things.items() if thing["projectId"] == project_id]:
                del things[key]

    # Tasks

    def task(self, project_id: str, task_id: str) -> Json | None:
        """Return one task, also a deleted one; ``None`` if it is not in this project.

        Raises:
            ApiError: the project does not exist.
        """
        project_id = self._place(project_id)
        task = self._tasks.get(task_id) or self._deleted.get(task_id)
        return task if task and task["projectId"] == project_id else None

    def create_task(self, sent: Json) -> Json:
        """Create a task from ``title`` and the optional fields; no project means the Inbox.

        Raises:
            ApiError: no title, an unknown project, or a field of the wrong kind.
        """
        fields = _checked(sent, _TASK_FIELDS | {"projectId": str}, _TASK_CHOICES)
        if not fields.get("title", "").strip():
            raise ApiError("param_missing", "title is required to create a task")
        place = self._place(fields.pop("projectId", "") or "inbox")
        now = self._clock.now()
        task: Json = {
            "id": self._ids.hex("task", 24),
            "projectId": place,
            "sortOrder": self._next_sort_order,
            "title": fields.pop("title"),
            "timeZone": self._account.time_zone,
            "isAllDay": False,
            "priority": 0,
            "isFloating": False,
            "status": 0,
            "kind": "TEXT",
            "modifiedTime": dates.render(now),
            "createdTime": dates.render(now),
        }
        self._write(task, fields, now)
        self._next_sort_order -= _SORT_STEP
        self._tasks[task["id"]] = task
        return _as_created(task)

    def update_task(self, task_id: str, sent: Json) -> Json | None:
        """Merge the fields sent into a task; ``None`` if it is not in the project named.

        Raises:
            ApiError: ``id`` or ``projectId`` is missing or a field is of the wrong kind.
        """
        named = _checked(sent, {"id": str, "projectId": str}, {})
        for name in ("id", "projectId"):
            if not named.get(name):
                raise ApiError("param_missing", f"{name} is required to update a task")
        if named["id"] != task_id:
            raise ApiError("param_error", "id in the body differs from the id in the path")
        things = self._tasks if task_id in self._tasks else self._deleted
        task = things.get(task_id)
        if task is None or task["projectId"] != self._own_inbox(named["projectId"]):
            return None
        fields = _checked(sent, _TASK_FIELDS | {"status": int}, _TASK_CHOICES)
        now = self._clock.now()
        changed = dict(task)
        if all(sent.get(name, "") is None for name in _DATES):
            for name in _DATES:
                changed.pop(name, None)
        self._write(changed, fields, now)
        if changed["status"] == 2 and task["status"] != 2:
            changed["completedTime"] = dates.render(now)
        things[task_id] = changed
        return changed

    def complete_task(self, project_id: str, task_id: str) -> None:
        """Complete a task; a repeating one moves on and leaves a completed copy.

        Raises:
            ApiError: the project or the task is unknown.
        """
        task = self._known_task(project_id, task_id)
        now = self._clock.now()
        following = _next_date(task, now)
        if following is None:
            task["status"] = 2
            task["completedTime"] = task["modifiedTime"] = dates.render(now)
            self._touch(task, now)
            return
        done = {
            key: value for key, value in task.items() if key not in ("repeatFlag", "repeatFrom")
        }
        done |= {"id": self._ids.hex("task", 24), "status": 2, "completedTime": dates.render(now)}
        done["modifiedTime"] = task["modifiedTime"] = dates.render(now)
        self._touch(done, now)
        self._tasks[done["id"]] = done
        task["startDate"] = task["dueDate"] = dates.render(following)
        self._touch(task, now)

    def delete_task(self, project_id: str, task_id: str) -> None:
        """Delete a task. An unknown or deleted one is no error, as with the real service."""
        task = self._tasks.get(task_id)
        if task and task["projectId"] == self._own_inbox(project_id):
            self._deleted[task_id] = self._tasks.pop(task_id)

    def move_tasks(self, moves: list[Json]) -> list[Json]:
        """Move tasks between projects and return ``{id, etag}`` for each.

        A move from or to an unknown project is left out; an unknown task gets an entry all
        the same, as with the real service.

        Raises:
            ApiError: a move does not name its task and both projects.
        """
        moved = []
        for sent in moves:
            named = _checked(sent, dict.fromkeys(_MOVE, str), {})
            if missing := [name for name in _MOVE if not named.get(name)]:
                raise ApiError("param_missing", f"{missing[0]} is required to move a task")
            places = [self._own_inbox(named[name]) for name in _MOVE[:2]]
            if any(p != self._account.inbox_id and p not in self._projects for p in places):
                continue
            task = self._tasks.get(named["taskId"])
            if task and task["projectId"] == places[0]:
                task["projectId"] = places[1]
                self._touch(task, self._clock.now())
            etag = task["etag"] if task else self._ids.base36("etag", 8)
            moved.append({"id": named["taskId"], "etag": etag})
        return moved

    def completed_tasks(self, sent: Json) -> list[Json]:
        """Return the tasks that were completed within the dates of ``sent``, newest first.

        Raises:
            ApiError: a field of ``sent`` is of the wrong kind.
        """
        asked = _checked(sent, _COMPLETED_FIELDS, {})
        done = [task for task in self._within(asked, "completedTime") if task["status"] == 2]
        return sorted(done, key=lambda task: task["completedTime"], reverse=True)[:_MOST_FOUND]

    def filtered_tasks(self, sent: Json) -> list[Json]:
        """Return the tasks that fit every field of ``sent``, by their order.

        Without ``status`` they are the open ones, in named projects all.

        Raises:
            ApiError: a field of ``sent`` is of the wrong kind.
        """
        asked = _checked(sent, _FILTER_FIELDS, {})
        if "status" not in asked and "projectIds" not in asked:
            asked["status"] = [0]
        found = self._within(asked, "startDate")
        for name in ("priority", "kind", "status"):
            if name in asked:
                found = [task for task in found if task[name] in asked[name]]
        if "tag" in asked:
            found = [task for task in found if set(asked["tag"]) & set(task.get("tags", []))]
        return sorted(found, key=lambda task: task["sortOrder"])[:_MOST_FOUND]

    def _within(self, asked: Json, moment: str) -> list[Json]:
        """Return the tasks of the projects, and with the ``moment``, that are asked for."""
        found = list(self._tasks.values())
        if "projectIds" in asked:
            places = {self._own_inbox(project_id) for project_id in asked["projectIds"]}
            found = [task for task in found if task["projectId"] in places]
        if "startDate" in asked:
            first = _date(asked["startDate"])
            found = [t for t in found if moment in t and dates.parse(t[moment]) >= first]
        if "endDate" in asked:
            last = _date(asked["endDate"])
            found = [t for t in found if moment in t and dates.parse(t[moment]) <= last]
        return found

    # Samples

    def add_samples(self) -> None:
        """Give a new account what ``sample_tasks.json`` holds; days count from today."""
        samples = json.loads(SAMPLES.read_text(encoding="utf-8"))
        today = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        for sample in samples:
            if sample["project"] is None:
                place = self._account.inbox_id
            else:
                place = self.create_project(sample["project"])["id"]
            columns = {
                name: self._add_column(place, name, order)
                for order, name in enumerate(sample.get("columns", []))
            }
            for task in reversed(sample["tasks"]):
                fields = task | {"projectId": place}
                if "dueInDays" in fields:
                    due = today + timedelta(days=fields.pop("dueInDays"))
                    fields |= {"dueDate": dates.render(due), "isAllDay": True}
                if "column" in fields:
                    fields["columnId"] = columns[fields.pop("column")]
                self.create_task(fields)

    def _add_column(self, project_id: str, name: str, order: int) -> str:
        column = {
            "id": self._ids.hex("column", 24),
            "projectId": project_id,
            "name": name,
            "sortOrder": order,
        }
        self._columns[column["id"]] = column
        return column["id"]

    # Shared steps

    def _own_inbox(self, project_id: str) -> str:
        """Return the project's id, for the alias ``inbox`` that of the person's Inbox."""
        return self._account.inbox_id if project_id == "inbox" else project_id

    def _place(self, project_id: str) -> str:
        place = self._own_inbox(project_id)
        if place != self._account.inbox_id:
            self._known_project(place)
        return place

    def _known_project(self, project_id: str) -> Json:
        project = self._projects.get(project_id)
        if project is None:
            raise ApiError("project_not_found", f"no project has the id {project_id}")
        return project

    def _known_task(self, project_id: str, task_id: str) -> Json:
        place = self._place(project_id)
        task = self._tasks.get(task_id)
        if task is None or task["projectId"] != place:
            raise ApiError("task_not_found", f"no task of this project has the id {task_id}")
        return task

    def _write(self, task: Json, fields: Json, now: datetime) -> None:
        """Merge checked fields into a task by the rules of the real service.

        ``modifiedTime`` stays: a recorded update left it as it was.
        """
        if given := [value for name in _DATES if (value := fields.pop(name, ""))]:
            # Of two different dates the due date wins: it is the last one given.
            task["startDate"] = task["dueDate"] = dates.render(_date(given[-1]))
        items = fields.pop("items", None)
        task |= fields
        if items is not None:
            task["items"] = [self._item(item, task) for item in items]
        if items:
            task["kind"] = "CHECKLIST"
        if "tags" in fields:
            task["tags"] = sorted(fields["tags"])
        if task.get("repeatFlag") and "dueDate" in task:
            task.setdefault("repeatFrom", "2")
        else:
            for name in ("repeatFlag", "repeatFrom"):
                task.pop(name, None)
        self._touch(task, now)

    def _item(self, sent: object, task: Json) -> Json:
        fields = _checked(sent, _ITEM_FIELDS, _ITEM_CHOICES) if isinstance(sent, dict) else {}
        if "title" not in fields:
            raise ApiError("param_error", "items is a list of objects with a title")
        if "startDate" in fields:
            fields["startDate"] = dates.render(_date(fields["startDate"]))
        defaults: Json = {
            "id": fields.pop("id", "") or self._ids.hex("item", 24),
            "status": 0,
            "title": fields["title"],
            "sortOrder": 0,
            "isAllDay": False,
            "timeZone": task["timeZone"],
        }
        return defaults | fields

    def _touch(self, task: Json, now: datetime) -> None:
        task["etag"] = self._ids.base36("etag", 8)
        task["etimestamp"] = int(now.timestamp() * 1000)


_SPOKEN = {
    str: "a string",
    bool: "true or false",
    int: "a whole number of 64 bits",
    list: "a list",
    list[str]: "a list of strings",
    list[int]: "a list of whole numbers",
}


def _is_a(kind: object, value: object) -> bool:
    if kind in (list[str], list[int]):
        one = str if kind == list[str] else int
        return isinstance(value, list) and all(_is_a(one, each) for each in value)
    if kind is int:
        return type(value) is int and -(2**63) <= value < 2**63
    return type(value) is kind


def _checked(sent: Json, known: Json, choices: Json) -> Json:
    """Return the known fields of ``sent`` that have a value: null changes nothing.

    Raises:
        ApiError: a value is not of the kind that ``known`` says, or not one of ``choices``.
    """
    fields = {name: sent[name] for name in known if sent.get(name) is not None}
    for name, value in fields.items():
        if not _is_a(known[name], value):
            raise ApiError("param_error", f"{name} must be {_SPOKEN[known[name]]}")
        if name in choices and value not in choices[name]:
            allowed = ", ".join(str(choice) for choice in choices[name])
            raise ApiError("param_error", f"{name} is one of {allowed}, not {value!r}")
    return fields


def _as_created(task: Json) -> Json:
    """Return the reply to a creation. Its items alone do not say that they are not all-day."""
    if "items" not in task:
        return task
    items = [{k: v for k, v in item.items() if k != "isAllDay" or v} for item in task["items"]]
    return task | {"items": items}


def _checked_project(sent: Json) -> Json:
    """Return the known fields of a project that have a value. Raises ``ApiError``."""
    if isinstance(sent.get("kind"), str):
        sent = sent | {"kind": sent["kind"].upper()}
    fields = _checked(sent, _PROJECT_FIELDS, _PROJECT_CHOICES)
    if "name" in fields:
        fields["name"] = fields["name"][:_PROJECT_NAME_LENGTH]
    return fields


def _date(text: str) -> datetime:
    try:
        return dates.parse(text)
    except ValueError as problem:
        raise ApiError("param_error", str(problem)) from None


def _next_date(task: Json, now: datetime) -> datetime | None:
    """Return when a repeating task is due next, ``None`` if it does not repeat again."""
    if "dueDate" not in task:
        return None
    start = now if task.get("repeatFrom") == "1" else dates.parse(task["dueDate"])
    try:
        return next_date(task.get("repeatFlag", ""), start)
    except ValueError as problem:
        raise ApiError("param_error", str(problem)) from None
