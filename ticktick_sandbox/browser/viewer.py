"""A page for a person: shown, or filled in for them on autopilot, and read afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ticktick_sandbox.browser.form_watch import FormWatch
from ticktick_sandbox.shared.errors import SandboxError

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    from ticktick_sandbox.browser.browser import Page as BrowserPage

_CONSENT = ("Allow", "Cancel")  # what the program itself waits for
_PATIENCE = 600  # seconds in which a person fills in a form


class Viewer:
    """Shows pages to a person, or does on them what the person would do.

    Args:
        local: maps a real URL to its place on this machine.
        form_watch: tells which forms people have sent off.
        origins: the addresses whose forms it watches.
    """

    def __init__(
        self, local: Callable[[str], str], form_watch: FormWatch, origins: tuple[str, ...]
    ) -> None:
        self._local = local
        self._form_watch = form_watch
        self._origins = origins
        # Of the reader's own app, as a person's browser keeps them.
        self._cookies: CookieJar | None = None

    def steer(self, url: str, click: str | None, fill: dict[str, str]) -> str:
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
        steps += [f"filled in {', '.join(fill)}"] if fill else []
        steps += [f"clicked {click}"] if click else []
        outcome = page.heading if not page.error else f"{page.heading}: {page.error}"
        print(f"Autopilot: {', '.join(steps) or 'looked'} → {outcome}")
        return page.url

    def show(self, address: str, click: str | None, fill: dict[str, str], *, wait: bool) -> None:
        """Show a page to a person; wait for the click where there is something to wait for.

        Raises:
            SandboxError: the page has no such field or button, or nobody clicked for ten minutes.
        """
        watched = address.startswith(self._origins) and click is not None and (wait or bool(fill))
        forms = self._form_paths(address, click or "", fill) if watched else set()
        taken = self._form_watch.count(forms)
        todo = ["fill in the form"] if fill else []
        todo += [f"click {click}"] if click else []
        where = "In the page below, or at" if _frames() else "Open"
        print(f"{where} {address}" + (f" : {', then '.join(todo)}." if todo else ""))
        for label, value in fill.items():
            hidden = any(word in label.lower() for word in ("secret", "password"))
            print(f"  {label}: {'copy it from the page that shows it' if hidden else value}")
        if _frames():
            from IPython.display import IFrame, display

            display(IFrame(address, width="100%", height=600))
        if click and not forms and click not in _CONSENT and _frames():
            print("The cell goes on by itself.")
        if forms and not self._form_watch.wait(forms, taken, _PATIENCE):
            raise SandboxError(
                f"Nobody clicked {click} within {_PATIENCE // 60} minutes. Run this again."
            )

    def _form_paths(self, address: str, click: str, fill: dict[str, str]) -> set[str]:
        """Return the paths to which the forms with this button and these fields are sent."""
        from ticktick_sandbox.browser.browser import Browser, CannotDo

        try:
            with Browser(self._local) as browser:
                forms = browser.open(address).forms_with(click, fill)
        except CannotDo as problem:
            raise SandboxError(str(problem)) from None
        return {urlsplit(urljoin(address, form.action)).path for form in forms}


def _frames() -> bool:
    """Tell whether this is a notebook, which can show a page in a frame."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


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

        with Browser(self._local()) as browser:
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
