"""A store that stops whoever has just begun a step, until a gate is opened: so an outage finds nodes at every step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import Any, Final

from conversion.waits import Key
from loans.facts import StepFact, StepStarted, Told
from store.db import Store, Tx

_LONGEST_S: Final = 900.0
"""A story that never opens its gate has failed elsewhere, and must end."""


class Parking:
    """The real store beside it.

    place   at which step a subject is to stop; None for one that is to pass
    left    told who goes on: the time in which it stood here is not its own
    """

    def __init__(self, store: Store, place: Callable[[Key], str | None], left: Callable[[Key], None]) -> None:
        self._store = store
        self._place = place
        self._left = left
        self._lock = Lock()
        self._open = Event()
        self.parked: dict[Key, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        with self._store.write() as tx:
            before = tx.facts.last
            yield tx
            told = [tx.facts.get(number) for number in range(before + 1, tx.facts.last + 1)]
        for each in told:
            if each is not None and isinstance(each.fact, StepStarted):
                self._stop(key_of(each, each.fact), each.fact.step)

    def open(self) -> None:
        """Let everybody go on, now and from now on."""
        self._open.set()

    def _stop(self, key: Key, step: str) -> None:
        with self._lock:
            if self._open.is_set() or key in self.parked or self._place(key) != step:
                return
            self.parked[key] = step
        self._open.wait(_LONGEST_S)
        self._left(key)


def key_of(told: Told[Any], line: StepFact) -> Key:
    """Return whose line of a journal it is."""
    return (told.loan_id or 0, told.node or f"take.{line.wave}")
