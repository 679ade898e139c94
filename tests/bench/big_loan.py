"""A loan of many nodes, out and home, by a lendbot of its own: what it took, asked and held.

Decides the clock's speed: low enough that two cores which also run the site are not what is measured.
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from loans.journal import EntryKind
from loans.loan import Loan, NodeState, State
from loans.nodes import NodeName
from tests.bench.figures import say
from tests.bench.rig import Site, cpu_s, lendbot, log_says, await_true, rss_mib, running_site

SPEED: Final = 4.0
MANY: Final = 200
_WORKERS: Final = "256"
_PATIENCE_S: Final = 420.0

Calls = Mapping[str, int]


@dataclass
class BigLoan:
    """One loan. Spans are of site time; arrived, home: per node, from approval and from the order to return.

    taking, rest   calls to the far sides until the nodes were out of Slurm, and after that
    """

    out: timedelta
    back: timedelta
    arrived: Mapping[NodeName, timedelta]
    home: Mapping[NodeName, timedelta]
    taking: Calls
    rest: Calls
    idle_mib: float = 0.0
    busy_mib: float = 0.0
    cpu_s: float = 0.0
    wall_s: float = 0.0


@cache
def loan_of_many() -> BigLoan:
    """Return the loan of 200 nodes; it is made once and serves several rows."""
    return loan(MANY, nodes=MANY)


def loan(count: int, *, nodes: int, only: tuple[NodeName, ...] = (), speed: float = SPEED) -> BigLoan:
    """Lend so many nodes of a site and bring them home. only: the nodes that the class has, when not all."""
    say(f"{count} nodes out and home, {speed:g} times as fast as life")
    edits = {"workers": _WORKERS} | ({"nodes": f'"{",".join(only)}"', "max_nodes": str(count)} if only else {})
    with running_site(nodes, speed, **edits) as at, lendbot(at) as pid:
        await_true("lendbot to start", lambda: log_says(at, "lendbot.started"))
        return _Observer(at, pid).follow(count)


class _Observer:
    """Watches one loan."""

    def __init__(self, at: Site, pid: int) -> None:
        self._at = at
        self._pid = pid
        self._idle_mib = self._most_mib = rss_mib(pid)
        self._taken: Counter[str] | None = None

    def follow(self, count: int) -> BigLoan:
        began, at = time.monotonic(), self._at
        self._before = _flat(at.calls())
        asked = at.lend(count)
        ordered = asked.decision.at if asked.decision else asked.asked_at
        lent = at.await_state(State.LENT, _PATIENCE_S, self._look, say)
        returned_at = at.core.clock.now()
        at.give_back()
        home = at.await_state(State.RETURNED, _PATIENCE_S, self._look, say)
        taken = self._taken or Counter()
        return BigLoan(
            out=(lent.lent_at or ordered) - ordered,
            back=(home.ended_at or returned_at) - returned_at,
            arrived={p.node: p.lent_at - ordered for p in at.parts() if p.lent_at},
            home={node: moment - returned_at for node, moment in self._homecomings().items()},
            taking=taken - self._before,
            rest=_flat(at.calls()) - taken,
            idle_mib=self._idle_mib,
            busy_mib=self._most_mib,
            cpu_s=cpu_s(self._pid),
            wall_s=time.monotonic() - began,
        )

    def _look(self) -> None:
        self._most_mib = max(self._most_mib, rss_mib(self._pid))
        if self._taken is None:
            parts = self._at.parts()
            if parts and all(part.state is not NodeState.TAKING for part in parts):
                self._taken = _flat(self._at.calls())

    def _homecomings(self):  # type: ignore[no-untyped-def]
        with self._at.core.store.read() as tx:
            lines = tx.journal.of(1)
        return {NodeName(e.subject): e.at for e in lines if e.plan == "return" and e.kind is EntryKind.FINISHED}


def _flat(calls: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    return Counter({f"{side}: {what}": number for side, by in calls.items() for what, number in by.items()})
