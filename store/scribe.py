"""Many small writes in few transactions: what comes while one is being committed goes together with the next.

One commit is one wait for the disk. Fifty people who speak at once wait for a handful of them, not for fifty.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import structlog

from store.db import Store, Tx
from store.errors import StoreUnavailable

log = structlog.get_logger()

T = TypeVar("T")

_AT_ONCE: Final = 100
"""Changes of one transaction: other writers wait as long as it takes."""


@dataclass(frozen=True)
class _Wish:
    """One change, and who waits for it."""

    change: Callable[[Tx], Any]
    kept: "Future[Any]" = field(default_factory=Future)


class Scribe:
    """A thread that writes for the others."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wishes: SimpleQueue[_Wish | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)
        self._thread.start()

    def write(self, change: Callable[[Tx], T]) -> "Future[T]":
        """Have a change written; the future is done when it is on the disk.

        Cancelled before its transaction begins, it is never written. It fails with what the store raises.
        """
        wish = _Wish(change)
        self._wishes.put(wish)
        return wish.kept

    def close(self, within_s: float) -> bool:
        """Write what was handed in, and end; False when that takes longer, as when the store hangs."""
        self._wishes.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while batch := self._next():
            wanted = [wish for wish in batch if wish is not None and wish.kept.set_running_or_notify_cancel()]
            if wanted:
                self._keep(wanted)
            if None in batch:
                return

    def _next(self) -> list[_Wish | None]:
        """Wait for a wish, and take all that are there by then."""
        batch = [self._wishes.get()]
        while len(batch) < _AT_ONCE and batch[-1] is not None:
            try:
                batch.append(self._wishes.get_nowait())
            except Empty:
                break
        return batch

    def _keep(self, wishes: Sequence[_Wish]) -> None:
        try:
            with self._store.write() as tx:
                results = [wish.change(tx) for wish in wishes]
        except Exception as e:  # noqa: BLE001 - it is raised again, in the thread that asked
            self._failed(wishes, e)
            return
        for wish, result in zip(wishes, results, strict=True):
            wish.kept.set_result(result)

    def _failed(self, wishes: Sequence[_Wish], error: Exception) -> None:
        if len(wishes) == 1 or isinstance(error, StoreUnavailable):
            for wish in wishes:
                wish.kept.set_exception(error)
            return
        log.warning("scribe.one_by_one", changes=len(wishes), why=str(error))
        for wish in wishes:  # one that cannot be written must not take the others with it
            self._keep([wish])
