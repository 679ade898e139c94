"""Whose word it is that keeps a node out of Slurm: read off the node's reason, which is a display text and no proof.

The reason is a second witness. The first is what the store remembers to have set.
"""

from enum import Enum, auto

from loans.marks import Mark, read_mark
from loans.nodes import SlurmNode
from loans.reasons import authors_words


class Whose(Enum):
    """Whose word a node's reason is."""

    OURS = auto()
    """The mark of the loan that asks, whatever Slurm has put behind it."""
    SLURM = auto()
    """Slurm's own words and nothing else: no person said them."""
    NOBODY = auto()
    """There is no reason."""
    SOMEBODY = auto()
    """A person's, or the mark of another loan or another lendbot."""


def marked_by(node: SlurmNode) -> Mark | None:
    """Return the mark that a node's reason carries, whatever Slurm has put behind it; None without one."""
    return read_mark(_authors_words(node))


def whose(node: SlurmNode, mark: Mark) -> Whose:
    """Say whose word a node's reason is, for the loan with this mark."""
    if not node.reason:
        return Whose.NOBODY
    words = _authors_words(node)
    if not words:
        return Whose.SLURM
    return Whose.OURS if read_mark(words) == mark else Whose.SOMEBODY


def is_slurms(node: SlurmNode) -> bool:
    """Return True when a node has a reason, and all of it is Slurm's own words."""
    return bool(node.reason) and not _authors_words(node)


def set_by(node: SlurmNode) -> str:
    """Name whoever has set a node as it is, for a sentence about what is not the reader's own."""
    mark = marked_by(node)
    return mark.said if mark else node.reason_by or "somebody"


def _authors_words(node: SlurmNode) -> str:
    return authors_words(node.reason or "", node.reason_by, node.slurm_user)
