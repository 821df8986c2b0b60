"""A sequence diagram of what was recorded, in HTML without scripts, and a table that says the same.

The diagram is laid out as a table, too, so that it follows the colours of the page around it,
breaks its lines on a narrow screen, and needs no picture. A notebook that is not trusted, as
each is before it is run, drops the style sheet: what makes lines and arrows of a table stands at
its cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from ticktick_sandbox.recording.exchange import Exchange, Message, parties, steps
from ticktick_sandbox.recording.labels import LABEL

CLASS = "ticktick-sandbox-wire"
_OURS = f".{CLASS}" * 3
"""Selects what is ours, and counts for more than what JupyterLab says of every table."""

_STYLE = f"""<style>
{_OURS} {{ overflow-x: auto; max-width: 60rem; font-size: .9em; }}
{_OURS} table {{ width: 100%; border-collapse: collapse; border: 0; margin: .5em 0; }}
{_OURS} :is(table, tr, th, td) {{ background: none; text-align: left; }}
{_OURS} :is(th, td) {{ padding: .1em .3em; vertical-align: top; white-space: normal; }}
{_OURS} .arrows {{ table-layout: fixed; }}
{_OURS} .arrows :is(th, td) {{ padding: 0; max-width: none; }}
{_OURS} .arrows td[colspan] {{ padding: .2em 0; }}
{_OURS} .arrows div {{ padding: 0 .2em; line-height: 1.4; overflow-wrap: anywhere; }}
{_OURS} .requests th {{ font-weight: normal; }}
{_OURS} .requests thead th {{ font-weight: bold; }}
{_OURS} .requests th:first-child {{ width: 30%; }}
{_OURS} .requests td {{ overflow-wrap: anywhere; }}
{_OURS} pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: .3em 0; font-size: .9em; }}
{_OURS} pre + pre {{ margin-top: 1em; }}
{_OURS} mark {{ color: inherit; background: rgba(204, 136, 0, .22); border-radius: 3px;
  padding: 0 2px; overflow-wrap: normal; }}
</style>"""

_LINE = 'style="border: 0; border-left: 1px dashed #888"'
_LEFT = 'style="text-align: left"'
_NO_LINE = 'style="border: 0"'
_ENDS = 'style="border: 0; border-left: 2px solid #888; border-right: 2px solid #888"'


def to_html(exchanges: Sequence[Exchange], *, title: str = "What went over the wire") -> str:
    """Return the diagram and the table, each request with what was sent behind it.

    Args:
        exchanges: what to show, oldest first.
        title: what the table is called.
    """
    return f"{to_arrows(exchanges)}{_in_block(''.join(_requests(exchanges, title)))}"


def to_arrows(exchanges: Sequence[Exchange]) -> str:
    """Return the diagram alone, which is not for those who can't see it."""
    return _in_block(_STYLE + "".join(_arrows(exchanges)))


def to_details(exchange: Exchange) -> str:
    """Return a line that opens to what was sent and answered."""
    return _in_block(f"<p>{_who(exchange)}</p>{_details(exchange)}")


def _in_block(html: str) -> str:
    return f'<div class="{CLASS}">{html}</div>'


def _marked(text: str) -> str:
    """Return a text for HTML, with its labels marked as such."""
    return LABEL.sub(
        lambda found: f'<mark data-secret="{found[1]}">{found[1]}</mark>', escape(text)
    )


def _who(exchange: Exchange) -> str:
    return f"{exchange.number}. {escape(exchange.asker)} → {escape(exchange.answerer)}"


def _details(exchange: Exchange) -> str:
    asked = [f"{exchange.method} {exchange.url}"]
    asked += [f"    {name} = {value}" for name, value in exchange.query]
    return (
        f"<details><summary>{escape(exchange.method)} {_breakable(exchange.path)} → "
        f"{escape(exchange.reason)}</summary>"
        f"<pre>{_marked(_whole(asked, exchange.request))}</pre>"
        f"<pre>{_marked(_whole([exchange.reason], exchange.response))}</pre></details>"
    )


def _whole(lines: list[str], message: Message) -> str:
    lines += [f"{name}: {value}" for name, value in message.headers]
    if message.body:
        lines.append("")
        if message.content_type.startswith("application/x-www-form-urlencoded"):
            lines += [f"    {line.replace('=', ' = ', 1)}" for line in message.body.splitlines()]
        else:
            lines.append(message.body)
    return "\n".join(lines)


def _arrows(exchanges: Sequence[Exchange]) -> Iterator[str]:
    names = parties(exchanges)
    yield '<table class="arrows" style="width: 100%" aria-hidden="true"><tr>'
    yield from (f'<th colspan="2" style="text-align: center">{escape(name)}</th>' for name in names)
    yield "</tr>"
    for exchange, asks, answers in steps(exchanges):
        asker, answerer = names.index(exchange.asker), names.index(exchange.answerer)
        arrows = ""
        if asks:
            text = f"<b>{exchange.number}</b> {escape(exchange.method)} {_breakable(exchange.path)}"
            arrows += _arrow(text, exchange.secrets_asked(), asker < answerer, "solid")
        if answers:
            text = "" if asks else f"<b>{exchange.number}</b> "  # others came between
            text += escape(exchange.reason)
            arrows += _arrow(text, exchange.secrets_answered(), asker >= answerer, "dashed")
        yield f'<tr data-exchange="{exchange.number}">'
        yield _row(arrows, min(asker, answerer), max(asker, answerer), len(names))
        yield "</tr>"
    yield "</table>"


def _row(arrows: str, first: int, last: int, count: int) -> str:
    """Return a row's cells: each party has two, and its line between them."""
    span = 2 * (last - first) or 1  # one that asks itself
    before = [_empty(half % 2) for half in range(2 * first + 1)]
    after = [
        _empty(half % 2 and half > 2 * last + 1) for half in range(2 * first + 1 + span, 2 * count)
    ]
    return f'{"".join(before)}<td colspan="{span}" {_ENDS}>{arrows}</td>{"".join(after)}'


def _empty(line: object) -> str:
    return f"<td {_LINE if line else _NO_LINE}></td>"


def _arrow(text: str, labels: list[str], to_the_right: bool, line: str) -> str:
    carried = "".join(f" {_marked(f'‹{label}›')}" for label in labels)
    said = f"{text}{carried}&nbsp;▶" if to_the_right else f"◀ {text}{carried}"
    side = "right" if to_the_right else "left"
    return f'<div style="text-align: {side}; border-bottom: 2px {line} #5472d3">{said}</div>'


def _breakable(path: str) -> str:
    return escape(path).replace("/", "/<wbr>")


def _requests(exchanges: Sequence[Exchange], title: str) -> Iterator[str]:
    yield (
        f'<table class="requests"><caption {_LEFT}>{escape(title)}: open a line to see what was '
        f'sent.</caption><thead><tr><th scope="col" {_LEFT}>Who asks whom</th>'
        f'<th scope="col" {_LEFT}>What was asked, and what was answered</th></tr></thead><tbody>'
    )
    for each in exchanges:
        yield (
            f'<tr data-exchange="{each.number}"><th scope="row" {_LEFT}>{_who(each)}</th>'
            f"<td {_LEFT}>{_details(each)}</td></tr>"
        )
    yield "</tbody></table>"
