"""Clocks: how far the far sides' are from lendbot's, and whether lendbot's own was set.

Nothing is worked out across two of them: a reboot is proved by one witness (loans/boots.py), patience is spent by a
clock that nobody sets (conversion/waits.py), and deadlines are kept by lendbot's alone. What is found here is told,
since people read the times of both sides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from conversion.news import tell
from conversion.ports import FarSideError, NodeShell, UnexpectedAnswer
from conversion.subjects import Ground
from loans.facts import ClockOff, ClockSet
from loans.lengths import length
from loans.loan import NodeLoan, NodeState
from loans.nodes import NodeName
from store.db import Tx

log = structlog.get_logger()

WORTH_TELLING: Final = timedelta(minutes=1)
"""Clocks that keep time by NTP are within a second; by a minute people begin to wonder. Our judgement."""
_A_JUMP: Final = timedelta(seconds=10)
"""NTP slews what is smaller than a second, and steps only more than that."""
HOLD: Final = timedelta(minutes=10)
"""How long no deadline is kept after a jump forward: a loan that ends ten minutes late costs less than pods that are
evicted two hours early, and a time server mends its mistakes within minutes. Our judgement."""
_WHOLE_SECOND: Final = timedelta(seconds=1)
"""How exactly far sides say the time."""
_DATE_WITHIN: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class Side:
    """Somebody with a clock. name: as metrics have it; called: as people read it; ask: None when there is no clock."""

    name: str
    called: str
    ask: Callable[[], datetime | None]


def sides(ground: Ground) -> Iterator[Side]:
    """Yield everybody whose clock people may take for lendbot's: of the lent nodes one, another each minute."""
    yield Side("slurm", "Slurm", ground.far.slurm.clock)
    yield Side("kubernetes", "Kubernetes", ground.far.kubernetes.clock)
    yield Side("store", "the store's database", ground.store.clock)
    with ground.store.read() as tx:
        lent = [part for part in tx.nodes.held() if part.state is NodeState.LENT]
    if lent:
        node = _one_of(lent, ground.now())
        yield Side("nodes", node, lambda: node_clock(ground.far.shell, node))


def node_clock(shell: NodeShell, node: NodeName) -> datetime:
    """Return the time as a node has it, in whole seconds."""
    ran = shell.ask(node, ("date", "+%s"), timeout=_DATE_WITHIN)
    if ran.exit != 0 or not ran.out.strip().isdigit():
        raise UnexpectedAnswer(f"{node} (ssh)", "it does not say what time it is", ran.out or ran.err)
    return datetime.fromtimestamp(int(ran.out), UTC)


def ahead(ask: Callable[[], datetime | None], now: Callable[[], datetime]) -> timedelta | None:
    """Return how far a clock is ahead of ours, at least; None when there is none to ask.

    What an answer that took a while could explain is not counted: a slow network is no wrong clock.
    """
    before = now()
    said = ask()
    after = now()
    if said is None:
        return None
    if said > after:
        return said - after
    return min(timedelta(), said + _WHOLE_SECOND - before)


def apart(called: str, by: timedelta) -> str:
    """Say how far a clock is off: `Slurm's clock is 2 h ahead of lendbot's`."""
    whose = called if called.endswith("'s database") else f"{called}'s clock"
    return f"{whose} is {length(abs(by))} {'ahead of' if by > timedelta() else 'behind'} lendbot's"


class Clocks:
    """What is known of the clocks: looked at now and then, and told."""

    def __init__(self, ground: Ground, speed: float = 1.0) -> None:
        """speed: of lendbot's clock, by which every span that is noticed grows."""
        self._ground = ground
        self._speed = speed
        self._seen = (ground.now(), ground.waits.steady())
        self._is_first = True
        self._forward_at: timedelta | None = None
        self.ahead: dict[str, timedelta] = {}
        self.jumps = 0

    @property
    def holds_deadlines(self) -> bool:
        """Return True for a while after a jump forward, unless the clock was set back since."""
        return self._forward_at is not None and self._ground.waits.steady() - self._forward_at < HOLD

    def look(self) -> timedelta | None:
        """Notice when lendbot's clock was set since the last look: tell it, and let everything be looked at anew.

        The first look lets that be so in any case: nobody knows how the clock was set while lendbot was away.

        returns   how far it was set forward; negative for back
        """
        before, steady_before = self._seen
        now, steady = self._seen = (self._ground.now(), self._ground.waits.steady())
        by = (now - before) - (steady - steady_before)
        if abs(by) < _A_JUMP * self._speed:
            if self._is_first:
                with self._ground.store.write() as tx:
                    begin_anew(tx, now)
            self._is_first = False
            return None
        self._is_first = False
        self.jumps += 1
        self._forward_at = steady if by > timedelta() else None
        log.warning("clock.set", by_s=int(by.total_seconds()), now=now.isoformat())
        with self._ground.store.write() as tx:
            begin_anew(tx, now)
            tell(tx, ClockSet(by), now)
        return by

    def compare(self) -> None:
        """Ask everybody what time it is, and tell once a day of each clock that is off."""
        found: dict[str, timedelta] = {}
        for side in sides(self._ground):
            try:
                by = ahead(side.ask, self._ground.now)
            except FarSideError as e:
                log.info("clock.not_compared", side=side.name, why=str(e))
                continue
            if by is not None:
                found[side.name] = by
                if abs(by) >= WORTH_TELLING * self._speed:
                    self._tell(side, by)
        self.ahead = found

    def _tell(self, side: Side, by: timedelta) -> None:
        now = self._ground.now()
        with self._ground.store.write() as tx:
            if tx.seen.first(f"clock_off:{now:%Y-%m-%d}:{side.name}:{by > timedelta()}", now):
                log.warning("clock.off", side=side.name, by_s=int(by.total_seconds()))
                tell(tx, ClockOff(side.called, by), now)


def begin_anew(tx: Tx, now: datetime) -> None:
    """Let all that was put off be looked at now: until when was reckoned by a clock that has been set since."""
    tx.nodes.look_now(now)
    tx.takings.look_now(now)
    tx.outbox.try_now(now)


def said(by: timedelta) -> str:
    """Say how a clock was set: `2 h forward`."""
    return f"{length(abs(by))} {'forward' if by > timedelta() else 'back'}"


def _one_of(lent: list[NodeLoan], now: datetime) -> NodeName:
    return lent[int(now.timestamp() // 60) % len(lent)].node
