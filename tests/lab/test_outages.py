"""Each far side goes away for half a minute in the middle of a loan, and nothing is lost."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest

from loans.loan import NodeState, State
from sandbox.driver import wait_for
from tests.lab.product import books
from tests.lab.product.rig import Rig, Tell
from tests.lab.site import faults, kubernetes, postgres, processes, slurm
from tests.lab.site.layout import Layout

pytestmark = pytest.mark.lab

AWAY = timedelta(seconds=30)
Outage = Callable[[Layout], object]


@contextmanager
def away(lab: Layout, stop: Outage, start: Outage) -> Iterator[None]:
    """Take a daemon away, and bring it back at the end of the block, not before AWAY is over."""
    stop(lab)
    over = threading.Event()
    try:
        yield
        over.wait(AWAY.total_seconds())
    finally:
        start(lab)


@pytest.mark.lab(minutes=3)
def test_a_loan_outlives_every_far_side(product: Rig, tell: Tell) -> None:
    """Daemons are restarted in the middle of the day, and databases at night: lendbot waits, and goes on."""
    lab = product.layout
    job = books.LongJob.start(lab, "gpu001")
    books.apply(lab, books.daemonset("network"), books.deployment("workshop", 3))
    number = product.people.lend("lend 3 gpu nodes to k8s for 2 hours")
    reached(product, number, "drain")
    with away(lab, slurm.stop_slurmctld, slurm.start_slurmctld):
        assert product.loan(number).state is State.LENDING
    reached(product, number, "Puppet")
    with away(lab, kubernetes.stop_api_server, start_api_server):
        assert product.loan(number).state is State.LENDING
    product.wait(number, State.LENT)

    with faults.ordered(lab, "gpu000", faults.BMC_HANGS):
        product.people.answer_to(f"give back #{number}")
        reached(product, number, "evict")
        with away(lab, postgres.kill, postgres.start):
            assert product.lendbot.pid is not None
        wait_for("the others home", partial(are_home, product, number, {"gpu002", "gpu003"}), 180)
    product.wait(number, State.RETURNED, within_s=240)

    product.assert_home()
    assert job.is_untouched(lab)
    job.end(lab)
    away_each = "slurmctld, kube-apiserver, PostgreSQL and a BMC were each away for 30 s of one loan"
    tell(f"{away_each}:\n{product.durations(number)}")


def reached(product: Rig, number: int, step: str) -> None:
    """Wait until some node of a loan has come to a step."""

    def is_there() -> bool | None:
        return any(entry.fact.step == step for entry in product.journal(number)) or None

    wait_for(f"the step {step!r}", is_there, 120)


def are_home(product: Rig, number: int, nodes: set[str]) -> bool | None:
    return nodes <= {part.node for part in product.parts(number) if part.state is NodeState.HOME} or None


def start_api_server(lab: Layout) -> None:
    kubernetes.start_api_server(lab)
    processes.wait_until("the API answers", lambda: not kubernetes.kubectl(lab, "get", "nodes").returncode, 60)
