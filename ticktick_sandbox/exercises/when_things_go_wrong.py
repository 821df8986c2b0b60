"""A service that is late twice, and a loop that asks again, three times at most."""

from __future__ import annotations

import re
from itertools import pairwise

from ticktick_sandbox.exercises.exercise import CORRECT, NOT_YET, Seen
from ticktick_sandbox.recording.exchange import Exchange

HINTS = (
    "sandbox.faults.add takes seconds, and times for how many requests. A loop over range(3) "
    "with try and except in it asks again, and break leaves it once there is an answer.",
    'Add the fault with "TickTick", "GET /open/v1/project", seconds=2, times=2. In the loop, call '
    'ticktick.get("/project", timeout=0.5), and catch httpx.TransportError.',
)

SOLUTION = """\
sandbox.faults.clear()
sandbox.faults.add("TickTick", "GET /open/v1/project", seconds=2, times=2)

for _ in range(3):
    try:
        response = ticktick.get("/project", timeout=0.5)
        break
    except httpx.TransportError as error:
        print(f"No answer: {error!r}")
else:
    raise SystemExit("TickTick does not answer.")
for project in response.json():
    print(project["name"])"""

_LATE = re.compile(r"([\d.]+) s late to ")


def check(seen: Seen) -> str:
    """Return what the exercise says."""
    texts = [event.text for event in seen.events]
    added = [n for n, text in enumerate(texts) if text.startswith("fault: ")]
    sent = seen.exchanges.find("POST /open/v1/*")
    tries = seen.exchanges.find("GET /open/v1/project")
    if not added:
        none = "Nothing went wrong, so nothing was survived. Let TickTick be late first."
        return none if tries or sent else NOT_YET
    met = [text for text in texts[added[-1] :] if text.startswith("a fault: ")]
    if sent and (not tries or sent[-1].asked > tries[-1].asked):
        return (
            "A task that you send again may be there twice, for only its answer came too late. "
            "Ask for the projects: repeat what only reads."
        )
    if not met:
        return (
            "No request has met the fault yet. It has to be there before the loop begins, and be "
            "for GET /open/v1/project."
        )
    late = [_LATE.search(text) for text in met]
    seconds = [float(each[1]) for each in late if each]
    if len(seconds) < len(met):
        return "TickTick did something else than to answer late. Add the fault with seconds."
    return _judge(tries, len(met), min(seconds) * 0.9)


def _judge(tries: list[Exchange], late: int, seconds: float) -> str:
    """Return what to say of a loop of which so many requests were answered late."""
    fine = 0
    while fine < len(tries) and tries[-1 - fine].status and tries[-1 - fine].seconds < seconds:
        fine += 1
    number = late + fine
    loop = tries[-number:]
    if number == 1:
        return (
            "Your program has asked once. If it got the answer, it waited longer than half a "
            "second; if it did not, it gave up too soon."
        )
    if any(one.answered and one.answered < two.asked for one, two in pairwise(loop[: late + 1])):
        return "Your program has waited for a late answer. Half a second has to do for each try."
    if number > 3:
        return f"Your program has asked {number} times: stop at an answer, and after three tries."
    if not fine and late == 3:
        return (
            "All three answers were late. Take away what is left with sandbox.faults.clear(), and "
            "let TickTick be late twice."
        )
    if not fine:
        return "Your program has given up after two tries. The third one gets its answer."
    if late == 1:
        return "TickTick was late once only. Let it be late to two requests."
    if loop[-1].status != 200:
        return f"TickTick answered {loop[-1].status}: ask with the token, as ticktick does."
    return f"{CORRECT} Two answers came too late, and your program got the third."
