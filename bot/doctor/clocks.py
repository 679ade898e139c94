"""Whether the clocks agree: nothing is worked out across two of them, but people read the times of both sides."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from bot.core import Core
from bot.doctor.asking import Check
from bot.doctor.findings import Bad
from bot.doctor.slurm import READING, SlurmSide
from conversion.clocks import WORTH_TELLING, ahead, apart, node_clock
from loans.nodes import NodeName

KUBERNETES: Final = "Kubernetes: reading"
"""The first question to Kubernetes."""


def checks(core: Core, slurm: SlurmSide, named: NodeName | None) -> Iterator[Check]:
    """Yield a question to everybody who has a clock."""
    far = core.adapters.far
    yield Check("Slurm: clock", partial(_compared, core, "Slurm", far.slurm.clock), READING)
    if core.settings.slurm.management is not None:
        yield Check("Slurm: clock of the management host", partial(_host, core), READING)
    yield Check("Kubernetes: clock", partial(_compared, core, "Kubernetes", far.kubernetes.clock), KUBERNETES)
    yield Check("store: clock", partial(_compared, core, "the store's database", core.store.clock), "store")
    for node_class in core.classes.values():
        sample = partial(slurm.sample, node_class, named)
        yield Check(
            f"SSH: clock of a {node_class.name} node", partial(_node, core, sample), f"SSH: a {node_class.name} node"
        )


def _node(core: Core, sample: Callable[[], NodeName]) -> str:
    node = sample()
    return _compared(core, node, lambda: node_clock(core.adapters.far.shell, node))


def _host(core: Core) -> str:
    """Compare the clock, and tell of a zone: whoever reads Slurm's times there and lendbot's here finds two hours."""
    agree = _compared(core, "the management host", core.adapters.slurm.host_time)
    there = core.adapters.slurm.host_time()
    here = there.astimezone()
    if there.utcoffset() == here.utcoffset():
        return f"{agree}, in the same zone"
    return (
        f"{agree}; its zone is UTC{there:%z}, and this host's is UTC{here:%z}: the same moment is written differently"
    )


def _compared(core: Core, called: str, ask: Callable[[], datetime | None]) -> str:
    by = ahead(ask, core.clock.now)
    if by is None:
        return "it has none but this host's"
    if abs(by) >= WORTH_TELLING * core.clock.speed:
        raise Bad(
            apart(called, by),
            "which of the two is wrong? `timedatectl` on both hosts; lendbot's deadlines follow its own",
        )
    return f"{called} and lendbot agree within {abs(by).total_seconds():.0f} s"
