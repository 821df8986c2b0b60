"""The checker, and what the published provider block and the repaired one do in the sandbox."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ticktick_sandbox.helpers import BOTH, make_world
from ticktick_sandbox.arcade.config.findings import ERROR, WARNING, ConfigurationRefused, Finding
from ticktick_sandbox.checker import check
from ticktick_sandbox.shared.settings import PROVIDER_ID

ROOT = Path(__file__).parent.parent.parent
PUBLISHED = ROOT / "notebooks" / "data" / "published_guide" / "engine.yaml"
REPAIRED = ROOT / "snippets" / "engine.yaml"

OAUTH2 = "auth.providers[0].oauth2"
METHOD = "'client_secret_post' is not an allowed method"
CONTENT_TYPE = "TickTick answers application/json, so a form-encoded reader finds no token"
EXPECTED = [
    (
        "scope: ",
        WARNING,
        "authorize_request.params.scope",
        "without {{existing_scopes}} a later request for another scope "
        "replaces the token by a narrower one",
    ),
    (
        "state: ",
        WARNING,
        "authorize_request.params.state",
        "{{state}} is not a documented placeholder",
    ),
    ("auth_method: ", ERROR, "token_request.auth_method", METHOD),
    ("code: ", WARNING, "token_request.params.code", "{{code}} is not a documented placeholder"),
    ("response_content_type: ", ERROR, "token_request.response_content_type", CONTENT_TYPE),
    (
        "refresh_request:",
        WARNING,
        "refresh_request",
        "TickTick issues no refresh token, so this is never used",
    ),
    ("auth_method: ", ERROR, "refresh_request.auth_method", METHOD),
    ("response_content_type: ", ERROR, "refresh_request.response_content_type", CONTENT_TYPE),
]


def run(file: Path) -> subprocess.CompletedProcess[str]:
    """Run the check as a reader does."""
    command = [sys.executable, "-m", "ticktick_sandbox", "check", str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """Return a copy of the repaired block with changes."""
    text = REPAIRED.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "engine.yaml"
    file.write_text(text, encoding="utf-8")
    return file


# Findings


@pytest.mark.parametrize(("file", "expected"), [(PUBLISHED, EXPECTED), (REPAIRED, [])])
def test_a_block_has_these_findings(file: Path, expected: list[tuple[str, str, str, str]]) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    found = check(file)

    assert [(f.severity, f.where, f.text) for f in found] == [
        (severity, f"{OAUTH2}.{where}", text) for _, severity, where, text in expected
    ]
    for finding, (begin, *_) in zip(found, expected, strict=True):
        assert finding.line
        assert lines[finding.line - 1].strip().startswith(begin)
        assert finding.fix


@pytest.mark.parametrize(
    ("file", "code", "last"),
    [(PUBLISHED, 1, "4 errors, 4 warnings"), (REPAIRED, 0, "0 errors, 0 warnings")],
)
def test_the_command_prints_the_findings_and_exits(file: Path, code: int, last: str) -> None:
    ran = run(file)

    assert (ran.returncode, ran.stderr) == (code, "")
    assert ran.stdout == "".join(f"{finding}\n" for finding in check(file)) + f"{file}: {last}\n"


def test_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    ran = run(changed(tmp_path, (" {{existing_scopes}}", "")))

    assert ran.returncode == 0
    assert ran.stdout.endswith(": 0 errors, 1 warning\n")


@pytest.mark.parametrize("name", ["missing.yaml", "missing["])
def test_a_file_that_can_not_be_read_is_one_error(tmp_path: Path, name: str) -> None:
    ran = run(tmp_path / name)

    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.endswith(": 1 error, 0 warnings\n")


def test_the_readers_credentials_need_not_be_at_hand() -> None:
    assert check(REPAIRED) == []


def test_another_variable_has_to_be_set(tmp_path: Path) -> None:
    [finding] = check(changed(tmp_path, ("TICKTICK_CLIENT_SECRET", "MY_SECRET")))
    assert (finding.severity, finding.text) == (ERROR, "the variable MY_SECRET is not set")


def test_a_block_with_credentials_in_the_body_is_right(tmp_path: Path) -> None:
    both = 'client_id: "{{client_id}}"\n            client_secret: "{{client_secret}}"'
    file = changed(
        tmp_path,
        ("          auth_method: client_secret_basic\n", ""),
        ("grant_type: authorization_code", f"grant_type: authorization_code\n            {both}"),
    )
    assert check(file) == []


def test_credentials_sent_twice_are_a_warning(tmp_path: Path) -> None:
    secret = 'client_secret: "{{ client_secret }}"'
    file = changed(
        tmp_path,
        ("grant_type: authorization_code", f"grant_type: authorization_code\n            {secret}"),
    )
    [finding] = check(file)
    assert (finding.severity, finding.where) == (WARNING, f"{OAUTH2}.token_request")
    assert "the credentials go out twice" in finding.text


def test_credentials_sent_never_are_a_warning(tmp_path: Path) -> None:
    [finding] = check(changed(tmp_path, ("          auth_method: client_secret_basic\n", "")))
    assert (finding.severity, finding.text) == (
        WARNING,
        "the client secret is configured but never sent",
    )


def test_blanks_inside_a_placeholder_do_not_matter(tmp_path: Path) -> None:
    assert check(changed(tmp_path, ("{{existing_scopes}}", "{{ existing_scopes }}"))) == []


def test_facts_about_ticktick_are_not_held_against_others(tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ("https://ticktick.com", "https://provider.example"),
        ("response_content_type: application/json",
         "response_content_type: application/x-www-form-urlencoded"),
    )  # fmt: skip
    assert check(file) == []


AUTHORIZE = "https://ticktick.com/oauth/authorize"
TOKEN = "https://ticktick.com/oauth/token"


@pytest.mark.parametrize(
    ("old", "new", "severity", "rule", "fix"),
    [
        (AUTHORIZE, "https://api.ticktick.com/oauth/authorize", ERROR, "wrong-host", AUTHORIZE),
        (TOKEN, "http://ticktick.com/oauth/token", ERROR, "wrong-host", TOKEN),
        (TOKEN, "https://ticktick.com/oauth/authorize", ERROR, "wrong-host", TOKEN),
        (TOKEN, "https://dida365.com/oauth/token", ERROR, "two-editions", TOKEN),
        (TOKEN, "http://provider.example/token", WARNING, "no-tls", "https://"),
        ('"{{redirect_uri}}"', "<your redirect uri>", ERROR, "redirect-uri", "{{redirect_uri}}"),
        ('"{{redirect_uri}}"', "https://a.example/b", WARNING, "redirect-uri", "{{redirect_uri}}"),
        ("{{redirect_uri}}", "{{redirect_url}}", ERROR, "no-such-placeholder", "{{redirect_uri}}"),
        (
            "{{scopes}} {{",
            "tasks:all {{",
            ERROR,
            "no-such-scope",
            '"{{scopes}} {{existing_scopes}}"',
        ),
        (
            "${env:TICKTICK_CLIENT_ID}",
            "<your id>",
            ERROR,
            "placeholder",
            "${env:TICKTICK_CLIENT_ID}",
        ),
        ("${env:TICKTICK_CLIENT_ID}", "$ID", ERROR, "placeholder", "${env:TICKTICK_CLIENT_ID}"),
    ],
)
def test_a_slip_that_any_schema_lets_through_is_found(
    tmp_path: Path, old: str, new: str, severity: str, rule: str, fix: str
) -> None:
    found = check(changed(tmp_path, (old, new)))
    assert found
    for finding in found:
        assert (finding.severity, finding.rule) == (severity, rule)
        assert fix in finding.fix
        assert finding.source
        assert finding.line


def test_the_address_that_is_of_another_edition_is_told_and_hides_nothing(tmp_path: Path) -> None:
    token = "{refresh_token: '{{refresh_token}}'}"
    more = f"refresh_request: {{endpoint: '{TOKEN}', params: {token}}}"
    file = changed(
        tmp_path,
        (AUTHORIZE, "https://dida365.com/oauth/authorize"),
        ("response_content_type: application/json",
         "response_content_type: application/x-www-form-urlencoded"),
        ("        token_request:", f"        {more}\n        token_request:"),
    )  # fmt: skip
    found = {finding.rule: finding for finding in check(file)}
    assert set(found) == {"two-editions", "reply-type", "no-refresh"}
    assert found["two-editions"].where == f"{OAUTH2}.authorize_request.endpoint"
    assert found["two-editions"].fix.startswith(f"Write endpoint: {AUTHORIZE}. To use Dida365")


def test_user_info_that_does_not_exist_is_found(tmp_path: Path) -> None:
    request = "user_info_request: {endpoint: 'https://api.ticktick.com/open/v1/user', triggers: "
    more = f"        {request}{{on_token_grant: true}}}}\n        token_request:"
    [finding] = check(changed(tmp_path, ("        token_request:", more)))
    assert (finding.severity, finding.rule) == (ERROR, "no-such-endpoint")


def test_every_finding_has_a_rule_and_its_source(tmp_path: Path) -> None:
    assert {finding.rule for finding in check(PUBLISHED)} == {
        "existing-scopes",
        "no-such-placeholder",
        "choice",
        "reply-type",
        "no-refresh",
    }
    for file in (PUBLISHED, tmp_path / "missing.yaml", changed(tmp_path, ("auth:", "auth: {"))):
        assert all(finding.source for finding in check(file))


# What the blocks do


@pytest.mark.parametrize("file", [PUBLISHED, REPAIRED])
@pytest.mark.parametrize("given", [None, PROVIDER_ID])
def test_a_block_completes_the_flow_in_the_lenient_sandbox(file: Path, given: str | None) -> None:
    world = make_world()
    try:
        world.sandbox.prepare(given, config=file)
        assert world.sandbox.provider_ids() == [PROVIDER_ID]
        [shown] = world.arcade.admin.auth_providers.list().items or []
        assert shown.binding
        assert shown.binding.type == "static"
        names = [project["name"] for project in world.open_api(BOTH).get("/project").json()]
        noted = [event.text for event in world.sandbox.event_log.events if event.problem]
    finally:
        world.close()
    assert "Home" in names
    slips = [re.sub(r"^line \d+: \S+: ", "", text) for text in noted]
    told = [text for *_, text in EXPECTED] if file == PUBLISHED else []
    assert len(slips) == len(told)
    assert all(slip.startswith(text) for slip, text in zip(slips, told, strict=True))


def test_the_repaired_block_completes_the_flow_in_strict() -> None:
    world = make_world(strict=True)
    try:
        world.sandbox.prepare(None, config=REPAIRED)
        assert world.token(BOTH)
        assert not [event for event in world.sandbox.event_log.events if event.problem]
    finally:
        world.close()


def test_the_published_block_is_refused_in_strict() -> None:
    world = make_world(strict=True)
    try:
        with pytest.raises(ConfigurationRefused) as refusal:
            world.sandbox.prepare(None, config=PUBLISHED)
        assert world.sandbox.provider_ids() == []
    finally:
        world.close()

    def place(finding: Finding) -> str:
        return finding.where.removeprefix(f"{OAUTH2}.")

    assert [place(finding) for finding in refusal.value.findings] == [
        "authorize_request.params.state",
        "token_request.auth_method",
        "token_request.params.code",
        "refresh_request.auth_method",
    ]


@pytest.mark.parametrize(("file", "existing"), [(PUBLISHED, ""), (REPAIRED, " tasks:read")])
def test_only_the_repaired_block_keeps_the_first_scope(file: Path, existing: str) -> None:
    world = make_world()
    try:
        world.sandbox.prepare(None, config=file)
        world.token(["tasks:read"])
        second = world.token(["tasks:write"])
        reply = world.http.get(
            f"{world.ticktick_url}/open/v1/project", headers={"Authorization": f"Bearer {second}"}
        )
    finally:
        world.close()
    assert reply.is_success == bool(existing)


@pytest.mark.parametrize("text", ["auth: {}", "api:\n  port: 9099", "auth:\n  providers: []"])
def test_a_file_without_providers_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "engine.yaml"
    path.write_text(text)
    [finding] = check(path)
    assert finding.severity == "error"
    assert "no provider under auth.providers" in finding.text


def test_a_misspelt_section_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "engine.yaml"
    path.write_text("auth:\n  provider:\n    - id: x\n")
    [finding] = check(path)
    assert (finding.severity, finding.line) == ("error", 2)
    assert "auth has no setting 'provider'" in finding.text
