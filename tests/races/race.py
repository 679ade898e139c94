"""One race: a site, some loans that want the same nodes at once, and whatever else happens meanwhile, from one seed.

The worker, its looks, the plan of taking and the store are the product's own. A node that has left Slurm arrives, or
breaks, at the next look: what happens there is not this story's matter.
"""

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import copyfile
from typing import Any

from structlog.testing import capture_logs

from conversion import orders
from conversion.crew import Key
from conversion.pace import Pace
from conversion.ports import Busy
from conversion.subjects import Ground
from conversion.waits import Waits
from conversion.worker import Worker
from loans.classes import NodeClass, Rules
from loans.facts import Actor, WhyReturn
from loans.lifecycle import Arrived, Broke, CameHome, NodeEvent, move
from loans.loan import NODE_MOVING, Loan, NodeState, State
from loans.nodes import NodeName, SlurmNode
from loans.whose import marked_by
from store.db import Store, Tx
from store.errors import Stale
from tests.conversion.alone import alone_with
from tests.races.loom import Loom
from tests.races.slurm import ModelSlurm
from tests.store.values import HOUR, MINUTE, NOW, a_loan

AT_REST = frozenset({State.LENT, State.FAILED, State.LAPSED, State.RETURNED})
PATIENCE = 6 * HOUR
"""Of the site's time: a loan that is not at rest by then waits for ever."""

_BUGS = frozenset({"lendbot.bug", "look.failed"})
_UNUSABLE = ["INVALID_REG", "REBOOT_ISSUED", "BLOCKED", "NOT_RESPONDING", "SOMETHING_NEW"]


@dataclass(frozen=True)
class Setting:
    """What a race begins with.

    wishes     class and count of each loan. "big" is the upper half of "gpu", so that two loans seldom choose alike
    unusable   nodes that only look idle
    jobs       users' jobs start and end in the middle of it
    trouble    staff drain nodes, Slurm's answers get lost or its work is done late, and loans are given back
    """

    nodes: int
    floor: int
    wishes: tuple[tuple[str, int], ...]
    unusable: int = 0
    jobs: bool = False
    trouble: bool = False

    @classmethod
    def of(cls, rng: random.Random) -> "Setting":
        """Draw one: more is wanted than the floor lets go, as a rule."""
        nodes = rng.randint(4, 16)
        wishes = tuple((rng.choice(["gpu", "gpu", "big"]), rng.randint(1, 6)) for _ in range(rng.randint(2, 5)))
        jobs, trouble = rng.random() < 2 / 3, rng.random() < 1 / 3
        return cls(nodes, rng.randint(0, nodes), wishes, rng.choice([0, 0, 1, 2]), jobs, trouble)


@dataclass(frozen=True)
class Outcome:
    """What came of a race.

    above     the fewest nodes that stayed, less the floor; below 0 only where staff drained or a node was dead before
    let_go    reservations that the second question let go
    took      nodes that were claimed
    """

    setting: Setting
    states: Counter[State]
    above: int
    let_go: int
    took: int
    killed: int


@dataclass
class Race:
    """A race that is being run."""

    setting: Setting
    rng: random.Random
    pick: Callable[[int], int]
    at: datetime = NOW
    jobs: int = 0
    ground: Ground = field(init=False)
    slurm: ModelSlurm = field(init=False)
    loom: Loom = field(init=False)

    def __post_init__(self) -> None:
        """Build the site; the store comes when it runs."""
        gpu = NodeClass("gpu", "gpu", Rules(floor=self.setting.floor))
        half = Rules(floor=self.setting.floor // 3)
        big = NodeClass("big", "gpu", half, features=frozenset({"big"}))
        self.loom = Loom(self.pick, self._count)
        self.slurm = ModelSlurm({"gpu": gpu, "big": big}, lambda: self.at, self.loom.pause, self._loses_answer)
        for number in range(self.setting.nodes):
            flag = self.rng.choice(_UNUSABLE) if number < self.setting.unusable else ""
            node = _a_node(number, flag, is_big=number >= self.setting.nodes // 2)
            self.slurm.known[node.name] = node

    def run(self, store: Store) -> Outcome:
        """Run it to its end. Raises AssertionError when a floor breaks, or a loan does not come to rest."""
        paused: Any = PausingStore(store, self.loom.pause)
        reach, waits = alone_with(self.slurm, store), Waits(lambda: self.at - NOW)
        self.ground = Ground(paused, reach, self.slurm.classes, Pace(), lambda: self.at, waits)
        with store.write() as tx:
            ids = [tx.loans.add(loan).id for loan in self._loans()]
        with capture_logs() as logs:
            while any(loan.state not in AT_REST for loan in self._now(store, ids)):
                assert self.at < NOW + PATIENCE, f"a loan waits for ever: {self._now(store, ids)}"
                self._round(store, ids)
        assert not [line for line in logs if line["event"] in _BUGS], [line for line in logs if line["event"] in _BUGS]
        return self._outcome(store, ids)

    def _loans(self) -> Iterator[Loan]:
        for node_class, count in self.setting.wishes:
            starts = NOW + self.rng.choice([0, 0, 0, 1, 7]) * MINUTE
            yield a_loan(
                node_class=node_class, count=count, state=State.APPROVED, until=NOW + 240 * HOUR, starts_at=starts
            )

    def _round(self, store: Store, ids: list[int]) -> None:
        worker = Worker(self.ground, _WovenCrew(self))  # type: ignore[arg-type] - the same two methods
        self.loom.start("worker", lambda: self._tick(worker))
        if self.setting.jobs:
            self.loom.start("users", self._run_jobs)
        if self.setting.trouble:
            self.loom.start("somebody", self.rng.choice(self._troubles(store, ids)))
        if self.slurm.late:
            self.loom.start("a late answer", self._carry_out_late_ones)
        self.loom.run()
        self.at += self.rng.choice([timedelta(seconds=5), timedelta(seconds=20), MINUTE, 5 * MINUTE])

    def _tick(self, worker: Worker) -> None:
        """Tick while looks are at work, as the clock of a real one does."""
        for _ in range(3):
            worker.tick()
            self.loom.pause()

    def _run_jobs(self) -> None:
        """Let jobs start and end between any two looks of lendbot's: two waves seldom see the same nodes idle."""
        for _ in range(6):
            self.slurm.end_jobs(self.rng)
            self.jobs += 1
            ends = self.at + self.rng.randint(1, 30) * MINUTE
            self.slurm.start_job(self.jobs, self.rng.choice(sorted(self.slurm.known)), ends)
            self.loom.pause()

    def _troubles(self, store: Store, ids: list[int]) -> list[Callable[[], None]]:
        node = self.rng.choice(sorted(self.slurm.known))
        return [
            lambda: self.slurm.staff_drain(node),
            lambda: self.slurm.staff_resume(node),
            lambda: self._give_back(store, self.rng.choice(ids)),
        ]

    def _loses_answer(self) -> str:
        if not self.setting.trouble:
            return ""
        return self.rng.choice(["", "", "", "", "", "", "done", "late"])

    def _carry_out_late_ones(self) -> None:
        late, self.slurm.late = self.slurm.late, []
        for request in late:
            self.loom.pause()
            with suppress(Busy):
                request()

    def _give_back(self, store: Store, loan_id: int) -> None:
        with store.write() as tx:
            loan = tx.loans.get(loan_id)
            if loan.state in {State.LENT, State.LENDING}:
                orders.give_back(tx, loan, self.at, WhyReturn.ASKED, Actor(loan.requester))

    def _count(self) -> None:
        """Look at the site as its users see it, after each stretch of anybody's work."""
        self.slurm.lowest = min(self.slurm.lowest, self.slurm.above())
        assert not self.slurm.broken, f"{self.slurm.broken}: {self.setting}"
        alone = not self.setting.trouble
        assert not (alone and self.slurm.in_doubt), f"{-self.slurm.above()} too few left: {self.slurm.reserved}"

    @staticmethod
    def _now(store: Store, ids: list[int]) -> list[Loan]:
        with store.read() as tx:
            return [tx.loans.get(loan_id) for loan_id in ids]

    def _outcome(self, store: Store, ids: list[int]) -> Outcome:
        with store.read() as tx:
            took = sum(len(tx.nodes.of(loan_id)) for loan_id in ids)
        states = Counter(loan.state for loan in self._now(store, ids))
        return Outcome(self.setting, states, self.slurm.lowest, self.slurm.let_go, took, self.slurm.killed)


class _WovenCrew:
    """A crew whose looks are strands of the story; what a node does once it is out of Slurm takes it one look."""

    def __init__(self, race: Race) -> None:
        self._race = race

    def go(self, key: Key, look: Callable[[], None]) -> None:
        name = f"{key[0]} {key[1]}"
        if name in self._race.loom.names:
            return
        if key[1].startswith("take."):
            self._race.loom.start(name, look)
        else:
            self._race.loom.start(name, lambda: carry(self._race, key[0], NodeName(key[1])))

    def is_busy(self, key: Key) -> bool:
        return f"{key[0]} {key[1]}" in self._race.loom.names


def carry(race: Race, loan_id: int, node: NodeName) -> None:
    """Take one node to where it is going: into Kubernetes, or home through Slurm."""
    with race.ground.store.read() as tx:
        part = tx.nodes.get(loan_id, node)
    if part.state is NodeState.LENDING:
        event: NodeEvent = Broke("Puppet failed") if race.rng.random() < 1 / 8 else Arrived()
    elif part.state in NODE_MOVING and part.state is not NodeState.TAKING:
        mark = marked_by(race.slurm.known[node])
        if mark is not None and mark.loan == loan_id:
            race.slurm.resume([node])
        event = CameHome()
    else:
        return
    try:
        with race.ground.store.write() as tx:
            tx.nodes.save(move(part, event, race.at))
    except Stale:
        return


class PausingStore:
    """The real store; somebody may go first before each transaction, and after it."""

    def __init__(self, store: Store, pause: Callable[[], None]) -> None:
        self._store = store
        self._pause = pause

    @contextmanager
    def read(self) -> Iterator[Tx]:
        self._pause()
        with self._store.read() as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        self._pause()
        with self._store.write() as tx:
            yield tx
        self._pause()


def race(seed: int, setting: Setting | None = None) -> Outcome:
    """Run the race of a seed."""
    rng = random.Random(seed)  # noqa: S311 - a story that can be told again
    chosen = setting or Setting.of(rng)
    with an_empty_store() as store:
        return Race(chosen, rng, rng.randrange).run(store)


@contextmanager
def an_empty_store() -> Iterator[Store]:
    """Copy a store with its tables, in memory where the system has a place for it: a race is a thousand commits."""
    with tempfile.TemporaryDirectory(dir=_in_memory()) as folder:
        file = Path(folder) / "store.db"
        copyfile(_template(), file)
        store = Store.open(f"sqlite:///{file}")
        try:
            yield store
        finally:
            store.close()


def _in_memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - TemporaryDirectory makes its own name


@cache
def _template() -> Path:
    folder = tempfile.mkdtemp(dir=_in_memory())
    file = Path(folder) / "template.db"
    store = Store.open(f"sqlite:///{file}")
    store.upgrade()
    store.close()
    return file


def _a_node(number: int, flag: str, *, is_big: bool) -> SlurmNode:
    flags, features = frozenset({flag} - {""}), frozenset({"big"} if is_big else ())
    return SlurmNode(NodeName(f"gpu{number:03}"), "IDLE", flags, frozenset({"gpu"}), features)
