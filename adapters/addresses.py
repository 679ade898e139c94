"""Where the nodes, and their BMCs, are reached."""

from collections.abc import Callable

from loans.nodes import NodeName

Address = tuple[str, int]
"""(host name or IP address, port)"""


def addressed(template: str, port: int) -> Callable[[NodeName], Address]:
    """Return where nodes are reached: `{node}-bmc.cluster.example`, with {node} for Slurm's name."""
    return lambda node: (template.format(node=node), port)
