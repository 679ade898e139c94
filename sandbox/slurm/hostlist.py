"""Hostlists, folded and unfolded as Slurm does."""

from collections.abc import Iterable

from ClusterShell.NodeSet import RESOLVER_NOGROUP, NodeSet, NodeSetException

from .records import INVALID_NODE_NAME, SlurmError


def unfold(text: str) -> list[str]:
    """Return the names of `gpu[001-003,007]`, in order."""
    try:
        return [str(name) for name in NodeSet(text, resolver=RESOLVER_NOGROUP)]
    except NodeSetException:
        raise SlurmError(INVALID_NODE_NAME) from None


def fold(names: Iterable[str], nothing: str = "") -> str:
    """Return names as one hostlist, or the word for none."""
    return str(NodeSet.fromlist(list(names), resolver=RESOLVER_NOGROUP)) or nothing
