"""What plans are run for: a node of a loan, or a wave of taking. Here the engine meets the store.

Every line of the journal is written in one transaction with the row that shows it and the card that tells of it. A row
that somebody changed meanwhile makes the run stop: Overtaken.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from conversion import alarms, worlds
from conversion.fence import Looked, Reach
from conversion.holdings import held
from conversion.journal import line
from conversion.news import tell, tell_wrong
from conversion.pace import Pace
from conversion.permit import Overtaken
from conversion.ports import FarSides
from conversion.sides import Sides
from conversion.slurm_view import look
from conversion.steps import Ask, NodeWork, Scene, TakeWork
from conversion.stored_memory import StoredMemory
from conversion.waits import Key, Waits
from loans.boots import Boot
from loans.classes import NodeClass
from loans.facts import (
    Fact,
    Mismatch,
    NodeBroke,
    NodeReplaced,
    StepFact,
    StepFailed,
    StepFinished,
    StepStarted,
    Told,
    Wrong,
)
from loans.lifecycle import Broke, move
from loans.loan import Loan, NodeLoan, State, Taking
from loans.nodes import NodeName
from loans.readers.breakdown import without_replacement
from loans.runbook import PlanName, StepName
from loans.selection import Choice, Seen, Wish, broken_floor, choose
from store.db import Store, Tx
from store.errors import NodeTaken, Stale


@dataclass(frozen=True)
class Ground:
    """What every run needs: where things are written, what is out there, and how patient to be.

    reach   the only way to change anything out there
    sides   which of the far sides answer; reach goes through it
    """

    store: Store
    reach: Reach
    classes: Mapping[str, NodeClass]
    pace: Pace
    now: Callable[[], datetime]
    waits: Waits = field(default_factory=Waits)
    sides: Sides = field(default_factory=Sides)

    @property
    def far(self) -> FarSides:
        """Return what is out there, to be asked."""
        return self.reach.reads

    def knows(self, loan: Loan) -> bool:
        """Return True when the settings have the loan's class, and its BMCs: nothing may be done for it without."""
        return loan.node_class in self.classes and self.has_power(loan)

    def has_power(self, loan: Loan) -> bool:
        """Return True when the settings still say how to reach the BMCs that the loan was made with."""
        return loan.made_with is None or loan.made_with.power in self.reach.out_there.powers

    def begun(self, loan: Loan) -> Loan:
        """Return a loan with what it was made with, which is written down at its first look.

        raises   FarSideError while a side does not tell who it is
        """
        if loan.made_with is not None:
            return loan
        made = worlds.made_with(self.far, worlds.class_of(loan, self.classes), self.pace)
        with self.store.write() as tx:
            kept = tx.loans.get(loan.id)
            return kept if kept.made_with is not None else tx.loans.save(replace(kept, made_with=made))

    def reach_of(self, loan: Loan) -> Reach:
        """Return the way to the sides that a loan was made with, and to no others."""
        return replace(self.reach, out_there=worlds.sides_of(loan, self.reach.out_there))


class Unwanted(Overtaken):
    """The loan is no longer on its way out: the wave is not wanted."""


class NodeSubject:
    """One node of a loan on its way."""

    def __init__(self, ground: Ground, loan: Loan, part: NodeLoan, plan: PlanName) -> None:
        self._ground = ground
        self._loan = loan
        self._plan = plan
        self._changes: list[Fact] = []
        self._looked = Looked()
        self.part = part
        with ground.store.read() as tx:
            self._all = list(tx.facts.journal(loan.id, node=part.node))

    @property
    def pace(self) -> Pace:
        return self._ground.pace

    def now(self) -> datetime:
        return self._ground.now()

    def waited(self) -> timedelta:
        passed = self._ground.waits.lap(self._key)
        self.part = replace(self.part, waited=self.part.waited + passed)
        return self.part.waited

    def pause(self) -> None:
        self._ground.waits.pause(self._key)

    def refused(self) -> timedelta:
        return self._ground.waits.refused(self._key)

    def not_refused(self) -> None:
        self._ground.waits.not_refused(self._key)

    @property
    def _key(self) -> Key:
        return (self._loan.id, self.part.node)

    def work(self) -> NodeWork:
        return self._work(self._reach().reads_in(self._looked))

    def acting(self, asks: Sequence[Ask] = ()) -> NodeWork:
        """Return what a step may change; each change asks the store first whether the part is still as it is here."""
        reach, forced = self._reach(), self.part.forced_by is not None
        scene = Scene(self._loan.mark, self._class, reach.reads, (self.part.node,), forced)
        return self._work(reach.fence(scene, asks, self._holds, self._looked, self._keep))

    def _work(self, far: FarSides) -> NodeWork:
        return NodeWork(
            self._loan,
            self._class,
            self.part,
            far,
            worlds.pace_of(self._loan, self.pace),
            tuple(self._all),
            self.now(),
            self.waited(),
            note_boot=self._note_boot,
            memory=StoredMemory(self._ground.store, self._loan, self._ground.now),
        )

    def _reach(self) -> Reach:
        self._loan = self._ground.begun(self._loan)
        return self._ground.reach_of(self._loan)

    @property
    def _class(self) -> NodeClass:
        return worlds.class_of(self._loan, self._ground.classes)

    def _holds(self, tx: Tx) -> bool:
        return tx.nodes.get(self._loan.id, self.part.node).version == self.part.version

    def _keep(self, change: Fact, _: Sequence[NodeName] | None) -> None:
        self._changes.append(change)

    def tell_wrong(self, about: Wrong, what: str) -> None:
        with self._ground.store.write() as tx:
            tell_wrong(tx, Mismatch(about, what), self.now(), loan=self._loan, node=self.part.node)

    def journal(self) -> Sequence[Told[StepFact]]:
        return [told for told in self._all if told.fact.run == self.part.run and told.fact.plan is self._plan]

    def write(self, kind: type[StepFact], step: StepName, said: str = "") -> None:
        now = self.now()
        self.waited()
        shown = replace(self.part, step=step, note=said if kind is StepFailed else "", blocked=False)
        anew = replace(shown, since=now, ask_at=None, waited=timedelta())
        fact = line(kind, StepFact(self._plan, step, self.part.run, said=said), self.journal(), now)
        with self._ground.store.write() as tx:
            self.part = _save(tx, anew if kind is StepStarted else shown)
            self.tell_changes(tx)
            told = tell(tx, fact, now, loan=self._loan, node=self.part.node)
            if kind is StepFinished and self._plan is PlanName.RETURN:
                alarms.went_on(tx, self._loan, self.part.node, now)
        self._all.append(told)

    def tell_changes(self, tx: Tx) -> None:
        """Write down what was changed out there since the last line."""
        for change in self._changes:
            tell(tx, change, self.now(), loan=self._loan, node=self.part.node)
        self._changes.clear()

    def _note_boot(self, seen: Boot) -> None:
        with self._ground.store.write() as tx:
            self.part = _save(tx, replace(self.part, boot=self.part.boot.updated(seen)))


class TakeSubject:
    """One wave of nodes on its way out of Slurm."""

    def __init__(self, ground: Ground, loan: Loan, taking: Taking, plan: PlanName) -> None:
        self._ground = ground
        self._loan = loan
        self._plan = plan
        self._changes: list[tuple[Fact, Sequence[NodeName] | None]] = []
        self._looked = Looked()
        self.taking = taking
        with ground.store.read() as tx:
            of_wave = tx.facts.journal(loan.id, wave=taking.wave)
        self._all = [told for told in of_wave if told.fact.plan is plan]

    @property
    def pace(self) -> Pace:
        return self._ground.pace

    def now(self) -> datetime:
        return self._ground.now()

    def waited(self) -> timedelta:
        passed = self._ground.waits.lap(self._key)
        self.taking = replace(self.taking, waited=self.taking.waited + passed)
        return self.taking.waited

    def pause(self) -> None:
        self._ground.waits.pause(self._key)

    def refused(self) -> timedelta:
        return self._ground.waits.refused(self._key)

    def not_refused(self) -> None:
        self._ground.waits.not_refused(self._key)

    @property
    def _key(self) -> Key:
        return (self._loan.id, f"take.{self.taking.wave}")

    def work(self) -> TakeWork:
        return self._work(self._reach().reads_in(self._looked))

    def acting(self, asks: Sequence[Ask] = ()) -> TakeWork:
        """Return what a step may change; each change asks the store first whether the wave is still as it is here."""
        reach = self._reach()
        scene = Scene(self._loan.mark, self._class, reach.reads, tuple(part.node for part in self._parts()))
        return self._work(reach.fence(scene, asks, self._holds, self._looked, self._keep))

    def _holds(self, tx: Tx) -> bool:
        self._check_wanted(tx)
        return tx.takings.get(self._loan.id, self.taking.wave).version == self.taking.version

    def _keep(self, change: Fact, nodes: Sequence[NodeName] | None) -> None:
        self._changes.append((change, nodes))

    def tell_wrong(self, about: Wrong, what: str) -> None:
        with self._ground.store.write() as tx:
            tell_wrong(tx, Mismatch(about, what), self.now(), loan=self._loan, node=None)

    def _work(self, far: FarSides) -> TakeWork:
        return TakeWork(
            self._loan,
            self._class,
            self.taking,
            self._parts(),
            far,
            worlds.pace_of(self._loan, self.pace),
            self.now(),
            choose=self._choose,
            let_go=self._let_go,
            claim=self._claim,
            drop=self._drop,
            memory=StoredMemory(self._ground.store, self._loan, self._ground.now),
        )

    def _reach(self) -> Reach:
        self._loan = self._ground.begun(self._loan)
        return self._ground.reach_of(self._loan)

    @property
    def _class(self) -> NodeClass:
        return worlds.class_of(self._loan, self._ground.classes)

    def journal(self) -> Sequence[Told[StepFact]]:
        return self._all

    def write(self, kind: type[StepFact], step: StepName, said: str = "") -> None:
        now = self.now()
        fact = line(kind, StepFact(self._plan, step, wave=self.taking.wave, said=said), self._all, now)
        with self._ground.store.write() as tx:
            self._check_wanted(tx)
            self.waited()
            shown = replace(self.taking, step=step, note=said)
            self.taking = _save_taking(tx, replace(shown, waited=timedelta()) if kind is StepStarted else shown)
            self.tell_changes(tx)
            told = tell(tx, fact, now, loan=self._loan)
        self._all.append(told)

    def tell_changes(self, tx: Tx) -> None:
        """Write down what was changed out there since the last line, for each node by itself."""
        of_wave = [part.node for part in self._of_wave(tx)] or self.taking.nodes if self._changes else []
        for change, nodes in self._changes:
            for node in of_wave if nodes is None else nodes:
                tell(tx, change, self.now(), loan=self._loan, node=node)
        self._changes.clear()

    def _check_wanted(self, tx: Tx) -> None:
        if self._plan is PlanName.TAKE and tx.loans.get(self._loan.id).state is not State.LENDING:
            raise Unwanted

    def _parts(self) -> tuple[NodeLoan, ...]:
        with self._ground.store.read() as tx:
            return self._of_wave(tx)

    def _of_wave(self, tx: Tx) -> tuple[NodeLoan, ...]:
        return tuple(part for part in tx.nodes.of(self._loan.id) if part.wave == self.taking.wave)

    def _choose(self) -> Choice:
        """Pick from Slurm as it stands now, and hold what is picked in the transaction that judged the floor.

        Writes are one at a time, so two waves can never spend the same spare nodes. Of 4,000 nodes a choice takes 85 ms
        (measured), for which nobody else could write: it is made before, and again only if somebody was first.
        """
        seen = look(self._reach().reads_in(self._looked).slurm)
        with self._ground.store.read() as tx:
            wish = self._wish(tx)
        found = choose(seen, wish)
        if not found.taken and not wish.asked:
            return found
        with self._ground.store.write() as tx:
            self._check_wanted(tx)
            if (by_now := self._wish(tx)) != wish:
                found = choose(seen, by_now)
            self._hold(tx, {*found.taken, *self.taking.nodes})
        return found

    def _wish(self, tx: Tx) -> Wish:
        asked = frozenset(self.taking.nodes)
        return Wish(
            self._class,
            self.taking.count,
            self._loan.until,
            held={node: loan for node, loan in held(tx).items() if node not in asked},
            given_up=frozenset(part.node for part in tx.nodes.of(self._loan.id)),
            others=tuple(self._ground.classes.values()),
            asked=asked,
        )

    def _let_go(self) -> None:
        with self._ground.store.write() as tx:
            self.tell_changes(tx)
            self._hold(tx, ())

    def _hold(self, tx: Tx, nodes: Collection[NodeName]) -> None:
        if set(nodes) != set(self.taking.nodes):
            self.taking = _save_taking(tx, replace(self.taking, nodes=tuple(sorted(nodes))))

    def _claim(self, nodes: Sequence[NodeName]) -> str:
        """Ask the floor once more, of Slurm as it stands with the reservation, and write the nodes down if it stays."""
        seen = look(self._reach().reads_in(self._looked).slurm)
        try:
            with self._ground.store.write() as tx:
                return self._why_not(tx, seen, nodes) or self._write_down(tx, nodes)
        except NodeTaken as e:
            return str(e)

    def _why_not(self, tx: Tx, seen: Seen, nodes: Sequence[NodeName]) -> str:
        mine = {part.node for part in self._of_wave(tx)} | set(self.taking.nodes)
        others = {node: loan for node, loan in held(tx).items() if node not in mine}
        if taken := [node for node in nodes if node in others]:
            return f"{taken[0]} is in loan #{others[taken[0]]} already"
        if strange := sorted(set(nodes) - mine):
            return f"{', '.join(strange)} stands in the reservation, and nobody chose it"
        short = broken_floor(seen, self._ground.classes.values(), others, nodes)
        if short is None:
            return ""
        return f"with {', '.join(nodes)} gone, fewer than the floor of {short.rules.floor} would stay in Slurm"

    def _write_down(self, tx: Tx, nodes: Sequence[NodeName]) -> str:
        now = self.now()
        known = {part.node for part in self._of_wave(tx)}
        new = [node for node in nodes if node not in known]
        for node in new:
            tx.nodes.add(NodeLoan(self._loan.id, node, self.taking.wave, since=now, look_at=now))
        # In order: the first that broke gets the first that came after.
        broke = without_replacement(tx.facts.of(self._loan.id, NodeBroke, NodeReplaced))
        for lost, node in zip(broke, new, strict=False):
            tell(tx, NodeReplaced(node), now, loan=self._loan, node=lost)
        self._hold(tx, ())
        tx.outbox.card(self._loan.id, now)
        return ""

    def _drop(self, node: NodeName, why: str) -> None:
        with self._ground.store.write() as tx:
            part = tx.nodes.get(self._loan.id, node)
            tx.nodes.save(move(part, Broke(why), self.now()))
            tell(tx, NodeBroke(self.taking.step, why), self.now(), loan=self._loan, node=node)


def _save_taking(tx: Tx, taking: Taking) -> Taking:
    try:
        return tx.takings.save(taking)
    except Stale as e:
        raise Overtaken from e


def _save(tx: Tx, part: NodeLoan) -> NodeLoan:
    try:
        return tx.nodes.save(part)
    except Stale as e:
        raise Overtaken from e
