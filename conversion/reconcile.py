"""What the store believes against what Slurm and Kubernetes say. Finds; mends only what cannot harm; tells the rest.

The one thing that is mended: a node of a loan that Slurm could use again gets its DRAIN back. DRAIN harms no job, and a
node in two worlds is a broken promise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from conversion.fence import Looked
from conversion.news import tell, tell_wrong
from conversion.permit import Overtaken
from conversion.ports import FarSideError
from conversion.steps import Scene
from conversion.subjects import Ground
from loans.classes import NodeClass
from loans.facts import Mismatch, SetInSlurm, SlurmChange, Wrong
from loans.loan import HOLDING, NODE_KEPT_OUT, Loan, NodeLoan, NodeState
from loans.nodes import (
    KubeNode,
    NodeName,
    Reservation,
    SlurmNode,
    has_lost_drain,
    is_kept_away,
    mark,
    marked_by,
    reserved_by,
)
from store.db import Tx

log = structlog.get_logger()


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. Two are the same when they are about the same, however it is told.

    thing   what it is of: a node's name, or a reservation's
    loan    None when no open loan is concerned
    """

    about: Wrong
    thing: str
    what: str = field(compare=False)
    loan: int | None = None

    @property
    def node(self) -> NodeName | None:
        """Return the node that it is about, if it is about one."""
        return None if self.about is Wrong.RESERVATION else NodeName(self.thing)


def reconcile(ground: Ground) -> tuple[Finding, ...]:
    """Compare twice, mend, tell each finding once a day, and return what both rounds found.

    Two rounds, because a node may move between the read of the store and that of the far side.
    """
    try:
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
        waves = {(taking.loan_id, taking.wave) for loan in loans for taking in tx.takings.of(loan)}
    # Of a class that the settings lack nobody knows what its nodes are called in Kubernetes.
    known = [part for part in parts if ground.knows(loans[part.loan_id])]
    in_kube = {part.node: kube.get(_kube_name(ground, loans[part.loan_id], part.node)) for part in known}
    found = _of_parts(parts, slurm, in_kube)
    found += _orphans(slurm, {part.node for part in parts})
    return found + _reservations(reservations, waves)


def _of_parts(
    parts: Sequence[NodeLoan], slurm: Mapping[NodeName, SlurmNode], kube: Mapping[NodeName, KubeNode | None]
) -> list[Finding]:
    found: list[Finding] = []
    for part in parts:
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
        elif in_kube.loan != part.loan_id:
            what = f"{part.node} is lent, and lacks the loan's mark in Kubernetes: its Node was deleted or made anew"
            found.append(Finding(Wrong.UNMARKED, part.node, what, part.loan_id))
        elif not in_kube.ready:
            what = f"{part.node} is lent, and not Ready in Kubernetes"
            found.append(Finding(Wrong.NOT_READY, part.node, what, part.loan_id))
    return found


def _orphans(slurm: Mapping[NodeName, SlurmNode], held: set[NodeName]) -> list[Finding]:
    """Find nodes that carry our mark and are in no open loan."""
    return [
        Finding(
            Wrong.ORPHAN,
            node.name,
            f"{node.name} is {node.state} with the mark of loan #{marked_by(node.reason)}, which has ended",
        )
        for node in slurm.values()
        if is_kept_away(node) and marked_by(node.reason) is not None and node.name not in held
    ]


def _reservations(found: Mapping[str, Reservation], known: set[tuple[int, int]]) -> list[Finding]:
    ours = {name: reserved_by(name) for name in found}
    return [
        Finding(Wrong.RESERVATION, name, f"reservation {name} stands in Slurm, and its loan has ended")
        for name, of in ours.items()
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
    looked = Looked()
    node = ground.reach.reads_in(looked).slurm.nodes().get(name)
    if node is None or not has_lost_drain(node):
        return None

    def is_kept_out(tx: Tx) -> bool:
        return tx.nodes.get(loan_id, name).state in NODE_KEPT_OUT

    set_again = SetInSlurm(SlurmChange.DRAINED, mark(loan_id))
    scene = Scene(loan_id, _class_of(ground, loan_id), ground.far, (name,))
    ground.reach.fence(scene, (), is_kept_out, looked).slurm.drain([name], set_again.mark)
    return set_again


def _class_of(ground: Ground, loan_id: int) -> NodeClass:
    with ground.store.read() as tx:
        return ground.classes[tx.loans.get(loan_id).node_class]


def _kube_name(ground: Ground, loan: Loan, node: NodeName) -> str:
    return ground.classes[loan.node_class].kube_name.format(node=node)
