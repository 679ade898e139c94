"""The whole loan that lendbot is for, on real daemons."""

import pytest

from loans.loan import NodeState, State
from sandbox.driver import told
from tests.lab.product import books
from tests.lab.product.rig import Rig, Tell
from tests.lab.product.settings import CLASSES
from tests.lab.site import processes

pytestmark = pytest.mark.lab


@pytest.mark.lab(minutes=1.5)
@pytest.mark.parametrize("node_class", CLASSES)
def test_three_nodes_serve_pods_and_come_home_while_a_job_runs_on_the_fourth(
    product: Rig, tell: Tell, node_class: str
) -> None:
    """Staff lend nodes in the middle of the day: no job may die of it, and Slurm has them all back afterwards."""
    lab = product.layout
    job = books.LongJob.start(lab, "gpu001")
    books.apply(lab, books.daemonset("network"), books.deployment("workshop", 3))

    number = product.people.lend(f"lend 3 {node_class} nodes to k8s for 10 minutes for a workshop")
    product.wait(number, State.LENT)
    parts = product.parts(number)
    assert {part.node for part in parts} == {"gpu000", "gpu002", "gpu003"}
    assert {part.state for part in parts} == {NodeState.LENT}
    processes.wait_until("a pod on each lent node", lambda: len(books.pods_by_node(lab, "workshop")) == 3, 60)
    assert set(books.pods_by_node(lab, "workshop")) == {part.node for part in parts}

    product.people.answer_to(f"give back #{number}")
    product.wait(number, State.RETURNED)
    product.assert_home()
    assert job.is_untouched(lab)
    job.end(lab)
    everywhere = books.srun_everywhere(lab)
    assert sorted(everywhere.stdout.split()) == list(lab.nodes), everywhere.stderr

    tell(f"three nodes lent and home, power by {CLASSES[node_class]}:\n{product.durations(number)}")
    print(told(product.people.card(number)))
