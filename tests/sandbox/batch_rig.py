"""A world that stands still until a test moves its clock, and Slurm's commands on it."""

import shlex
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.slurm.records import Job
from sandbox.slurm.scontrol import scontrol
from sandbox.slurm.sinfo import sinfo
from sandbox.slurm.squeue import scancel, squeue
from sandbox.terminal import Caller, Result
from sandbox.world import World, WorldOptions

ORIGIN = datetime(2026, 11, 23, 15, tzinfo=UTC)
PROGRAMS = {"scontrol": scontrol, "squeue": squeue, "sinfo": sinfo, "scancel": scancel}


class Batch:
    """Four gpu and two cpu nodes, no jobs but those a test submits."""

    def __init__(self, *, busy: float = 0.0, gpu_nodes: int = 4, return_to_service: int = 0, seed: int = 1) -> None:
        self.faults = Faults()
        options = WorldOptions(
            gpu_nodes=gpu_nodes, cpu_nodes=2, busy=busy, return_to_service=return_to_service, seed=seed
        )
        self.world = World(options, SiteClock.showing(ORIGIN), self.faults, lively=False)

    def pass_time(self, seconds: float) -> None:
        self.world.agenda.advance(self.world.agenda.now + timedelta(seconds=seconds))

    def run(self, line: str, user: str = "root", zone: str = "America/Indiana/Indianapolis") -> Result:
        program, *argv = shlex.split(line)
        return PROGRAMS[program](argv, self.world.slurm, Caller(user, ZoneInfo(zone)))

    def ok(self, line: str) -> str:
        result = self.run(line)
        assert result.code == 0, result.err
        return result.out

    def state(self, node: str) -> str:
        return self.field(node, "State")

    def field(self, node: str, key: str) -> str:
        text = self.ok(f"scontrol show node {node} -o")
        return next(word.partition("=")[2] for word in text.split() if word.startswith(f"{key}="))

    def job(self, node: str, minutes: float = 30, *, cpus: int = 64, requeue: bool = True) -> Job:
        length = timedelta(minutes=minutes)
        job = self.world.slurm.submit(
            user="u1", name="train", partition="gpu", length=length, limit=length, cpus=cpus, wanted=(node,)
        )
        job.requeue = requeue
        self.pass_time(1)
        return job
