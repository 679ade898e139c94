"""How long a request is judged among a thousand loans of later dates: the book is read, the wish held against it."""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from conversion.in_book import book, turnaround
from loans import fits
from loans.classes import NodeClass
from loans.loan import Loan, State
from loans.nodes import NodeName
from loans.terms import Terms
from store.db import Store, Tx
from store.pools import PoolSeen
from tests.bench.figures import Figure, median, ms, say

_AHEAD: Final = 1000
_NODES: Final = 500
_ROUNDS: Final = 50
_BOUND_S: Final = 0.020
_NOW: Final = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)
_GPU: Final = NodeClass("gpu", "gpu")


def measure() -> list[Figure]:
    """Judge a wish for which there is room, and one for which the next time has to be found."""
    with tempfile.TemporaryDirectory(prefix="lendbot-bench-") as scratch:
        store = Store.open(f"sqlite:///{Path(scratch) / 'lendbot.db'}")
        store.upgrade()
        with store.write() as tx:
            _fill(tx)
        say(f"judging a request among {_AHEAD:,} loans of later dates, {_ROUNDS} times")
        fits_s = median([_judged_s(store, 8) for _ in range(_ROUNDS)])
        later_s = median([_judged_s(store, _NODES - 8) for _ in range(_ROUNDS)])
        store.close()
    return [_figure("that fits", fits_s), _figure("for which the next time is sought", later_s)]


def _figure(which: str, took_s: float) -> Figure:
    what = f"a request {which}, judged among {_AHEAD:,} future loans"
    return Figure(what, ms(took_s), f"under {ms(_BOUND_S)}", took_s < _BOUND_S)


def _fill(tx: Tx) -> None:
    """Write loans of nine hours, one every three hours: each overlaps three others."""
    tx.pools.put([PoolSeen("gpu", tuple(NodeName(f"gpu{n:03}") for n in range(_NODES)), (), _NOW)])
    for number in range(_AHEAD):
        begins = _NOW + number * 3 * _HOUR
        ends = begins + 9 * _HOUR
        tx.loans.add(Loan("U0REQUEST1", "gpu", 4, ends, _NOW, ends, starts_at=begins, state=State.APPROVED))


def _judged_s(store: Store, count: int) -> float:
    """Return how long a wish for the next month takes, as an approval would hold it against the book."""
    wish = Terms("gpu", count, _NOW + 30 * 24 * _HOUR, _NOW + _HOUR)
    began = time.perf_counter()
    with store.read() as tx:
        of, took = book(tx, {"gpu": _GPU}, _NOW), turnaround(tx, _GPU)
    if fits.room_for(of, wish, took, _NOW).count < count:
        fits.next_time(of, wish, took, _NOW)
    return time.perf_counter() - began
