"""Reservations: who may have one, which nodes it picks, and when its flag shows.

The block on jobs is immediate, as the scheduler reads the reservations themselves; the RESERVED flag shows on the
nodes seconds late, as it was measured to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from .controller import Controller
from .records import (
    INVALID_NODE_NAME,
    INVALID_PARTITION,
    NODES_BUSY,
    RESERVATION_DUPLICATE,
    RESERVATION_INVALID,
    NodeRecord,
    Reservation,
    SlurmError,
)

_FLAG_LAG: Final = timedelta(seconds=4)
_SHARING: Final = frozenset({"MAINT", "OVERLAP"})


@dataclass(frozen=True)
class Wanted:
    """A request for a reservation, times already read. nodes None means: pick `count` of the partition."""

    name: str | None
    start: datetime
    end: datetime
    nodes: Sequence[str] | None
    count: int
    partition: str | None
    users: tuple[str, ...]
    accounts: tuple[str, ...]
    flags: frozenset[str]


def create(controller: Controller, wanted: Wanted, by: str) -> Reservation:
    """Make a reservation whole, or raise SlurmError and change nothing."""
    if wanted.name in controller.reservations:
        raise SlurmError(RESERVATION_DUPLICATE)
    if wanted.partition is not None and wanted.partition not in controller.by_partition():
        raise SlurmError(INVALID_PARTITION)
    names = _pick(controller, wanted) if wanted.nodes is None else _check(controller, wanted, wanted.nodes)
    made = Reservation(
        name=wanted.name or _free_name(controller, by),
        start=wanted.start,
        end=wanted.end,
        nodes=tuple(sorted(names)),
        partition=wanted.partition,
        users=wanted.users,
        accounts=wanted.accounts,
        flags=wanted.flags,
        specified=wanted.nodes is not None,
    )
    controller.reservations[made.name] = made
    _follow(controller, made)
    return made


def update(controller: Controller, name: str, *, end: datetime | None, nodes: Sequence[str] | None) -> None:
    """Change a reservation's end or nodes."""
    old = find(controller, name)
    if nodes is not None and (unknown := [node for node in nodes if node not in controller.nodes]):
        raise SlurmError(f"{INVALID_NODE_NAME}: {unknown[0]}")
    new = replace(old, end=end or old.end, nodes=tuple(sorted(nodes)) if nodes is not None else old.nodes)
    controller.reservations[name] = new
    _follow(controller, new)
    _show(controller)
    controller.schedule_soon()


def delete(controller: Controller, name: str) -> None:
    """Give a reservation's nodes back to the scheduler."""
    del controller.reservations[find(controller, name).name]
    _show(controller)
    controller.schedule_soon()


def find(controller: Controller, name: str) -> Reservation:
    """Return a reservation by name."""
    try:
        return controller.reservations[name]
    except KeyError:
        raise SlurmError(RESERVATION_INVALID) from None


def _pick(controller: Controller, wanted: Wanted) -> list[str]:
    nodes = controller.by_partition().get(wanted.partition or "", [])
    found = [record.name for record in nodes if record.is_schedulable and _is_free(controller, record, wanted)]
    # Measured: a count beyond the partition's size is not refused; the reservation gets what is free of it.
    least = wanted.count if wanted.count <= len(nodes) else 1
    if wanted.count < 1 or len(found) < least:
        raise SlurmError(NODES_BUSY)
    return found[: wanted.count]


def _check(controller: Controller, wanted: Wanted, names: Sequence[str]) -> list[str]:
    if any(name not in controller.nodes for name in names):
        raise SlurmError(INVALID_NODE_NAME)
    if not all(_is_free(controller, controller.nodes[name], wanted) for name in names):
        raise SlurmError(NODES_BUSY)
    return list(names)


def _is_free(controller: Controller, record: NodeRecord, wanted: Wanted) -> bool:
    if "IGNORE_JOBS" not in wanted.flags and any(
        (job.ends_at or wanted.start) > wanted.start for job in record.running.values()
    ):
        return False
    return bool(wanted.flags & _SHARING) or not any(
        record.name in other.nodes and other.overlaps(wanted.start, wanted.end)
        for other in controller.reservations.values()
    )


def _free_name(controller: Controller, by: str) -> str:
    number = 1
    while f"{by}_{number}" in controller.reservations:
        number += 1
    return f"{by}_{number}"


def _follow(controller: Controller, made: Reservation) -> None:
    """Enter what time will do to a reservation: its flag shows late, and it ends."""
    shown = max(made.start, controller.now) + _FLAG_LAG
    controller.agenda.at(controller.site_time(shown), lambda: _show(controller))
    controller.agenda.at(controller.site_time(made.end), lambda: _expire(controller, made.name))


def _expire(controller: Controller, name: str) -> None:
    reservation = controller.reservations.get(name)
    if reservation is not None and reservation.end <= controller.now:
        delete(controller, name)


def _show(controller: Controller) -> None:
    """Set every node's reservation flags to what is so now."""
    flags: dict[str, set[str]] = {}
    for reservation in controller.reservations.values():
        if reservation.is_active(controller.now):
            for name in reservation.nodes:
                shown = {"RESERVED", "MAINTENANCE"} if "MAINT" in reservation.flags else {"RESERVED"}
                flags.setdefault(name, set()).update(shown)
    for record in controller.nodes.values():
        record.shown = frozenset(flags.get(record.name, ()))
