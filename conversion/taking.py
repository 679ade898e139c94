"""The steps by which nodes leave Slurm together, without a race against its scheduler.

Measured (22.05, three streams of short jobs): "query idle, then DOWN" killed 5 jobs; reservation, DRAIN, exactly
IDLE+DRAIN, DOWN killed none. One call serves the whole wave at every step.
"""

from collections.abc import Sequence

from conversion.ports import Busy
from conversion.steps import Done, NotYet, Seen, StepFailed, TakeWork
from loans.nodes import (
    NodeName,
    SlurmNode,
    is_drained,
    is_kept_away,
    is_out_of_slurm,
    mark,
    marked_by,
    reservation_name,
)

_NAMED = 4
"""How many nodes a sentence names before it counts the rest: a card line holds about this many."""


def check_reserved(work: TakeWork) -> Seen:
    """Ask for our reservation, and write its nodes down as the loan's: from here on they are held."""
    found = work.far.slurm.reservations().get(reservation_name(work.loan.id, work.taking.wave))
    if found is None:
        return NotYet("Slurm has not reserved the nodes yet")
    work.claim(found.nodes)
    return Done(f"{len(found.nodes)} nodes reserved")


def reserve(work: TakeWork) -> Seen | None:
    """Reserve nodes that run no job; Slurm picks a winner when a job or another loan wants them too."""
    chosen = work.choose()
    if not chosen:
        return NotYet(f"no {work.node_class.name} node is free in Slurm now")
    try:
        work.far.slurm.reserve(reservation_name(work.loan.id, work.taking.wave), chosen, span=work.pace.reserve_for)
    except Busy:
        return NotYet("a job took one of the nodes first; choosing again")
    return None


def check_draining(work: TakeWork) -> Seen:
    """Ask whether every node of the wave carries DRAIN with our mark; a node with somebody else's is given up."""
    without = [n for n in _ours(work) if "DRAIN" not in n.flags]
    return NotYet(f"{_names(without)} without DRAIN") if without else Done()


def drain(work: TakeWork) -> None:
    """Keep new jobs away from what has no DRAIN yet."""
    without = [n.name for n in _ours(work) if "DRAIN" not in n.flags]
    if without:
        work.far.slurm.drain(without, mark(work.loan.id))


def check_quiet(work: TakeWork) -> Seen:
    """Ask for IDLE+DRAIN on every node: COMPLETING still runs an epilog, MIXED still runs a job."""
    busy = [n for n in _ours(work) if not _is_quiet(n)]
    if not busy:
        return Done()
    return NotYet(f"{_names(busy)} still busy")


def leave_busy_ones(work: TakeWork) -> Seen:
    """Go on without the nodes that never got quiet: DRAIN harmed nothing, and their jobs go on."""
    busy = [n for n in _ours(work) if not _is_quiet(n)]
    for node in busy:
        work.drop(node.name, f"it is still {node.state}; its jobs were left alone")
    return Done(f"went on without {_names(busy)}")


def check_unreserved(work: TakeWork) -> Seen:
    """Ask whether our reservation is gone."""
    name = reservation_name(work.loan.id, work.taking.wave)
    return NotYet(f"reservation {name} still stands") if name in work.far.slurm.reservations() else Done()


def unreserve(work: TakeWork) -> None:
    """Delete our reservation; DRAIN holds the nodes from here."""
    work.far.slurm.unreserve(reservation_name(work.loan.id, work.taking.wave))


def check_down(work: TakeWork) -> Seen:
    """Ask whether every node of the wave is DOWN+DRAIN: a reboot must not bring it back by itself."""
    up = [n for n in _ours(work) if not is_out_of_slurm(n)]
    return NotYet(f"{_names(up)} not DOWN+DRAIN yet") if up else Done()


def down(work: TakeWork) -> Seen | None:
    """Mark DOWN what is exactly IDLE+DRAIN in this read, and nothing else: DOWN kills."""
    up = [n for n in _ours(work) if not is_out_of_slurm(n)]
    quiet = [n.name for n in up if is_drained(n)]
    if quiet:
        work.far.slurm.down(quiet, mark(work.loan.id))
    waiting = [n for n in up if not is_drained(n)]
    return NotYet(f"{_names(waiting)} not exactly IDLE+DRAIN") if waiting else None


def _is_quiet(node: SlurmNode) -> bool:
    """Return True for IDLE+DRAIN, with or without the RESERVED of our own reservation."""
    return is_out_of_slurm(node) or (node.base == "IDLE" and {"DRAIN"} <= node.flags <= {"DRAIN", "RESERVED"})


def _ours(work: TakeWork) -> list[SlurmNode]:
    """Return the wave's nodes as Slurm reports them; one with a foreign reason is dropped, and left as it is."""
    seen = work.far.slurm.nodes()
    ours: list[SlurmNode] = []
    for name in work.nodes:
        node = seen.get(name)
        if node is None:
            work.drop(name, "Slurm does not know it any more")
        elif node.reason and marked_by(node.reason) != work.loan.id and is_kept_away(node):
            work.drop(name, f'somebody else set it {node.state}: "{node.reason}"')
        else:
            ours.append(node)
    if not ours:
        raise StepFailed("none of the nodes of this wave can be had any more")
    return ours


def _names(nodes: Sequence[SlurmNode]) -> str:
    names: list[NodeName] = [n.name for n in nodes]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
