"""Slurm as it stands now: in the form that selection reads, and node by node for the steps.

A node that an answer leaves out, or of which it cannot be read, is no news of that node: it is neither gone nor free.
"""

from collections.abc import Mapping
from typing import Final

from conversion.ports import Slurm, UnexpectedAnswer
from loans.nodes import NodeName, SlurmNode
from loans.selection import Seen

_SIDE: Final = "Slurm"


def look(slurm: Slurm) -> Seen:
    """Read nodes, jobs and reservations; each read is shared with whoever else asks in that second."""
    return Seen(slurm.nodes(), slurm.jobs(), tuple(slurm.reservations().values()))


def known(seen: Mapping[NodeName, SlurmNode], name: NodeName) -> SlurmNode:
    """Return a node as an answer has it: UNKNOWN when it leaves it out."""
    return seen.get(name) or SlurmNode(name, "UNKNOWN", unread="its answer leaves the node out")


def node_of(slurm: Slurm, name: NodeName) -> SlurmNode:
    """Return a node that Slurm tells of.

    raises   UnexpectedAnswer when its answer leaves the node out, or says of it what cannot be read
    """
    node = known(slurm.nodes(), name)
    if node.unread:
        raise UnexpectedAnswer(_SIDE, f"nothing is known of {name}: {node.unread}", node.unread)
    return node
