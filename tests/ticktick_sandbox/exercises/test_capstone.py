"""The capstone tells at each step what is missing, by what the project does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ticktick_sandbox.exercises.capstone import _break, look
from ticktick_sandbox.live_setup import Check
from ticktick_sandbox.new_project import write_project

OWN = '''

@tool(requires_auth=OAuth2(id="arcade-ticktick", scopes=["tasks:read"]))
async def count_tasks(context: ToolContext) -> Annotated[int, "How many tasks the Inbox has."]:
    """Count the tasks of the user's Inbox."""
    headers = {"Authorization": f"Bearer {context.get_auth_token_or_empty()}"}
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{TICKTICK}/project/inbox/data", headers=headers)
        response.raise_for_status()
        return len(response.json()["tasks"])
'''
TEST = """

def test_tasks_are_counted(ticktick_sandbox, arcade_client):
    ticktick_sandbox.worker(TOOLS)
    user_id = ticktick_sandbox.user_id
    auth = arcade_client.tools.authorize(tool_name="Mytool.CountTasks", user_id=user_id)
    ticktick_sandbox.consent(auth)
    result = arcade_client.tools.execute(tool_name="Mytool.CountTasks", user_id=user_id)
    assert result.output.value == 2
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as ``ticktick-sandbox new`` begins it."""
    for name in [name for name in os.environ if name.startswith("ARCADE_")]:
        monkeypatch.delenv(name)
    return write_project("mytool", tmp_path)


def write_tool(project: Path, text: str = OWN) -> None:
    with (project / "mytool" / "tools.py").open("a", encoding="utf-8") as file:
        file.write(text)


def call_it(project: Path) -> None:
    program = project / "call_tool.py"
    text = program.read_text(encoding="utf-8").replace("ListProjects", "CountTasks")
    head = text.partition("if result.success:")[0]
    program.write_text(f"{head}print(result.output.value)\n", encoding="utf-8")


def write_test(project: Path) -> None:
    with (project / "tests" / "test_mytool.py").open("a", encoding="utf-8") as file:
        file.write(TEST)


@pytest.mark.parametrize(
    ("returns", "value"),
    [
        ("Annotated[int, 'How many.']", "int()"),
        ("Annotated[list[dict[str, int]], 'All.']", "list()"),
        ("dict[str, str]", "dict()"),
        ("str", "str()"),
        ("Project", ""),
        ("typing.Annotated[Project, 'One.']", ""),
    ],
)
def test_an_emptied_tool_returns_an_empty_value_of_its_type(
    tmp_path: Path, returns: str, value: str
) -> None:
    (tmp_path / "tools.py").write_text(f"@tool\ndef mine() -> {returns}:\n    return ask()\n")
    assert _break(tmp_path) == ["mine"]
    last_line = (tmp_path / "tools.py").read_text().splitlines()[-1]
    assert last_line.strip() == f"return {value}".strip()


def last(project: Path) -> Check:
    return list(look(project))[-1]


def test_an_empty_folder_is_no_project(tmp_path: Path) -> None:
    (check,) = look(tmp_path)
    assert check.todo.startswith("It misses one folder with a tools.py in it and call_tool.py. ")
    assert "Write one with ticktick-sandbox new mytool" in check.todo
    write_project("mytool", tmp_path)
    (check,) = look(tmp_path)
    assert check.todo == "Go there: cd mytool"


def test_a_slip_in_the_code_is_told(project: Path) -> None:
    write_tool(project, OWN.replace("tasks:read", "tasks:all"))
    assert "TickTick has no such scope" in last(project).todo


def test_the_project_as_it_begins_has_no_tool_of_ones_own(project: Path) -> None:
    assert (last(project).what, last(project).found) == ("a tool of your own", "none")


def test_a_tool_that_cannot_be_served_is_told(project: Path) -> None:
    write_tool(project, "\nraise RuntimeError('a slip')\n")
    assert last(project).what == "a tool of your own"
    assert last(project).todo


@pytest.mark.long
def test_each_step_is_asked_for_in_turn(project: Path) -> None:
    write_tool(project)
    assert last(project).found == "has called Mytool.ListProjects"
    assert last(project).todo.startswith("Let it authorize and execute Mytool.CountTasks")
    call_it(project)
    tools = project / "mytool" / "tools.py"
    right = tools.read_text(encoding="utf-8")
    wide = OWN.replace('["tasks:read"]', '["tasks:read", "tasks:write"]')
    tools.write_text(right.replace(OWN, wide), encoding="utf-8")
    assert last(project).todo.startswith("Mytool.CountTasks asks for tasks:write, and made no")
    tools.write_text(right, encoding="utf-8")
    assert last(project).todo.startswith("They pass even where count_tasks does nothing and")
    write_test(project)
    test = project / "tests" / "test_mytool.py"
    text = test.read_text(encoding="utf-8")
    test.write_text(text.replace("result.output.value == 2", "result.success"), encoding="utf-8")
    assert last(project).todo.startswith("They pass even where count_tasks does nothing and")
    test.write_text(text, encoding="utf-8")
    *done, live = look(project)
    assert all(check.passed for check in done), done
    assert (live.what, live.found) == ("live", "no account yet")


@pytest.mark.long
def test_what_fails_is_told_with_its_last_words(project: Path) -> None:
    write_tool(project)
    (project / "call_tool.py").write_text("raise SystemExit('not today')\n", encoding="utf-8")
    assert last(project).todo == "It says: not today"
    call = "from arcadepy import Arcade\nArcade().health.check()\n"
    (project / "call_tool.py").write_text(call, encoding="utf-8")
    assert last(project).found == "has called no tool"
    call_it_anew = write_project("other", project.parent) / "call_tool.py"
    text = call_it_anew.read_text(encoding="utf-8").replace(
        "Other.ListProjects", "Mytool.CountTasks"
    )
    text = text.partition("if result.success:")[0]
    (project / "call_tool.py").write_text(text, encoding="utf-8")
    (project / "tests" / "test_mytool.py").write_text("def test():\n    assert 0\n", "utf-8")
    assert last(project).todo == "Run pytest, and mend what fails."
