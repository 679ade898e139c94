"""Clocks that are off, and clocks that are set while nodes are on their way home: nobody is stuck for it.

Slurm's, the nodes' and lendbot's own. A clock two hours off once left every node stuck on its way home.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from conversion.clocks import Clocks, apart
from conversion.plans import RETURN
from conversion.subjects import Ground
from loans.facts import Blocked, ClockOff, ClockSet, Fact, GotStuck, StepFailed
from loans.loan import State
from loans.runbook import PlanName, StepName
from tests.conversion.rig import Rig
from tests.stories.bad_days import (
    Ambush,
    assert_store_is_true,
    bad_site,
    go_to,
    letters,
    nodes_of,
)

_SLOWER = 360.0
"""Lendbot's watch on its clock notices what is longer than ten seconds: here, where time flies, longer than an hour."""
HOUR = timedelta(hours=1)
FAR = 72.0
"""Hours by which a clock is set: more than every patience of this site, so that a step which counted them is stuck."""
STEPS = [step.name for step in RETURN]
OFF, EVICT, BOOT, VERIFY = StepName.POWER_OFF, StepName.EVICT, StepName.BOOT, StepName.VERIFY
F = TypeVar("F", bound=Fact)


@pytest.fixture(scope="module")
def whole_site() -> Iterator[Rig]:
    """The site of these stories."""
    with bad_site(gpu_nodes=6) as rig:
        yield rig


@dataclass
class Ours:
    """Lendbot's own clock, which the test sets, and lendbot's watch on it."""

    rig: Rig
    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.ground: Ground = replace(self.rig.ground, now=self.now)
        self.clocks = Clocks(self.ground, _SLOWER)

    def now(self) -> datetime:
        return self.rig.core.clock.now() + self.ahead

    def ambush(self, loan_id: int, at: dict[str, Callable[[], None]]) -> Ground:
        """Return the ground of a lendbot to whose clocks something happens as each of these steps begins."""
        store: Any = Ambush(self.ground.store, loan_id, set(at), lambda step: at[step]())
        return replace(self.ground, store=store)

    def set(self, hours: float) -> None:
        self.ahead = timedelta(hours=hours)


def lent(rig: Rig, ground: Ground, count: int = 1) -> int:
    loan = rig.lend(f"lend {count} gpu node{'s' if count > 1 else ''} to k8s for 9 days")
    go_to(rig, loan.id, State.LENT, ground=ground)
    return loan.id


def home(rig: Rig, ours: Ours, loan_id: int, ground: Ground) -> None:
    """Give a loan back and tick until it is over, with lendbot's watch on its clock at each tick, as in the program."""
    rig.ask(f"give back #{loan_id}")

    def is_over() -> bool:
        ours.clocks.look()
        return rig.loan(loan_id).state in {State.RETURNED, State.STUCK}

    rig.tick_until(f"loan #{loan_id} to be home", is_over, ground=ground)
    assert rig.loan(loan_id).state is State.RETURNED, rig.parts(loan_id)
    assert not letters(rig, loan_id, GotStuck)
    assert_store_is_true(rig, loan_id)
    assert rig.tally() == {"jobs_killed": 0, "pods_killed": 0}


def tries(rig: Rig, loan_id: int, step: StepName) -> int:
    """Return how many tries of a step failed on the way home."""
    with rig.core.store.read() as tx:
        facts = [told.fact for told in tx.facts.journal(loan_id)]
    return sum(isinstance(f, StepFailed) and f.step is step and f.plan is PlanName.RETURN for f in facts)


@pytest.fixture
def right(whole_site: Rig) -> Iterator[Rig]:
    """The site with every clock right, before and after."""
    set_site(whole_site, 0)
    yield whole_site
    set_site(whole_site, 0)


def set_site(rig: Rig, hours: float, *sides: str) -> None:
    for side in sides or ("slurm", "nodes"):
        rig.site.call(lambda side=side: rig.site.world.set_clock(side, timedelta(hours=hours)))


@pytest.mark.parametrize("hours", [2, -2, 26, -26])
def test_a_slurm_whose_clock_is_off_gets_its_nodes_back(right: Rig, hours: float) -> None:
    """Lendbot's clock was once compared with Slurm's: two hours off, and every node was stuck."""
    set_site(right, hours)
    ours = Ours(right)
    loan_id = lent(right, ours.ground, 2)
    home(right, ours, loan_id, ours.ground)
    assert tries(right, loan_id, BOOT) == 0, "no power was cut twice for it"


@pytest.mark.parametrize(
    ("story", "at"),
    [
        ("forward", {EVICT: FAR}),
        ("back", {EVICT: -FAR}),
        ("forward in the boot", {BOOT: FAR}),
        ("back in the boot", {BOOT: -FAR}),
        ("there and back", {OFF: FAR, BOOT: 0.0}),
        ("back and there", {OFF: -FAR, VERIFY: 0.0}),
        ("at every step", {step: FAR * (-1) ** index for index, step in enumerate(STEPS)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("whose", ["slurm", "slurm and nodes", "lendbot"])
def test_a_clock_that_is_set_during_a_return_leaves_nobody_stuck(
    right: Rig, whose: str, story: str, at: dict[str, float]
) -> None:
    """NTP comes back at night, somebody corrects the date: the nodes are home in the morning all the same."""
    ours = Ours(right)
    loan_id = lent(right, ours.ground)

    def setting(hours: float) -> Callable[[], None]:
        if whose == "lendbot":
            return lambda: ours.set(hours)
        return lambda: set_site(right, hours, *whose.split(" and "))

    home(right, ours, loan_id, ours.ambush(loan_id, {step: setting(hours) for step, hours in at.items()}))
    assert tries(right, loan_id, BOOT) == 0, f"{story}: no power was cut twice for it"


def test_a_clock_that_is_set_at_every_step_of_a_loan_lends_the_node(right: Rig) -> None:
    """The way out is no different: no step runs out of patience because a clock ran away."""
    ours = Ours(right)
    loan = right.lend("lend 1 gpu node to k8s for 9 days")
    hours = iter([FAR, -FAR] * 20)
    ground = ours.ambush(
        loan.id, {step: lambda: ours.set(next(hours)) for step in ("quiet", "prepare", "Puppet", "join")}
    )

    def is_there() -> bool:
        ours.clocks.look()
        return right.loan(loan.id).state is State.LENT

    right.tick_until("the loan to be lent", is_there, ground=ground)
    assert len(right.parts(loan.id)) == 1, "no second node was needed"
    ours.set(0)
    home(right, ours, loan.id, ours.ground)


def test_a_power_cut_of_which_nothing_was_known_before_is_made_once_more(right: Rig) -> None:
    """Nothing is concluded from silence: where no witness knows the boot before, another power cycle has one."""
    ours = Ours(right)
    loan_id = lent(right, ours.ground)
    [node] = nodes_of(right, loan_id)

    def forget() -> None:
        """As after an upgrade in the middle of a return: the row has no boot."""
        with right.core.store.write() as tx:
            part = tx.nodes.get(loan_id, node)  # type: ignore[arg-type]
            tx.nodes.save(replace(part, boot=type(part.boot)()))

    boots = right.site.call(lambda: right.site.world.machines[node].boots)
    home(right, ours, loan_id, ours.ambush(loan_id, {"leave": forget}))
    assert tries(right, loan_id, BOOT) == 1
    assert right.site.call(lambda: right.site.world.machines[node].boots) == boots + 2


def test_a_jump_of_lendbots_own_clock_is_told_and_ends_no_loan_early(right: Rig) -> None:
    """On-call hears of it, and pods are not evicted two hours before their time because of it."""
    ours = Ours(right)
    loan_id = lent(right, ours.ground)
    before = len(told(right, ClockSet))
    assert ours.clocks.look() is None
    ours.set(2)
    assert ours.clocks.look() > HOUR  # type: ignore[operator]
    assert ours.clocks.holds_deadlines
    assert ours.clocks.jumps == 1
    assert ours.clocks.look() is None, "it is told once"
    ours.set(0)
    assert ours.clocks.look() < -HOUR  # type: ignore[operator]
    assert not ours.clocks.holds_deadlines, "it is right again"
    assert len(told(right, ClockSet)) == before + 2
    home(right, ours, loan_id, ours.ground)


def test_what_was_put_off_is_looked_at_when_the_clock_is_set_back(right: Rig) -> None:
    """A node that was to be looked at in five seconds is not looked at two hours and five seconds later."""
    ours = Ours(right)
    ours.set(2)
    ours.clocks.look()
    loan = right.lend("lend 1 gpu node to k8s for 9 days")
    right.tick_until("it to move", lambda: bool(right.parts(loan.id)), ground=ours.ground)
    ours.set(0)
    ours.clocks.look()
    with right.core.store.read() as tx:
        moving = (*tx.takings.due(ours.now() + 9 * HOUR), *tx.nodes.due(ours.now() + 9 * HOUR))
        late = [each for each in moving if each.look_at > ours.now()]
        waiting = tx.outbox.due(ours.now() + 9 * HOUR, 999)
        unsent = [letter for letter in waiting if (letter.next_try_at or letter.made_at) > ours.now()]
    assert not late
    assert not unsent
    go_to(right, loan.id, State.LENT, ground=ours.ground)
    home(right, ours, loan.id, ours.ground)


def test_a_far_side_whose_clock_is_off_is_told_once_a_day(right: Rig) -> None:
    """People read both clocks: "gpu007 is free at 16:40" is no help when Slurm's 16:40 is two hours away."""
    ours = Ours(right)
    before = len(told(right, ClockOff))
    ours.clocks.compare()
    assert set(ours.clocks.ahead) >= {"slurm", "kubernetes"}
    assert told(right, ClockOff)[before:] == []
    set_site(right, 30)
    ours.clocks.compare()
    ours.clocks.compare()
    [fact] = told(right, ClockOff)[before:]
    assert apart(fact.whose, fact.by).startswith("Slurm's clock is 1 day")
    assert apart(fact.whose, fact.by).endswith("ahead of lendbot's")
    assert ours.clocks.ahead["slurm"] > 29 * HOUR


def told(rig: Rig, kind: type[F]) -> list[F]:
    """Return the facts of a kind, of which on-call has to hear."""
    with rig.core.store.read() as tx:
        found = list(tx.facts.recent(10_000, kind))
        waiting = {letter.fact_id for letter in tx.outbox.due(rig.core.clock.now() + timedelta(days=99), 10_000)}
    assert {each.id for each in found} <= waiting
    return [each.fact for each in found]  # type: ignore[misc]


@pytest.mark.parametrize("hours", [2, -2])
def test_a_cluster_whose_clock_is_off_lets_its_pods_end_in_their_own_time(hours: int) -> None:
    """When a pod's grace is over is told by the clock that set it: by ours, every pod would look overdue at once."""
    with bad_site(gpu_nodes=2, kube_off=timedelta(hours=hours)) as rig:
        ours = Ours(rig)
        loan_id = lent(rig, ours.ground)
        home(rig, ours, loan_id, ours.ground)
        assert not letters(rig, loan_id, Blocked)
