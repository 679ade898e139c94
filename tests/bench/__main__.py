"""python -m tests.bench [--only NAME ...]: take the ratios in one run and write docs/performance.md.

Exits 1 when a promise is broken. With --only the rows are printed, and the page stays as it is.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from tests.bench import acks, big_loan, book, calls, page, past_loans, phrases, starting
from tests.bench.figures import Figure, say

ROWS: Final[Mapping[str, Callable[[], list[Figure]]]] = {
    "acks": acks.measure,
    "many-nodes": big_loan.measure,
    "calls": calls.measure,
    "phrases": phrases.measure,
    "resume": starting.measure_resume,
    "start": starting.measure,
    "memory": big_loan.measure_memory,
    "past-loans": past_loans.measure,
    "book": book.measure,
}
"""In the order of the table."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=ROWS, action="append", help="this row, and no page; may be said again")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled once, not at every start
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended, too
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    wanted: Sequence[str] = parser.parse_args().only or ()
    found = {name: _taken(name) for name in ROWS if not wanted or name in wanted}
    if not wanted:
        page.write(
            found,
            "make bench",
            speed=big_loan.SPEED,
            alone_speed=big_loan.ALONE_SPEED,
            workers=big_loan.WORKERS,
        )
        say(f"wrote {page.PAGE}")
    broken = [figure for figures in found.values() for figure in figures if not figure.holds]
    sys.exit("\n".join(f"broken: {each.what}: {each.measured}, {each.bound}" for each in broken) or 0)


def _taken(name: str) -> list[Figure]:
    say(f"== {name}")
    figures = ROWS[name]()
    for figure in figures:
        bound = f"  ({figure.bound}: {'kept' if figure.holds else 'BROKEN'})" if figure.bound else ""
        say(f"   {figure.what}: {figure.measured}{bound}")
    return figures


if __name__ == "__main__":
    main()
