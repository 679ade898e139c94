"""How patient the engine is, and where it keeps its few files on a node. Values only; the settings file fills them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from loans.alarms import CALL_AGAIN
from loans.runbook import StepName

_PATIENCE: Final[Mapping[StepName, timedelta]] = {
    StepName.RESERVE: timedelta(minutes=30),
    StepName.CLAIM: timedelta(minutes=5),
    StepName.DRAIN: timedelta(minutes=5),
    StepName.QUIET: timedelta(minutes=10),
    StepName.UNRESERVE: timedelta(minutes=5),
    StepName.DOWN: timedelta(minutes=5),
    StepName.OUT_OF_SLURM: timedelta(minutes=5),
    StepName.PREPARE: timedelta(minutes=10),
    StepName.ROLE: timedelta(minutes=5),
    StepName.PUPPET: timedelta(minutes=30),
    StepName.JOIN: timedelta(minutes=15),
    StepName.LABEL: timedelta(minutes=5),
    StepName.READY: timedelta(minutes=15),
    StepName.DAEMONS: timedelta(minutes=20),
    StepName.USABLE: timedelta(minutes=20),
    StepName.CORDON: timedelta(hours=2),
    StepName.EVICT: timedelta(hours=1),
    StepName.DETACH: timedelta(minutes=6),  # as long as Kubernetes itself waits before it detaches by force
    StepName.POWER_OFF: timedelta(minutes=10),
    StepName.LEAVE: timedelta(hours=2),
    StepName.POWER_ON: timedelta(minutes=10),
    StepName.BOOT: timedelta(minutes=20),
    StepName.VERIFY: timedelta(minutes=10),
    StepName.HEALTH: timedelta(minutes=10),
    StepName.RESUME: timedelta(hours=2),
    StepName.SETTLE: timedelta(minutes=15),
}
"""Our judgement, from Anvil's minutes (Puppet 2, boot 5) times three or more. A return waits longer than a loan: its
failure costs a person a night."""


@dataclass(frozen=True)
class Pace:
    """Waiting, and its ends.

    look_every     between two looks at a step that is not done
    evict_every    between two passes of eviction (kubectl drain: 5 s; a budget rarely moves faster than this)
    ask_after      how long a return may be blocked before people are asked what to do
    call_again     how long after it was raised an alarm that nobody took is called out again
    settle_for     how long a node must stay usable in Slurm before it counts as home (RESUME on a dead node is
                   taken back by slurmctld after 24 s)
    passing        how long a refusal (401, 403, a credential that has expired) may last before it is taken for one
    waves          how often nodes are taken for one loan, replacements included
    breaker_nodes  how many nodes of a class fail alike, within breaker_within, before no more are taken for them
    breaker_asks   how long loans then wait for people to decide
    patience       per step name, over the defaults
    """

    look_every: timedelta = timedelta(seconds=5)
    evict_every: timedelta = timedelta(seconds=20)
    ask_after: timedelta = timedelta(minutes=30)
    call_again: tuple[timedelta, ...] = CALL_AGAIN
    settle_for: timedelta = timedelta(seconds=30)
    passing: timedelta = timedelta(minutes=10)
    reserve_for: timedelta = timedelta(minutes=60)
    command_timeout: timedelta = timedelta(minutes=5)
    puppet_timeout: timedelta = timedelta(minutes=20)
    waves: int = 4
    breaker_nodes: int = 3
    breaker_within: timedelta = timedelta(minutes=30)
    breaker_asks: timedelta = timedelta(hours=1)
    role_file: str = "/etc/puppet-role"
    run_dir: str = "/run/lendbot"
    puppet: tuple[str, ...] = ("run_puppet",)
    patience: Mapping[StepName, timedelta] = field(default_factory=dict)

    def patience_for(self, step: StepName) -> timedelta:
        """Return how long a step may take once it has begun."""
        return self.patience.get(step) or _PATIENCE[step]
