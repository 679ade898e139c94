"""Taking nodes while jobs want them too: the promise that no job dies of a loan, counted."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.command import LocalRunner
from adapters.kube.cluster import KubeCluster
from adapters.kube.connect import connect
from adapters.kube.drain import DrainRules
from adapters.slurm import SlurmCommands
from bot.process.clock import Clock
from bot.process.lease import RENEW_EVERY, Lease
from bot.settings.site import ClockSettings
from conversion import orders
from conversion.fence import Reach
from conversion.looks import look_at_node, look_at_taking
from conversion.pace import Pace
from conversion.ports import FarSides
from conversion.subjects import Ground
from loans.classes import NodeClass, Rules
from loans.facts import Actor, WhyReturn
from loans.loan import NODE_MOVING, TAKING_MOVING, Decision, Loan, NodeState, State
from store.db import Store
from tests.lab.product import books
from tests.lab.product.rig import Tell, bot_kubeconfig
from tests.lab.site import processes, slurm
from tests.lab.site.layout import Layout
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.lab

TAKINGS = 100
STREAMS = 3
TAKERS = 2
SEED = 20261123
SOON = timedelta(seconds=60)
_NOBODY: Any = None
"""Neither taking nor resuming asks a node or a BMC for anything."""
GPU = NodeClass("gpu", "gpu", Rules(approvers=frozenset({"U0APPROVE1"})), gres={"gpu": 4})
PACE = Pace(look_every=timedelta(seconds=0.05), settle_for=timedelta(0), patience={"quiet": timedelta(seconds=10)})


@dataclass
class Stream:
    """Short jobs, one after the other, each with one or two whole nodes; srun's exit code says what became of each."""

    lab: Layout
    seed: int
    ran: int = 0
    killed: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Run jobs until told to stop."""
        dice = random.Random(self.seed)  # noqa: S311 - a load, no secret
        while not self.stop.is_set():
            nodes, seconds = dice.choice((1, 1, 2)), dice.uniform(0.05, 0.6)
            argv = ("srun", "-Q", f"-N{nodes}", "--exclusive", "sleep", f"{seconds:.2f}")
            done = slurm.run(self.lab, *argv, within_s=300)
            self.ran += 1
            if done.returncode != 0:
                self.killed.append(done.stderr.strip())
            self.stop.wait(dice.uniform(0.0, 0.3))


@contextmanager
def streams(lab: Layout) -> Iterator[list[Stream]]:
    """Let the streams run for the length of a with block; each ends with its last job."""
    every = [Stream(lab, SEED + number) for number in range(STREAMS)]
    threads = [threading.Thread(target=stream.run) for stream in every]
    for thread in threads:
        thread.start()
    try:
        yield every
    finally:
        for stream in every:
            stream.stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def ground(with_cluster: Layout, tmp_path: Path) -> Iterator[Ground]:
    """lendbot's engine on the lab's Slurm, beside a cluster that has none of the nodes."""
    lab = with_cluster
    books.clear_cluster(lab)
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    store.upgrade()
    slurm_commands = SlurmCommands(LocalRunner(), timeout=SOON, conf=lab.slurm_conf)
    kubernetes = KubeCluster(connect(bot_kubeconfig(lab)), timeout=SOON, rules=DrainRules())
    far = FarSides(slurm_commands, kubernetes, _NOBODY, {})
    lease = Lease("worker", store, Clock(ClockSettings()))
    lease.take()
    over = threading.Event()
    keeper = threading.Thread(target=lambda: keep(lease, over))
    keeper.start()
    yield Ground(store, Reach(far, store, lease, Clock.uptime), {"gpu": GPU}, PACE, lambda: datetime.now(UTC))
    over.set()
    keeper.join()
    kubernetes.close()
    store.close()


def keep(lease: Lease, over: threading.Event) -> None:
    """Renew a lease, as lendbot's schedule does."""
    while not over.wait(RENEW_EVERY.total_seconds()):
        lease.take()


def order(ground: Ground, count: int) -> Loan:
    """Put a loan into the store that somebody has approved, and begin it."""
    now = ground.now()
    wish = Loan("U0REQUEST1", "gpu", count, now + timedelta(days=1), now, now + timedelta(hours=8))
    with ground.store.write() as tx:
        asked = tx.loans.add(wish)
        signed = tx.loans.save(_approved(asked, now))
        return orders.start(tx, signed, now)


def _approved(loan: Loan, now: datetime) -> Loan:
    return replace(loan, state=State.APPROVED, decision=Decision("U0APPROVE1", now, approved=True))


def take(ground: Ground, loan: Loan) -> int:
    """Look at a loan's one wave until it is over; return how many nodes have left Slurm."""
    for _ in looks():
        look_at_taking(ground, loan.id, 1)
        with ground.store.read() as tx:
            taking, parts = tx.takings.get(loan.id, 1), tx.nodes.of(loan.id)
        if taking.state not in TAKING_MOVING:
            return sum(part.state is NodeState.LENDING for part in parts)
    raise AssertionError(f"loan #{loan.id} is still at {taking.step}: {told(ground, loan.id)}")


def bring_home(ground: Ground, loan_id: int) -> None:
    """Give a loan back before anything on its nodes was changed: RESUME is all that they need."""
    with ground.store.write() as tx:
        orders.give_back(tx, tx.loans.get(loan_id), ground.now(), WhyReturn.ASKED, Actor("U0REQUEST1"))
    for _ in looks():
        with ground.store.read() as tx:
            moving = [part for part in tx.nodes.of(loan_id) if part.state in NODE_MOVING]
        if not moving:
            return
        for part in moving:
            look_at_node(ground, loan_id, part.node)
    raise AssertionError(f"{moving[0].node} of loan #{loan_id} is not home: {told(ground, loan_id)}")


def looks() -> Iterator[float]:
    """Yield now and then, until nobody waits any longer: one that never ends would hide why."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        yield time.monotonic()
        time.sleep(0.1)


def told(ground: Ground, loan_id: int) -> str:
    """Return the last of what the store knows of a loan, a fact a line."""
    with ground.store.read() as tx:
        return "\n".join(f"{each.node} {type(each.fact).__name__} {each.fact}" for each in tx.facts.of(loan_id)[-9:])


@dataclass
class Taker:
    """One loan after the other, each given back as soon as its nodes have left Slurm."""

    ground: Ground
    seed: int
    nodes: list[int] = field(default_factory=list)

    def take_until(self, is_enough: Callable[[], bool]) -> None:
        """Take until enough has been taken by all; nodes has a number per taking that got any."""
        dice = random.Random(self.seed)  # noqa: S311 - a wish, no secret
        while not is_enough():
            loan = order(self.ground, dice.choice((1, 1, 2)))
            got = take(self.ground, loan)
            if got:
                self.nodes.append(got)
            bring_home(self.ground, loan.id)


@pytest.mark.lab(minutes=2)
def test_a_hundred_takings_kill_no_job_and_leave_no_node_drained(idle_lab: Layout, ground: Ground, tell: Tell) -> None:
    """Asking, then DOWN, killed 5 jobs in 80 takings: lendbot's way must kill none, however busy the nodes are."""
    takers = [Taker(ground, SEED + number) for number in range(TAKERS)]
    began = time.monotonic()
    with streams(idle_lab) as every, ThreadPoolExecutor(TAKERS) as pool:
        list(pool.map(lambda taker: taker.take_until(lambda: takings(takers) >= TAKINGS), takers))
    took = time.monotonic() - began
    killed = [line for stream in every for line in stream.killed]
    held = [n for n in idle_lab.nodes if {"DRAIN", "DOWN"} & set(slurm.state(idle_lab, n).split("+"))]
    tell(
        f"{takings(takers)} takings of {sum(sum(taker.nodes) for taker in takers)} nodes against"
        f" {sum(stream.ran for stream in every)} jobs of {STREAMS} streams in {took:.0f} s:"
        f" {len(killed)} jobs killed, {len(held)} nodes left drained (seed {SEED})"
    )
    assert killed == []
    assert held == []
    assert books.ended_badly(idle_lab) == []
    assert "lendbot" not in slurm.run(idle_lab, "scontrol", "show", "reservation").stdout
    processes.wait_until("all idle", lambda: {slurm.state(idle_lab, n) for n in idle_lab.nodes} == {"IDLE"}, 30)


def takings(takers: list[Taker]) -> int:
    return sum(len(taker.nodes) for taker in takers)
