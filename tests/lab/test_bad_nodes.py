"""Nodes that fail on the way out, and on the way home."""

from collections.abc import Iterator

import pytest

from loans.facts import StepFailed
from loans.loan import NodeState, State
from sandbox.driver import wait_for
from sandbox.slack.seed import C_APPROVALS, U_APPROVER
from tests.lab.product import books
from tests.lab.product.rig import Rig, rigged
from tests.lab.site import faults, puppet
from tests.lab.site.layout import Layout

pytestmark = pytest.mark.lab


@pytest.fixture
def impatient(with_cluster: Layout) -> Iterator[Rig]:
    """lendbot that gives a boot 10 s (it takes under one), so that three of them can fail within half a minute."""
    with rigged(with_cluster, boot_within="10 s") as found:
        yield found


@pytest.mark.lab(minutes=2.2)
def test_a_node_whose_puppet_fails_goes_back_and_another_takes_its_place(product: Rig) -> None:
    """One bad node costs its own time: the workshop has its seats, and Slurm has the bad node back."""
    with puppet.failing(product.layout, "gpu000"):
        number = product.people.lend("lend 2 gpu nodes to k8s for 2 hours")
        product.wait(number, State.LENT)
    parts = {str(part.node): part for part in product.parts(number)}
    assert {node for node, part in parts.items() if part.state is NodeState.LENT} == {"gpu001", "gpu002"}
    wait_for("gpu000 back in Slurm", lambda: of(product, number, "gpu000") is NodeState.UNWOUND or None, 120)
    failed = [line.fact.said for line in product.journal(number) if isinstance(line.fact, StepFailed)]
    assert [said.split(" with ")[0] for said in failed] == ["Puppet failed"] * 2, failed
    assert set(books.kube_nodes(product.layout)) == {"gpu001", "gpu002"}
    product.assert_home("gpu001", "gpu002")
    product.people.answer_to(f"give back #{number}")
    product.wait(number, State.RETURNED)
    product.assert_home()


@pytest.mark.lab(minutes=1.9)
def test_a_node_that_does_not_boot_is_stuck_and_says_so_while_the_other_comes_home(impatient: Rig) -> None:
    """On-call reads what each side says of the dead node, mends it, and presses one button."""
    lab, people = impatient.layout, impatient.people
    number = people.lend("lend 2 gpu nodes to k8s for 2 hours")
    impatient.wait(number, State.LENT)
    with faults.ordered(lab, "gpu001", faults.NO_BOOT):
        people.answer_to(f"give back #{number}")
        impatient.wait(number, State.STUCK)
    stuck = {str(part.node): part for part in impatient.parts(number)}["gpu001"]
    assert of(impatient, number, "gpu000") is NodeState.HOME
    for said in ("BMC says on", "Slurm says DOWN+DRAIN", "3 tries"):
        assert said in stuck.note
    told = wait_for("on-call to be told", lambda: impatient.people.oncall_reads() or None, 30)
    assert "gpu001" in told
    assert "BMC says on" in told
    impatient.assert_home("gpu001")
    print(f"\n{told}")
    people.press(U_APPROVER, C_APPROVALS, people.card(number), "try_again")
    wait_for("it goes on", lambda: impatient.loan(number).state is not State.STUCK or None, 30)
    impatient.wait(number, State.RETURNED)
    impatient.assert_home()


def of(product: Rig, number: int, node: str) -> NodeState:
    return {str(part.node): part.state for part in product.parts(number)}[node]
