"""What could be lent as things stand now: Slurm's word, and the store's on what is held already. It changes nothing.

For whoever asks before a loan is made, and while one waits for its sign-off.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from conversion.ports import Slurm
from conversion.slurm_view import look
from loans.classes import NodeClass
from loans.nodes import NodeName
from loans.selection import Choice, Wish, choose
from store.db import Store


@dataclass(frozen=True)
class Outlook:
    """What a wish would get. jobs_waiting: those in the queue of its class's partition."""

    choice: Choice
    jobs_waiting: int


def outlook(store: Store, slurm: Slurm, node_class: NodeClass, count: int, until: datetime) -> Outlook:
    """Return what a wish would get if its nodes were chosen now. Raises FarSideError."""
    held, seen = _held(store), look(slurm)
    waiting = sum(job.state == "PENDING" and node_class.partition in job.partitions for job in seen.jobs)
    return Outlook(choose(seen, Wish(node_class, count, until, held)), waiting)


def free(
    store: Store, slurm: Slurm, classes: Iterable[NodeClass], now: datetime
) -> tuple[tuple[NodeClass, Choice], ...]:
    """Return, per class, what could go if everything were asked for. Raises FarSideError."""
    held, seen = _held(store), look(slurm)
    return tuple((each, choose(seen, Wish(each, len(seen.nodes), now, held))) for each in classes)


def _held(store: Store) -> dict[NodeName, int]:
    with store.read() as tx:
        return {part.node: part.loan_id for part in tx.nodes.held()}
