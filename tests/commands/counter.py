"""The commands on a site where nothing moves: real Slurm answers, a store of the test's own, people to be."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from commands import grammar
from commands.desk import Caller, Desk
from commands.extend import SettleExtension
from commands.lend import SignOff
from commands.replies import Preview, Requested, WhichTime
from conversion.ports import FarSideError
from conversion.subjects import Ground
from loans.facts import Fact
from loans.loan import Loan, NodeLoan, State
from loans.nodes import NodeName, is_free
from loans.policy import CLI_GROUP, Person
from store.db import Store
from tests.conversion.rig import Rig, rigged
from tests.patience import PATIENCE_S

REQUESTER = Caller(Person("U0REQUEST1", tz="America/Indiana/Indianapolis"), "C0HPCOPS01")
APPROVER = Caller(Person("U0APPROVE1", frozenset({"S0GPUAPPR1"}), "Europe/Zurich"))
SECOND_APPROVER = Caller(Person("U0APPROVE2", frozenset({"S0GPUAPPR1"})))
ONCALL = Caller(Person("U0ONCALL01"))
STRANGER = Caller(Person("U0STRANGER"))
CLI = Caller(Person("cli:root", frozenset({CLI_GROUP})))

WHILE_SAID = timedelta(minutes=5)
"""How far on the clock may be when a test looks at what was said at its beginning, on whatever machine."""


@contextmanager
def a_quiet_site() -> Iterator[Rig]:
    """Six gpu nodes (floor 2, at most 4 a loan) and two cpu nodes, without a job stream, at the wall's own pace."""
    with rigged(speed=1.0, busy=0.0, gpu_nodes=6, cpu_nodes=2) as rig:
        yield rig


@dataclass
class Counter:
    """Where a person stands: what they say, and what comes of it."""

    rig: Rig
    store: Store
    ahead: timedelta = timedelta()
    rules: Any = None

    @property
    def now(self) -> datetime:
        return self.rig.core.clock.now() + self.ahead

    @property
    def desk(self) -> Desk:
        desk = replace(self.rig.core.desk(), store=self.store, now=self.now)
        if self.rules is None:
            return desk
        return replace(desk, classes={**desk.classes, "gpu": replace(desk.classes["gpu"], rules=self.rules)})

    @property
    def ground(self) -> Ground:
        """Return what the clock's sweeps stand on, here."""
        return replace(self.rig.ground, store=self.store, now=lambda: self.now)

    def say(self, text: str, who: Caller = REQUESTER) -> Any:
        return grammar.run(grammar.read(text), who, self.desk)

    def do(self, ask: Any, who: Caller = REQUESTER) -> Any:
        return grammar.run(ask, who, self.desk)

    def extend(self, words: str, who: Caller = REQUESTER) -> Any:
        """Say for how much longer, and say yes to the preview."""
        which = self.say(f"extend #1 {words}", who)
        assert isinstance(which, WhichTime), which
        [(_, draft)] = which.readings
        return self.do(SettleExtension(draft), who)

    def request(self, words: str = "lend 2 gpu nodes to k8s for 3 days", who: Caller = REQUESTER) -> Loan:
        """Ask for a loan and for its sign-off."""
        preview = self.say(words, who)
        assert isinstance(preview, Preview), preview
        asked = self.do(SignOff(preview.draft), who)
        assert isinstance(asked, Requested), asked
        return asked.loan

    def lent(self, *nodes: str, state: State = State.LENT, node_state: str = "lent") -> Loan:
        """Return an approved loan that has nodes, as the engine would have left it."""
        loan = self.request()
        self.say(f"approve #{loan.id}", APPROVER)
        with self.store.write() as tx:
            saved = tx.loans.save(replace(tx.loans.get(loan.id), state=state, started_at=self.now))
            for node in nodes:
                part = NodeLoan(loan.id, NodeName(node), 1, self.now, self.now, state=node_state)  # type: ignore[arg-type] - its value
                tx.nodes.add(part)
        return saved

    def loan(self, loan_id: int = 1) -> Loan:
        with self.store.read() as tx:
            return tx.loans.get(loan_id)

    def parts(self, loan_id: int = 1) -> dict[str, NodeLoan]:
        with self.store.read() as tx:
            return {str(part.node): part for part in tx.nodes.of(loan_id)}

    def news(self) -> list[type[Fact]]:
        """Return the kinds of facts that people are told of, one for each letter that waits."""
        with self.store.read() as tx:
            told = [tx.facts.get(letter.fact_id) for letter in tx.outbox.due(self.now, 999) if letter.fact_id]
        return [type(each.fact) for each in told if each is not None]

    @contextmanager
    def busy(self, **hours: float) -> Iterator[dict[str, int]]:
        """Let a job run on each node for so long; gives their ids. The node is free again after the block."""
        world = self.rig.site.world
        call = self.rig.site.call
        jobs = {n: call(partial(world.sneak_job, n, timedelta(hours=h))).id for n, h in hours.items()}
        try:
            self._until_free(set(world.names()) - set(hours))
            yield jobs
        finally:
            for job in jobs.values():
                call(partial(world.slurm.cancel, job))
            self._until_free(set(world.names()))

    def _until_free(self, nodes: set[str]) -> None:
        """Wait until exactly these nodes are free, as the adapter (whose reads may be a little old) sees them."""
        deadline = monotonic() + PATIENCE_S
        while {str(n.name) for n in self.desk.far.slurm.nodes().values() if is_free(n)} != nodes:
            assert monotonic() < deadline, "the nodes did not come to be as the test wants them"
            sleep(0.02)

    def until_slurm_is_down(self) -> None:
        """Wait until a shared read that was good is too old to be given again."""
        deadline = monotonic() + PATIENCE_S
        while monotonic() < deadline:
            try:
                self.desk.far.slurm.jobs()
            except FarSideError:
                return
            sleep(0.02)
        raise AssertionError("Slurm still answers")

    def until_slurm_is_up(self) -> None:
        """Wait until a side that was away is asked again: between two questions everybody is told without one."""
        deadline = monotonic() + PATIENCE_S
        while monotonic() < deadline:
            try:
                self.desk.far.slurm.jobs()
            except FarSideError:
                sleep(0.02)
            else:
                return
        raise AssertionError("Slurm does not answer")

    def loans(self) -> int:
        with self.store.read() as tx:
            return len(tx.loans.recent(999))


@contextmanager
def a_counter(rig: Rig, folder: Path) -> Iterator[Counter]:
    """Open a store of the test's own on a shared site."""
    store = Store.open(f"sqlite:///{folder / 'lendbot.db'}")
    store.upgrade()
    try:
        yield Counter(rig, store)
    finally:
        store.close()
