"""What a notebook shows while a cell waits for a person, and afterwards.

Two outputs: a line that says what to do, which comes into view by itself and says in the end
what was done, and below it the page in a frame with what has to be copied into it. Scripts run
in fresh outputs of JupyterLab and Notebook, trusted or not; nothing depends on them.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Mapping
from html import escape
from typing import Any

_BOX = (
    "border-left: .3rem solid #c60; padding: .5rem .8rem; margin: .3rem 0; "
    "scroll-margin-top: 3rem; "
    "background: rgba(204, 102, 0, .12); color: inherit"
)
_SCRIPT = """
<script>
(() => {
  const box = document.currentScript.parentElement;
  const elsewhere = new URL("{alive}").hostname !== location.hostname;
  if (elsewhere && location.hostname === "127.0.0.1" && !window.ticktickSandboxToldHost) {
    window.ticktickSandboxToldHost = true;
    const right = location.origin.replace("//127.0.0.1", "//localhost") + location.pathname;
    const note = box.appendChild(document.createElement("p"));
    note.append("At 127.0.0.1 the pages forget who is signed in. Open JupyterLab at ");
    const link = note.appendChild(document.createElement("a"));
    link.textContent = link.href = right;
  }
  const back = document.createElement("button");
  back.textContent = "The notebook waits for you: show me where";
  back.className = "ticktick-sandbox-waits";
  back.style = "position: absolute; z-index: 9; right: 2rem; bottom: 1rem; padding: .5rem 1rem";
  let tries = 0, shown = false;
  // JupyterLab may hide cells that are out of sight: then go there page by page.
  const place = element => Number(element.dataset.windowedListIndex);
  const show = (steps = 100) => {
    const list = box.closest(".jp-WindowedPanel-outer");
    if (box.getBoundingClientRect().height || !list || !steps) {
      box.scrollIntoView({block: "start"});
      return;
    }
    const cells = [...list.querySelectorAll("[data-windowed-list-index]")];
    const inSight = cells.find(cell => cell.getBoundingClientRect().height);
    const earlier = inSight && place(inSight) > place(box.closest("[data-windowed-list-index]"));
    list.scrollTop += list.clientHeight * (earlier ? -0.9 : 0.9);
    setTimeout(() => show(steps - 1), 40);
  };
  back.onclick = () => show();
  // Of a kernel that was restarted nothing is left to answer; its page must not look alive.
  const alive = setInterval(() => {
    const sign = new Image();
    sign.onerror = () => {
      clearInterval(alive);
      if (!box.isConnected) return;
      back.remove();
      box.closest(".jp-OutputArea, .output_area")?.querySelectorAll("iframe").forEach(
        frame => frame.remove());
      box.textContent = "This page is over: the kernel was restarted. Choose Run, Run All Cells.";
    };
    // Another address each time: a picture that the tab has once shown is not asked for again.
    if (box.isConnected) sign.src = "{alive}&at=" + Date.now();
  }, 2000);
  const inView = element => {
    const at = element.getBoundingClientRect();
    return at.height && at.bottom > 0 && at.top < innerHeight;
  };
  const look = () => {
    if (!box.isConnected && (shown || tries > 100)) { back.remove(); return; }
    if (box.isConnected && !shown && (box.getBoundingClientRect().height || tries > 20)) {
      shown = true;
      if (!{again}) show();
      // What is folded above meanwhile moves it, and JupyterLab may attach it only now.
      // Whoever scrolls or has begun in the page below is left alone.
      let busy = false;
      addEventListener("wheel", () => { busy = true; }, {once: true, passive: true});
      const here = box.closest(".jp-OutputArea");
      for (const later of [300, 900, 1800, 3000]) {
        setTimeout(() => {
          if (!{again} && !busy && !here?.contains(document.activeElement) && !inView(box)) show();
        }, later);
      }
      const panel = box.closest(".jp-NotebookPanel");
      if (panel) panel.append(back);
    }
    const frames = box.closest(".jp-OutputArea, .output_area")?.querySelectorAll("iframe") ?? [];
    back.hidden = [box, ...frames].some(inView);
    tries += 1;
    setTimeout(look, shown ? 300 : 50);
  };
  look();
})();
</script>"""
_KEYS = """
<script>
(() => {
  // The page that had the keyboard is gone, or is only read: Shift+Enter is for the notebook.
  const book = document.currentScript.closest(".jp-Notebook");
  setTimeout(() => {
    const has = document.activeElement;
    if (has === document.body || (has?.tagName === "IFRAME" && book?.contains(has))) book?.focus();
  }, 100);
})();
</script>"""
_COPY = (
    "navigator.clipboard.writeText(this.dataset.text).then("
    "() => {this.textContent = 'Copied'}, () => {this.textContent = 'Copy by hand'})"
)


def in_notebook() -> bool:
    """Tell whether this is a notebook, which can show a page in a frame."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _restarts_quietly(record: logging.LogRecord) -> bool:
    """Tell whether to log what is not the noise of ipykernel 7 at a restart under a waiting cell.

    It interrupts the cell and closes the sockets, on which the cell's end is then to be told.
    """
    problem = record.exc_info[1] if record.exc_info else None
    return getattr(problem, "errno", None) != errno.ENOTSOCK and (
        "closed stream" not in record.getMessage()
    )


class Waiting:
    """The two outputs of one wait.

    Args:
        address: the page, for the frame.
        todo: what the person is to do, in their language's imperative.
        values: what belongs into the fields, by label.
        height: of the frame, in CSS pixels.
        alive: where a picture is as long as this run of the sandbox lasts.
        go_on: a second page, with the button by which the person goes on.
    """

    def __init__(
        self,
        address: str,
        todo: str,
        values: Mapping[str, str],
        *,
        height: int,
        alive: str,
        go_on: str | None = None,
    ) -> None:
        from IPython.core.getipython import get_ipython
        from IPython.display import HTML, display

        for log in (get_ipython().kernel.log, logging.getLogger("tornado.general")):  # type: ignore[union-attr]
            log.addFilter(_restarts_quietly)
        self._html = HTML
        self._address, self._values, self._height = address, values, height
        self._go_on = go_on
        self._script = _SCRIPT.replace("{alive}", alive)
        self._line: Any = display(HTML(self._banner(todo)), display_id=True)
        self._frame: Any = display(HTML(self._page()), display_id=True)

    def say(self, todo: str, *problems: str, again: bool = False) -> None:
        """Say what to do now, and what was wrong with what was sent.

        Said only again, it does not come into view once more.
        """
        self._line.update(self._html(self._banner(todo, *problems, again=again)))

    def show_again(self) -> None:
        """Load the page anew."""
        self._frame.update(self._html(self._page()))

    def done(self, what: str, *, keep_page: bool = False) -> None:
        """Fold both into one line, or leave the page, which has more to say."""
        more = " The page below says how it goes on." if keep_page else ""
        self._line.update(self._html(f"<div>{escape(what + more)}{_KEYS}</div>"))
        if not keep_page:
            self._frame.update(self._html(""))

    def _banner(self, todo: str, *problems: str, again: bool = False) -> str:
        lines = "".join(f"<p>{escape(problem)}</p>" for problem in problems)
        waiting = "Still waiting for you" if again else "Waiting for you"
        script = self._script.replace("{again}", "true" if again else "false")
        return (
            f'<div role="status" data-waiting="{escape(todo)}" style="{_BOX}">'
            f"<strong>{waiting}:</strong> {escape(todo)}.{lines}{script}</div>"
        )

    def _page(self) -> str:
        rows = "".join(
            f'<tr data-label="{escape(label)}">'
            f'<th scope="row" style="text-align: left">{escape(label)}</th>'
            f'<td style="text-align: left">{_shown(label, value)}</td>'
            f'<td><button type="button" data-text="{escape(value)}" onclick="{escape(_COPY)}" '
            f'aria-label="Copy {escape(label)}">Copy</button></td></tr>'
            for label, value in self._values.items()
        )
        table = f"<table>{rows}</table>" if rows else ""
        go_on = _frame(self._go_on, "Go on", 180) if self._go_on else ""
        return f"<div>{table}{go_on}{_frame(self._address, 'The page', self._height)}</div>"


def show_frame(address: str, title: str, height: int) -> None:
    """Show a page that nobody has to do anything on."""
    from IPython.display import HTML, display

    display(HTML(f"<div>{_frame(address, title, height)}</div>"))


def _frame(address: str, title: str, height: int) -> str:
    return (
        f'<iframe src="{escape(address)}" title="{title}" width="100%" '
        f'style="height: min({height}px, 75vh); border: 1px solid #888"></iframe>'
    )


def _shown(label: str, value: str) -> str:
    from ticktick_sandbox.browser.form_watch import is_secret

    return "(not shown)" if is_secret(label) else escape(value)
