"""The picture for where no HTML is shown."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.recording.picture import essential, to_svg


def test_pages_that_a_browser_passes_through_are_left_out(world: World) -> None:
    world.token()
    kept = essential(world.sandbox.wire.since())
    assert [(each.number, each.asker, each.answerer) for each in kept] == [
        (1, "Program", "Arcade"),
        (6, "Browser", "TickTick"),
        (7, "Browser", "Arcade"),
        (8, "Browser", "Arcade"),
        (9, "Arcade", "TickTick"),
        (11, "Program", "Arcade"),
    ]
    assert kept[4].secrets_asked() == ["client secret 1", "code 1"]


def test_it_is_xml_in_ascii_in_which_everything_lies_within_its_size(world: World) -> None:
    world.token()
    text = to_svg(essential(world.sandbox.wire.since()), 'A "title" & <more> ‹')
    assert text.isascii()
    svg = ET.fromstring(text)  # noqa: S314
    height = int(svg.attrib["height"])
    names = [t.text for t in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert names[:4] == ["Browser", "Program", "Arcade", "TickTick"]
    assert {"7  GET /api/v1/oauth/../callback", "8  303 See Other"} <= set(names)
    assert all(float(t.attrib["y"]) < height for t in svg.iter("{http://www.w3.org/2000/svg}text"))
    title = svg.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == 'A "title" & <more> ‹'
