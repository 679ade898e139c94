"""How patient the engine is, and where it keeps its few files on a node. Values only; the settings file fills them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

_PATIENCE: Final[Mapping[str, timedelta]] = {
    "reserve": timedelta(minutes=30),
    "claim": timedelta(minutes=5),
    "drain": timedelta(minutes=5),
    "quiet": timedelta(minutes=10),
    "unreserve": timedelta(minutes=5),
    "down": timedelta(minutes=5),
    "out of Slurm": timedelta(minutes=5),
    "prepare": timedelta(minutes=10),
    "role": timedelta(minutes=5),
    "Puppet": timedelta(minutes=30),
    "join": timedelta(minutes=15),
    "label": timedelta(minutes=5),
    "ready": timedelta(minutes=15),
    "daemons": timedelta(minutes=20),
    "cordon": timedelta(hours=2),
    "evict": timedelta(hours=1),
    "power off": timedelta(minutes=10),
    "leave": timedelta(hours=2),
    "power on": timedelta(minutes=10),
    "boot": timedelta(minutes=20),
    "verify": timedelta(minutes=10),
    "resume": timedelta(hours=2),
    "settle": timedelta(minutes=15),
}
"""Our judgement, from Anvil's minutes (Puppet 2, boot 5) times three or more. A return waits longer than a loan: its
failure costs a person a night."""


@dataclass(frozen=True)
class Pace:
    """Waiting, and its ends.

    look_every     between two looks at a step that is not done
    evict_every    between two passes of eviction (kubectl drain: 5 s; a budget rarely moves faster than this)
    ask_after      how long a return may be blocked before people are asked what to do
    settle_for     how long a node must stay usable in Slurm before it counts as home (RESUME on a dead node is
                   taken back by slurmctld after 24 s)
    waves          how often nodes are taken for one loan, replacements included
    patience       per step name, over the defaults
    """

    look_every: timedelta = timedelta(seconds=5)
    evict_every: timedelta = timedelta(seconds=20)
    ask_after: timedelta = timedelta(minutes=30)
    settle_for: timedelta = timedelta(seconds=30)
    reserve_for: timedelta = timedelta(minutes=60)
    command_timeout: timedelta = timedelta(minutes=5)
    puppet_timeout: timedelta = timedelta(minutes=20)
    waves: int = 4
    role_file: str = "/etc/puppet-role"
    run_dir: str = "/run/lendbot"
    puppet: tuple[str, ...] = ("run_puppet",)
    patience: Mapping[str, timedelta] = field(default_factory=dict)

    def patience_for(self, step: str) -> timedelta:
        """Return how long a step may take once it has begun."""
        return self.patience.get(step) or _PATIENCE[step]
