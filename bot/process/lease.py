"""One process per store for each of two things: converting nodes, and writing to Slack.

A lease that is not renewed runs out, so a process that dies costs seconds. On the same host even those are saved: a
holder whose process is gone is not waited for.
"""

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from store.db import Store
from store.errors import StoreUnavailable

log = structlog.get_logger()

WALL_TTL: Final = timedelta(seconds=20)
"""Longer than a database's restart takes to be noticed, shorter than a person's patience after a crash."""

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Lease:
    """Taken or renewed at every tick; `held` is what the last tick found, for as long as it may still be so."""

    def __init__(self, name: str, store: Store, now: Callable[[], datetime], ttl: timedelta) -> None:
        """name: what only one process may do. ttl: in the same clock as now()."""
        self._name = name
        self._store = store
        self._now = now
        self._ttl = ttl
        self._me = f"{socket.gethostname()}:{os.getpid()}"
        self._until = _NEVER

    @property
    def held(self) -> bool:
        """Return True until the lease runs out: a process that was frozen for a minute may not go on as before."""
        return self._now() < self._until

    def take(self) -> bool:
        """Take or renew the lease; False while another process has it, or the store does not answer."""
        now, holder, had = self._now(), "", self.held
        try:
            with self._store.write() as tx:
                held = tx.leases.take(self._name, self._me, now, now + self._ttl)
                holder = tx.leases.holder(self._name) or ""
                if not held and _is_dead(holder):
                    tx.leases.release(self._name, holder)
                    held = tx.leases.take(self._name, self._me, now, now + self._ttl)
        except StoreUnavailable as e:
            log.warning("lease.unknown", why=str(e))
            held = False
        if held != had:
            log.info("lease.held" if held else "lease.waiting", lease=self._name, holder=self._me if held else holder)
        self._until = now + self._ttl if held else _NEVER
        return held

    def release(self) -> None:
        """Let the next process begin at once."""
        if not self.held:
            return
        self._until = _NEVER
        try:
            with self._store.write() as tx:
                tx.leases.release(self._name, self._me)
        except StoreUnavailable as e:
            log.warning("lease.not_released", lease=self._name, why=str(e))  # it runs out by itself


def _is_dead(holder: str) -> bool:
    """Return True when the holder ran on this host and its process is gone."""
    host, _, pid = holder.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
