"""A lendbot that was stopped in the middle of a step wakes after another one has done all the rest: it sends nothing.

For each step of both plans that changes something: it is stopped right after its journal line, and once more between
the fence and the wire. A second one takes the lease over, brings the node home, and a job starts there. Then the first
goes on from where it stood.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.process.lease import TTL, Lease
from conversion.fence import Reach
from conversion.gate import Call, Change, through
from conversion.subjects import Ground
from loans.loan import NODE_GONE, State
from tests.conversion.rig import Rig, rigged
from tests.stories.bad_days import Ambush

CHANGING = {
    "take": ["reserve", "claim", "drain", "unreserve", "down"],
    "lend": ["prepare", "role", "Puppet", "label", "ready"],
    "return": ["cordon", "evict", "power off", "leave", "power on", "resume"],
}
_CHANGES = re.compile(r"^(scontrol (update|create|delete)|(patch|delete|create) )")
STEPS = [step for steps in CHANGING.values() for step in steps]


@dataclass
class Machine:
    """A machine of its own: while it is stopped its uptime goes on, or stands still as a paused VM's does."""

    rig: Rig
    ahead_s: float = 0.0

    def now(self) -> datetime:
        return self.rig.core.clock.now()

    def wall(self, span: timedelta) -> timedelta:
        return self.rig.core.clock.wall(span)

    def uptime(self) -> float:
        return self.rig.core.clock.uptime() + self.ahead_s


@dataclass
class Sent:
    """The gate in front of the adapters: what is about to be sent, by whom; once, it stops there."""

    calls: list[Change] = field(default_factory=list)
    stop: Callable[[], None] | None = None

    def read(self, call: Call) -> AbstractContextManager[None]:
        del call
        return nullcontext()

    @contextmanager
    def change(self, call: Call) -> Iterator[None]:
        if self.stop is not None:
            stop, self.stop = self.stop, None
            stop()
        yield
        assert call.kind is not None
        self.calls.append(call.kind)


@dataclass
class Lendbot:
    """One of two processes: a machine, a lease, and a reach of its own."""

    rig: Rig
    machine: Machine
    sent: Sent
    lease: Lease
    ground: Ground

    @classmethod
    def on(cls, rig: Rig) -> "Lendbot":
        machine, sent = Machine(rig), Sent()
        lease = Lease("worker", rig.core.store, machine)
        reach = Reach(through(rig.core.adapters.far, sent), rig.core.store, lease, machine.uptime)
        return cls(rig, machine, sent, lease, replace(rig.ground, reach=reach))

    def tick(self, ground: Ground | None = None) -> None:
        self.lease.take()
        self.rig.tick(ground or self.ground)


@pytest.fixture(scope="module")
def site() -> Iterator[Rig]:
    with rigged(speed=3600.0, gpu_nodes=3, cpu_nodes=0, busy=0.0) as found:
        yield found


@pytest.fixture
def rig(site: Rig) -> Iterator[Rig]:
    """The site, without the jobs and leases of the story before."""
    site.lease.release()
    yield site
    for name in site.site.world.names():
        site.site.call(lambda name=name: end_jobs(site, name))  # type: ignore[misc]
    with site.core.store.write() as tx:
        held = tx.leases.get("worker")
        if held is not None:
            tx.leases.release("worker", held.holder)


def end_jobs(rig: Rig, name: str) -> None:
    slurm = rig.site.world.slurm
    for job in list(slurm.jobs.values()):
        if name in job.nodes and job.state == "RUNNING":
            slurm.cancel(job.id)


def take_over(first: Lendbot, second: Lendbot, loan_id: int, *, is_paused: bool) -> None:
    """Let the second one find the first silent, bring everything home, and let a job start on each node."""
    rig = first.rig
    second.lease.take()
    second.machine.ahead_s += TTL.total_seconds() + 1
    assert second.lease.take(), "the first is dead by now"
    loan = rig.loan(loan_id)
    if loan.state in {State.LENDING, State.LENT}:
        rig.ask(f"give back #{loan_id}")
    for _ in range(2000):
        if rig.loan(loan_id).state is State.RETURNED:
            break
        second.tick()
    assert rig.loan(loan_id).state is State.RETURNED, (rig.loan(loan_id), rig.parts(loan_id))
    for part in rig.parts(loan_id):
        rig.site.call(lambda node=part.node: rig.site.world.sneak_job(node, timedelta(days=9)))  # type: ignore[misc]
    if not is_paused:
        first.machine.ahead_s += TTL.total_seconds() + 60


def run_until_stopped(first: Lendbot, loan_id: int, ground: Ground, has_stopped: Callable[[], bool]) -> None:
    rig = first.rig
    for _ in range(3000):
        if has_stopped():
            return
        if rig.loan(loan_id).state is State.LENT:
            rig.ask(f"give back #{loan_id}")
        first.tick(ground)
    raise AssertionError((rig.loan(loan_id), rig.parts(loan_id)))


def seen(rig: Rig) -> dict[str, Any]:
    return {
        name: (node["slurm"]["state"], node["slurm"]["reason"], node["power"], node["kube"])
        for name, node in rig.room().items()
    }


def changes_at(rig: Rig) -> dict[str, int]:
    """Count what the site was asked to change, as its servers counted it."""
    traffic = rig.site.call(rig.site.site.traffic)
    asked = {**traffic["slurm"], **traffic["kube"]}
    return {what: count for what, count in asked.items() if _CHANGES.search(what)}


@pytest.mark.parametrize("is_paused", [False, True], ids=["SIGSTOP", "paused VM"])
@pytest.mark.parametrize("step", STEPS)
def test_who_wakes_with_a_stale_lease_sends_nothing(rig: Rig, step: str, *, is_paused: bool) -> None:
    """An order that was given an hour ago, by one whom nobody follows any more, kills no job and no pod."""
    first, second = Lendbot.on(rig), Lendbot.on(rig)
    first.lease.take()
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    before: list[Any] = []

    def stop(_: str) -> None:
        take_over(first, second, loan.id, is_paused=is_paused)
        before.extend([seen(rig), len(first.sent.calls)])

    ambush: Any = Ambush(rig.core.store, loan.id, {step}, stop)
    run_until_stopped(first, loan.id, replace(first.ground, store=ambush), lambda: bool(ambush.sprung))
    assert [seen(rig), len(first.sent.calls)] == before, f"{first.sent.calls[before[1] :]} sent at {step}"
    first.tick()
    assert len(first.sent.calls) == before[1], "and at its next tick it has no lease"
    tally = rig.tally()
    assert (tally["jobs_killed"], tally["pods_killed"]) == (0, 0)
    assert {part.state for part in rig.parts(loan.id)} <= NODE_GONE


@pytest.mark.parametrize("step", [name for name in STEPS if name not in {"claim", "ready"}])
def test_who_is_stopped_between_the_fence_and_the_wire_sends_nothing(rig: Rig, step: str) -> None:
    """The last check is in the adapter: it is asked with the socket in hand."""
    first, second = Lendbot.on(rig), Lendbot.on(rig)
    first.lease.take()
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    before: list[Any] = []

    def stop() -> None:
        take_over(first, second, loan.id, is_paused=False)
        before.extend([seen(rig), changes_at(rig)])

    def arm(_: str) -> None:
        first.sent.stop = stop

    ambush: Any = Ambush(rig.core.store, loan.id, {step}, arm)
    run_until_stopped(first, loan.id, replace(first.ground, store=ambush), lambda: bool(before))
    assert [seen(rig), changes_at(rig)] == before, f"something was changed at {step}"
    tally = rig.tally()
    assert (tally["jobs_killed"], tally["pods_killed"]) == (0, 0)
