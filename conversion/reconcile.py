"""What the store believes against what Slurm and Kubernetes say. Finds; mends only what cannot harm; tells the rest.

The one thing that is mended: a node of a loan that Slurm could use again gets its DRAIN back. DRAIN harms no job, and a
node in two worlds is a broken promise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from conversion import worlds
from conversion.fence import Looked
from conversion.news import tell, tell_wrong
from conversion.numbers import ask_far_sides, marks, origin
from conversion.permit import Overtaken
from conversion.ports import Elsewhere, FarSideError, Unidentified
from conversion.steps import Scene
from conversion.stored_memory import StoredMemory
from conversion.subjects import Ground
from loans.facts import Mismatch, SetInSlurm, SlurmChange, Wrong
from loans.loan import HOLDING, NODE_KEPT_OUT, Loan, NodeLoan, NodeState
from loans.marks import Mark, read_reservation
from loans.nodes import (
    KubeNode,
    NodeName,
    Reservation,
    SlurmNode,
    has_lost_drain,
    is_kept_away,
)
from loans.whose import is_slurms, marked_by
from store.db import Tx
from store.set_marks import SetMark

log = structlog.get_logger()


_OF_NO_NODE = frozenset({Wrong.RESERVATION, Wrong.STOPPED, Wrong.DAEMONSET})


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. Two are the same when they are about the same, however it is told.

    thing   what it is of: a node's name, or a reservation's; of a loan that has stopped, the side
    loan    None when no open loan is concerned
    """

    about: Wrong
    thing: str
    what: str = field(compare=False)
    loan: int | None = None

    @property
    def node(self) -> NodeName | None:
        """Return the node that it is about, if it is about one."""
        return None if self.about in _OF_NO_NODE else NodeName(self.thing)


def reconcile(ground: Ground) -> tuple[Finding, ...]:
    """Compare twice, mend, tell each finding once a day, and return what both rounds found.

    Two rounds, because a node may move between the read of the store and that of the far side.
    """
    try:
        ask_far_sides(ground.store, ground.far, ground.now())
        first = _compare(ground)
        found = tuple(m for m in _compare(ground) if m in first) if first else ()
        for finding in found:
            _act(ground, finding)
    except (FarSideError, Overtaken) as e:
        log.info("reconcile.skipped", why=str(e) or "somebody else is at work")
        return ()
    return found


def _compare(ground: Ground) -> list[Finding]:
    slurm, kube = ground.far.slurm.nodes(), ground.far.kubernetes.nodes()
    reservations = ground.far.slurm.reservations()
    with ground.store.read() as tx:
        loans = {loan.id: loan for loan in tx.loans.in_states(sorted(HOLDING))}
        parts = [part for part in tx.nodes.held() if part.loan_id in loans]
        waves = {(loan.mark, taking.wave) for loan in loans.values() for taking in tx.takings.of(loan.id)}
        marked = {mark: origin(tx, mark) for mark in marks(slurm, kube, reservations)}
        remembered = tx.set_marks.all()
    found, same = _elsewhere(ground, loans.values())
    # Of a class that the settings lack the loan itself knows what its nodes are called, once it has begun.
    same = {number for number in same if loans[number].made_with is not None or ground.knows(loans[number])}
    here = [(part, loans[part.loan_id].mark) for part in parts if part.loan_id in same]
    in_kube = {part.node: kube.get(_kube_name(ground, loans[part.loan_id], part.node)) for part, _ in here}
    found += _of_parts(here, slurm, in_kube)
    lent = (part for part, _ in here if part.state is NodeState.LENT and in_kube[part.node] is not None)
    asked = next(lent, None)
    found += _daemonsets(ground, loans[asked.loan_id], asked.node) if asked else []
    found += _orphans_in_slurm(slurm, {part.node for part in parts}, marked, remembered)
    found += _orphans_in_kubernetes(kube, {loan.mark for loan in loans.values()}, marked)
    return found + _reservations(reservations, waves, marked)


def _elsewhere(ground: Ground, loans: Iterable[Loan]) -> tuple[list[Finding], set[int]]:
    """Find the loans that were made with other sides than those that answer; return the ids of all others."""
    found: list[Finding] = []
    same: set[int] = set()
    for loan in loans:
        try:
            worlds.check_slurm(loan, ground.far.slurm)
            worlds.check_kubernetes(loan, ground.far.kubernetes)
            same.add(loan.id)
        except Unidentified as e:
            log.info("reconcile.unidentified", loan=loan.id, why=str(e))  # a 401 may pass; who needs the side says more
        except Elsewhere as e:
            found.append(Finding(Wrong.STOPPED, e.side, f"loan #{loan.id} has stopped: {e}", loan.id))
    return found, same


def _of_parts(
    parts: Sequence[tuple[NodeLoan, Mark]],
    slurm: Mapping[NodeName, SlurmNode],
    kube: Mapping[NodeName, KubeNode | None],
) -> list[Finding]:
    found: list[Finding] = []
    for part, mark in parts:
        if part.state not in NODE_KEPT_OUT:
            continue
        node, in_kube = slurm.get(part.node), kube.get(part.node)
        if node is not None and has_lost_drain(node):
            what = f"{part.node} is {part.state}, and Slurm says {node.state}: DRAIN was put back"
            found.append(Finding(Wrong.SCHEDULABLE, part.node, what, part.loan_id))
        if part.state is not NodeState.LENT or part.node not in kube:
            continue
        if in_kube is None:
            what = f"{part.node} is lent, and Kubernetes does not know it"
            found.append(Finding(Wrong.ABSENT, part.node, what, part.loan_id))
        elif in_kube.mark not in (None, mark):
            what = f"{part.node} is lent, and carries the mark of {in_kube.mark.said} in Kubernetes: whose is it?"
            found.append(Finding(Wrong.STRANGERS, part.node, what, part.loan_id))
        elif in_kube.mark is None:
            what = f"{part.node} is lent, and lacks the loan's mark in Kubernetes: its Node was deleted or made anew"
            found.append(Finding(Wrong.UNMARKED, part.node, what, part.loan_id))
        elif not in_kube.ready:
            what = f"{part.node} is lent, and not Ready in Kubernetes"
            found.append(Finding(Wrong.NOT_READY, part.node, what, part.loan_id))
    return found


def _daemonsets(ground: Ground, loan: Loan, node: NodeName) -> list[Finding]:
    """Find the DaemonSets that are ready on no node of the cluster, asked of one lent node."""
    try:
        pods = ground.far.kubernetes.daemon_pods(_kube_name(ground, loan, node))
    except FarSideError as e:
        log.info("reconcile.without_daemonsets", why=str(e))  # no reason to leave out all the rest
        return []
    broken = pods.nowhere - worlds.class_of(loan, ground.classes).skip_daemonsets
    what = "DaemonSet {} is ready on no node of the cluster: nodes are lent without it"
    return [Finding(Wrong.DAEMONSET, name, what.format(name)) for name in sorted(broken)]


def _orphans_in_slurm(
    slurm: Mapping[NodeName, SlurmNode],
    held: set[NodeName],
    marked: Mapping[Mark, str],
    remembered: Mapping[NodeName, SetMark],
) -> list[Finding]:
    """Find nodes in no open loan that carry a lendbot's mark, or that we have set so though Slurm replaced the mark."""
    found: list[Finding] = []
    for node in slurm.values():
        if node.name in held or not is_kept_away(node):
            continue
        mark, ours = marked_by(node), remembered.get(node.name)
        if mark is not None:
            found.append(Finding(Wrong.ORPHAN, node.name, f"{node.name} is {node.state} with {marked[mark]}"))
        elif ours is not None and is_slurms(node):
            what = f'{node.name} is {node.state}, "{node.reason}", drained by loan #{ours.loan_id}, which has ended'
            found.append(Finding(Wrong.ORPHAN, node.name, what))
    return found


def _orphans_in_kubernetes(
    kube: Mapping[str, KubeNode], open_loans: set[Mark], marked: Mapping[Mark, str]
) -> list[Finding]:
    """Find nodes in Kubernetes that carry a mark of no open loan."""
    return [
        Finding(Wrong.ORPHAN, name, f"{name} is in Kubernetes with {marked[node.mark]}")
        for name, node in kube.items()
        if node.mark is not None and node.mark not in open_loans
    ]


def _reservations(
    found: Mapping[str, Reservation], known: set[tuple[Mark, int]], marked: Mapping[Mark, str]
) -> list[Finding]:
    lendbots = {name: read_reservation(name) for name in found}
    return [
        Finding(Wrong.RESERVATION, name, f"reservation {name} stands in Slurm with {marked[of[0]]}")
        for name, of in lendbots.items()
        if of is not None and of not in known
    ]


def _act(ground: Ground, finding: Finding) -> None:
    """Mend what may be mended, and tell on-call once a day at most."""
    now = ground.now()
    set_again: SetInSlurm | None = None
    if finding.about is Wrong.SCHEDULABLE and finding.loan is not None and finding.node is not None:
        set_again = _drain_again(ground, finding.node, finding.loan)
    with ground.store.write() as tx:
        loan = tx.loans.get(finding.loan) if finding.loan is not None else None
        if set_again is not None:
            tell(tx, set_again, now, loan=loan, node=finding.node)
        tell_wrong(tx, Mismatch(finding.about, finding.what), now, loan=loan, node=finding.node)


def _drain_again(ground: Ground, name: NodeName, loan_id: int) -> SetInSlurm | None:
    """Put DRAIN back, if the node still lacks it and the loan still has it."""
    with ground.store.read() as tx:
        loan = tx.loans.get(loan_id)
    looked, reach = Looked(), ground.reach_of(loan)
    node = reach.reads_in(looked).slurm.nodes().get(name)
    if node is None or not has_lost_drain(node):
        return None

    def is_kept_out(tx: Tx) -> bool:
        return tx.nodes.get(loan_id, name).state in NODE_KEPT_OUT

    set_again = SetInSlurm(SlurmChange.DRAINED, str(loan.mark))
    scene = Scene(loan.mark, worlds.class_of(loan, ground.classes), reach.reads, (name,))
    StoredMemory(ground.store, loan, ground.now).about_to_set([name])
    reach.fence(scene, (), is_kept_out, looked).slurm.drain([name], set_again.mark)
    return set_again


def _kube_name(ground: Ground, loan: Loan, node: NodeName) -> str:
    return worlds.class_of(loan, ground.classes).kube_name_of(node)
