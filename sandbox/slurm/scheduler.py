"""Which pending job goes where: oldest first, and a later one may go ahead where an earlier one cannot start.

A job goes only on nodes that are schedulable, that have room, and that no reservation needs before its limit ends.
"""

from collections.abc import Iterable
from datetime import datetime

from .controller import Controller
from .records import Job, NodeRecord

_DEEPEST_LOOK = 100


def place(controller: Controller) -> None:
    """Start every job of the queue that can start now."""
    queue = controller.pending()
    if not queue:
        return
    partitions = controller.by_partition()
    blocked = _Blocked(controller)
    for job in queue[:_DEEPEST_LOOK]:
        nodes = _room_for(job, partitions.get(job.partition, []), blocked)
        if nodes is None:
            job.why = "ReqNodeNotAvail" if job.wanted else "Resources"
        else:
            controller.start(job, nodes)


class _Blocked:
    """From when each node is wanted by a reservation that jobs may not use."""

    def __init__(self, controller: Controller) -> None:
        self._now = controller.now
        self._from: dict[str, datetime] = {}
        for reservation in controller.reservations.values():
            if reservation.end > self._now:
                for name in reservation.nodes:
                    start = max(reservation.start, self._now)
                    self._from[name] = min(start, self._from.get(name, start))

    def lets(self, job: Job, name: str) -> bool:
        start = self._from.get(name)
        return start is None or self._now + job.limit <= start


def _room_for(job: Job, nodes: Iterable[NodeRecord], blocked: _Blocked) -> tuple[str, ...] | None:
    found: list[str] = []
    for record in nodes:
        if job.wanted and record.name not in job.wanted:
            continue
        if _fits(job, record) and blocked.lets(job, record.name):
            found.append(record.name)
            if len(found) == job.count:
                return tuple(found)
    return None


def _fits(job: Job, record: NodeRecord) -> bool:
    return (
        record.is_schedulable
        and not record.completing
        and record.cpus - record.cpus_used >= job.cpus
        and record.gpus - record.gpus_used >= job.gpus
    )
