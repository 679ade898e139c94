"""Two lendbots on one store, as real processes: one works, the other waits, and goes on when the first is killed.

Neither has Slack: who writes there is another lease, taken in the same way.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from loans.facts import StepStarted
from loans.loan import State
from tests.conversion.rig import Rig
from tests.stories.bad_days import assert_invariants, assert_store_is_true
from tests.stories.processes import eventually, lendbot, unhurried_site


@pytest.fixture
def rig() -> Iterator[Rig]:
    with unhurried_site() as found:
        yield found


def began(rig: Rig, step: str) -> bool:
    with rig.core.store.read() as tx:
        return any(e.fact.step == step and isinstance(e.fact, StepStarted) for e in tx.facts.journal(1))


def test_of_two_processes_one_works_and_the_other_goes_on_when_it_is_killed(rig: Rig) -> None:
    """No step is run by both, and a crash in the middle of Puppet costs seconds."""
    with ExitStack() as both:
        pair = [both.enter_context(lendbot(rig.site.paths, name)) for name in ("one", "other")]
        eventually("a worker", lambda: any(each.holds(rig) for each in pair), *pair)
        first, second = sorted(pair, key=lambda each: not each.holds(rig))
        eventually("both at their posts", lambda: all("lendbot.started" in each.log for each in pair), *pair)
        loan = rig.lend("lend 1 gpu node to k8s for 9 days")
        eventually("Puppet", lambda: began(rig, "Puppet"), *pair)
        first.kill()
        assert first.has_worked
        assert not second.has_worked, second.log
        eventually("a successor", lambda: second.holds(rig), *pair)
        eventually("the loan", lambda: rig.loan(loan.id).state is State.LENT, *pair)
        assert_invariants(rig)
        rig.ask(f"give back #{loan.id}")
        eventually("the way home", lambda: rig.loan(loan.id).state is State.RETURNED, *pair)
        assert not first.traceback + second.traceback
    assert_store_is_true(rig, loan.id)
    assert_invariants(rig)
    assert len(rig.parts(loan.id)) == 1
    with rig.core.store.read() as tx:
        begun = [e for e in tx.facts.journal(loan.id) if isinstance(e.fact, StepStarted)]
        starts = Counter((e.node, e.fact.wave, e.fact.step) for e in begun)
    assert set(starts.values()) == {1}, "the second went on from where the first was, and began nothing anew"
