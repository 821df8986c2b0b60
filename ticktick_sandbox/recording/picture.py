"""A sequence diagram as a picture, for where no HTML is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from ticktick_sandbox.recording.exchange import Exchange, parties, steps

_LANE, _SIDE, _TOP, _LINE = 172, 60, 62, 16  # pixels
_INK, _ARROW, _SECRET = "#1c2230", "#3554c9", "#7a4d00"
_OWN_NAME = re.compile(r"/[^/]*sandbox[^/]*(?=/)")


def essential(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Return what is left without the pages that a browser only passes through."""
    return [
        each
        for each in exchanges
        if each.asker != "Browser"
        or any("code" in label for label in each.secrets_asked() + each.secrets_answered())
        or any(each.asked < inner.asked < each.answered for inner in exchanges)
    ]


def to_svg(exchanges: Sequence[Exchange], title: str) -> str:
    """Return an SVG picture, in ASCII, on a ground of its own.

    Args:
        exchanges: what to draw, oldest first.
        title: what it is called by who can't see it.
    """
    names = parties(exchanges)
    places = {name: _SIDE + number * _LANE for number, name in enumerate(names)}
    arrows, bottom = [], _TOP
    for each, asks, answers in steps(exchanges):
        there, back = places[each.asker], places[each.answerer]
        if asks:
            text = f"{each.number}  {each.method} {_OWN_NAME.sub('/..', each.path)}"
            bottom = _arrow(arrows, bottom, there, back, text, each.secrets_asked())
        if answers:
            text = each.reason if asks else f"{each.number}  {each.reason}"
            bottom = _arrow(arrows, bottom, back, there, text, each.secrets_answered(), "4")
        bottom += 6
    width, height = _SIDE * 2 + _LANE * (len(names) - 1), bottom + 14
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" font-family="system-ui, sans-serif" '
        'font-size="12">',
        f"<title>{escape(title)}</title>",
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" '
        f'markerHeight="6" orient="auto"><path d="M0 0 10 5 0 10z" fill="{_ARROW}"/></marker>'
        "</defs>",
        f'<rect width="{width}" height="{height}" rx="12" fill="#fff"/>',
        *_heads(places, height),
        *arrows,
        "</svg>",
    ]
    return "\n".join(parts).encode("ascii", "xmlcharrefreplace").decode() + "\n"


def _heads(places: dict[str, int], height: int) -> Iterator[str]:
    for name, x in places.items():
        yield (
            f'<path d="M{x} 44V{height - 8}" stroke="#b9c0ce" stroke-width="2" '
            'stroke-dasharray="4 5"/>'
            f'<rect x="{x - 50}" y="10" width="100" height="34" rx="8" fill="#e9edfb" '
            f'stroke="{_ARROW}" stroke-width="1.5"/>'
            f'<text x="{x}" y="32" fill="{_INK}" text-anchor="middle" font-weight="600">'
            f"{escape(name)}</text>"
        )


def _arrow(
    arrows: list[str],
    top: int,
    start: int,
    end: int,
    text: str,
    labels: list[str],
    dashes: str = "",
) -> int:
    """Add an arrow below ``top``, with what it carries on a line of its own; return its place."""
    middle = (start + end) // 2
    lines = [(text, _INK)] + [(", ".join(labels), _SECRET)] * bool(labels)
    for said, colour in lines:
        top += _LINE
        weight = ' font-weight="600"' if colour == _SECRET else ""
        arrows.append(
            f'<text x="{middle}" y="{top}" fill="{colour}" text-anchor="middle"{weight} '
            f'stroke="#fff" stroke-width="4" paint-order="stroke">{escape(said)}</text>'
        )
    top += 6
    tip = end - 3 if end > start else end + 3
    line = f' stroke-dasharray="{dashes} {dashes}"' if dashes else ""
    arrows.append(
        f'<path d="M{start} {top}H{tip}" stroke="{_ARROW}" stroke-width="2"{line} '
        'marker-end="url(#head)"/>'
    )
    return top
