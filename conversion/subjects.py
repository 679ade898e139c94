"""What plans are run for: a node of a loan, or a wave of taking. Here the engine meets the store.

Every line of the journal is written in one transaction with the row that shows it and the card that tells of it. A row
that somebody changed meanwhile makes the run stop: Overtaken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from conversion.engine import Overtaken
from conversion.pace import Pace
from conversion.ports import FarSides
from conversion.slurm_view import look
from conversion.steps import NodeWork, StepFailed, TakeWork
from loans.classes import NodeClass
from loans.journal import Entry, EntryKind
from loans.lifecycle import Broke, move
from loans.loan import Loan, NodeLoan, State, Taking
from loans.nodes import NodeName
from loans.selection import Wish, choose
from store.audit import Audit
from store.db import Store, Tx
from store.errors import NodeTaken, Stale


@dataclass(frozen=True)
class Ground:
    """What every run needs: where things are written, what is out there, and how patient to be."""

    store: Store
    far: FarSides
    classes: Mapping[str, NodeClass]
    pace: Pace
    now: Callable[[], datetime]


class NodeSubject:
    """One node of a loan on its way."""

    def __init__(self, ground: Ground, loan: Loan, part: NodeLoan, plan: str) -> None:
        self._ground = ground
        self._loan = loan
        self._plan = plan
        self.part = part
        with ground.store.read() as tx:
            self._all = list(tx.journal.of(loan.id, subject=part.node))

    @property
    def pace(self) -> Pace:
        return self._ground.pace

    def now(self) -> datetime:
        return self._ground.now()

    def work(self) -> NodeWork:
        node_class = self._ground.classes[self._loan.node_class]
        return NodeWork(self._loan, node_class, self.part, self._ground.far, self.pace, tuple(self._all), self.now())

    def entries(self) -> Sequence[Entry]:
        return [e for e in self._all if e.run == self.part.run and e.plan == self._plan]

    def write(self, step: str, kind: EntryKind, detail: str = "") -> None:
        now = self.now()
        entry = Entry(self._loan.id, self.part.node, self.part.run, self._plan, step, kind, now, detail)
        began = kind is EntryKind.STARTED
        shown = replace(self.part, step=step, note=detail if kind is EntryKind.FAILED else "", blocked=False)
        with self._ground.store.write() as tx:
            self.part = _save(tx, replace(shown, since=now, ask_at=None) if began else shown)
            tx.journal.write(entry)
            if kind is EntryKind.DID:
                tx.audit.write(Audit(now, "lendbot", step, self._loan.id, self.part.node, detail))
            tx.outbox.card(self._loan.id, now)
        self._all.append(entry)


class TakeSubject:
    """One wave of nodes on its way out of Slurm."""

    def __init__(self, ground: Ground, loan: Loan, taking: Taking, plan: str) -> None:
        self._ground = ground
        self._loan = loan
        self._plan = plan
        self._class = ground.classes[loan.node_class]
        self.taking = taking
        with ground.store.read() as tx:
            self._all = [e for e in tx.journal.of(loan.id, subject=f"take.{taking.wave}") if e.plan == plan]

    @property
    def pace(self) -> Pace:
        return self._ground.pace

    def now(self) -> datetime:
        return self._ground.now()

    def work(self) -> TakeWork:
        return TakeWork(
            self._loan,
            self._class,
            self.taking,
            self._parts(),
            self._ground.far,
            self.pace,
            self.now(),
            choose=self._choose,
            claim=self._claim,
            drop=self._drop,
        )

    def entries(self) -> Sequence[Entry]:
        return self._all

    def write(self, step: str, kind: EntryKind, detail: str = "") -> None:
        now = self.now()
        entry = Entry(self._loan.id, f"take.{self.taking.wave}", 1, self._plan, step, kind, now, detail)
        with self._ground.store.write() as tx:
            if self._plan == "take" and tx.loans.get(self._loan.id).state is not State.LENDING:
                raise Overtaken
            self.taking = tx.takings.save(replace(self.taking, step=step, note=detail))
            tx.journal.write(entry)
            if kind is EntryKind.DID:
                nodes = ",".join(part.node for part in self._of_wave(tx))
                tx.audit.write(Audit(now, "lendbot", f"{step} {nodes}".strip(), self._loan.id, None, detail))
            tx.outbox.card(self._loan.id, now)
        self._all.append(entry)

    def _parts(self) -> tuple[NodeLoan, ...]:
        with self._ground.store.read() as tx:
            return self._of_wave(tx)

    def _of_wave(self, tx: Tx) -> tuple[NodeLoan, ...]:
        return tuple(part for part in tx.nodes.of(self._loan.id) if part.wave == self.taking.wave)

    def _choose(self) -> tuple[NodeName, ...]:
        """Pick from Slurm as it stands now; a wave that replaces takes what there is, or says that there is none."""
        with self._ground.store.read() as tx:
            held = {part.node: part.loan_id for part in tx.nodes.held()}
            tried = frozenset(part.node for part in tx.nodes.of(self._loan.id))
        wish = Wish(self._class, self.taking.count, self._loan.until, held, tried)
        found = choose(look(self._ground.far.slurm), wish)
        if not found.taken and self.taking.wave > 1:
            raise StepFailed(f"no other {self._class.name} node is free")
        return found.taken

    def _claim(self, nodes: Sequence[NodeName]) -> None:
        now = self.now()
        try:
            with self._ground.store.write() as tx:
                known = {part.node for part in tx.nodes.of(self._loan.id)}
                for node in nodes:
                    if node not in known:
                        tx.nodes.add(NodeLoan(self._loan.id, node, self.taking.wave, since=now, look_at=now))
                tx.outbox.card(self._loan.id, now)
        except NodeTaken as e:
            raise StepFailed(f"{e}: the reservation is given up") from e

    def _drop(self, node: NodeName, why: str) -> None:
        with self._ground.store.write() as tx:
            part = tx.nodes.get(self._loan.id, node)
            tx.nodes.save(move(part, Broke(why), self.now()))
            tx.audit.write(Audit(self.now(), "lendbot", "give up", self._loan.id, node, why))
            tx.outbox.card(self._loan.id, self.now())


def _save(tx: Tx, part: NodeLoan) -> NodeLoan:
    try:
        return tx.nodes.save(part)
    except Stale as e:
        raise Overtaken from e
