"""A lendbot that is really stopped (SIGSTOP) in the middle of a step, and wakes after another one has done the rest.

tests/stories/test_stale_lease.py does the same for every step, with machines whose clocks it turns.
"""

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta

import pytest

from loans.loan import State
from tests.conversion.rig import Rig, rigged
from tests.patience import PATIENCE_S
from tests.stories.bad_days import assert_store_is_true
from tests.stories.processes import Lendbot, eventually, lendbot
from tests.stories.test_two_processes import began


@pytest.fixture
def rig() -> Iterator[Rig]:
    with rigged(speed=60.0, gpu_nodes=3, cpu_nodes=0, busy=0.0) as found:
        yield found


def at_the_site(rig: Rig, node: str) -> tuple[object, ...]:
    """Return what an order would change: the power and when it was switched, the boots, and Slurm's and our words."""
    machine = rig.site.call(lambda: rig.site.world.machines[node])
    seen = rig.room()[node]
    return (
        machine.power,
        machine.powered_at,
        machine.boots,
        seen["slurm"]["state"],
        seen["slurm"]["reason"],
        seen["kube"],
    )


def stop(rig: Rig, of: Lendbot) -> None:
    """Stop a process anywhere but inside a transaction: there it holds SQLite's lock, and nobody can do anything."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        of.process.send_signal(signal.SIGSTOP)
        if is_open(rig):
            return
        assert time.monotonic() < deadline, "each of its moments is inside a transaction"
        of.process.send_signal(signal.SIGCONT)
        time.sleep(0.01)


def is_open(rig: Rig) -> bool:
    """Return True when the store can be written."""
    with closing(sqlite3.connect(rig.site.paths / "lendbot.db", timeout=1, isolation_level=None)) as store:
        try:
            store.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        store.execute("ROLLBACK")
        return True


@pytest.mark.parametrize("step", ["Puppet", "power off"])
def test_a_process_that_wakes_from_a_stop_sends_nothing(rig: Rig, step: str) -> None:
    """SIGSTOP in `power off`; a second one brings the node home, a job starts, the first wakes: the job goes on."""
    with ExitStack() as both:
        pair = [both.enter_context(lendbot(rig.site.paths, name)) for name in ("one", "other")]
        eventually("a worker", lambda: any(each.holds(rig) for each in pair), *pair)
        first, second = sorted(pair, key=lambda each: not each.holds(rig))
        eventually("both at their posts", lambda: all("lendbot.started" in each.log for each in pair), *pair)
        loan = rig.lend("lend 1 gpu node to k8s for 9 days")
        if step == "power off":
            eventually("the loan", lambda: rig.loan(loan.id).state is State.LENT, *pair)
            rig.ask(f"give back #{loan.id}")
        eventually(step, lambda: began(rig, step), *pair)
        stop(rig, first)
        both.callback(first.process.send_signal, signal.SIGCONT)
        eventually("a successor", lambda: second.holds(rig), *pair)
        if step != "power off":
            rig.ask(f"give back #{loan.id}")
        eventually("the way home", lambda: rig.loan(loan.id).state is State.RETURNED, *pair)
        [part] = rig.parts(loan.id)
        job = rig.site.call(lambda: rig.site.world.sneak_job(part.node, timedelta(days=9)))
        eventually("a job", lambda: str(job.state) == "RUNNING", *pair)
        before = at_the_site(rig, part.node)
        first.process.send_signal(signal.SIGCONT)
        eventually("its waking", lambda: "lease.waiting" in first.log, *pair)
        assert at_the_site(rig, part.node) == before
        assert not first.traceback + second.traceback
    assert (str(job.state), job.restarts) == ("RUNNING", 0)
    assert rig.tally() == {"jobs_killed": 0, "pods_killed": 0}
    assert rig.room()[part.node]["power"] == "on"
    assert_store_is_true(rig, loan.id)
