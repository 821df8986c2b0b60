"""``ticktick-sandbox``: serve, run a program against the sandbox, check a configuration."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is something to end in order

import argparse
import os
import re
import secrets
import subprocess
import sys
import time
from collections import deque
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ticktick_sandbox.shared.settings import (
    API_KEY,
    ARCADE_PORT,
    LEARNER,
    PASSWORD,
    PROVIDER_ID,
)

if TYPE_CHECKING:
    from ticktick_sandbox.server.sandbox import Sandbox
    from ticktick_sandbox.shared.event_log import Event


_PORT = "TICKTICK_SANDBOX_ARCADE_PORT"  # once for all commands of a shell
_USUAL = f"{_PORT} or {ARCADE_PORT} by default"
_LAST_PORT = 65535
_PAUSE = 0.3  # seconds between two looks at what went over the wire
_SOURCE = re.compile(r"\.(py|m?[jt]s|cjs|sh)$")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # no character of others may end the servers
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = _parser()
    sent = parser.parse_args(arguments)
    if sent.command and (sent.config or sent.empty or sent.strict or sent.seed):
        parser.error(
            "--config, --empty, --strict and --seed are for the sandbox that you serve: start it "
            f"with them in one terminal, and run {sent.command} in another; "
            "exec --autopilot takes --config and --strict after it"
        )
    if sent.command == "check":
        return _check(sent.path, sent.format)
    if sent.command == "preflight":
        return _preflight(sent.provider)
    if sent.command == "check-capstone":
        return _capstone(sent.folder)
    if sent.command == "fault":
        return _fault(sent)
    if sent.command == "new":
        return _new(sent.name)
    if sent.command == "wire":
        return _wire(sent.arcade_port, follow=sent.follow, har=sent.har, mermaid=sent.mermaid)
    if sent.command == "exec":
        program = sent.program[1:] if sent.program[:1] == ["--"] else sent.program
        if not program:
            parser.error("name the program: ticktick-sandbox exec -- python app.py")
        if (sent.own_config or sent.own_strict) and not sent.autopilot:
            parser.error("--config and --strict are for a sandbox of its own: give --autopilot")
        return _exec(program, sent)
    if sent.ticktick_port is None:
        sent.ticktick_port = sent.arcade_port and sent.arcade_port + 1
    if sent.arcade_port == sent.ticktick_port != 0:
        parser.error("--arcade-port and --ticktick-port must differ")
    if sent.ticktick_port > _LAST_PORT:
        parser.error("no port follows --arcade-port: name one with --ticktick-port")
    return _serve(sent)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ticktick-sandbox",
        description="Arcade's Engine and TickTick on this machine. Without a command: serve both.",
        epilog="In another terminal: ticktick-sandbox exec -- python your_program.py",
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="load providers and workers from this engine.yaml",
    )
    begin.add_argument("--empty", action="store_true", help="begin with no app and no provider")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse configurations that break Arcade's reference, instead of noting it",
    )
    parser.add_argument(
        "--seed",
        metavar="TEXT",
        help="make the same ids, states and codes at every start, which others can then foresee",
    )
    usual = os.environ.get(_PORT) or ARCADE_PORT
    _add_port(parser, "--arcade-port", usual, f"where Arcade listens; {_USUAL}")
    _add_port(parser, "--ticktick-port", None, "where TickTick listens; the next port by default")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    run = commands.add_parser(
        "exec",
        help="run a program against the sandbox",
        usage="ticktick-sandbox exec [--arcade-port PORT] [--autopilot [--config FILE] [--strict]] "
        "[--worker FOLDER] -- PROGRAM [ARGUMENT ...]",
        description="Runs a program against the running sandbox, or one of its own if none "
        "runs. ARCADE_API_KEY and the other variables of the clients are set for it, and the "
        "real host names of the services lead Python, Node and curl to the sandbox. A test finds "
        "its API at TICKTICK_SANDBOX_URL, and the key for that in TICKTICK_SANDBOX_KEY.",
    )
    where = f"where the running sandbox's Arcade listens; {_USUAL}"
    # Before the command it counts, too, so that no other sandbox is used than was meant.
    _add_port(run, "--arcade-port", argparse.SUPPRESS, where)
    run.add_argument(
        "--autopilot",
        action="store_true",
        help="for tests: use a sandbox of its own whose clock stands, and consent by itself as "
        "soon as the program waits for that",
    )
    run.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        dest="own_config",
        help="with --autopilot: load providers and workers from this engine.yaml",
    )
    run.add_argument(
        "--strict",
        action="store_true",
        dest="own_strict",
        help="with --autopilot: refuse a configuration that breaks Arcade's reference",
    )
    run.add_argument(
        "--worker",
        type=Path,
        metavar="FOLDER",
        help="serve the tools in this folder, and register them with the Engine, meanwhile",
    )
    run.add_argument("program", nargs=argparse.REMAINDER, help="the program, after --")
    fault = commands.add_parser(
        "fault",
        help="let something go wrong in a running sandbox",
        description="Lets something go wrong with the next requests to a service of the running "
        "sandbox: a late answer, none, another one, half of one. Starting over removes it.",
    )
    _add_port(fault, "--arcade-port", argparse.SUPPRESS, where)
    fault.add_argument("service", nargs="?", help="Arcade or TickTick")
    fault.add_argument(
        "request",
        nargs="?",
        default="* *",
        help='method and path, such as "POST /oauth/token"; * for anything, which is the default',
    )
    fault.add_argument("--times", type=int, default=1, metavar="N", help="for N requests, not 1")
    fault.add_argument("--always", action="store_true", help="for all requests, until --clear")
    fault.add_argument("--seconds", type=float, metavar="S", help="answer S seconds late")
    fault.add_argument("--down", action="store_true", help="end the connection without an answer")
    fault.add_argument("--status", type=int, metavar="CODE", help="answer with this HTTP status")
    fault.add_argument("--body", metavar="TEXT", help="and with this body")
    fault.add_argument("--broken", action="store_true", help="send half of the body")
    fault.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help="instead: let TickTick take N requests a minute and account; the real one takes 100",
    )
    fault.add_argument("--clear", action="store_true", help="instead: remove all faults")
    new = commands.add_parser(
        "new",
        help="write a project: two tools, a program that calls one, tests, a workflow",
        description="Writes a project into a new folder: two tools, a program that calls one, "
        "tests, and a workflow for GitHub. Its README says how to go on.",
    )
    new.add_argument("name", help="of the folder and of the toolkit, such as mytool")
    wire = commands.add_parser(
        "wire",
        help="list what goes over the wire in a running sandbox",
        description="Lists each request that the running sandbox has seen, with labels in place "
        "of secrets. The page /_sandbox/wire shows the same, with all that was sent.",
    )
    _add_port(wire, "--arcade-port", argparse.SUPPRESS, where)
    forms = wire.add_mutually_exclusive_group()
    forms.add_argument("--follow", action="store_true", help="go on listing, until Ctrl+C")
    forms.add_argument(
        "--har", type=Path, metavar="FILE", help="write them in the HTTP Archive format, instead"
    )
    forms.add_argument(
        "--mermaid", action="store_true", help="print a sequence diagram for Markdown, instead"
    )
    before = commands.add_parser(
        "preflight",
        help="say what is missing before you go live",
        description="Looks at the environment and, over Arcade's admin API, at the key, the "
        "provider and the verifier, and says what is missing. It changes nothing. Exits with 1 if "
        "something is.",
    )
    before.add_argument(
        "--provider", default=PROVIDER_ID, metavar="ID", help=f"{PROVIDER_ID} by default"
    )
    capstone = commands.add_parser(
        "check-capstone",
        help="say what your first project of your own still lacks",
        description="Looks at a project that ticktick-sandbox new began: at a tool of your own, "
        "at call_tool.py, which has to call it, at its tests, which have to notice when it fails, "
        "and at what is set up to go live. Runs all three. Exits with 1 if something is missing.",
    )
    capstone.add_argument("folder", type=Path, nargs="?", default=Path(), help="this one, if none")
    check = commands.add_parser(
        "check",
        help="say what is wrong with an engine.yaml, or with a project",
        description="Says what is wrong with an engine.yaml, a .env, a Python file, or all of a "
        "folder's: where, why, and what to write. Nothing is run. Exits with 0 if there is no "
        "error, with 1 if there is one, with 2 if it was called wrongly.",
    )
    check.add_argument("path", type=Path, help="the file or folder")
    forms = ("text", "json", "github")
    check.add_argument("--format", choices=forms, default="text", help="text by default")
    return parser


def _add_port(
    parser: argparse.ArgumentParser, name: str, default: int | str | None, what: str
) -> None:
    parser.add_argument(name, type=_port, default=default, metavar="PORT", help=what)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; use a number up to {_LAST_PORT}")
    return int(text)


def _serve(sent: argparse.Namespace) -> int:
    stopped: list[int] = []  # no threading.Event: to set one while one waits for it can block

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup wants it
        signal.signal(signal.SIGHUP, stop)

    from ticktick_sandbox.server.ports import PortInUse
    from ticktick_sandbox.server.running import find_running
    from ticktick_sandbox.server.sandbox import Sandbox
    from ticktick_sandbox.shared.clock import Clock
    from ticktick_sandbox.shared.context import Context

    happened: deque[Event] = deque()
    seed = sent.seed or secrets.token_hex(16)
    context = Context.of(Clock(), seed=seed, listener=happened.append)
    try:
        running = Sandbox(context, ports=(sent.arcade_port, sent.ticktick_port), strict=sent.strict)
    except PortInUse as problem:
        is_arcade = problem.port == sent.arcade_port
        option = f"--arcade-port, or by {_PORT} for exec, too" if is_arcade else "--ticktick-port"
        who, what = "Another program", "Stop it"
        if find_running(problem.port):
            who = "A sandbox, of a notebook or of another terminal,"
            what = "Use it by exec, stop it (a notebook's ends with its kernel)"
        return _fail(
            f"{who} already listens on port {problem.port}. {what}, or choose another port with "
            f"{option}."
        )
    try:
        if not sent.empty:
            running.prepare(PROVIDER_ID, sent.config)
    except ValueError as problem:
        running.stop()
        return _fail(str(problem))
    running.start()
    port = running.arcade_url.rpartition(":")[2]
    option = "" if port == str(ARCADE_PORT) else f"--arcade-port {port} "
    _say(
        f"The sandbox is running. Press Ctrl+C to stop it.\n"
        f"  Arcade    {running.arcade_url}    API key {API_KEY}\n"
        f"  TickTick  {running.ticktick_url}    sign in as {LEARNER}, password {PASSWORD}\n"
        f"  Provider  {', '.join(running.provider_ids()) or 'none yet'}\n"
        f"Run a program against it from another terminal:\n"
        f"  ticktick-sandbox exec {option}-- python your_program.py\n"
    )
    while not stopped:
        time.sleep(0.1)
        # Said here and not by the listener, which runs between two requests.
        if happened:
            _say("\n".join(str(happened.popleft()) for _ in range(len(happened))))
    running.stop()
    return 0


def _say(text: str) -> None:
    """Print, unless whoever was reading has stopped; that is no reason to stop serving."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _exec(program: list[str], sent: argparse.Namespace) -> int:
    if os.environ.get("TUTORIAL_MODE") == "live":
        return _run(program, dict(os.environ))
    from ticktick_sandbox.redirection.curl import curl_home
    from ticktick_sandbox.server.environment import client_environment
    from ticktick_sandbox.server.running import control_key, find_running, tls_entrance
    from ticktick_sandbox.shared.errors import SandboxError
    from ticktick_sandbox.shared.scratch import NoScratch, scratch

    url = None if sent.autopilot else find_running(sent.arcade_port)
    started = None
    if url is None:
        try:
            started = _start_own(sent)
        except ValueError as problem:
            return _fail(str(problem))
        url = started.arcade_url
    what = "none was running, so one was started at" if started else "using"
    if sent.autopilot:
        what = "one on autopilot was started at"
    print(f"sandbox: {what} {url}", file=sys.stderr, flush=True)
    if sent.own_config and started:
        for event in [event for event in started.event_log.events if event.problem]:
            print(f"sandbox: {sent.own_config}: {event.text}", file=sys.stderr, flush=True)
    # Unbuffered, so that a printed link is seen before the program waits for its click.
    own = client_environment(url, _called(program))
    environment = os.environ | own | {"PYTHONUNBUFFERED": "1"}
    environment["TICKTICK_SANDBOX_KEY"] = control_key(url)
    served = None
    try:
        if sent.worker is not None:
            from ticktick_sandbox.browser.browser import local_client
            from ticktick_sandbox.processes.registered_worker import RegisteredWorker
            from ticktick_sandbox.server.entrances import as_recorded

            served = RegisteredWorker(sent.worker, url)
            served.serve()
            with local_client() as client:
                served.register(client)
            if started:
                started.standing = started.engine.workers.all()
                started.names[served.uri] = as_recorded(f"Worker {served.name}")
            print(f"sandbox: serving {', '.join(served.tools)}", file=sys.stderr, flush=True)
            for line in served.output().splitlines():
                if "ERROR" in line:  # a file that was left out
                    print(f"sandbox: the worker says: {line}", file=sys.stderr, flush=True)
        with scratch() as folder:
            entrance = tls_entrance(own["ARCADE_BASE_URL"])
            environment["CURL_HOME"] = curl_home(Path(folder), entrance, os.environ)
            return _run(program, environment)
    except (NoScratch, SandboxError) as problem:
        return _fail(str(problem))
    finally:
        if served:
            served.stop()
            if not started:
                served.unregister()
        if started:
            started.stop()


def _start_own(sent: argparse.Namespace) -> Sandbox:
    """Start a sandbox for one program; on autopilot, as notebooks have it, and on any ports.

    Raises:
        ValueError: the configuration can't be used.
    """
    from ticktick_sandbox.server.ports import PortInUse
    from ticktick_sandbox.server.sandbox import Sandbox
    from ticktick_sandbox.server.unattended import Allow
    from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
    from ticktick_sandbox.shared.context import Context

    if sent.autopilot:
        context = Context.of(Clock(standing_at=NOTEBOOK_TIME))
        started = Sandbox(context, ports=(0, 0), strict=sent.own_strict, unattended=Allow())
    else:
        context = Context.of(Clock(), seed=secrets.token_hex(16))
        try:
            started = Sandbox(context, ports=(sent.arcade_port, 0))
        except PortInUse:
            started = Sandbox(context, ports=(0, 0))
    try:
        started.prepare(PROVIDER_ID, sent.own_config)
    except ValueError:
        started.stop()
        raise
    started.start()
    return started


def _called(program: list[str]) -> str:
    """Return what a program is called: the file or module that an interpreter runs, or its own."""
    names = [Path(part).name for part in program]
    if names[0].startswith("python") and "-m" in program[1:-1]:
        return names[program.index("-m") + 1]
    return next((name for name in names if _SOURCE.search(name)), names[0])


def _preflight(provider: str) -> int:
    from ticktick_sandbox.live_setup import preflight

    passed = True
    for check in preflight(os.environ, provider):
        print(check, flush=True)
        passed = passed and check.passed
    return 0 if passed else 1


def _capstone(folder: Path) -> int:
    from ticktick_sandbox.exercises.capstone import look

    passed = True
    for check in look(folder):
        print(check, flush=True)
        passed = passed and check.passed
    return 0 if passed else 1


def _fault(sent: argparse.Namespace) -> int:
    from ticktick_sandbox.server.running import find_running, steer

    url = find_running(sent.arcade_port)
    if url is None:
        return _fail(f"No sandbox runs at port {sent.arcade_port}. Start one: ticktick-sandbox")
    done = "Set"
    if sent.clear:
        problem, done = steer(url, "clear-faults", {}), "All faults removed"
    elif sent.limit is not None:
        problem = steer(url, "limit", {"per_minute": sent.limit})
    else:
        names = ("service", "request", "seconds", "down", "status", "body", "broken")
        given = {name: getattr(sent, name) for name in names if getattr(sent, name)}
        times = None if sent.always else sent.times
        problem = steer(url, "faults", given | {"times": times})
    if problem:
        return _fail(problem)
    print(f"{done}, in the sandbox at {url}")
    return 0


def _new(name: str) -> int:
    from ticktick_sandbox.new_project import write_project
    from ticktick_sandbox.shared.errors import SandboxError

    try:
        write_project(name, Path())
    except SandboxError as problem:
        return _fail(str(problem))
    print(
        f"{name}/ has two tools, a program that calls one, tests, and a workflow. Go on with:\n"
        f"  cd {name}\n"
        "  python3 -m venv .venv && source .venv/bin/activate\n"
        "  pip install -r requirements.txt\n"
        "  pytest\n"
        f"  ticktick-sandbox exec --worker {name} -- python call_tool.py"
    )
    return 0


def _wire(port: int, *, follow: bool, har: Path | None, mermaid: bool) -> int:
    import json
    from importlib.metadata import version

    from ticktick_sandbox.recording.exports import to_har, to_lines, to_mermaid
    from ticktick_sandbox.server.running import exchanges, find_running

    url = find_running(port)
    if url is None:
        return _fail(f"No sandbox runs at port {port}. Start one with: ticktick-sandbox")
    found = exchanges(url)
    if mermaid:
        _say(to_mermaid(found).rstrip())
    elif har:
        written = json.dumps(to_har(found, version("ticktick-sandbox")), indent=1) + "\n"
        try:
            har.write_text(written, encoding="utf-8")
        except OSError as problem:
            return _fail(f"{har} can't be written: {problem.strerror}.")
        print(f"Wrote {len(found)} requests to {har}.")
    elif follow:
        _follow(url)
    elif found:
        _say("\n".join(to_lines(found)))
    else:
        print("Nothing went over the wire yet.", file=sys.stderr)
    return 0


def _follow(url: str) -> None:
    """Print a line for each request, and another one for an answer that came later."""
    import httpx

    from ticktick_sandbox.recording.exports import to_text
    from ticktick_sandbox.server.running import exchanges

    signal.signal(signal.SIGINT, signal.default_int_handler)
    said: dict[int, int] = {}
    try:
        while True:
            found = exchanges(url)
            if found and found[-1].number < max(said, default=0):
                said.clear()  # started over
            new = [each for each in found if said.get(each.number) != each.answered]
            if new:
                _say("\n".join(map(to_text, new)))
            said |= {each.number: each.answered for each in new}
            time.sleep(_PAUSE)
    except KeyboardInterrupt:
        return
    except httpx.HTTPError:
        print("The sandbox has stopped.", file=sys.stderr)


def _run(program: list[str], environment: dict[str, str]) -> int:
    try:
        child = subprocess.Popen(program, env=environment)
    except OSError as problem:
        _fail(f"{program[0]} can't be run: {problem.strerror}.")
        return 127
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: child.send_signal(number))
    while True:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            continue  # the program got the signal, too, and decides what to do with it
        return 128 - code if code < 0 else code


def _check(path: Path, form: str) -> int:
    from ticktick_sandbox.checker import report

    lines, broken = report(path, form)
    if lines:
        print("\n".join(lines))
    return 1 if broken else 0


def _fail(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
