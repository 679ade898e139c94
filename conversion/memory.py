"""What a loan is remembered to have set on its nodes in Slurm: the first witness, beside the mark in the reason."""

from collections.abc import Sequence
from typing import Final, Protocol

from loans.nodes import NodeName, SlurmNode


class Memory(Protocol):
    """Of one loan."""

    def has_set(self, node: NodeName) -> bool:
        """Return True when this loan has set DRAIN or DOWN on a node, and not lifted it since."""

    def has_never_set(self, node: NodeName) -> bool:
        """Return True when it is certain that this loan has nothing set on a node."""

    def is_older(self, node: SlurmNode) -> bool:
        """Return True when a node's reason was there before this loan set anything on it, by Slurm's own clock."""

    def about_to_set(self, nodes: Sequence[NodeName]) -> None:
        """Write down that Slurm is about to be asked for DRAIN or DOWN."""

    def read_back(self, nodes: Sequence[SlurmNode]) -> None:
        """Write down when Slurm says that it was set, on those that carry the loan's mark."""


class _NoMemory:
    """Of a loan of which nobody has kept anything."""

    def has_set(self, node: NodeName) -> bool:
        del node
        return False

    def has_never_set(self, node: NodeName) -> bool:
        del node
        return False

    def is_older(self, node: SlurmNode) -> bool:
        del node
        return False

    def about_to_set(self, nodes: Sequence[NodeName]) -> None:
        """Keep nothing."""

    def read_back(self, nodes: Sequence[SlurmNode]) -> None:
        """Keep nothing."""


NO_MEMORY: Final[Memory] = _NoMemory()
