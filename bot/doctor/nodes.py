"""What lendbot needs of the nodes: a log-in and a power state, tried on one node of each class."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from bot.core import Core
from bot.doctor.asking import Check
from bot.doctor.findings import Bad
from bot.doctor.slurm import READING, SlurmSide
from loans.classes import NodeClass
from loans.nodes import NodeName, PowerState

_PATIENCE: Final = timedelta(seconds=30)
"""For `true` on a node that is up."""


def checks(core: Core, slurm: SlurmSide, named: NodeName | None) -> Iterator[Check]:
    """Yield what is asked of the nodes. Slurm goes first, for it knows them; its silence proves nothing here."""
    for node_class in core.classes.values():
        sample = partial(slurm.sample, node_class, named)
        yield Check(f"SSH: a {node_class.name} node", partial(_ssh, core, sample), READING, frozenset())
        yield Check(f"BMC: a {node_class.name} node", partial(_bmc, core, node_class, sample), READING, frozenset())


def _ssh(core: Core, sample: Callable[[], NodeName]) -> str:
    node = sample()
    ran = core.adapters.far.shell.ask(node, ("true",), timeout=_PATIENCE)
    if ran.exit != 0:
        raise Bad(f"{node}: `true` ended with {ran.exit}", "can the account run commands there?")
    return f"{node}: logged in, host key known"


def _bmc(core: Core, node_class: NodeClass, sample: Callable[[], NodeName]) -> str:
    node = sample()
    state = core.adapters.far.powers[node_class.power].state(node)
    if state is PowerState.UNKNOWN:
        raise Bad(f"{node}: neither on nor off", "ask the BMC by hand; lendbot never takes unknown for off")
    return f"{node}: power is {state} ({node_class.power})"
