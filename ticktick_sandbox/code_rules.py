"""What is wrong in a project's Python and ``.env``, told by the syntax tree and by the values.

Nothing is imported or run. Each rule says what breaks, what to write instead, and whence that is
known.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from ticktick_sandbox.arcade.config.findings import ERROR, WARNING, Finding

_SCOPES = ("tasks:read", "tasks:write")
_GUIDE = "executed with arcade-tdk 3.15.1 and arcade-core 4.23.0, November 2026"
_LIVE = "third-party live test report, autumn 2026"
_REFERENCE = "TickTick Open API reference, 2026 edition"

_DASHBOARD = (
    "arcadepy 1.10.0, whose default it is; the dashboard's address is in ArcadeAI/docs#1144"
)

# What an address must not be: as it is found, why, what to write, and the source. ``{}`` is the
# name of the edition.
_ADDRESSES = (
    (
        re.compile(r"api\.(ticktick|dida365)\.com/api/v\d"),
        "private-api",
        "the private API takes no OAuth token",
        "Write https://api.{}.com/open/v1/… .",
        "public report PipedreamHQ/pipedream#10220",
    ),
    (
        re.compile(r"api\.(ticktick|dida365)\.com/(?!open/v1|api/v\d|oauth/)\w"),
        "wrong-path",
        "the Open API is not below this path",
        "Write https://api.{}.com/open/v1/… .",
        _REFERENCE,
    ),
    (
        re.compile(r"//(?:www\.)?(ticktick|dida365)\.com/open/"),
        "wrong-host",
        "the Open API is not at this host",
        "Write https://api.{}.com/open/v1/… .",
        _REFERENCE,
    ),
    (
        re.compile(r"//(?:api|developer)\.(ticktick|dida365)\.com/oauth/"),
        "wrong-host",
        "the OAuth endpoints are not at this host",
        "Write https://{}.com/oauth/… .",
        _REFERENCE,
    ),
    (
        re.compile(r"http://(?:api\.)?(ticktick|dida365)\.com/(?:oauth|open)/"),
        "no-tls",
        "what is sent there can be read on the way, a token included",
        "Write https:// instead of http://.",
        _REFERENCE,
    ),
    (
        re.compile(r"()/open/v1/user\b"),
        "no-such-endpoint",
        "TickTick has no /user and answers 404",
        "Leave it out: who the user is, your app knows.",
        _LIVE,
    ),
    (
        re.compile(r"()/open/v1/(?:projects|tasks)\b"),
        "no-such-endpoint",
        "TickTick's paths are in the singular",
        "Write /open/v1/project or /open/v1/task.",
        _REFERENCE,
    ),
)
_HOST = re.compile(r"https?://([\w.-]{1,253})")
_OURS = ("ticktick.com", "dida365.com", "arcade.dev")
_EDITIONS = ("ticktick.com", "dida365.com")
NO_ENGINE = re.compile(r"//(?:app|cloud)\.arcade\.dev|//api\.arcade\.dev/dashboard")
_KEY = re.compile(r"arc_(?!sandbox$|\.)\w{12,}")
LEFT_OVER = re.compile(
    r"\.\.\.|…|^<.*>$|^\{.*\}$|^your[-_ ]|^my[-_ ](?:client|api|app|secret|key|id)\b|^you@"
    r"|^(?:changeme|xxx+)$",
    re.I,
)
_UNFILLED = re.compile(r"^\{[^{}]*\}$|\{\{(?!\s*redirect_uri\s*\}\})|^<.*>$|^your[-_ ]", re.I)
_CURLY, _STRAIGHT = tuple("“”‘’"), tuple("\"'")
_ENV_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$")


def check_python(text: str) -> list[Finding]:
    """Return what is wrong in the source of a Python file.

    A file that does not parse is one error.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as problem:
        line = getattr(problem, "lineno", None)
        reason = getattr(problem, "msg", None) or str(problem)
        return [Finding(ERROR, "syntax", reason, "Mend it first.", line=line, rule="syntax")]
    lists = _lists_of(tree)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    nodes = [node for node in ast.walk(tree) if id(node) not in said or isinstance(node, ast.Call)]
    found = [finding for node in nodes for finding in _about(node, lists)]
    lines = editions(text)
    if len(lines) == 2:
        found.append(two_editions(lines["dida365.com"]))
    return sorted(found, key=lambda finding: finding.line or 0)


def editions(text: str) -> dict[str, int]:
    """Return which of TickTick and Dida365 a text names, and the line of the first time."""
    return {host: text.count("\n", 0, text.index(host)) + 1 for host in _EDITIONS if host in text}


def two_editions(line: int, other: Path | None = None) -> Finding:
    """Return what is said of Dida365 beside TickTick; ``other`` is the file that names TickTick."""
    return Finding(
        WARNING,
        "dida365.com",
        "Dida365 has accounts, apps and tokens of its own, which are not TickTick's"
        + (f"; {other.name} names TickTick" if other else ""),
        "Keep to one of the two in a project.",
        line=line,
        rule="two-editions",
        source=_LIVE,
    )


def check_env(text: str) -> list[Finding]:
    """Return what is wrong in a ``.env``; the values themselves are never shown."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _ENV_LINE.fullmatch(line)
        if line.lstrip().startswith("#") or match is None:
            continue
        name, value = match[1], match[2].strip("\"'")
        if not name.startswith(("ARCADE_", "TICKTICK_")):
            continue
        if _badly_quoted(match[2]):
            text_ = "its quotation marks are curly or no pair: they are sent, or nothing is read"
            source = "python-dotenv 1.2.4, executed"
            fix = f"Write {name}=… without quotation marks."
            finding = Finding(ERROR, name, text_, fix, line=number, rule="quotes", source=source)
            found.append(finding)
        elif not value or LEFT_OVER.search(value):
            text_, fix = "it is empty or still a placeholder", f"Set {name} to your own value."
            found.append(Finding(ERROR, name, text_, fix, line=number, rule="placeholder"))
        elif name == "ARCADE_API_KEY" and not value.startswith("arc_"):
            text_, fix = (
                "a key of Arcade begins with arc_",
                "Copy it from the dashboard's API keys.",
            )
            source = "arcade-mcp-server 1.32.1, which refuses another one"
            finding = Finding(ERROR, name, text_, fix, line=number, rule="key-shape", source=source)
            found.append(finding)
        elif name == "ARCADE_BASE_URL" and NO_ENGINE.search(value):
            found.append(_no_engine(name, number, f"{name}=https://api.arcade.dev"))
    return found


def _badly_quoted(written: str) -> bool:
    value = written.partition(" #")[0].strip()
    first, last = value[:1], value[-1:]
    pair = first == last and len(value) > 1
    return bool(value) and (
        value.startswith(_CURLY)
        or value.endswith(_CURLY)
        or (not pair and (value.startswith(_STRAIGHT) or value.endswith(_STRAIGHT)))
    )


def named_providers(text: str) -> dict[str, int]:
    """Return the ids of providers that a Python file names, and the line of the first time."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (_called(node) == "OAuth2" or _starts(node)):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            if provider := _provider_of(node, given):
                found.setdefault(provider, node.lineno)
    return found


def _no_engine(where: str, line: int, fix: str) -> Finding:
    text = "the dashboard is there, and no Engine that answers"
    fix = f"Write {fix}"
    return Finding(ERROR, where, text, fix, line=line, rule="dashboard-address", source=_DASHBOARD)


def _lists_of(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what names stand for that are given a list once, at the top of the file."""
    pairs = (
        (getattr(target, "id", ""), node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List | ast.Tuple)
        for target in node.targets
    )
    return dict(pairs)


def _about(node: ast.AST, lists: dict[str, ast.expr]) -> Iterator[Finding]:
    if isinstance(node, ast.Call):
        yield from _about_call(node, lists)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _about_text(node, node.value)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            name = getattr(target, "id", "").lower()
            if name in ("user_id", "redirect_uri"):
                yield from _about_value(name, node.value)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "redirect_uri":
                yield from _about_value("redirect_uri", value)


def _about_value(name: str | None, value: ast.expr) -> Iterator[Finding]:
    """Yield what is wrong with a text that is written for a name."""
    text = value.value if isinstance(value, ast.Constant) else None
    if not isinstance(text, str):
        return
    if name in ("user_id", "redirect_uri") and _UNFILLED.search(text):
        fix = {
            "user_id": 'Write import os above, and os.environ["ARCADE_USER_ID"] here.',
            "redirect_uri": 'Write "{{redirect_uri}}" for a provider of Arcade\'s, '
            "else the address that is registered.",
        }[name]
        why = "it is a placeholder, and is sent as it stands"
        yield Finding(ERROR, text, why, fix, line=value.lineno, rule="placeholder", source=_GUIDE)
    elif name == "base_url" and NO_ENGINE.search(text):
        yield _no_engine(text, value.lineno, "Arcade(), whose default is https://api.arcade.dev")
    elif name == "scopes" and text.startswith("tasks:"):
        yield Finding(
            ERROR,
            f"scopes={text!r}",
            "scopes is a list, and a text is refused",
            f"Write scopes={text.replace(',', ' ').split()}.",
            line=value.lineno,
            rule="scopes-as-text",
            source=_GUIDE,
        )


def _about_call(node: ast.Call, lists: dict[str, ast.expr]) -> Iterator[Finding]:
    name = _called(node)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if name == "OAuth2" and "provider_id" in given:
        yield Finding(
            ERROR,
            "OAuth2(provider_id=…)",
            "OAuth2 takes no provider_id, so the file can't be imported",
            "Write OAuth2(id=…, scopes=[…]).",
            line=node.lineno,
            rule="provider-id",
            source=_GUIDE,
        )
    inner = node.args[0] if name == "dict" and len(node.args) == 1 and not given else None
    if isinstance(inner, ast.Call) and getattr(inner.func, "attr", "") == "json":
        yield Finding(
            WARNING,
            "dict(….json())",
            "TickTick answers lists with an array, of which dict makes a ValueError or nonsense",
            'Write {"projects": response.json()}.',
            line=node.lineno,
            rule="dict-of-json",
            source=_GUIDE,
        )
    of = _provider_of(node, given)
    if _starts(node) and (not of or "ticktick" in of) and len(node.args) > 2:
        yield Finding(
            ERROR,
            "auth.start(…)",
            "only the user and the provider are taken without a name, so it is a TypeError",
            "Write client.auth.start(user_id, provider, scopes=[…]).",
            line=node.lineno,
            rule="scopes-by-position",
            source="executed with arcadepy 1.10.0",
        )
    for keyword in node.keywords:
        yield from _about_value(keyword.arg, keyword.value)
    scopes = given.get("scopes")
    scopes = lists.get(scopes.id, scopes) if isinstance(scopes, ast.Name) else scopes
    for scope in scopes.elts if isinstance(scopes, ast.List | ast.Tuple) else ():
        value = scope.value if isinstance(scope, ast.Constant) else None
        ours = "ticktick" in of or (not of and str(value).startswith("tasks:"))
        if isinstance(value, str) and ours and value not in _SCOPES:
            yield Finding(
                ERROR,
                value,
                "TickTick has no such scope",
                f"Write {' or '.join(_SCOPES)}.",
                line=scope.lineno,
                rule="no-such-scope",
                source=_REFERENCE,
            )


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _starts(node: ast.Call) -> bool:
    """Tell whether a call starts an authorization."""
    called_on = getattr(node.func, "value", None)
    return _called(node) == "start" and getattr(called_on, "attr", "") == "auth"


def _provider_of(node: ast.Call, given: dict[str | None, ast.expr]) -> str:
    """Return the provider that a call names; nothing where that is no text."""
    named = given.get("provider") or given.get("id") or (node.args[1] if node.args[1:] else None)
    value = named.value if isinstance(named, ast.Constant) else None
    return value if isinstance(value, str) else ""


def _about_text(node: ast.Constant, text: str) -> Iterator[Finding]:
    yield from about_address(text, node.lineno)
    if _KEY.fullmatch(text):
        yield Finding(
            WARNING,
            "arc_…",
            "an API key stands in the source, where whoever reads it has it",
            "Set ARCADE_API_KEY in the environment, and write Arcade().",
            line=node.lineno,
            rule="key-in-source",
            source="arcadepy 1.10.0, which reads it there",
        )


def about_address(text: str, line: int) -> Iterator[Finding]:
    """Yield what is wrong with the addresses in a text."""
    for pattern, rule, why, fix, source in _ADDRESSES:
        if place := pattern.search(text):
            fix_ = fix.format(place[1])
            yield Finding(ERROR, place[0], why, fix_, line=line, rule=rule, source=source)
    for host in _HOST.findall(text):
        domain = ".".join(host.lower().rsplit(".", 2)[-2:])
        if domain not in _OURS and (
            meant := difflib.get_close_matches(domain, _OURS, n=1, cutoff=0.85)
        ):
            why, fix = f"{domain} is not {meant[0]}", f"Is it misspelt? Write {meant[0]} then."
            yield Finding(
                WARNING, host, why, fix, line=line, rule="misspelt-host", source=_REFERENCE
            )


def files_of(folder: Path, *, most: int = 2000) -> list[Path]:
    """Return what is checked in a folder: engine.yaml, ``.env`` and Python, in a steady order.

    Environments, packages and what is hidden are left out.

    Raises:
        ValueError: there are more files than ``most``.
    """
    found: list[Path] = []
    for place, folders, names in folder.walk():
        folders[:] = sorted(
            each
            for each in folders
            if not each.startswith(".")
            and each not in ("node_modules", "__pycache__", "site-packages")
            and not (place / each / "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            if name in ("engine.yaml", "engine.yml", ".env") or name.endswith(".py"):
                found.append(place / name)
        if len(found) > most:
            raise ValueError(
                f"{folder} has more than {most} files to check. Name a smaller folder."
            )
    return found
