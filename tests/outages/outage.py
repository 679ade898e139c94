"""One outage: nodes stand at every step of both ways, a side goes away for so long and comes back, and all go on.

The site is a process of its own; worker, crew, store and adapters are the product's, with a patience that is shorter
than the outage at every step, so that whoever spends it is seen.
"""

import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import cycle
from threading import Lock
from typing import Any, Final

from bot.process.lease import Lease
from commands import grammar
from commands.lend import SignOff
from commands.replies import Preview, Requested
from conversion import reconcile
from conversion.crew import Crew, Key
from conversion.plans import LEND, RETURN, TAKE
from conversion.worker import Worker
from loans.facts import GotStuck, NodeBroke, NodeReplaced, SideAway, SideBack
from loans.loan import NODE_MOVING, TAKING_MOVING, Loan, State
from tests.bench.rig import Site, running_site
from tests.conversion.rig import APPROVER, REQUESTER
from tests.outages.parking import Parking

SIDES: Final = {"slurm": "Slurm", "kube": "Kubernetes", "ssh": "the SSH gateway", "bmc": "the BMC network"}
"""What the site calls them, and what people do."""
PATIENCE: Final = timedelta(minutes=20)
_SPARE: Final = 12
"""Nodes that a replacement could take: none is taken, though there are some."""
_THREADS: Final = 256
_REST_S: Final = 900.0
_TICK_S: Final = 0.05
_RECONCILE_EVERY: Final = 40


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    at_step    how many nodes and waves stood at each step when the side went away
    paused     how many waited for it when it came back
    looks      of these, how many went on at their first, second ... look after that
    restless   those that never came to where they were going
    letters    what on-call was told
    reasons    why nodes failed or were stuck
    """

    side: str
    span: timedelta
    at_step: Counter[str]
    paused: int
    looks: Counter[int]
    stuck: int
    broke: int
    replaced: int
    beyond: int
    restless: tuple[str, ...]
    letters: int
    reasons: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Return True when the outage cost time and nothing else."""
        cost = self.stuck + self.broke + self.replaced + self.beyond
        return cost == 0 and not self.restless and max(self.looks, default=0) <= 2


class CountingCrew:
    """The product's crew; it counts the looks that each subject needs after the return until it waits no more."""

    def __init__(self, note: Callable[[Key], str]) -> None:
        self._crew = Crew(_THREADS)
        self._note = note
        self._lock = Lock()
        self.since_return: dict[Key, int] = {}
        self.looks: Counter[int] = Counter()

    def go(self, key: Key, look: Callable[[], None]) -> None:
        self._crew.go(key, partial(self._counted, key, look))

    def is_busy(self, key: Key) -> bool:
        return self._crew.is_busy(key)

    def close(self) -> bool:
        return self._crew.close(timedelta(seconds=20))

    def returned(self, waiting: Iterable[Key]) -> None:
        """Begin to count."""
        with self._lock:
            self.since_return = dict.fromkeys(waiting, 0)

    def _counted(self, key: Key, look: Callable[[], None]) -> None:
        began_after = key in self.since_return
        look()
        if key not in self.since_return:
            return
        waits = self._note(key).startswith("paused")
        if waits and not began_after:  # it was under way at the return, and may have asked before it
            return
        with self._lock:
            count = self.since_return.pop(key) + 1
            if waits:
                self.since_return[key] = count
            else:
                self.looks[count] += 1


@dataclass
class Story:
    """A site, lendbot on it, and what is to happen to whom."""

    site: Site
    places: dict[Key, str] = field(default_factory=dict)
    nodes_at: dict[int, Iterator[str]] = field(default_factory=dict)
    ticks: int = 0

    def __post_init__(self) -> None:
        """Put lendbot together."""
        core = self.site.core
        self.lease = Lease("worker", core.store, core.clock)
        ground = core.ground(self.lease)
        self.parking = Parking(core.store, self._place, ground.waits.pause)
        store: Any = self.parking
        steps = [step.name for plan in (TAKE, LEND, RETURN) for step in plan]
        pace = replace(ground.pace, patience=dict.fromkeys(steps, PATIENCE))
        self.ground = replace(ground, store=store, pace=pace)
        self.crew = CountingCrew(self._note)
        self.worker = Worker(self.ground, self.crew)  # type: ignore[arg-type] - the same two methods

    def run(self, side: str, span: timedelta, count: int) -> Outcome:
        """Tell it."""
        before = max(count - len(TAKE), 2)
        home = self._lend(before - before // 2)
        self._tick_until("the first loan to be lent", lambda: self._loan(home.id).state is State.LENT)
        self.nodes_at[home.id] = cycle(step.name for step in RETURN)
        grammar.run(grammar.read(f"give back #{home.id}"), APPROVER, self.site.core.desk())
        out = self._lend(before // 2)
        self.nodes_at[out.id] = cycle(step.name for step in LEND)
        taking = [self._lend(1, at=step.name) for step in TAKE[: max(count - before, 0)]]
        expected = before + len(taking)
        self._tick_until("all to stand at their step", lambda: len(self.parking.parked) >= expected)
        at_step = Counter(self.parking.parked.values())
        letters = self._letters()
        self.site.room.post("faults", side=side, mode="refuse")
        self.parking.open()
        self._tick_for(span)
        paused = self._paused()
        self.crew.returned(paused)
        self._heal()
        loans = [home, out, *taking]
        at_rest = self._tick_until("all to be where they were going", lambda: self._is_over(loans), must=False)
        restless = () if at_rest else tuple(sorted(f"{p.node} {p.state} {p.step}: {p.note}" for p in self._moving()))
        looks = self.crew.looks + Counter({99: len(self.crew.since_return)} if self.crew.since_return else {})
        return Outcome(
            SIDES[side], span, at_step, len(paused), looks, restless=restless, letters=self._letters() - letters,
            **self._cost(loans),
        )  # fmt: skip

    def close(self) -> None:
        self.parking.open()
        self.crew.close()

    def _lend(self, count: int, at: str = "") -> Loan:
        words = f"lend {count} gpu node{'s' if count > 1 else ''} to k8s for 9 days"
        preview = grammar.run(grammar.read(words), REQUESTER, self.site.core.desk())
        assert isinstance(preview, Preview), preview
        asked = grammar.run(SignOff(preview.draft), REQUESTER, self.site.core.desk())
        assert isinstance(asked, Requested), asked
        if at:
            self.places[asked.loan.id, "take.1"] = at
        grammar.run(grammar.read(f"approve #{asked.loan.id}"), APPROVER, self.site.core.desk())
        return asked.loan

    def _place(self, key: Key) -> str | None:
        """Spread the nodes of a loan over the steps of their way."""
        if key not in self.places and key[0] in self.nodes_at and not key[1].startswith("take."):
            self.places[key] = next(self.nodes_at[key[0]])
        return self.places.get(key)

    def _note(self, key: Key) -> str:
        with self.site.core.store.read() as tx:
            if key[1].startswith("take."):
                return tx.takings.get(key[0], int(key[1].removeprefix("take."))).note
            return next((part.note for part in tx.nodes.of(key[0]) if part.node == key[1]), "")

    def _paused(self) -> list[Key]:
        with self.site.core.store.read() as tx:
            loans = [loan.id for loan in tx.loans.recent(99)]
            parts = [part for loan in loans for part in tx.nodes.of(loan)]
            takings = [taking for loan in loans for taking in tx.takings.of(loan)]
        keys: list[Key] = [(p.loan_id, p.node) for p in parts if p.state in NODE_MOVING and p.note.startswith("paused")]
        waves = [t for t in takings if t.state in TAKING_MOVING and t.note.startswith("paused")]
        return keys + [(wave.loan_id, f"take.{wave.wave}") for wave in waves]

    def _is_over(self, loans: list[Loan]) -> bool:
        states = [self._loan(loan.id).state for loan in loans]
        return states[0] in {State.RETURNED, State.STUCK} and all(
            state in {State.LENT, State.FAILED, State.RETURNED, State.STUCK} for state in states[1:]
        )

    def _moving(self) -> list[Any]:
        with self.site.core.store.read() as tx:
            return [p for loan in tx.loans.recent(99) for p in tx.nodes.of(loan.id) if p.state in NODE_MOVING]

    def _cost(self, loans: list[Loan]) -> dict[str, Any]:
        with self.site.core.store.read() as tx:
            facts = [told.fact for loan in loans for told in tx.facts.of(loan.id, GotStuck, NodeBroke, NodeReplaced)]
            beyond = sum(max(len(tx.nodes.of(loan.id)) - loan.count, 0) for loan in loans)
        kinds = Counter(type(fact) for fact in facts)
        return {
            "stuck": kinds[GotStuck],
            "broke": kinds[NodeBroke],
            "replaced": kinds[NodeReplaced],
            "beyond": beyond,
            "reasons": tuple(f"{fact.step}: {fact.why}" for fact in facts if isinstance(fact, GotStuck | NodeBroke)),
        }

    def _letters(self) -> int:
        with self.site.core.store.read() as tx:
            return len(tx.facts.recent(9999, SideAway, SideBack, GotStuck))

    def _loan(self, loan_id: int) -> Loan:
        with self.site.core.store.read() as tx:
            return tx.loans.get(loan_id)

    def _tick(self) -> None:
        self.lease.take()
        self.worker.tick()
        self.ticks += 1
        if self.ticks % _RECONCILE_EVERY == 0:
            reconcile.reconcile(self.ground)
        time.sleep(_TICK_S)

    def _tick_for(self, span: timedelta) -> None:
        ends = time.monotonic() + self.site.core.clock.on_wall(span).total_seconds()
        while time.monotonic() < ends:
            self._tick()

    def _tick_until(self, what: str, is_so: Callable[[], bool], *, must: bool = True) -> bool:
        ends = time.monotonic() + _REST_S
        while not is_so():
            if time.monotonic() > ends:
                assert not must, f"{what}: {[(p.node, p.state, p.step, p.note) for p in self._moving()]}"
                return False
            self._tick()
        return True

    def _heal(self) -> None:
        url = f"{self.site.room._url}/sandbox/api/faults"
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=15).close()  # noqa: S310


def outage(side: str, span: timedelta, nodes: int, speed: float) -> Outcome:
    """Run one on a site of its own."""
    with running_site(nodes + _SPARE, speed, timeout='"2 s"') as site:
        story = Story(site)
        try:
            return story.run(side, span, nodes)
        finally:
            story.close()
