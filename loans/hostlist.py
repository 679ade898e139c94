"""Node names written together, in the one form that every Slurm reads: `gpu[003-004,009]`.

Reading has more forms than one; adapters/hostlist.py does that, and raises what is below.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

_NUMBERED: Final = re.compile(r"^(.*?)(\d+)$")


class NotAHostlist(ValueError):  # noqa: N818 - it names what was said
    """It cannot be read as node names."""


class TooManyNames(NotAHostlist):
    """It stands for more nodes than can be meant: `gpu[0-99999999]` would take the machine's memory."""


def fold(names: Iterable[str]) -> str:
    """Fold names as a hostlist: gpu003, gpu004, gpu009 -> gpu[003-004,009].

    Only a number at the end of a name is folded, and only with others of its width: older Slurms read one bracket, at
    the end. A name without a number stands as it is.
    """
    parted = sorted(_parted(name) for name in set(names))
    groups = groupby(parted, key=lambda part: (part[0], part[1]))
    return ",".join(_folded(prefix, [name[2] for name in group]) for (prefix, _), group in groups)


def _parted(name: str) -> tuple[str, int, str]:
    found = _NUMBERED.match(name)
    return (found[1], len(found[2]), found[2]) if found else (name, 0, "")


def _folded(prefix: str, numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return f"{prefix}{numbers[0]}"
    return f"{prefix}[{','.join(_ranges(numbers))}]"


def _ranges(numbers: Sequence[str]) -> Iterator[str]:
    """Yield runs of numbers that follow each other, written as they stand in the names."""
    for _, run in groupby(enumerate(numbers), key=lambda at: int(at[1]) - at[0]):
        members = [number for _, number in run]
        yield members[0] if len(members) == 1 else f"{members[0]}-{members[-1]}"
