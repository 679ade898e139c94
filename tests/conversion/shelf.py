"""A store of its own, and a ground without far sides: for what looks only at our own tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from conversion.fence import Reach
from conversion.pace import Pace
from conversion.ports import FarSides
from conversion.subjects import Ground
from loans.alarms import Alarm
from loans.classes import NodeClass, Rules
from loans.facts import Fact
from loans.loan import Loan, NodeLoan
from store.db import Store, Tx
from store.outbox import Letter
from tests.store.values import NOW

GPU = NodeClass("gpu", "gpu", Rules(approvers=frozenset({"S0APPROVERS"})))


@contextmanager
def a_store(folder: Path) -> Iterator[Store]:
    """Open an empty store in a folder."""
    store = Store.open(f"sqlite:///{folder / 'lendbot.db'}")
    store.upgrade()
    try:
        yield store
    finally:
        store.close()


@dataclass
class Shelf:
    """A store, and a clock that the test turns. There is nothing out there: whoever asks a far side fails."""

    store: Store
    at: datetime = NOW
    classes: dict[str, NodeClass] = field(default_factory=lambda: {"gpu": GPU})

    @property
    def ground(self) -> Ground:
        nobody: Any = None
        reach = Reach(FarSides(nobody, nobody, nobody, {}), self.store, nobody, lambda: 0.0)
        return Ground(self.store, reach, self.classes, Pace(), lambda: self.at)

    def put(self, loan: Loan, *parts: NodeLoan) -> Loan:
        """Keep a loan and its nodes; the nodes' loan_id is set."""
        with self.store.write() as tx:
            saved = tx.loans.add(loan)
            for part in parts:
                tx.nodes.add(part)
        return saved

    def loan(self, loan_id: int = 1) -> Loan:
        with self.store.read() as tx:
            return tx.loans.get(loan_id)

    def parts(self, loan_id: int = 1) -> tuple[NodeLoan, ...]:
        with self.store.read() as tx:
            return tx.nodes.of(loan_id)

    def letters(self, kind: type[Fact]) -> list[Letter]:
        """Return the letters that tell of a kind of fact."""
        with self.store.read() as tx:
            return [letter for letter in tx.outbox.due(self.at, 999) if isinstance(_fact(tx, letter), kind)]

    def fact(self, letter: Letter) -> Any:
        """Return what a letter tells of."""
        with self.store.read() as tx:
            return _fact(tx, letter)

    def happened(self, kind: type[Fact]) -> list[Any]:
        """Return the facts of a kind, oldest first."""
        with self.store.read() as tx:
            return [told.fact for told in tx.facts.recent(999, kind)]

    def alarms(self) -> list[Alarm]:
        """Return what asks people for something now."""
        with self.store.read() as tx:
            return list(tx.alarms.open())

    def told(self, loan_id: int = 1) -> list[tuple[str, Fact]]:
        """Return who did what, in order."""
        with self.store.read() as tx:
            return [(each.who.id, each.fact) for each in tx.facts.of(loan_id)]


def _fact(tx: Tx, letter: Letter) -> Fact | None:
    told = tx.facts.get(letter.fact_id) if letter.fact_id else None
    return told.fact if told else None
