"""A loan of many nodes, out and home, by a lendbot of its own: what it took, asked and held.

Decides the clock's speed: low enough that two cores which also run the site are not what is measured.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from loans.facts import StepFact, StepFinished, StepStarted, Told
from loans.loan import NodeState, State
from loans.nodes import NodeName
from tests.bench.figures import Figure, say
from tests.bench.rig import Site, await_started, cpu_s, lendbot, rss_mib, running_site

SPEED: Final = 1.25
MANY: Final = 200
WORKERS: Final = 256
ALONE_SPEED: Final = 6.0
"""One or two nodes leave the processors idle, so their clock may run faster and give the same spans of site time."""
_TICK_S: Final = 1.0
_MAX_AGE_S: Final = 0.5
"""In site time: lendbot then looks as often in the life of a node, whatever the speed."""
_PATIENCE_S: Final = 600.0

_MOST: Final = 1.2

Calls = Mapping[str, int]


@dataclass
class BigLoan:
    """One loan. Spans are of site time.

    arrived, home   per node, from approval and from the order to return
    slowest_...     the nodes that their own dice made slowest on the two ways: both steps wait for the node alone
    rest            calls to the far sides after the nodes were out of Slurm
    """

    out: timedelta
    back: timedelta
    arrived: Mapping[NodeName, timedelta]
    home: Mapping[NodeName, timedelta]
    slowest_puppet: NodeName
    slowest_boot: NodeName
    rest: Calls
    idle_mib: float
    busy_mib: float
    cpu_s: float
    wall_s: float


def measure() -> list[Figure]:
    """Lend 200 nodes, and then the slowest of them alone."""
    many = loan_of_many()
    pair = tuple({many.slowest_puppet, many.slowest_boot})
    alone = loan(len(pair), nodes=MANY, only=pair, speed=ALONE_SPEED)
    return [
        _over(f"{MANY} nodes out, over the slowest of them alone", many.out, max(alone.arrived.values())),
        _over(f"{MANY} nodes home, over the slowest of them alone", many.back, max(alone.home.values())),
        Figure(f"lendbot's processor time for {MANY} nodes, out and home, a node", f"{many.cpu_s / MANY:.2f} s"),
    ]


def measure_memory() -> list[Figure]:
    """Say what 200 conversions in flight hold, over an idle lendbot."""
    many = loan_of_many()
    said = f"{many.busy_mib:.0f} MiB over {many.idle_mib:.0f} MiB: {many.busy_mib / many.idle_mib:.2f}"
    return [Figure(f"memory with {MANY} conversions in flight, over idle", said)]


def _over(what: str, many: timedelta, alone: timedelta) -> Figure:
    ratio = many / alone
    said = f"{many.total_seconds():.0f} s over {alone.total_seconds():.0f} s: {ratio:.2f}"
    return Figure(what, said, f"at most {_MOST}", ratio <= _MOST)


@cache
def loan_of_many() -> BigLoan:
    """Return the loan of 200 nodes; it is made once and serves several rows."""
    return loan(MANY, nodes=MANY)


def loan(count: int, *, nodes: int, only: tuple[NodeName, ...] = (), speed: float = SPEED) -> BigLoan:
    """Lend so many nodes of a site and bring them home. only: the nodes that the class has, when not all."""
    say(f"{count} nodes out and home, {speed:g} times as fast as life")
    edits = {"workers": str(WORKERS), "tick": _seconds(_TICK_S / speed), "max_age": _seconds(_MAX_AGE_S / speed)}
    if only:
        edits |= {"nodes": f'"{",".join(only)}"', "max_nodes": str(count)}
    with running_site(nodes, speed, **edits) as at, lendbot(at) as process:
        await_started(at, process)
        return _Observer(at, process.pid).follow(count)


class _Observer:
    """Watches one loan."""

    def __init__(self, at: Site, pid: int) -> None:
        self._at = at
        self._pid = pid
        self._idle_mib = self._most_mib = rss_mib(pid)
        self._taken: Counter[str] | None = None

    def follow(self, count: int) -> BigLoan:
        began, at, spent_s = time.monotonic(), self._at, cpu_s(self._pid)
        asked = at.lend(count)
        ordered = asked.decision.at if asked.decision else asked.asked_at
        lent = at.await_state(State.LENT, _PATIENCE_S, self._look, say)
        returned_at = at.core.clock.now()
        at.give_back()
        home = at.await_state(State.RETURNED, _PATIENCE_S, self._look, say)
        with at.core.store.read() as tx:
            lines = tx.facts.journal(1)
        return BigLoan(
            out=(lent.lent_at or ordered) - ordered,
            back=(home.ended_at or returned_at) - returned_at,
            arrived={p.node: p.lent_at - ordered for p in at.parts() if p.lent_at},
            home={node: moment - returned_at for node, moment in _finished(lines, "settle").items()},
            slowest_puppet=_slowest(lines, "Puppet"),
            slowest_boot=_slowest(lines, "boot"),
            rest=flat(at.calls()) - (self._taken or Counter()),
            idle_mib=self._idle_mib,
            busy_mib=self._most_mib,
            cpu_s=cpu_s(self._pid) - spent_s,
            wall_s=time.monotonic() - began,
        )

    def _look(self) -> None:
        self._most_mib = max(self._most_mib, rss_mib(self._pid))
        if self._taken is None:
            parts = self._at.parts()
            if parts and all(part.state is not NodeState.TAKING for part in parts):
                self._taken = flat(self._at.calls())


def _finished(lines: Sequence[Told[StepFact]], step: str) -> dict[NodeName, datetime]:
    return _when(lines, step, StepFinished)


def _when(lines: Sequence[Told[StepFact]], step: str, kind: type[StepFact]) -> dict[NodeName, datetime]:
    """Return when each node had its last line of a kind for a step."""
    return {e.node: e.at for e in lines if e.node and e.fact.step == step and isinstance(e.fact, kind)}


def _slowest(lines: Sequence[Told[StepFact]], step: str) -> NodeName:
    """Return the node that was longest at a step."""
    began = _when(lines, step, StepStarted)
    ended = _finished(lines, step)
    return max(ended, key=lambda node: ended[node] - began[node])


def _seconds(span_s: float) -> str:
    return f'"{span_s:.3f} s"'


def flat(calls: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    return Counter({f"{side}: {what}": number for side, by in calls.items() for what, number in by.items()})
