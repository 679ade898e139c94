"""Two lendbots on one store, as real processes: one works, the other waits, and goes on when the first is killed.

Neither has Slack: who writes there is another lease, taken in the same way.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from loans.facts import StepStarted
from loans.loan import State
from loans.runbook import StepName
from sandbox.processes import secrets
from tests.conversion.rig import Rig, rigged
from tests.patience import PATIENCE_S
from tests.stories.bad_days import assert_invariants, assert_store_is_true

_WORKS = ("loan.moved", "node.moved", "slurm.", "power.")
"""What the log of a process that converts nodes has lines of."""


@dataclass(frozen=True)
class Lendbot:
    """One `lendbot worker`, and its log."""

    process: "subprocess.Popen[bytes]"
    log_file: Path

    def holds(self, rig: Rig) -> bool:
        """Return True when the lease is this process's: its random id stands in its own log only."""
        with rig.core.store.read() as tx:
            held = tx.leases.get("worker")
        found = [line for line in self.log.splitlines() if "lease.held" in line]
        return held is not None and any(held.holder in line for line in found)

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    @property
    def has_worked(self) -> bool:
        return any(word in self.log for word in _WORKS)

    @property
    def traceback(self) -> str:
        """Return what it logged from its first traceback on: nobody who reads a log at night should need one."""
        before, found, after = self.log.partition("Traceback")
        return before[-300:] + found + after[:3000] if found else ""

    def kill(self) -> None:
        """Kill -9, and let the system know that we know."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)


@contextmanager
def lendbot(folder: Path, name: str) -> Iterator[Lendbot]:
    log_file = folder / f"{name}.log"
    command = [str(Path(sys.executable).with_name("lendbot")), "worker"]
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | secrets(folder))
    try:
        yield Lendbot(process, log_file)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A site in which a dead one's lease, a quarter of an hour there, costs no step its patience."""
    patience = "".join(f'"{step}" = "2 d"\n' for step in StepName)
    with rigged(
        lambda toml: f"{toml}\n[pace.patience]\n{patience}", speed=60.0, gpu_nodes=3, cpu_nodes=0, busy=0.0
    ) as found:
        yield found


def eventually(what: str, is_so: Callable[[], bool], *lendbots: Lendbot) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"{what} never came: {[each.log[-2000:] for each in lendbots]}"
        time.sleep(0.02)


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
