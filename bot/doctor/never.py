"""Why no node of a class can ever be lent, in words. Pure: what Slurm says of its nodes in, a sentence out."""

from collections.abc import Collection, Sequence
from typing import Final

from loans.classes import NodeClass
from loans.nodes import FLAGS, SlurmNode

_BASES: Final = frozenset({"IDLE", "ALLOCATED", "MIXED", "DOWN", "ERROR", "UNKNOWN"})
_NAMED: Final = 3


def why_none(node_class: NodeClass, nodes: Collection[SlurmNode]) -> str:
    """Say of a class that Slurm has no node of, by which of its words that is."""
    left = [node for node in nodes if node_class.partition in node.partitions]
    if not left:
        return f"no node is in the partition {node_class.partition}"
    listed = [node for node in left if not node_class.nodes or node.name in node_class.nodes]
    if not listed:
        return f"none of the {len(node_class.nodes)} nodes that it lists is in the partition {node_class.partition}"
    featured = [node for node in listed if node_class.features <= node.features]
    if not featured:
        return f"none of {len(listed)} nodes has the features {', '.join(sorted(node_class.features))}"
    wanted = ", ".join(f"{name} = {count}" for name, count in sorted(node_class.gres.items()))
    has = sorted({f"{name} = {node.gres.get(name, 0)}" for node in featured for name in node_class.gres})
    return f"none of {len(featured)} nodes has {wanted}: Slurm says {', '.join(has[:_NAMED])}"


def why_never_free(nodes: Sequence[SlurmNode]) -> str:
    """Say why none of these nodes can ever be free; empty when one of them may be, some time."""
    whys = [_why_never(node) for node in nodes]
    if not all(whys):
        return ""
    kinds = sorted(set(whys))
    more = f", and {len(kinds) - _NAMED} more reasons" if len(kinds) > _NAMED else ""
    return f"none of its {len(nodes)} nodes can ever be free: {'; '.join(kinds[:_NAMED])}{more}"


def _why_never(node: SlurmNode) -> str:
    if node.unread:
        return f"what Slurm says of them cannot be read ({node.unread})"
    unknown = sorted(node.flags - FLAGS.keys())
    if unknown:
        return f"lendbot does not know the flag {', '.join(unknown)} of {node.state}, so it is somebody's say"
    if "EXTERNAL" in node.flags:
        return "EXTERNAL nodes have no slurmd"
    if node.base == "FUTURE":
        return "FUTURE nodes are there once a slurmd has claimed them"
    return "" if node.base in _BASES else f"lendbot does not know the state {node.base}"
