"""A person at a browser: what the tutorial asks of them, by mouse, keyboard and clipboard."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, ViewportSize, expect

from tests.chromium import watched
from tests.processes import Output, running
from tests.processes import sandbox as sandbox_command
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.settings import PROVIDER_ID

APP = "My TickTick app"
_SIZE: ViewportSize = {"width": 960, "height": 400}
_MASK = "#8a93a5"
_MOUNTED = """
<style>
body { margin: 0; font: 14px system-ui, sans-serif; }
figure { width: 960px; margin: 0; padding: 4px 18px 18px; background: #c9ced8; }
figcaption { padding: 6px 0; color: #1c2230; }
img { display: block; border-radius: 8px; }
</style>
<figure><figcaption>Picture of this step</figcaption><img src="data:image/png;base64,{}"></figure>
"""
"""A picture has to look like one, so that nobody mistakes it for a frame and clicks in it."""


class Person:
    """Someone who follows the tutorial.

    ``told`` is what the browser reports meanwhile: errors on the console, and every request.

    Args:
        browser: where they open their tab.
        sandbox: what they work with.
        pictures: the folder for pictures of what they see; without it they take none.
    """

    def __init__(self, browser: Browser, sandbox: Sandbox, pictures: Path | None = None) -> None:
        self._window = browser.new_context(viewport=_SIZE)
        self.tab = self._window.new_page()
        self.told = watched(self.tab)
        self.sandbox = sandbox
        self._arcade, self._ticktick = sandbox.arcade_url, sandbox.ticktick_url
        self._pictures = pictures

    # Notebook 01: the app

    def register_app(self) -> None:
        """Sign in to the Developer Portal and create an app."""
        self.tab.goto(f"{self._ticktick}/manage")
        self._picture("sign-in")
        self._button("Sign in").click()
        self._picture("portal")
        self._link("New App").click()
        self.field("* Name").focus()
        self.tab.keyboard.type(APP)
        self.tab.keyboard.press("Tab")
        self.tab.keyboard.press("Tab")
        self.tab.keyboard.type("Reads and writes tasks for its users")
        self._picture("portal-new-app")
        self._button("Add").click()
        expect(self.tab.get_by_role("cell", name=APP, exact=True)).to_be_visible()

    def open_app(self) -> None:
        """Go to the settings of the app."""
        self.tab.goto(f"{self._ticktick}/manage")
        self._link(f"Edit {APP}").click()
        expect(self.tab.get_by_role("heading", name="App Setting")).to_be_visible()
        self._picture("portal-app", hidden=self.field("Client Secret"))

    def type_redirect_url(self, url: str) -> None:
        """Type a redirect URL into the app's settings, without saving."""
        self.open_app()
        self.field("OAuth redirect URL").fill(url)

    def save_app(self) -> None:
        """Save the app's settings."""
        self._button("Save").click()
        expect(self.tab.get_by_role("status")).to_have_text("Saved.")

    # Notebook 02: the provider

    def add_provider(self) -> None:
        """Add the provider in the dashboard, copying ID and secret from the portal."""
        self.open_app()
        portal = self.tab
        self.tab = self._window.new_page()
        watched(self.tab, self.told)
        self._open_dashboard("Connected Apps")
        self._picture("connected-apps")
        self._link("Add OAuth Provider").click()
        self.field("ID").fill(PROVIDER_ID)
        self.field("Description").fill("TickTick OAuth 2.0 provider")
        for label in ("Client ID", "Client Secret"):
            portal.bring_to_front()
            self._copy(portal.get_by_label(re.compile(f"^{label}")))
            self.tab.bring_to_front()
            self._paste(self.field(label))
        self.field("Authorization Endpoint").fill("https://ticktick.com/oauth/authorize")
        self.field("Token Endpoint").fill("https://ticktick.com/oauth/token")
        self._picture("add-provider", hidden=self.field("Client Secret"))
        self._button("Create").click()
        expect(self.tab.get_by_role("status")).to_have_text("Created.")
        self._picture("provider", hidden=self.field("Client Secret"))

    def redirect_url(self) -> str:
        """Return the redirect URL that the provider's page in the dashboard shows."""
        self.tab.goto(f"{self._arcade}/dashboard/connected-apps/provider/{PROVIDER_ID}")
        return self.field("Redirect URI").input_value()

    def carry_redirect_url_over(self) -> None:
        """Copy the redirect URL that the dashboard shows into the app, and save it."""
        self.redirect_url()
        self._copy(self.field("Redirect URI"))
        self.open_app()
        self._paste(self.field("OAuth redirect URL"))
        self.save_app()
        self._picture("portal-saved", hidden=self.field("Client Secret"))

    # Notebook 04: consent

    def allow(self, url: str) -> None:
        """Open an authorization's link and allow access."""
        self.tab.goto(url)
        self._picture("consent")
        self.click_allow()

    def click_allow(self) -> None:
        """Click Allow on the consent page."""
        self._button("Allow").click()
        expect(self.heading()).to_have_text("Authorization complete")

    def deny(self, url: str) -> None:
        """Open an authorization's link and deny access."""
        self.tab.goto(url)
        self._button("Cancel").click()

    def meet_oauth_error(self, url: str) -> None:
        """Open an authorization's link that TickTick refuses."""
        self.tab.goto(url)
        expect(self.heading()).to_have_text("OAuth Error")
        self._picture("oauth-error")

    # Notebook 05: the server and its tool

    def add_server(self, uri: str, secret: str) -> None:
        """Add a server that serves the custom tool."""
        self._open_dashboard("Servers")
        self._link("Add Server").click()
        self.field("ID").fill("ticktick")
        self.field("URI").fill(uri)
        self.field("Secret").fill(secret)
        self._picture("add-server", hidden=self.field("Secret"))
        self._button("Add Server").click()
        expect(self.heading()).to_have_text("ticktick")
        self._picture("server")

    def run_tool(self, name: str, inputs: dict[str, str]) -> None:
        """Run a tool in the playground."""
        self._open_dashboard("Playground")
        self._link(name).click()
        for label, text in inputs.items():
            self.field(label).fill(text)
        self._button("Execute").click()
        expect(self.tab.get_by_role("heading", name="Completed")).to_be_visible()
        self._picture("playground")

    # Notebook 07: the users

    def choose_verifier(self, url: str) -> None:
        """Let a page of one's own verify the users."""
        self._open_dashboard("User verification")
        self.field("Custom user verifier").check()
        self.field("Custom verifier URL").fill(url)
        self._button("Save settings").click()
        expect(self.tab.get_by_role("status")).to_have_text("Saved.")
        self._picture("user-verification")

    def revoke(self, user_id: str) -> None:
        """Revoke what a user has granted."""
        self._open_dashboard("Connected users")
        self._picture("connected-users")
        self._button(f"Revoke {user_id} at {PROVIDER_ID}").click()
        expect(self.tab.get_by_text("Nobody yet.")).to_be_visible()

    # What they see and do

    def close(self) -> None:
        """Close all tabs."""
        self._window.close()

    def heading(self) -> Locator:
        """Return the heading of the page."""
        return self.tab.get_by_role("heading", level=1)

    def field(self, label: str) -> Locator:
        """Return the field whose label begins like this; hints may follow."""
        return self.tab.get_by_label(re.compile(r"^\s*" + re.escape(label)))

    def _button(self, name: str) -> Locator:
        return self.tab.get_by_role("button", name=name, exact=True)

    def _link(self, name: str) -> Locator:
        return self.tab.get_by_role("link", name=name, exact=True)

    def _open_dashboard(self, page: str) -> None:
        self.tab.goto(f"{self._arcade}/dashboard")
        self._menu(page).click()

    def _menu(self, name: str) -> Locator:
        return self.tab.get_by_role("navigation").get_by_role("link", name=name)

    def _copy(self, field: Locator) -> None:
        field.press("Control+A")
        field.press("Control+C")

    def _paste(self, field: Locator) -> None:
        field.press("Control+A")
        field.press("Control+V")

    def _picture(self, name: str, hidden: Locator | None = None) -> None:
        """Take a picture of the whole page, once, with secrets covered."""
        if not self._pictures or (path := self._pictures / f"{name}.webp").exists():
            return
        mask = [hidden] if hidden else []
        taken = self.tab.screenshot(full_page=True, mask=mask, mask_color=_MASK)
        mount = self._window.new_page()
        mount.set_content(_MOUNTED.replace("{}", base64.b64encode(taken).decode()))
        picture = Image.open(BytesIO(mount.locator("figure").screenshot()))
        # A third of the size of a PNG, and every pixel is kept.
        picture.convert("RGB").save(path, lossless=True, quality=100)
        mount.close()


@contextmanager
def program(sandbox: Sandbox) -> Iterator[tuple[str, Output]]:
    """Run the program of notebook 04; yield the link that it prints, and its output."""
    port = sandbox.arcade_url.rpartition(":")[2]
    path = "snippets/python/auth_flow.py"
    command = sandbox_command("exec", "--arcade-port", port, "--", sys.executable, path)
    with running(*command) as (_, output):
        yield output.wait_for("/oauth/authorize?"), output
