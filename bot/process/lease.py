"""One process per store for each of two things: converting nodes, and writing to Slack.

Whoever holds a lease renews it; whoever waits takes it over when it has stood still for TTL by a clock of its own. A
holder is a random id, never a host and a pid (in containers everybody is pid 1), and it is dead when its time is up,
not when its process cannot be seen: one that was stopped may wake.
"""

from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import uuid4

import structlog

from store.db import Store, Tx
from store.errors import StoreUnavailable
from store.leases import NOBODY, Held

log = structlog.get_logger()

RENEW_EVERY: Final = timedelta(seconds=3)
TTL: Final = timedelta(seconds=15)
"""Four beats may be lost on a busy machine, and a restart after a crash is no slower than the machine's own. Our
judgement. What a change may take to begin is less (conversion/fence.py)."""

_NEVER: Final = float("-inf")


class Clock(Protocol):
    """The time, and how long things have lasted."""

    def now(self) -> datetime:
        """Return the time as lendbot counts it."""

    def wall(self, span: timedelta) -> timedelta:
        """Return how much of lendbot's time passes in a span of the wall's."""

    def uptime(self) -> float:
        """Return seconds that nobody sets and that sleep does not stop."""


class Lease:
    """Taken or renewed at every tick. Safe for many threads: each assignment is of one value."""

    def __init__(self, name: str, store: Store, clock: Clock) -> None:
        """name: what only one process may do."""
        self.holder: Final = uuid4().hex
        self._name = name
        self._store = store
        self._clock = clock
        self._epoch: int | None = None
        self._renewed_at = _NEVER
        self._told: int | None = 0
        self._seen: Held | None = None
        self._seen_at = 0.0

    @property
    def held(self) -> bool:
        """Return True until the lease may be another's: a process that was frozen may not go on as before."""
        return self._epoch is not None and self._clock.uptime() - self._renewed_at < TTL.total_seconds()

    def take(self) -> bool:
        """Take or renew the lease; False while another process has it, or the store does not answer."""
        at = self._clock.uptime()
        try:
            with self._store.write() as tx:
                epoch = self._epoch if self.renew(tx) else self._take_over(tx, at)
        except StoreUnavailable as e:
            log.warning("lease.unknown", lease=self._name, why=str(e))
            self._renewed_at = _NEVER  # ours still, for all we know; the next beat will tell
            return False
        self._epoch = epoch
        if epoch is not None:
            self.renewed(at)
        self._tell()
        return self.held

    @property
    def renewed_at(self) -> float:
        """Return at which uptime its last renewal began."""
        return self._renewed_at

    def is_ours(self, tx: Tx) -> bool:
        """Ask the store whether we still hold it, in the epoch in which we took it."""
        found, epoch = tx.leases.get(self._name), self._epoch
        return epoch is not None and found is not None and (found.holder, found.epoch) == (self.holder, epoch)

    def renew(self, tx: Tx) -> bool:
        """Say in a transaction that we live; False when the lease is not ours any more.

        Once it is committed, renewed() has to be told when it began.
        """
        epoch = self._epoch
        return epoch is not None and tx.leases.renew(self._name, self.holder, epoch, self._until)

    def renewed(self, at: float) -> None:
        """Count the lease's time from `at`, which was before the transaction that renewed it."""
        self._renewed_at = max(self._renewed_at, at)

    def release(self) -> None:
        """Let the next process begin at once."""
        if self._epoch is None:
            return
        self._epoch = None
        try:
            with self._store.write() as tx:
                tx.leases.release(self._name, self.holder)
        except StoreUnavailable as e:
            log.warning("lease.not_released", lease=self._name, why=str(e))  # it runs out by itself

    @property
    def _until(self) -> datetime:
        """Return what is shown as its end; nobody who waits compares it with a clock, only with itself."""
        return self._clock.now() + self._clock.wall(TTL)

    def _take_over(self, tx: Tx, at: float) -> int | None:
        """Take what nobody holds, or what has stood still for long enough; return its epoch."""
        seen = tx.leases.get(self._name)
        if seen != self._seen:
            self._seen, self._seen_at = seen, at
        is_dead = at - self._seen_at >= TTL.total_seconds()
        taken = tx.leases.succeed(self._name, self.holder, self._until, seen if is_dead else None)
        return taken.epoch if taken is not None else None

    def _tell(self) -> None:
        """Log who has it, when that has changed."""
        epoch, other = self._epoch, self._seen.holder if self._seen is not None else NOBODY
        if epoch == self._told:
            return
        self._told = epoch
        if epoch is not None:
            log.info("lease.held", lease=self._name, holder=self.holder, epoch=epoch)
        else:
            log.info("lease.waiting", lease=self._name, holder=other)
