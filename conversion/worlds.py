"""Which Slurm and which Kubernetes a loan was made with, and that the same two still answer.

An address is no identity: a kubeconfig is replaced, a name leads elsewhere. In another cluster no node of the loan is
found, and "not there" would be taken for "it has left". So each call of a loan asks first who answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from conversion.pace import Pace
from conversion.ports import Denied, Elsewhere, FarSides, Kubernetes, Slurm, Unidentified
from loans.classes import NodeClass
from loans.loan import Loan
from loans.made_with import MadeWith


def made_with(far: FarSides, node_class: NodeClass, pace: Pace) -> MadeWith:
    """Return what a loan that begins now is made with. Raises FarSideError when one of the sides does not tell."""
    return MadeWith(
        slurm_cluster=far.slurm.cluster(),
        kube_cluster=_told_by(far.kubernetes),
        partition=node_class.partition,
        kube_name=node_class.kube_name,
        role=node_class.role,
        role_file=pace.role_file,
        run_dir=pace.run_dir,
        power=node_class.power,
        labels=dict(node_class.labels),
        taints=node_class.taints,
        gres=dict(node_class.gres),
        prepare=node_class.prepare,
        proves_usable=True,
    )


def class_of(loan: Loan, classes: Mapping[str, NodeClass]) -> NodeClass:
    """Return a loan's class: its own ways, with the rules of today; without rules when the settings have none any more.

    raises   KeyError when neither the loan nor the settings know it
    """
    if loan.made_with is None:
        return classes[loan.node_class]
    found = classes.get(loan.node_class) or NodeClass(loan.node_class, partition=loan.made_with.partition)
    return loan.made_with.over(found)


def pace_of(loan: Loan, pace: Pace) -> Pace:
    """Return the engine's pace, with the files that the loan keeps on its nodes."""
    made = loan.made_with
    return replace(pace, role_file=made.role_file, run_dir=made.run_dir) if made else pace


def sides_of(loan: Loan, far: FarSides) -> FarSides:
    """Return the far sides as a loan may use them: each call raises Elsewhere when another side answers."""
    made = loan.made_with
    if made is None:
        return far
    slurm = _Guarded(far.slurm, lambda: check_slurm(loan, far.slurm))
    kubernetes = _Guarded(far.kubernetes, lambda: check_kubernetes(loan, far.kubernetes))
    return replace(far, slurm=cast("Slurm", slurm), kubernetes=cast("Kubernetes", kubernetes))


def check_slurm(loan: Loan, slurm: Slurm) -> None:
    """Raise Elsewhere when another Slurm answers than the one that a loan was made with."""
    made, now = loan.made_with, slurm.cluster()
    if made is not None and made.slurm_cluster != now:
        raise Elsewhere(
            "Slurm",
            f"the cluster {now} answers, and loan #{loan.id} was made with {made.slurm_cluster}. Nothing is concluded "
            "from what it says, and nothing is changed, until the settings lead to the right one",
        )


def check_kubernetes(loan: Loan, kubernetes: Kubernetes) -> None:
    """Raise Elsewhere when another cluster answers than the one that a loan was made with."""
    made, now = loan.made_with, _told_by(kubernetes)
    if made is not None and made.kube_cluster != now:
        raise Elsewhere(
            "Kubernetes",
            f"another cluster answers (its kube-system is {now}) than the one that loan #{loan.id} was made with "
            f"({made.kube_cluster}). Nothing is concluded from what it says, and no power is cut, until the kubeconfig "
            "names the right one",
        )


def _told_by(kubernetes: Kubernetes) -> str:
    """Return the cluster's UID; without the right to ask for it nobody knows which cluster this is."""
    try:
        return kubernetes.cluster()
    except Denied as e:
        raise Unidentified(e.side, f"nobody knows which cluster answers, for {e.said}") from e


class _Guarded:
    """A far side that is checked before each call. Not written out method by method: a new one must not slip past."""

    def __init__(self, side: Slurm | Kubernetes, check: Callable[[], None]) -> None:
        self._side = side
        self._check = check

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._side, name)

        def call(*args: Any, **more: Any) -> Any:
            self._check()
            return found(*args, **more)

        return call
