"""For stories with one lendbot only: a lease that is always held, and a cluster without pods."""

from collections.abc import Mapping, Sequence
from typing import Any

from conversion.fence import Reach
from conversion.ports import FarSides, Slurm
from loans.classes import NodeClass
from store.db import Store, Tx


class AlwaysHeld:
    """The lease of a process that nobody competes with."""

    held = True
    renewed_at = float("inf")

    def take(self) -> bool:
        return True

    def is_ours(self, tx: Tx) -> bool:
        del tx
        return True

    def renew(self, tx: Tx) -> bool:
        del tx
        return True

    def renewed(self, at: float) -> None:
        del at


class NoPods:
    """A cluster that has none of the nodes: a taking asks it for its name, and for pods before it marks nodes DOWN."""

    def cluster(self) -> str:
        return "none"

    def pods_by_namespace(self, names: Sequence[str]) -> Mapping[str, int]:
        del names
        return {}


def alone_with(slurm: Slurm, store: Store) -> Reach:
    """Return what is needed to take nodes, where time stands still between a question and its act."""
    nobody: Any = None
    no_pods: Any = NoPods()
    bmcs = {NodeClass.power: nobody}  # of a class that names none; without them a loan stands still
    return Reach(FarSides(slurm, no_pods, nobody, bmcs), store, AlwaysHeld(), lambda: 0.0)
