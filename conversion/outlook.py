"""What could be lent as things stand now: Slurm's word, and the store's on what is held already. It changes nothing.

For whoever asks before a loan is made, and while one waits for its sign-off.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from conversion.holdings import held
from conversion.ports import Slurm
from conversion.slurm_view import look
from loans.classes import NodeClass
from loans.nodes import NodeName
from loans.selection import Choice, Seen, Wish, choose
from store.db import Store


@dataclass(frozen=True)
class Outlook:
    """What a wish would get. jobs_waiting: those in the queue of its class's partition; seen: what it was read from."""

    choice: Choice
    jobs_waiting: int
    seen: Seen


def outlook(store: Store, slurm: Slurm, wish: Wish) -> Outlook:
    """Return what a wish would get if its nodes were chosen now. Raises FarSideError.

    wish   without what is held, which is looked up here
    """
    seen, node_class = look(slurm), wish.node_class
    waiting = sum(job.state == "PENDING" and node_class.partition in job.partitions for job in seen.jobs)
    return Outlook(choose(seen, replace(wish, held=_held(store))), waiting, seen)


def free(
    store: Store, slurm: Slurm, classes: Iterable[NodeClass], now: datetime
) -> tuple[tuple[NodeClass, Choice], ...]:
    """Return, per class, what could go if everything were asked for. Raises FarSideError."""
    seen, before, every = look(slurm), _held(store), tuple(classes)
    return tuple((each, choose(seen, Wish(each, len(seen.nodes), now, before, others=every))) for each in every)


def _held(store: Store) -> dict[NodeName, int]:
    with store.read() as tx:
        return held(tx)
