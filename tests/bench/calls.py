"""How often Slurm and Kubernetes are asked for 10 and for 200 nodes: taking must not grow with the nodes."""

from collections.abc import Callable
from typing import Any, Final, cast

from bot.process.lease import Lease
from conversion.worker import Worker
from loans.loan import NodeState
from tests.bench.big_loan import MANY, BigLoan, flat, loan, loan_of_many
from tests.bench.figures import Figure, say
from tests.bench.rig import Site, running_site
from tests.conversion.rig import InlineCrew

_FEW: Final = 10
_TAKING_SPEED: Final = 60.0
_FEW_SPEED: Final = 20.0
"""Calls are counted, so the few may go faster than the many."""


def measure() -> list[Figure]:
    """Count what taking asks, then what the rest of a loan asks for each node."""
    few, many = _taking(_FEW), _taking(MANY)
    small, big = loan(_FEW, nodes=_FEW, speed=_FEW_SPEED), loan_of_many()
    return [
        Figure(
            f"calls to Slurm that take {_FEW} nodes, and {MANY}",
            f"{few} and {many}",
            "the same number",
            few == many,
        ),
        Figure(
            f"changes asked of Slurm after that, per node, {_FEW} and {MANY} nodes",
            f"{_per_node(small, _FEW, _is_change):.1f} and {_per_node(big, MANY, _is_change):.1f}",
        ),
        Figure(
            f"reads of Slurm after that, a second, {_FEW} and {MANY} nodes",
            f"{_reads_a_second(small):.1f} and {_reads_a_second(big):.1f}",
        ),
        Figure(
            f"calls to Kubernetes, per node, {_FEW} and {MANY} nodes",
            f"{_per_node(small, _FEW, _is_kube):.1f} and {_per_node(big, MANY, _is_kube):.1f}",
        ),
    ]


def _taking(count: int) -> int:
    """Take so many nodes of the same site in one thread, so that every call is this taking's."""
    say(f"taking {count} nodes")
    with running_site(MANY, _TAKING_SPEED, max_age='"5 s"') as at:  # a busy machine must not add reads
        at.lend(count)
        before = flat(at.calls())
        lease = Lease("worker", at.core.store, at.core.clock)
        worker = Worker(at.core.ground(lease), cast("Any", InlineCrew()))
        while not _are_taken(at):
            lease.take()
            worker.tick()
        return sum((flat(at.calls()) - before).values())


def _are_taken(at: Site) -> bool:
    parts = at.parts()
    return bool(parts) and all(part.state is not NodeState.TAKING for part in parts)


def _per_node(of: BigLoan, count: int, is_meant: Callable[[str], bool]) -> float:
    return sum(number for what, number in of.rest.items() if is_meant(what)) / count


def _reads_a_second(of: BigLoan) -> float:
    return sum(n for what, n in of.rest.items() if not _is_kube(what) and not _is_change(what)) / of.wall_s


def _is_kube(what: str) -> bool:
    return what.startswith("kube:")


def _is_change(what: str) -> bool:
    return what.startswith("slurm:") and not what.startswith(("slurm: scontrol show", "slurm: squeue"))
