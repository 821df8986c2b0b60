"""The diagram in HTML, and the table that says the same."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from tests.ticktick_sandbox.helpers import World
from tests.ticktick_sandbox.recording.helpers import made
from ticktick_sandbox.recording.diagram import to_arrows, to_details, to_html
from ticktick_sandbox.recording.exchange import Exchange, Message

EVIL = "<script>alert(1)</script>\"'&‹"


class _Reading(HTMLParser):
    """Notes which elements there are, and that each is closed in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append(tag)
        if tag != "wbr":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def elements(html: str) -> list[str]:
    reading = _Reading()
    reading.feed(html)
    reading.close()
    assert reading.open == []
    return reading.found


def widths(html: str) -> set[int]:
    """Return how many columns the rows of the diagram have."""
    table = html.partition('class="arrows"')[2].partition("</table>")[0]
    return {
        sum(int(span or 1) for span in re.findall(r'<t[hd](?: colspan="(\d+)")?[^>]*>', row))
        for row in table.split("<tr")[1:]
    }


def test_each_request_is_an_arrow_and_a_line_that_opens(world: World) -> None:
    world.token(["tasks:read"])
    recorded = world.sandbox.wire.since()
    html = to_html(recorded)
    assert elements(html).count("details") == len(recorded)
    assert widths(html) == {8}  # two for each of Browser, Program, Arcade, TickTick
    assert html.count("▶") == html.count("◀") == len(recorded)
    assert '<tr data-exchange="9"><th scope="row"' in html
    assert ">9. Arcade → TickTick</th>" in html
    assert "code = <mark" in html
    assert "script" not in elements(html)


def test_it_is_the_same_on_every_run(world: World) -> None:
    drawn = []
    for _ in range(2):
        world.token(["tasks:read"])
        drawn.append(to_html(world.sandbox.wire.since()))
        world.sandbox.start_over()
    assert drawn[0] == drawn[1]


def test_what_others_sent_is_text(world: World) -> None:
    headers = (("content-type", EVIL),)
    evil = made(
        asker=EVIL,
        answerer=EVIL + "2",
        method="<B>",
        url=f"http://localhost/{EVIL}",
        query=((EVIL, EVIL),),
        request=Message(headers, EVIL),
        response=Message(headers, EVIL),
        failed=EVIL,
    )
    for html in (to_html([evil], title=EVIL), to_arrows([evil]), to_details(evil)):
        found = elements(html)
        assert "script" not in found
        assert found.count("b") <= 1  # the number


NAMES = st.sampled_from(["Browser", "Program", "App", "Arcade", "Worker", "TickTick"])


@given(st.lists(st.tuples(NAMES, NAMES, st.integers(1, 40)), min_size=1, max_size=12))
def test_any_exchanges_make_rows_of_the_same_width(asked: list[tuple[str, str, int]]) -> None:
    recorded: list[Exchange] = []
    moment = 1
    for number, (asker, answerer, later) in enumerate(asked, start=1):
        answered = 0 if later % 5 == 0 else 1000 * later + number
        exchange = made(number, asker=asker, answerer=answerer, asked=moment, answered=answered)
        recorded.append(exchange)
        moment += 1
    html = to_html(recorded)
    elements(html)
    assert len(widths(html)) == 1
