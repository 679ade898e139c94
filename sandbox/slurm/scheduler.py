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
    blocked = _blocked_from(controller)
    for job in queue[:_DEEPEST_LOOK]:
        ends = controller.now + job.limit
        nodes = _room_for(
            job,
            [n for n in partitions.get(job.partition, []) if n.name not in blocked or ends <= blocked[n.name]],
        )
        if nodes is None:
            job.why = "ReqNodeNotAvail" if job.wanted else "Resources"
        else:
            controller.start(job, nodes)


def _blocked_from(controller: Controller) -> dict[str, datetime]:
    """Return, by node, from when a reservation wants it that jobs may not use."""
    blocked: dict[str, datetime] = {}
    for reservation in controller.reservations.values():
        if reservation.end > controller.now:
            start = max(reservation.start, controller.now)
            for name in reservation.nodes:
                blocked[name] = min(start, blocked.get(name, start))
    return blocked


def _room_for(job: Job, nodes: Iterable[NodeRecord]) -> tuple[str, ...] | None:
    found: list[str] = []
    for record in nodes:
        if job.wanted and record.name not in job.wanted:
            continue
        if _fits(job, record):
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
