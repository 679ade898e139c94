"""Node names and Slurm's hostlists: `gpu[01-04]` and back. Knows no groups, and reads no settings of ClusterShell's."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ClusterShell.NodeSet import RESOLVER_NOGROUP, NodeSet, NodeSetParseError

from loans.nodes import NodeName

LONGEST: Final = 100_000
"""Bytes in one argument. Linux allows 128 KiB for one, and over SSH the whole command line is one."""

_NAME: Final = re.compile(r"(?!(?i:all)$)[\w.-]*\w", re.ASCII)
"""`NodeName=ALL` means every node there is, so it is no name."""


def folded(names: Iterable[NodeName]) -> str:
    """Return names as one hostlist that every Slurm reads: only a number at the end of a name is folded."""
    unique = sorted(set(names))
    _check(unique)
    numbered = [name for name in unique if name[-1].isdigit()]
    others = [name for name in unique if not name[-1].isdigit()]
    nodes = NodeSet.fromlist(numbered, resolver=RESOLVER_NOGROUP)
    nodes.fold_axis = (-1,)
    return ",".join([*([str(nodes)] if numbered else []), *others])


def folded_parts(names: Sequence[NodeName], longest: int = LONGEST) -> Iterator[str]:
    """Yield hostlists that name every node once, each at most `longest` bytes: nearly always there is one."""
    whole = folded(names)
    if len(whole) <= longest or len(names) == 1:
        yield whole
        return
    ordered = sorted(set(names))
    middle = len(ordered) // 2
    yield from folded_parts(ordered[:middle], longest)
    yield from folded_parts(ordered[middle:], longest)


def expanded(hostlist: str) -> tuple[NodeName, ...]:
    """Return the names of a hostlist, in its order; ValueError when it is none. `(null)` and nothing are no nodes."""
    if hostlist in {"", "(null)", "None", "n/a"}:
        return ()
    try:
        names = tuple(NodeName(name) for name in NodeSet(hostlist, resolver=RESOLVER_NOGROUP))
    except NodeSetParseError as error:
        raise ValueError(f"not a hostlist: {error}") from error
    _check(names)
    return names


def _check(names: Iterable[NodeName]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a node name: {name!r}")
