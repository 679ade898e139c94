"""What the store believes against what Slurm and Kubernetes say. Finds; mends only what cannot harm; tells the rest.

The one thing that is mended: a node of a loan that Slurm could use again gets its DRAIN back. DRAIN harms no job, and a
node in two worlds is a broken promise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from conversion.news import ORPHAN, Audience, tell
from conversion.ports import FarSideError
from conversion.subjects import Ground
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
from store.audit import Audit
from store.outbox import Letter

log = structlog.get_logger()


@dataclass(frozen=True)
class Mismatch:
    """One thing that is not as it should be. Two are the same when they are about the same, however it is told.

    about   what kind of thing it is
    loan    None when no open loan is concerned
    """

    about: str
    what: str = field(compare=False)
    node: NodeName | None = None
    loan: int | None = None
    drain: bool = False


def reconcile(ground: Ground) -> tuple[Mismatch, ...]:
    """Compare twice, mend, tell each finding once a day, and return what both rounds found.

    Two rounds, because a node may move between the read of the store and that of the far side.
    """
    try:
        first = _compare(ground)
        found = tuple(m for m in _compare(ground) if m in first) if first else ()
        for mismatch in found:
            _act(ground, mismatch)
    except FarSideError as e:
        log.info("reconcile.skipped", why=str(e))
        return ()
    return found


def _compare(ground: Ground) -> list[Mismatch]:
    slurm, kube = ground.far.slurm.nodes(), ground.far.kubernetes.nodes()
    reservations = ground.far.slurm.reservations()
    with ground.store.read() as tx:
        loans = {loan.id: loan for loan in tx.loans.in_states(sorted(HOLDING))}
        parts = [part for part in tx.nodes.held() if part.loan_id in loans]
        waves = {(taking.loan_id, taking.wave) for loan in loans for taking in tx.takings.of(loan)}
    in_kube = {part.node: kube.get(_kube_name(ground, loans[part.loan_id], part.node)) for part in parts}
    found = _of_parts(parts, slurm, in_kube)
    found += _orphans(slurm, {part.node for part in parts})
    return found + _reservations(reservations, waves)


def _of_parts(
    parts: Sequence[NodeLoan], slurm: Mapping[NodeName, SlurmNode], kube: Mapping[NodeName, KubeNode | None]
) -> list[Mismatch]:
    found: list[Mismatch] = []
    for part in parts:
        if part.state not in NODE_KEPT_OUT:
            continue
        node, in_kube = slurm.get(part.node), kube.get(part.node)
        if node is not None and has_lost_drain(node):
            what = f"{part.node} is {part.state}, and Slurm says {node.state}: DRAIN was put back"
            found.append(Mismatch("schedulable", what, part.node, part.loan_id, drain=True))
        if part.state is not NodeState.LENT:
            continue
        if in_kube is None:
            what = f"{part.node} is lent, and Kubernetes does not know it"
            found.append(Mismatch("absent", what, part.node, part.loan_id))
        elif in_kube.loan != part.loan_id:
            what = f"{part.node} is lent, and lacks the loan's mark in Kubernetes: its Node was deleted or made anew"
            found.append(Mismatch("unmarked", what, part.node, part.loan_id))
        elif not in_kube.ready:
            what = f"{part.node} is lent, and not Ready in Kubernetes"
            found.append(Mismatch("not ready", what, part.node, part.loan_id))
    return found


def _orphans(slurm: Mapping[NodeName, SlurmNode], held: set[NodeName]) -> list[Mismatch]:
    """Find nodes that carry our mark and are in no open loan."""
    return [
        Mismatch(
            "orphan",
            f"{node.name} is {node.state} with the mark of loan #{marked_by(node.reason)}, which has ended",
            node.name,
        )
        for node in slurm.values()
        if is_kept_away(node) and marked_by(node.reason) is not None and node.name not in held
    ]


def _reservations(found: Mapping[str, Reservation], known: set[tuple[int, int]]) -> list[Mismatch]:
    ours = {name: reserved_by(name) for name in found}
    return [
        Mismatch(name, f"reservation {name} stands in Slurm, and its loan has ended")
        for name, of in ours.items()
        if of is not None and of not in known
    ]


def _act(ground: Ground, mismatch: Mismatch) -> None:
    """Mend what may be mended, and tell on-call once a day at most."""
    if mismatch.drain and mismatch.node is not None and mismatch.loan is not None:
        ground.far.slurm.drain([mismatch.node], mark(mismatch.loan))
    now = ground.now()
    with ground.store.write() as tx:
        if not tx.seen.first(f"mismatch:{now:%Y-%m-%d}:{mismatch.what}", now):
            return
        log.warning("reconcile.mismatch", what=mismatch.what, node=mismatch.node, loan=mismatch.loan)
        tx.audit.write(Audit(now, "lendbot", "mismatch", mismatch.loan, mismatch.node, mismatch.what))
        if mismatch.loan is not None:
            tell(tx, tx.loans.get(mismatch.loan), "mismatch", now, what=mismatch.what)
        else:
            tx.outbox.put(Letter(Audience.ONCALL, None, "", {"news": ORPHAN, "what": mismatch.what}, now))


def _kube_name(ground: Ground, loan: Loan, node: NodeName) -> str:
    return ground.classes[loan.node_class].kube_name.format(node=node)
