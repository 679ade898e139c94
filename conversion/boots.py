"""Which boot a node is on, asked of the node and of Slurm."""

from datetime import timedelta
from typing import Final

from conversion.ports import FarSideError
from conversion.slurm_view import node_of
from conversion.steps import NodeWork
from loans.boots import BOOT_FILES, Boot, kernel_word

_ASKED_FOR: Final = timedelta(seconds=30)
"""How long a node may take to print two small files; one that is hung must not hold up the end of its power."""


def seen(work: NodeWork) -> Boot:
    """Ask both. Raises Unreachable and the like when the node cannot be asked."""
    timeout = min(work.pace.command_timeout, _ASKED_FOR)
    ran = work.far.shell.ask(work.node, ("cat", *BOOT_FILES), timeout=timeout)
    return _with_slurm(work, kernel_word(ran.out) if ran.exit == 0 else "")


def last_seen(work: NodeWork) -> Boot:
    """Ask both, and make do with Slurm where the node does not answer: it may be why it is sent home."""
    try:
        return seen(work)
    except FarSideError:
        return _with_slurm(work, "")


def _with_slurm(work: NodeWork, kernel: str) -> Boot:
    node = node_of(work.far.slurm, work.node)
    return Boot(kernel, node.boot_time, node.slurmd_start)
