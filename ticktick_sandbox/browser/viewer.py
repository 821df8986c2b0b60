"""A page for a person: shown, or filled in for them on autopilot, and read afterwards."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

from ticktick_sandbox.browser.form_watch import (
    Ended,
    FormWatch,
    Sent,
    Shown,
    Step,
    Wanted,
    is_secret,
)
from ticktick_sandbox.browser.notebook_page import Waiting, in_notebook, show_frame
from ticktick_sandbox.shared.errors import SandboxError

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    from ticktick_sandbox.browser.browser import Page as BrowserPage
    from ticktick_sandbox.browser.html import Form

GO_ON = "/_sandbox/go-on"
FRAME = "/_sandbox/frame"
ALIVE = "/_sandbox/alive.svg"
WATCH = "/_sandbox/wire"
_PATIENCE = 600.0  # seconds in which a person does what they are asked for
_LEADS_ON = 2.0  # seconds in which a browser has followed where the consent leads
_AGAIN = 10.0  # seconds after which they are told again
_LOW, _HIGH = 560, 800  # heights of a frame, in CSS pixels: a page to click on, a form


class Viewer:
    """Shows pages to a person, or does on them what the person would do.

    Args:
        local: maps a real URL to its place on this machine.
        seen_at: maps such a place to where a person's browser finds it.
        form_watch: tells which forms people have sent off.
        origins: the addresses whose forms it watches, Arcade's first.
        run: names this start of the sandbox, so that a frame of an earlier one says so.
    """

    def __init__(
        self,
        local: Callable[[str], str],
        seen_at: Callable[[str], str],
        form_watch: FormWatch,
        origins: tuple[str, ...],
        run: str,
    ) -> None:
        self._local = local
        self._seen_at = seen_at
        self._form_watch = form_watch
        self.origins = origins
        self._run = run
        self._go_on = f"{origins[0]}{GO_ON}"
        # Of the reader's own app, as a person's browser keeps them.
        self._cookies: CookieJar | None = None

    def steer(self, url: str, click: str | None, fill: Mapping[str, str]) -> str:
        """Do what a person would do on a page, say so, and return where that led.

        Raises:
            SandboxError: the page has no such field, link or button.
        """
        from http.cookiejar import CookieJar

        from ticktick_sandbox.browser.browser import Browser, CannotDo

        if self._cookies is None:
            self._cookies = CookieJar()
        try:
            with Browser(self._local, cookies=self._cookies) as browser:
                page = browser.open(url)
                if click:
                    page = browser.click(page, click, fill)
                signed_in = browser.signed_in
        except CannotDo as problem:
            raise SandboxError(str(problem)) from None
        steps = ["signed in"] if signed_in else []
        outcome = page.heading if not page.error else f"{page.heading}: {page.error}"
        steps += [_what_was_done(click, fill)] if click or fill else []
        print(f"Autopilot: {', '.join(steps) or 'looked'} → {outcome}")
        return page.url

    def show(
        self,
        address: str,
        click: str | None,
        fill: Mapping[str, str],
        suggest: Mapping[str, str],
    ) -> None:
        """Show a page to a person and wait until they have done what is asked for.

        A form of the sandbox is waited for until it was taken with what is in ``fill``. In a
        notebook, any other page is waited for until the person has seen it.

        Raises:
            SandboxError: the page has no such field or button, or nobody did it in ten minutes.
        """
        wanted, signs_in = self._wanted(address, click, fill, suggest)
        todo = _todo(click, {**fill, **suggest})
        where = "In the page below, or at" if in_notebook() else "Open"
        print(f"{where} {self._seen_at(address)}" + (f" : {todo}." if todo else ""))
        for label, value in fill.items():
            print(f"  {label}: {_plain(label, value)}")
        for label, value in suggest.items():
            print(f"  {label}: {value}, or what you like")
        if wanted and wanted[0].path == GO_ON:
            print(f"Seen it? Go on: {self._seen_at(self._go_on)}")
            todo = f"{todo}, then click Go on" if todo else "look at the page, then click Go on"
        if wanted:
            seen = "" if click else self._outcome(address)
            self._wait(wanted, address, todo, {**fill, **suggest}, seen, signs_in=signs_in)

    def show_beside(self, address: str) -> None:
        """Show a page of the sandbox to a person who does nothing on it; wait for nothing."""
        shown = os.environ.get("TICKTICK_SANDBOX_AUTOPILOT") != "1" and in_notebook()
        print("In the page below, or at" if shown else "Open", self._seen_at(address))
        if shown:
            show_frame(self._framed(address), "What happens", _LOW)

    def _outcome(self, address: str) -> str:
        """Return what a page that is only looked at says, for when it is gone."""
        from ticktick_sandbox.browser.browser import Browser

        if not address.startswith(self.origins):
            return ""
        with Browser(self._local, looking=True) as browser:
            page = browser.open(address)
        return f"{page.heading}: {page.error}" if page.error else page.heading

    def _wait(
        self,
        wanted: list[Wanted],
        address: str,
        todo: str,
        values: Mapping[str, str],
        seen: str,
        *,
        signs_in: bool,
    ) -> None:
        before, after = ("step 1 of 2, sign in", f"step 2 of 2, {todo}") if signs_in else ("", todo)
        screen = None
        with self._form_watch.waiting_for(wanted) as next_step:
            if in_notebook():
                height = _HIGH if values else _LOW
                go_on = self._seen_at(self._go_on) if wanted[0].path == GO_ON else None
                alive = self._seen_at(f"{self.origins[0]}{ALIVE}?run={self._run}")
                screen = Waiting(
                    self._framed(address),
                    before or after,
                    values,
                    height=height,
                    alive=alive,
                    go_on=go_on,
                )
            try:
                place = self._seen_at(address)
                more = _follow(next_step, screen, before, after, wanted[0], place)
            except KeyboardInterrupt:
                if screen:
                    screen.done("Stopped.")
                raise SandboxError(
                    "You stopped this cell. Run it again, then the cells below it."
                ) from None
            except SandboxError:
                if screen:
                    screen.done("Nobody came.")
                raise
        if screen:
            done = f"saw {seen}" if seen else _what_was_done(wanted[0].click, wanted[0].needed)
            screen.done(f"Done: {done}.", keep_page=more)

    def _wanted(
        self,
        address: str,
        click: str | None,
        fill: Mapping[str, str],
        suggest: Mapping[str, str],
    ) -> tuple[list[Wanted], bool]:
        """Return what ends the wait, and whether one has to sign in before.

        These are the forms with this button and these fields, or in a notebook Go on.
        """
        from ticktick_sandbox.browser.browser import Browser, CannotDo

        ours = address.startswith(self.origins)
        if not ours and not in_notebook():
            return [], False
        try:
            with Browser(self._local, looking=True) as browser:
                page, shown_at, forms, places = None, "", [], {urlsplit(address).path}
                if ours:
                    page = browser.open(address)
                    parts = urlsplit(page.url)  # where one comes to once one is signed in
                    places.add(parts.path)
                    shown_at = parts.path + (f"?{parts.query}" if parts.query else "")
                    typed = {**fill, **suggest}
                    if click and (typed or click not in page.links):
                        forms = page.forms_with(click, typed)
                        for form in forms:
                            form.filled(typed)
                signs_in = browser.signed_in
                if not forms and in_notebook():
                    form = browser.open(self._go_on).form_with("Go on", [])
                    first = None
                    if page and click in page.links:
                        first = click, urlsplit(urljoin(page.url, page.links[click])).path
                    wanted = Wanted(form, GO_ON, GO_ON, "Go on", places, first=first)
                    return [wanted], signs_in
        except CannotDo as problem:
            raise SandboxError(str(problem)) from None
        wanted = [
            Wanted(
                form,
                urlsplit(urljoin(address, form.action)).path,
                shown_at,
                str(click),
                places,
                fill,
                set(suggest),
            )
            for form in forms
        ]
        alike = _looking_alike(page, forms, str(click)) if page else ()
        for text, other in alike:
            path = urlsplit(urljoin(address, other.action)).path
            wrong = f"You clicked {text}, not {click}."
            wanted.append(Wanted(other, path, shown_at, text, places, wrong=wrong))
        return wanted, signs_in

    def _framed(self, address: str) -> str:
        """Return an address for a frame; a later sandbox says there that it is not its own."""
        origin = next((each for each in self.origins if address.startswith(f"{each}/")), None)
        if origin is None:
            return self._seen_at(address)
        query = urlencode({"run": self._run, "to": address[len(origin) :]})
        return self._seen_at(f"{origin}{FRAME}?{query}")


def _follow(
    next_step: Callable[[float], Step | None],
    screen: Waiting | None,
    before: str,
    after: str,
    wanted: Wanted,
    address: str,
) -> bool:
    """Say what to do, ``before`` signing in and ``after``, until the form was taken as needed.

    Returns:
        Whether the page goes on with something that the person has to read.

    Raises:
        SandboxError: nobody did it in ten minutes.
    """
    now = before or after
    deadline = time.monotonic() + _PATIENCE
    told = False
    while True:
        left = deadline - time.monotonic()
        step = next_step(min(left, _PATIENCE if told else _AGAIN))
        if isinstance(step, Sent) and step.taken:
            # The frame stays until the browser has gone where the answer leads.
            return step.leaves and not isinstance(next_step(_LEADS_ON), Ended)
        if isinstance(step, Shown):
            if now != after and screen:
                screen.say(after)
            now = after
        elif isinstance(step, Sent):
            if screen and step.differences:
                screen.say(now, *step.differences)
                if not wanted.needed:
                    screen.show_again()
            elif step.differences:
                print("\n".join(step.differences))
        elif time.monotonic() >= deadline:
            raise SandboxError(
                f"Nobody clicked {wanted.click} within {_PATIENCE / 60:.0f} minutes. "
                "Run this again."
            )
        elif not told:
            told = True
            if screen:
                screen.say(now, again=True)
            else:
                print(f"Still waiting: {now}, at {address}")


def _looking_alike(page: BrowserPage, forms: list[Form], click: str) -> Iterator[tuple[str, Form]]:
    """Yield the other forms of a page whose button reads as the one that is to be clicked."""
    short = {name for form in forms for name in form.buttons if click.startswith(f"{name} ")}
    for form in page.forms:
        if form not in forms and short & set(form.buttons):
            yield max(form.buttons, key=len), form


def _todo(click: str | None, values: Mapping[str, str]) -> str:
    steps = ["fill in the form"] if values else []
    steps += [f"click {click}"] if click else []
    return ", then ".join(steps)


def _what_was_done(click: str | None, values: Mapping[str, str]) -> str:
    steps = [f"filled in {', '.join(values)}"] if values else []
    steps += [f"clicked {click}"] if click else []
    return ", ".join(steps)


def _plain(label: str, value: str) -> str:
    if not is_secret(label):
        return value
    return "use its Copy button below" if in_notebook() else "copy it from the page that shows it"


class Page(Mapping[str, str]):
    """The labelled values of a page, such as ``page["Client ID"]``.

    They are read anew each time, so that they show what a person has done meanwhile. A
    link that the person was to click is followed; a button is not, for that is theirs.

    Args:
        url: where it is; empty if there is nothing to open.
        local: gives what maps a real URL to its place on this machine.
        link: the link that the person was to click.
    """

    def __init__(
        self, url: str, local: Callable[[], Callable[[str], str]], link: str | None = None
    ) -> None:
        self._url = url
        self._local = local
        self._link = link

    @property
    def url(self) -> str:
        """Where the page is; empty if there was nothing to open."""
        page = self._read()
        return page.url.partition("?")[0] if page else ""

    def __getitem__(self, label: str) -> str:
        values = self._values()
        if label not in values:
            there = ", ".join(values) or "none"
            raise KeyError(f"{self.url or 'no page'} shows no {label!r}. It shows: {there}")
        return values[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def _ipython_display_(self) -> None:
        """Show nothing when a cell ends with the page."""

    def _values(self) -> dict[str, str]:
        page = self._read()
        return page.values if page else {}

    def _read(self) -> BrowserPage | None:
        if not self._url:
            return None
        from ticktick_sandbox.browser.browser import Browser

        with Browser(self._local(), looking=True) as browser:
            page = browser.open(self._url)
            return browser.click(page, self._link) if self._link in page.links else page


class LivePage(Page):
    """A page of a live service, which nobody reads but the person."""

    def __init__(self, url: str) -> None:
        super().__init__("", lambda: str)
        self._live_url = url

    @property
    def url(self) -> str:
        """Where the page is."""
        return self._live_url

    def __getitem__(self, label: str) -> str:
        raise SandboxError(
            f"Live, no page is read for you. Open {self.url}, copy {label}, and put it into "
            "this cell yourself."
        )
