"""What is found in Python and in a ``.env``, and that nothing right is found fault with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.environment import ROOT
from ticktick_sandbox.arcade.config.findings import ERROR
from ticktick_sandbox.checker import check_project
from ticktick_sandbox.code_rules import check_env, check_python, files_of

WRONG = [
    ('OAuth2(provider_id="arcade-ticktick")', "provider-id", "OAuth2(id="),
    ('auth.OAuth2(scopes=[], provider_id="x")', "provider-id", "OAuth2(id="),
    ("dict(response.json())", "dict-of-json", '{"projects": response.json()}'),
    ("dict((await client.get(URL)).json())", "dict-of-json", '{"projects"'),
    ('start(user, scopes=["tasks:read", "tasks:all"])', "no-such-scope", "tasks:read or"),
    ('OAuth2(id="my-ticktick", scopes=("tasks:delete",))', "no-such-scope", "tasks:read or"),
    ('start(user, "arcade-ticktick", scopes=["task:read"])', "no-such-scope", "tasks:read or"),
    ('get("https://api.ticktick.com/api/v2/batch/check/0")', "private-api", "open/v1"),
    ('get("https://ticktick.com/open/v1/project")', "wrong-host", "https://api.ticktick.com"),
    ('get("https://api.ticktick.com/oauth/token")', "wrong-host", "https://ticktick.com/oauth"),
    ('get("https://api.ticktick.com/v1/project")', "wrong-path", "api.ticktick.com/open/v1/"),
    ('get("https://api.ticktick.com/open/v1/projects")', "no-such-endpoint", "/v1/project or"),
    ('get("https://api.tiktick.com/open/v1/project")', "misspelt-host", "ticktick.com"),
    ('get("https://api.ticktick.com/open/v1/user")', "no-such-endpoint", "Leave it out"),
    ('Arcade(api_key="arc_o123456789abcdef")', "key-in-source", "ARCADE_API_KEY"),
    ('Arcade(base_url="https://app.arcade.dev")', "dashboard-address", "Arcade()"),
    ('Arcade(base_url="https://api.arcade.dev/dashboard")', "dashboard-address", "Arcade()"),
    ('start(user_id="{arcade_user_id}", provider=p)', "placeholder", "ARCADE_USER_ID"),
    ('USER_ID = "<your user id>"', "placeholder", "ARCADE_USER_ID"),
    ('params = {"redirect_uri": "{{redirect_url}}"}', "placeholder", "{{redirect_uri}}"),
    ('fetch(redirect_uri="YOUR_REDIRECT_URI")', "placeholder", "{{redirect_uri}}"),
    ('client.auth.start(u, p, scopes="tasks:read")', "scopes-as-text", "scopes=['tasks:read']"),
    ('client.auth.start(u, p, ["tasks:read"])', "scopes-by-position", "scopes=["),
    ('get("http://api.ticktick.com/open/v1/project")', "no-tls", "https://"),
    ('get("https://api.dida365.com/oauth/token")', "wrong-host", "https://dida365.com/oauth"),
    ("def broken(:", "syntax", "Mend it"),
    ("x = '\\0'\n\0", "syntax", "Mend it"),
    ('a = "https://ticktick.com"\nb = "https://dida365.com"', "two-editions", "one of the two"),
]


@pytest.mark.parametrize(("source", "rule", "fix"), WRONG)
def test_a_slip_is_found_where_it_is_and_the_remedy_with_it(
    source: str, rule: str, fix: str
) -> None:
    before = "# a comment\n\n" if rule != "syntax" else ""
    (finding,) = check_python(before + source + "\n")
    assert finding.rule == rule
    assert fix in finding.fix
    assert finding.line == before.count("\n") + 1 + (rule == "two-editions") or rule == "syntax"
    assert finding.source or rule == "syntax"


def test_a_list_that_has_a_name_is_looked_at_where_it_is() -> None:
    named = 'SCOPES = ["tasks:read", "tasks:wirte"]\n\nstart(user, scopes=SCOPES)\n'
    (finding,) = check_python(named)
    assert (finding.rule, finding.where, finding.line) == ("no-such-scope", "tasks:wirte", 1)


@pytest.mark.parametrize(
    "source",
    [
        'OAuth2(id="arcade-ticktick", scopes=["tasks:read", "tasks:write"])',
        'client.auth.start(user_id, provider="arcade-ticktick", scopes=scopes)',
        'dict(title="x")\ndict(pairs)\ndict(response.json(), more=1)\nresponse.json()',
        'get("https://api.ticktick.com/open/v1/project/inbox/data")',
        'get("https://ticktick.com/oauth/authorize")',
        'BASE = "https://api.ticktick.com"\nget(BASE + "/open/v1/project")',
        'get("https://help.ticktick.com/")\nget("https://docs.arcade.dev/x")\nget("http://tick.io")',
        'other(scopes=["repo", "user"])',
        'KEY = "arc_..."\nMINE = "arc_sandbox"',
        'path("/open/v1/users-guide")',
        'Arcade(base_url="https://api.arcade.dev")\nArcade(base_url="http://localhost:9099")',
        'start(user_id=f"{user_id}")\nuser_id = "{user_id}".format(user_id=7)',
        'params = {"redirect_uri": "{{ redirect_uri }}", "user_id": "{user_id}"}',
        'SCOPES = "tasks:read tasks:write"',
        'open("https://app.arcade.dev/servers")\nuser_id = "your@example.com"',
        'start(user, provider="google", scopes=["tasks:manage"])',
        'OAuth2(id="asana", scopes=["tasks:delete"])\nself.auth.start(user, "github", ["x"])',
        '"""Not https://ticktick.com/open/v1/project."""\ndef f():\n    "arc_o123456789abcdef"',
        'client.auth.start(user_id, provider)\nserver.start(1, 2, 3)\nother(scopes="openid")',
    ],
)
def test_what_is_right_is_left_alone(source: str) -> None:
    assert check_python(source) == []


def test_everything_that_the_kit_teaches_is_right() -> None:
    for folder in ("snippets", "ticktick_sandbox/new_project/template"):
        found = check_project(ROOT / folder)
        assert found == [], [f"{file}: {finding}" for file, finding in found]


def test_a_key_in_the_source_is_not_repeated() -> None:
    (finding,) = check_python('Arcade(api_key="arc_o123456789abcdef")')
    assert "123456789" not in str(finding)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("ARCADE_API_KEY=arc_...", "placeholder"),
        ("export TICKTICK_CLIENT_ID=", "placeholder"),
        ('TICKTICK_CLIENT_SECRET="<your secret>"', "placeholder"),
        ("TICKTICK_CLIENT_ID=your-client-id", "placeholder"),
        ("ARCADE_API_KEY=sk-1234567890", "key-shape"),
        ("ARCADE_BASE_URL=https://app.arcade.dev", "dashboard-address"),
        ("ARCADE_BASE_URL=https://api.arcade.dev", None),
        ("ARCADE_API_KEY=arc_o1234567890", None),
        ("TICKTICK_CLIENT_SECRET=“AbC123dEf456”", "quotes"),
        ("TICKTICK_CLIENT_SECRET='AbC123dEf456", "quotes"),
        ('TICKTICK_CLIENT_SECRET=AbC123dEf456"', "quotes"),
        ("TICKTICK_CLIENT_SECRET='AbC123\" # a comment", "quotes"),
        ("TICKTICK_CLIENT_SECRET='AbC123' # a comment", None),
        ('export TICKTICK_CLIENT_SECRET="AbC123dEf456"', None),
        ("# ARCADE_API_KEY=arc_...", None),
        ("OTHER=...", None),
        ("TICKTICK_CLIENT_ID=AbC123dEf456GhI789", None),
        ("no assignment at all", None),
    ],
)
def test_a_variable_is_judged_and_never_shown(line: str, rule: str | None) -> None:
    found = check_env(f"\n{line}\n")
    assert [finding.rule for finding in found] == ([rule] if rule else [])
    for finding in found:
        assert (finding.severity, finding.line) == (ERROR, 2)
        assert line.partition("=")[2].strip("\"'") not in str(finding) or line.endswith("=")


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_the_checker(text: str) -> None:
    for finding in (*check_python(text), *check_env(text)):
        assert finding.text
        assert finding.fix


def test_deep_nesting_is_a_finding() -> None:
    (finding,) = check_python("(" * 50_000 + ")" * 50_000)
    assert finding.rule == "syntax"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (".venv", "node_modules", ".hidden", "env"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bad.py").write_text(WRONG[0][0])
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "tools.py").write_text(f"import x\n{WRONG[0][0]}\n")
    (tmp_path / ".env").write_text("ARCADE_API_KEY=arc_...\n")
    (tmp_path / "engine.yaml").write_text((ROOT / "snippets/engine.yaml").read_text())
    (tmp_path / "notes.txt").write_text("dida365.com")
    return tmp_path


def test_a_folder_is_checked_without_what_is_not_its_own(project: Path) -> None:
    assert [path.relative_to(project).as_posix() for path in files_of(project)] == [
        ".env",
        "engine.yaml",
        "tools/tools.py",
    ]
    found = [(file.name, finding.rule) for file, finding in check_project(project)]
    assert found == [(".env", "placeholder"), ("tools.py", "provider-id")]


def test_two_editions_in_a_project_are_told_once(project: Path) -> None:
    (project / "b.py").write_text('\nHOST = "https://api.dida365.com"\n')
    (project / "c.py").write_text('HOST = "https://dida365.com"\n')
    told = [(file.name, f.line) for file, f in check_project(project) if f.rule == "two-editions"]
    assert told == [("b.py", 2)]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ('client.auth.start(user, provider="ticktick")', [("ticktick", 1)]),
        ('x = 1\ntool(requires_auth=OAuth2(id="arcade_ticktick"))', [("arcade_ticktick", 2)]),
        ('client.auth.start(user, "arcade-ticktick")', []),
        ('OAuth2(id="github")\nserver.start(user, provider="ticktick")', []),
    ],
)
def test_an_id_that_resembles_one_of_the_engine_yaml_is_told(
    project: Path, code: str, told: list[tuple[str, int]]
) -> None:
    (project / "app.py").write_text(f"{code}\n")
    found = [f for _, f in check_project(project) if f.rule == "unknown-provider"]
    assert [(finding.where, finding.line) for finding in found] == told
    assert all("There is: arcade-ticktick." in finding.fix for finding in found)
    (project / "engine.yaml").unlink()
    assert not [f for _, f in check_project(project) if f.rule == "unknown-provider"]


def test_a_folder_without_anything_or_with_too_much_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no engine\.yaml, no \.env and no Python"):
        check_project(tmp_path)
    for number in range(4):
        (tmp_path / f"{number}.py").write_text("")
    with pytest.raises(ValueError, match="more than 3 files"):
        files_of(tmp_path, most=3)


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ticktick_sandbox", "check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_the_command_prints_for_people_programs_and_github(project: Path) -> None:
    text = check(str(project))
    assert text.returncode == 1
    assert text.stdout.splitlines()[-1] == f"{project}: 2 errors, 0 warnings"
    told = json.loads(check(str(project), "--format", "json").stdout)
    assert [(each["line"], each["rule"]) for each in told] == [
        (1, "placeholder"),
        (2, "provider-id"),
    ]
    assert told[1]["source"].startswith("executed with arcade-tdk")
    (_, line) = check(str(project), "--format", "github").stdout.splitlines()
    assert re.fullmatch(r"::error file=.*tools\.py,line=2,title=provider-id::OAuth2.*\.", line)


def test_the_exit_codes_are_those_of_the_help() -> None:
    assert check("snippets").returncode == 0
    assert check("snippets", "--format", "github").stdout == ""
    assert check("nowhere.py").returncode == 1
    assert check("snippets", "--format", "xml").returncode == 2
