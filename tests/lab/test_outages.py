"""Four nodes on their way, and each of the four sides away for 90 s in the middle: it costs time, and nothing else.

Two loans, so that two labs share the wall time: Slurm and Kubernetes in one, the SSH gateway and the BMCs in the other.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from loans import facts
from loans.loan import NODE_MOVING, NodeState, State
from sandbox.driver import wait_for
from tests.lab.product import books
from tests.lab.product.rig import Rig, Tell, rigged
from tests.lab.site import bmc, kubernetes, postgres, processes, slurm, ssh
from tests.lab.site.layout import Layout

pytestmark = pytest.mark.lab

AWAY = timedelta(seconds=90)
HALF_A_MINUTE = timedelta(seconds=30)
NODES = 4
Outage = Callable[[Layout], object]


@contextmanager
def away(lab: Layout, stop: Outage, start: Outage, span: timedelta = AWAY) -> Iterator[None]:
    """Take a daemon away, and bring it back at the end of the block, not before the span is over."""
    stop(lab)
    over = threading.Event()
    try:
        yield
        over.wait(span.total_seconds())
    finally:
        start(lab)


@pytest.mark.lab(minutes=5)
def test_a_loan_outlives_slurm_and_kubernetes(product: Rig, tell: Tell) -> None:
    """Daemons are restarted in the middle of the day, and databases at night: lendbot waits, and goes on."""
    lab = product.layout
    books.apply(lab, books.daemonset("network"), books.deployment("workshop", 3))
    number = product.people.lend(f"lend {NODES} gpu nodes to k8s for 2 hours")
    reached(product, number, "drain")
    with away(lab, slurm.stop_slurmctld, slurm.start_slurmctld):
        waits(product, number, "Slurm")
    reached(product, number, "Puppet")
    with away(lab, postgres.kill, postgres.start, HALF_A_MINUTE):
        assert product.lendbot.pid is not None
    product.wait(number, State.LENT)

    product.people.answer_to(f"give back #{number}")
    reached(product, number, "evict")
    with away(lab, kubernetes.stop_api_server, start_api_server):
        waits(product, number, "Kubernetes")
    product.wait(number, State.RETURNED, within_s=240)

    assert_it_cost_time_alone(product, number)
    sides = "slurmctld and kube-apiserver for 90 s, PostgreSQL for 30 s"
    tell(f"away in one loan of {NODES}: {sides}:\n{product.durations(number)}")


@pytest.mark.lab(minutes=5)
def test_a_loan_outlives_the_ssh_gateway_and_the_bmc_network(with_cluster: Layout, tell: Tell) -> None:
    """A jump host that is patched, and then a switch of the management network: no node is replaced, none is stuck."""
    lab = with_cluster
    ssh.start_jump(lab)
    try:
        with rigged(lab, jump=ssh.jump_host(lab)) as product:
            number = product.people.lend(f"lend {NODES} gpu nodes to k8s for 2 hours")
            reached(product, number, "role")
            with away(lab, ssh.stop_jump, ssh.start_jump):
                waits(product, number, "SSH", at_least=1)
            product.wait(number, State.LENT)

            with away(lab, stop_bmcs, start_bmcs):
                product.people.answer_to(f"give back #{number}")
                waits(product, number, "BMC", at_least=NODES)
            product.wait(number, State.RETURNED, within_s=240)

            assert_it_cost_time_alone(product, number)
            tell(f"away for 90 s each in one loan of {NODES}: SSH gateway, BMC network:\n{product.durations(number)}")
    finally:
        ssh.stop_jump(lab)


def reached(product: Rig, number: int, step: str) -> None:
    """Wait until some node of a loan has come to a step."""

    def is_there() -> bool | None:
        return any(entry.fact.step == step for entry in product.journal(number)) or None

    wait_for(f"the step {step!r}", is_there, 120)


def waits(product: Rig, number: int, side: str, at_least: int = 1) -> None:
    """Wait until so many of a loan's nodes, or a wave of it, say that they wait for a side and spend nothing."""

    def do() -> bool | None:
        with product.store.read() as tx:
            notes = [part.note for part in tx.nodes.of(number) if part.state in NODE_MOVING]
            notes += [taking.note for taking in tx.takings.of(number)]
        return sum(note.startswith("paused") and side in note for note in notes) >= at_least or None

    wait_for(f"{at_least} to wait for {side}", do, AWAY.total_seconds())


def assert_it_cost_time_alone(product: Rig, number: int) -> None:
    """Check that nobody was stuck, failed, replaced or taken beyond what was approved, and that all are home."""
    with product.store.read() as tx:
        told = tx.facts.of(number, facts.GotStuck, facts.NodeBroke, facts.NodeReplaced, facts.WaveFailed)
    assert not told, product.everything(number)
    assert [part.state for part in product.parts(number)] == [NodeState.HOME] * NODES
    product.assert_home()


def stop_bmcs(lab: Layout) -> None:
    for node in lab.nodes:
        bmc.stop_ipmi(lab, node)


def start_bmcs(lab: Layout) -> None:
    for node in lab.nodes:
        bmc.start_ipmi(lab, node)


def start_api_server(lab: Layout) -> None:
    kubernetes.start_api_server(lab)
    processes.wait_until("the API answers", lambda: not kubernetes.kubectl(lab, "get", "nodes").returncode, 60)
