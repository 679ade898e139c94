"""What Slurm is and does by itself, as far as a loan has to live with it: its version, and its power saving."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from bot.core import Core
from bot.doctor.asking import Check
from bot.doctor.findings import Bad
from bot.doctor.slurm import READING, SlurmSide
from loans.classes import NodeClass

_TRIED: Final = ("22.05", "26.05")
"""The oldest and the newest of those that the lab runs; between them it runs 24.11, and what others print was read."""
_VERSION: Final = re.compile(r"(\d+\.\d+)(\.|$)")


def checks(core: Core, slurm: SlurmSide) -> Iterator[Check]:
    """Yield what is asked of slurmctld about itself."""
    yield Check("Slurm: version", partial(_version, core), READING)
    for node_class in core.classes.values():
        yield Check(f"Slurm: power saving of {node_class.name}", partial(_suspends, core, slurm, node_class), READING)


def _version(core: Core) -> str:
    said = core.adapters.slurm.version()
    found = _VERSION.match(said)
    if found is None or not _TRIED[0] <= found[1] <= _TRIED[1]:
        raise Bad(
            f"{said or 'no version'}: lendbot has been tried with {_TRIED[0]} to {_TRIED[1]}",
            "lend one node that nobody needs first, and compare what Slurm says of it with docs/runbook.md",
        )
    return said


def _suspends(core: Core, slurm: SlurmSide, node_class: NodeClass) -> str:
    """A lent node is DOWN+DRAIN and idle to Slurm, which then powers it off under its pods."""
    suspending = core.adapters.slurm.suspending(node_class.partition)
    if not suspending.after:
        return "Slurm powers none of its nodes off"
    at_risk = [node.name for node in slurm.of(node_class) if not suspending.spares(node)]
    if at_risk:
        raise Bad(
            f"Slurm powers nodes off after {suspending.after} (SuspendTime), and spares none that is lent: "
            f"{len(at_risk)} nodes, {min(at_risk)} for one",
            "in slurm.conf: SuspendExcStates=DOWN,DRAIN (23.02 or later), or the class's nodes in SuspendExcNodes",
        )
    return f"Slurm powers nodes off after {suspending.after}, and leaves lent ones alone"
