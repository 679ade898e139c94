"""Node names and Slurm's hostlists: `gpu[01-04]` and back. Knows no groups, and reads no settings of ClusterShell's."""

import re
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Final

from ClusterShell.NodeSet import RESOLVER_NOGROUP, NodeSet, NodeSetParseError

from loans.hostlist import NotAHostlist, TooManyNames, fold
from loans.nodes import NodeName

LONGEST: Final = 100_000
"""Bytes in one argument. Linux allows 128 KiB for one, and over SSH the whole command line is one."""

MOST: Final = 64 * 1024
"""Names in one list: Slurm itself refuses a longer range. source: MAX_RANGE of its src/common/hostlist.c"""

MOST_SAID: Final = 10_000
"""Names that a person may mean in one sentence: more than a site has, and made in 0.3 s (measured)."""

_NOT_IN_ONE: Final = re.compile(r"[^A-Za-z0-9_.,\[\]-]")
"""ClusterShell reads `a!b`, `a&b`, `[1-9/2]` and digits of other scripts as well; Slurm prints none of them."""
_PART: Final = re.compile(r"(?:[^,\[]|\[[^\]]*\])+")
_BRACKET: Final = re.compile(r"\[([^\]]*)\]")
_RANGE: Final = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")

_NAME: Final = re.compile(r"(?!(?i:all)$)[\w.-]*\w", re.ASCII)
"""`NodeName=ALL` means every node there is, so it is no name."""


def folded(names: Iterable[NodeName]) -> str:
    """Return names as one hostlist; NotAHostlist when one of them is no node's."""
    unique = set(names)
    _check(unique)
    return fold(unique)


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


def expanded(hostlist: str, most: int = MOST) -> tuple[NodeName, ...]:
    """Return the names of a hostlist, in its order. `(null)` and nothing are no nodes.

    raises   NotAHostlist when it is none; TooManyNames above `most`, before one of them is made
    """
    if hostlist in {"", "(null)", "None", "n/a"}:
        return ()
    if odd := _NOT_IN_ONE.search(hostlist):
        raise NotAHostlist(f"not a hostlist: {odd[0]!r} stands in it")
    if (size := _size(hostlist)) > most:
        raise TooManyNames(f"not a hostlist of a site: it stands for {size} nodes, and {most} are the most")
    try:
        names = tuple(NodeName(name) for name in NodeSet(hostlist, resolver=RESOLVER_NOGROUP))
    except NodeSetParseError as error:
        raise NotAHostlist(f"not a hostlist: {error}") from error
    _check(names)
    return names


def _size(hostlist: str) -> int:
    """Count the names that a hostlist stands for, without making them: ClusterShell would, one by one."""
    return sum(
        prod(_within(inside) for inside in _BRACKET.findall(part))  # nothing in brackets: one name
        for part in _PART.findall(hostlist)
    )


def _within(brackets: str) -> int:
    ranges = ((int(first), int(last or first)) for first, last in _RANGE.findall(brackets))
    return sum(max(1, last - first + 1) for first, last in ranges)


def _check(names: Iterable[NodeName]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise NotAHostlist(f"not a node name: {name!r}")
