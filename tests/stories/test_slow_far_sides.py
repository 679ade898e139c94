"""Far sides that do answer, but late, or of a moment ago, through a whole loan: no error, so nothing to retry.

The clock runs 600 times as fast: a fifth of a second here is two minutes there, for every single question.
"""

from collections.abc import Iterator

import pytest

from loans import facts
from loans.loan import State
from sandbox.faults import Fault
from tests.conversion.rig import Rig, rigged
from tests.stories.bad_days import assert_store_is_true, card_of, go_home, heal, lent, letters


@pytest.fixture(scope="module")
def whole_site() -> Iterator[Rig]:
    """A site whose far sides are waited for as long as its settings say."""
    with rigged(speed=600.0, gpu_nodes=4, cpu_nodes=0, busy=0.0) as found:
        yield found


@pytest.mark.parametrize("side", ["slurm", "kube"])
def test_a_slow_far_side_costs_time_and_no_node(rig: Rig, side: str) -> None:
    """A busy controller is no broken one: the loan takes longer, and nobody is alarmed."""
    rig.site.call(lambda: rig.site.faults.set(Fault(side, "slow", slow_s=0.2)))
    loan_id = lent(rig)
    assert "1 gpu node in k8s" in card_of(rig, loan_id)
    go_home(rig, loan_id)
    assert len(rig.parts(loan_id)) == 1, "no second node was needed"
    told = {type(told.fact) for told in letters(rig, loan_id)}
    assert told <= {facts.Decided, facts.Arrived, facts.ReturnOrdered, facts.Home}, "nothing went wrong"
    assert "returned" in card_of(rig, loan_id)


def test_a_bmc_that_tells_the_power_of_a_minute_ago_costs_that_minute(rig: Rig) -> None:
    """An old answer is never taken for a new one: the power is off before Kubernetes forgets the node."""
    rig.site.call(lambda: rig.site.faults.set(Fault("bmc", "stale")))
    loan_id = lent(rig)
    go_home(rig, loan_id)
    assert len(rig.parts(loan_id)) == 1
    assert not letters(rig, loan_id, facts.GotStuck)
    heal(rig)
    assert rig.loan(loan_id).state is State.RETURNED
    assert_store_is_true(rig, loan_id)
