"""``python -m benchmarks``: print the sandbox's figures beside a bare application's.

It measures and never fails on a number. It needs about 3000 file descriptors.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks import first_times, fixtures, flows, parked


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    pairs: int
    flows: int
    rounds: int
    memory_flows: int
    parked: int
    samples: int
    kernels: int
    tests: int


_FULL = Size(
    pairs=9,
    flows=400,
    rounds=11,
    memory_flows=10_000,
    parked=1000,
    samples=7,
    kernels=7,
    tests=200,
)
_QUICK = Size(
    pairs=1, flows=50, rounds=1, memory_flows=100, parked=50, samples=1, kernels=1, tests=10
)

_ROW = "{:<44} {:>9} {:>9} {:>7}  {:<22} {}"


def main() -> None:
    """Measure and print one row after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works, in seconds")
    size = _QUICK if parser.parse_args().quick else _FULL
    print(_ROW.format("figure", "sandbox", "bare", "ratio", "target", "met"), flush=True)
    for row in _rows(size):
        print(row, flush=True)


def _rows(size: Size) -> Iterator[str]:
    ours, theirs = first_times.answers(size.pairs)
    yield _compared("start to first answer, ms", ours * 1000, theirs * 1000, at_most=2)
    for clients in (1, 16):
        name = f"OAuth flows per second, {clients} client{'s' if clients > 1 else ''}"
        yield _compared(name, *flows.rates(clients, size.flows, size.rounds), at_least=0.7)
    before, after, later = flows.memory(size.memory_flows)
    yield _alone("memory at first, MB", before, 80)
    yield _alone(f"memory after {size.memory_flows} flows, MB", after, 80)
    yield _alone(f"memory after {2 * size.memory_flows} flows, MB", later, 80)
    yield _alone("growth in the second half, MB", later - after, 1)
    among = f"{size.parked} others parked"
    wake_up = parked.wake_up(size.parked, size.samples)
    yield _alone(f"wake-up of a poll, {among}, ms", wake_up * 1000, 2)
    stop = parked.stop(size.parked, size.samples)
    yield _alone(f"stop, {size.parked} polls parked, ms", stop * 1000, 100)
    yield _alone("first cell to running sandbox, ms", first_times.cell(size.kernels) * 1000, 250)
    start, reset = fixtures.start_and_reset(size.samples, size.tests)
    yield _alone("first test to running sandbox, ms", start * 1000, 500)
    yield _alone("reset between two tests, ms", reset * 1000, 5)
    took = fixtures.overhead(size.tests, size.samples)
    yield _alone("a test with the sandbox, longer by, ms", took * 1000, 10)


def _compared(
    name: str, ours: float, theirs: float, *, at_most: float = 0, at_least: float = 0
) -> str:
    ratio = ours / theirs
    met = ratio <= at_most if at_most else ratio >= at_least
    target = f"ratio at most {at_most}" if at_most else f"ratio at least {at_least}"
    return _ROW.format(
        name, f"{ours:.0f}", f"{theirs:.0f}", f"{ratio:.2f}", target, "yes" if met else "no"
    )


def _alone(name: str, value: float, at_most: float) -> str:
    met = "yes" if value <= at_most else "no"
    return _ROW.format(name, f"{value:.1f}", "", "", f"at most {at_most}", met)


if __name__ == "__main__":
    main()
