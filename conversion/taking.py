"""The steps by which nodes leave Slurm together, without a race against its scheduler.

Measured (22.05, three streams of short jobs): "query idle, then DOWN" killed 5 jobs; reservation, DRAIN, exactly
IDLE+DRAIN, DOWN killed none. One call serves the whole wave at every step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conversion.ports import Busy
from conversion.slurm_view import known
from conversion.steps import Done, NotYet, Seen, TakeWork, TryIsOver
from loans.classes import NodeClass
from loans.lengths import exact
from loans.nodes import (
    NodeName,
    SlurmNode,
    is_drained,
    is_kept_away,
    is_out_of_slurm,
    is_quiet,
)
from loans.runbook import StepName
from loans.selection import Choice
from loans.whose import Whose, set_by, whose

_NONE_LEFT = "none of the nodes of this wave can be had any more"
_NAMED = 4
"""How many nodes a sentence names before it counts the rest: a card line holds about this many."""


def check_reserved(work: TakeWork) -> Seen:
    """Ask for our reservation."""
    found = _reserved(work)
    return Done(f"{len(found)} nodes reserved") if found else NotYet("Slurm has not reserved the nodes yet")


def reserve(work: TakeWork) -> Seen | None:
    """Reserve nodes that run no job; Slurm picks a winner when a job wants them too.

    A wave that replaces takes what there is, or says that there is none.
    """
    choice = work.choose()
    if not choice.taken:
        why = _none_to_take(choice, work.node_class, work.taking.wave)
        if work.taking.wave > 1:
            raise TryIsOver(why)
        return NotYet(why, then=f"I'll try again for {_patience(work)}")
    name = work.loan.mark.reservation(work.taking.wave)
    try:
        work.far.slurm.reserve(name, choice.taken, span=work.pace.reserve_for)
    except Busy:
        work.let_go()
        return NotYet("a job took one of the nodes first", then="choosing again")
    return None


def _none_to_take(choice: Choice, node_class: NodeClass, wave: int) -> str:
    """Say why not one node can go: the floor keeps those that are idle, or none is. A later wave looks only once."""
    name = node_class.name
    if not choice.kept:
        return f"no other {name} node was free in Slurm" if wave > 1 else f"no {name} node is free in Slurm"
    keeps = "kept" if wave > 1 else "keeps"
    last = f"the last {choice.kept} idle {name} nodes" if choice.kept > 1 else f"the last idle {name} node"
    return f"the floor of {choice.kept_by} {keeps} {last} in Slurm"


def _patience(work: TakeWork) -> str:
    return f"up to {exact(work.pace.patience_for(StepName.RESERVE))}"


def check_claimed(work: TakeWork) -> Seen:
    """Ask the store for the wave's nodes; they are written in one go, so one of them is all of them."""
    return Done() if work.parts else NotYet("the reserved nodes are not written down yet")


def claim(work: TakeWork) -> None:
    """Write what Slurm has reserved down as the loan's, or let the reservation go when the floor would break now.

    Between the choice and Slurm's answer staff may have drained nodes, or some may have died.
    """
    found = _reserved(work)
    if not found:
        raise TryIsOver("the reservation went away before its nodes were written down")
    why_not = work.claim(found)
    if why_not:
        work.far.slurm.unreserve(work.loan.mark.reservation(work.taking.wave))
        work.let_go()
        raise TryIsOver(f"{why_not}: I let the reservation go")


def check_draining(work: TakeWork) -> Seen:
    """Ask whether every node of the wave carries DRAIN, and none has become somebody else's."""
    wave = _look(work)
    without = [n for n in wave.ours if "DRAIN" not in n.flags and not n.unread]
    return wave.lost_one() or (NotYet(f"{_names(without)} without DRAIN") if without else Done())


def drain(work: TakeWork) -> None:
    """Keep new jobs away from what has no DRAIN yet; give up what somebody else has drained meanwhile."""
    without = [n.name for n in _keep_ours(work) if "DRAIN" not in n.flags and not n.unread]
    if without:
        work.memory.about_to_set(without)
        work.far.slurm.drain(without, str(work.loan.mark))
        seen = work.far.slurm.nodes()
        work.memory.read_back([seen[name] for name in without if name in seen and not seen[name].unread])


def check_quiet(work: TakeWork) -> Seen:
    """Ask for IDLE+DRAIN on every node: COMPLETING still runs an epilog, MIXED still runs a job."""
    wave = _look(work)
    return wave.lost_one() or _quiet(wave.ours)


def leave_lost_ones(work: TakeWork) -> Seen:
    """Wait for the jobs that still run; give up what somebody else has drained meanwhile."""
    return _quiet(_keep_ours(work))


def leave_busy_ones(work: TakeWork) -> Seen:
    """Go on without the nodes that never got quiet: DRAIN harmed nothing, and their jobs go on."""
    busy = [n for n in _keep_ours(work) if not _has_gone_quiet(n)]
    for node in busy:
        work.drop(node.name, f"it is still {node.state}; its jobs were left alone")
    return Done(f"went on without {_names(busy)}")


def check_unreserved(work: TakeWork) -> Seen:
    """Ask whether our reservation is gone."""
    name = work.loan.mark.reservation(work.taking.wave)
    return NotYet(f"reservation {name} still stands") if name in work.far.slurm.reservations() else Done()


def unreserve(work: TakeWork) -> None:
    """Delete our reservation; DRAIN holds the nodes from here."""
    work.far.slurm.unreserve(work.loan.mark.reservation(work.taking.wave))


def check_down(work: TakeWork) -> Seen:
    """Ask whether every node of the wave is DOWN+DRAIN: a reboot must not bring it back by itself."""
    wave = _look(work)
    up = [n for n in wave.ours if not is_out_of_slurm(n)]
    return wave.lost_one() or (NotYet(f"{_names(up)} not DOWN+DRAIN yet") if up else Done())


def down(work: TakeWork) -> Seen | None:
    """Mark DOWN what is exactly IDLE+DRAIN in this read, and nothing else: DOWN kills."""
    up = [n for n in _keep_ours(work) if not is_out_of_slurm(n)]
    quiet = [n.name for n in up if is_drained(n)]
    if quiet:
        work.far.slurm.down(quiet, str(work.loan.mark))
    waiting = [n for n in up if not is_drained(n)]
    return NotYet(f"{_names(waiting)} not exactly IDLE+DRAIN") if waiting else None


def _has_gone_quiet(node: SlurmNode) -> bool:
    """Return True for IDLE+DRAIN, and for what is out of Slurm already."""
    return is_out_of_slurm(node) or is_quiet(node)


def _quiet(ours: Sequence[SlurmNode]) -> Seen:
    busy = [n for n in ours if not _has_gone_quiet(n)]
    return NotYet(f"{_names(busy)} still busy") if busy else Done()


@dataclass(frozen=True)
class _Wave:
    """The wave's nodes as Slurm reports them.

    lost   why a node is no longer the loan's to take, by its name
    """

    ours: Sequence[SlurmNode]
    lost: Mapping[NodeName, str]

    def lost_one(self) -> NotYet | None:
        """Return what is to be told of the first node that has still to be given up."""
        return next((NotYet(f"{name}: {why}") for name, why in self.lost.items()), None)


def _look(work: TakeWork) -> _Wave:
    """Tell the nodes that are still the loan's from those that carry a foreign reason.

    One that this answer leaves out is waited for: it is UNKNOWN, so it never gets quiet, and is left behind with those.
    """
    if not work.nodes:
        raise TryIsOver(_NONE_LEFT)
    seen = work.far.slurm.nodes()
    wave = [known(seen, name) for name in work.nodes]
    lost = {node.name: why for node in wave if (why := _why_lost(work, node))}
    return _Wave([node for node in wave if node.name not in lost], lost)


def _why_lost(work: TakeWork, node: SlurmNode) -> str:
    if node.unread or not is_kept_away(node):
        return ""
    match whose(node, work.loan.mark):
        case Whose.SOMEBODY:
            return f'{set_by(node)} set it {node.state}: "{node.reason}"'
        case Whose.SLURM if not work.memory.has_set(node.name):
            return f'Slurm itself set it {node.state}: "{node.reason}"'
        case _:
            return ""


def _keep_ours(work: TakeWork) -> Sequence[SlurmNode]:
    """Give up what is lost, and leave it as it is; return the others, at least one."""
    wave = _look(work)
    for name, why in wave.lost.items():
        work.drop(name, why)
    if not wave.ours:
        raise TryIsOver(_NONE_LEFT)
    return wave.ours


def _reserved(work: TakeWork) -> Sequence[NodeName]:
    found = work.far.slurm.reservations().get(work.loan.mark.reservation(work.taking.wave))
    return found.nodes if found else ()


def _names(nodes: Sequence[SlurmNode]) -> str:
    names: list[NodeName] = [n.name for n in nodes]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
