"""Which processes of a kind live: each renews a lease of its own, and one that stands still is dead.

Clocks are not compared: what stands still is watched by our own. A wrong guess is no harm where each thing that is done
is fenced, and whoever wakes finds that it is another's.
"""

from datetime import timedelta
from typing import Final
from uuid import uuid4

from bot.process.lease import Clock
from store.db import Tx
from store.leases import NOBODY, Held

DEAD_AFTER: Final = timedelta(seconds=10)
"""Three beats may be lost on a busy machine; a person waits no longer than that after a crash. Our judgement."""


class Living:
    """One process among those of its kind."""

    def __init__(self, kind: str, clock: Clock) -> None:
        """kind: what they do, in the leases' names."""
        self.name: Final = uuid4().hex[:12]
        self._prefix = f"{kind} "
        self._clock = clock
        self._seen: dict[str, tuple[Held, float]] = {}

    def beat(self, tx: Tx) -> frozenset[str]:
        """Say that we live, and return the others that are not known to be dead; the dead are forgotten."""
        now = self._clock.now()
        tx.leases.take(f"{self._prefix}{self.name}", self.name, now, now + self._clock.wall(DEAD_AFTER))
        others = {name: held for name, held in tx.leases.of_kind(self._prefix).items() if name != self.name}
        self._watch(others)
        dead = {name for name, held in others.items() if held.holder == NOBODY or self._stands_still(name)}
        for name in dead:
            tx.leases.drop(f"{self._prefix}{name}")
        return frozenset(others) - dead

    def leave(self, tx: Tx) -> None:
        """Let the others take over at once."""
        tx.leases.release(f"{self._prefix}{self.name}", self.name)

    def _watch(self, others: dict[str, Held]) -> None:
        at = self._clock.uptime()
        before = self._seen
        self._seen = {
            name: before[name] if name in before and before[name][0] == held else (held, at)
            for name, held in others.items()
        }

    def _stands_still(self, name: str) -> bool:
        return self._clock.uptime() - self._seen[name][1] >= DEAD_AFTER.total_seconds()
