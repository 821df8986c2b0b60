"""What a notebook calls: ``start``, ``open``, ``wire``, ``clock``, ``faults`` and more."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticktick_sandbox.browser.notebook_page import in_notebook
from ticktick_sandbox.browser.viewer import WATCH, LivePage, Page, Viewer
from ticktick_sandbox.shared.errors import SandboxError

if TYPE_CHECKING:
    from ticktick_sandbox.exercises.exercise import Exercise
    from ticktick_sandbox.on_this_machine import OnThisMachine
    from ticktick_sandbox.pyodide.in_this_browser import InThisBrowser
    from ticktick_sandbox.shared.event_log import Event


@dataclass
class _Running:
    place: OnThisMachine | InThisBrowser
    viewer: Viewer
    wanted: tuple[object, ...]
    lines: list[str]
    # What was sent off, and how many events there were before.
    done: dict[tuple[object, ...], tuple[Page, int]] = field(default_factory=dict)
    drawn: tuple[object, int] = None, 0  # the services, and the last exchange that wire showed


_running: _Running | None = None


def start(
    provider: str | None = "arcade-ticktick",
    *,
    app: bool = True,
    config: str | Path | None = None,
    strict: bool = False,
    person: str | None = None,
) -> None:
    """Start the sandbox in this process and say what was set up. Twice is harmless.

    Args:
        provider: the id of a ready-made provider; ``None`` for none, so that you make it.
        app: whether TickTick has an app for it; ``False``, with no provider, for none.
        config: an engine.yaml to load providers and workers from instead.
        strict: let the Engine refuse configurations that break the reference.
        person: the name of somebody else than the learner, whom TickTick's pages are shown to.

    Raises:
        SandboxError: it runs already with other arguments, or a setting can't be used.
    """
    global _running
    if _is_live():
        _greet_live()
        return
    wanted = (provider, app, str(config) if config else None, strict, person)
    ran_already = _running is not None
    if _running is None:
        _running = _start(*wanted)
        atexit.register(stop)
    if _running.wanted != wanted:
        raise SandboxError(
            "The sandbox already runs with other arguments. Call sandbox.stop() first, or "
            "restart the kernel."
        )
    print("\n".join(_running.lines))
    if ran_already:
        print("It ran already and keeps what you made. Restart the kernel to begin anew.")


def stop() -> None:
    """Stop the sandbox and put everything back as it was. Without one, do nothing."""
    global _running
    if _running is None:
        return
    running, _running = _running, None
    running.place.stop()


def open(
    url: str | None,
    *,
    click: str | None = None,
    fill: Mapping[str, str] | None = None,
    suggest: Mapping[str, str] | None = None,
) -> Page:
    """Show a page to a person: a link, and in a notebook a frame below it.

    It returns once they have sent the form off with what is needed, so that the next cell
    finds what they made. In a notebook, a page without a form is left with a button Go on.

    With ``TICKTICK_SANDBOX_AUTOPILOT=1``, as the tests run, the same page is fetched, filled in and
    submitted over HTTP instead, and one line says so.

    Args:
        url: the page; ``None`` or empty when there is nothing left to decide.
        click: the link or button that the person is to click.
        fill: what has to be typed, by the labels of the fields. A form with anything else is
            not taken, and says what differs.
        suggest: what may be typed, and may differ.

    Returns:
        The values of the page's labelled fields, read when you ask for them.

    Raises:
        SandboxError: the sandbox does not run, the page has no such field or button, or nobody
            did it within ten minutes.
    """
    if not url:
        print("Nothing to open: access was allowed before.")
        return Page("", _local)
    if _is_live():
        print(f"Open {url}")
        return LivePage(url)
    running = _require()
    fill, suggest = fill or {}, suggest or {}
    typed = {**fill, **suggest}
    deed = running.place.services, url, click, *typed.items()  # others after starting over
    ours = running.place.local(url).startswith(running.viewer.origins)
    # A consent, too, is given once: an OAuth state serves for one answer, unless that failed.
    if (typed or "state=" in url) and ours and deed in running.done:
        page, before = running.done[deed]
        since = list(running.place.events())[before:]
        if typed or not _mended(since):
            what = ", ".join(typed) or f"clicked {click}"
            print(f"Done before: {what}. To do it anew, restart the kernel.")
            return page
    if typed:  # what was typed here before is no longer what stands there
        for other in [each for each in running.done if each[:2] == deed[:2]]:
            del running.done[other]
    before = len(running.place.events())
    if os.environ.get("TICKTICK_SANDBOX_AUTOPILOT") == "1":
        page = Page(running.viewer.steer(url, click, typed), _local)
    else:
        address = running.place.local(url)
        running.viewer.show(address, click, fill, suggest)
        page = Page(address, _local, click if not typed else None)
    running.done[deed] = page, before
    return page


def start_worker(folder: str | Path | None = None, *, name: str = "ticktick") -> str:
    """Serve tools from a real worker, and say where.

    Calling it again starts the worker anew, with what its files hold then. Live nothing is
    started: the address is that of ``WORKER_URI``, and ``ARCADE_WORKER_SECRET`` its secret.

    Args:
        folder: where the tools are; without one, the installed toolkits are served.
        name: what a folder's toolkit is called: ``ticktick`` makes ``Ticktick``.

    Returns:
        The address to give to the Engine.

    Raises:
        SandboxError: the sandbox does not run, or the worker does not start; with its last words.
    """
    if _is_live():
        return _live_address("worker", "WORKER_URI", "ARCADE_WORKER_SECRET")
    place = None if folder is None else Path(folder).resolve()
    if place and not place.is_dir():
        raise SandboxError(f"{folder} is not a folder. Name the one that holds your tools.")
    uri, note = _require().place.start_worker(place, name)
    tools = f"{place.name} is" if place else "the installed toolkits are"
    print(f"Worker: {tools} served at {uri}{note}")
    return uri


def start_app(file: str | Path) -> str:
    """Serve a web app of yours from a process of its own, and say where.

    Calling it again starts the app anew, with what the file holds then. Live nothing is
    started: the address is that of ``APP_URL``.

    Args:
        file: the Python file in which ``app`` is the ASGI application.

    Returns:
        The address for browsers.

    Raises:
        SandboxError: the sandbox does not run, or the app does not start; with its last words.
    """
    if _is_live():
        return _live_address("app", "APP_URL")
    place = Path(file).resolve()
    if not place.is_file():
        raise SandboxError(f"{file} is not a file. Name the one that holds your app.")
    url, note = _require().place.start_app(place)
    print(f"App: {place.name} is served at {url}{note}")
    return url


def check(file: str | Path) -> None:
    """Print what is wrong with an engine.yaml, as ``ticktick-sandbox check`` does."""
    from ticktick_sandbox.checker import report

    print("\n".join(report(Path(file))[0]))


def preflight() -> None:
    """Print what is set up for going live and what is missing, as the command of this name does."""
    from ticktick_sandbox.live_setup import preflight as looks

    print("\n".join(str(each) for each in looks(os.environ)))


def events() -> list[Event]:
    """Return what happened in the sandbox, oldest first. ``problem`` marks what went wrong.

    Live there is no sandbox to ask, so the list is empty.
    """
    if _is_live():
        return []
    return list(_require().place.events())


def wire(*, last: int | None = None) -> None:
    """Show what went over the wire since the last call: who asked whom, for what, and the answer.

    In a notebook it is a diagram, and below it a line for each request, which opens to what
    was sent; elsewhere a line each. In place of a secret stands a label such as ``code 1``,
    the same one wherever that secret was sent. Live the requests don't pass here, and a line
    says so.

    Args:
        last: show only so many calls of this program, the newest, with what came after.

    Raises:
        SandboxError: the sandbox does not run.
    """
    if _is_live():
        print("Live: what goes over the wire does not pass here.")
        return
    running = _require()
    services, shown = running.drawn
    if services != running.place.services:  # started over
        shown = 0
    new = [each for each in running.place.exchanges() if each.number > shown]
    if not new:
        print("Nothing went over the wire since the last call.")
        return
    from ticktick_sandbox.recording.exchange import steady
    from ticktick_sandbox.recording.exports import to_lines

    running.drawn = running.place.services, new[-1].number
    calls = [each.number for each in new if each.asker == "Program"]
    if last and len(calls) > last:
        new = [each for each in new if each.number >= calls[-last]]
    new = [steady(each) for each in new]
    lines = "\n".join(to_lines(new))
    if not in_notebook():
        print(lines)
        return
    from IPython.display import display

    from ticktick_sandbox.recording.diagram import to_html

    display({"text/plain": lines, "text/html": to_html(new)}, raw=True)


def exercise(name: str) -> Exercise:
    """Begin an exercise: its ``check()`` looks at what happens from now on.

    Args:
        name: that of the notebook, without its number.

    Raises:
        SandboxError: there is no such exercise.
    """
    from ticktick_sandbox.exercises.exercise import Exercise

    if _is_live():
        return Exercise(name, lambda: "Live: exercises are checked in the sandbox only.")
    place = _running.place if _running else None
    began = place.exercise_began() if place else (0, 0)
    services = place.services if place else None

    def judged() -> str:
        if _running is None:
            return (
                "The sandbox does not run: it was stopped, or its last start was refused. Mend "
                "what that says, start it, and check again."
            )
        here = _running.place
        since = began if here.services == services else (0, 0)  # else all of it is new
        return here.judge(name, since)

    return Exercise(name, judged)


def watch() -> None:
    """Show the page on which each request appears as it happens; it waits for nothing."""
    if _is_live():
        print("Live: what goes over the wire does not pass here.")
        return
    running = _require()
    running.viewer.show_beside(f"{running.viewer.origins[0]}{WATCH}")


class _Clock:
    """The clock of the running sandbox. It stands still until you move it."""

    def now(self) -> datetime:
        """Return the sandbox's time in UTC, live the real one."""
        if _is_live():
            return datetime.now(UTC)
        return _require().place.clock.now()

    def advance(self, **duration: float) -> datetime:
        """Move the time forward: ``advance(days=180)``. Returns the new time.

        Live nothing moves, and a line says so.
        """
        if _is_live():
            print("Live: the real clock can't be moved.")
            return datetime.now(UTC)
        return _require().place.clock.advance(**duration)


class _Faults:
    """What goes wrong with the services, because you want it to. Live nothing can be added."""

    def add(self, service: str, request: str = "* *", **fault: Any) -> None:
        """Let something go wrong with the next requests to a service.

        Args:
            service: ``Arcade`` or ``TickTick``.
            request: method and path, such as ``POST /oauth/token``; ``*`` stands for anything.
            **fault: ``times`` for how many requests, 1 by default, ``None`` for all; and one of
                ``seconds`` for a late answer, ``down=True`` for none, ``status`` and ``body``
                for another one, ``broken=True`` for half of it.

        Raises:
            SandboxError: the sandbox does not run, or there is no such fault.
        """
        if not self._live():
            _require().place.faults.add(service, request, **fault)

    def limit(self, per_minute: int = 100) -> None:
        """Switch TickTick's limit on: so many requests a minute and account."""
        if not self._live():
            _require().place.faults.limit(per_minute=per_minute)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        if not self._live():
            _require().place.faults.clear()

    def _live(self) -> bool:
        live = _is_live()
        if live:
            print("Live: nothing goes wrong on demand.")
        return live


clock = _Clock()
faults = _Faults()


def _mended(events: list[Event]) -> bool:
    """Tell whether something went wrong, and something was done since."""
    return any(event.problem for event in events) and not events[-1].problem


def _is_live() -> bool:
    mode = os.environ.get("TUTORIAL_MODE") or "sandbox"
    if mode not in ("sandbox", "live"):
        raise SandboxError(
            f"TUTORIAL_MODE is {mode!r}. Set it to live, or unset it for the sandbox."
        )
    return mode == "live"


def _greet_live() -> None:
    missing = [name for name in ("ARCADE_API_KEY", "ARCADE_USER_ID") if not os.environ.get(name)]
    if missing:
        raise SandboxError(
            f"TUTORIAL_MODE=live needs {' and '.join(missing)}. ARCADE_USER_ID is the e-mail "
            "address of your Arcade account. Set them and restart."
        )
    print("Live: no sandbox is started. Your key is used, and the real services answer.")


def _live_address(what: str, *variables: str) -> str:
    missing = [name for name in variables if not os.environ.get(name)]
    if missing:
        raise SandboxError(
            f"Live, your {what} has to be where Arcade and browsers reach it. Start it there, "
            f"set {' and '.join(missing)}, and restart."
        )
    address = os.environ[variables[0]]
    print(f"Live: your {what} is at {address}.")
    return address


def _require() -> _Running:
    if _running is None:
        raise SandboxError("The sandbox does not run. Call sandbox.start() first.")
    return _running


def _local() -> Callable[[str], str]:
    return _require().place.local


def _start(
    provider: str | None, app: bool, config: str | None, strict: bool, person: str | None
) -> _Running:
    if sys.platform == "emscripten":
        from ticktick_sandbox.pyodide.in_this_browser import InThisBrowser as Place
    else:
        from ticktick_sandbox.on_this_machine import OnThisMachine as Place

    place = Place(provider, app, Path(config) if config else None, strict, person)
    viewer = Viewer(place.local, place.seen_at, place.form_watch, place.origins, place.run_id)
    user = os.environ["ARCADE_USER_ID"]
    lines = [
        f"Sandbox: Arcade at {place.origins[0]}, TickTick at {place.origins[1]}{place.moved}",
        f"Clients: ARCADE_BASE_URL, ARCADE_API_KEY and others lead there; you act as {user}",
        f"Network: {place.network}",
    ]
    if person:
        lines.append(f"TickTick's pages know you as {place.offered}")
    return _Running(place, viewer, (provider, app, config, strict, person), lines)
