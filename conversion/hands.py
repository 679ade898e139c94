"""The far sides as a plan gets them: what it changes out there is kept, to be written down with the journal line.

Reads go through as they are. A change that the far side refused is none, and is not kept.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from conversion.ports import DaemonPods, DrainPass, FarSides, Kubernetes, Power, Slurm
from loans.facts import Fact, KubeChange, MarkedInKubernetes, PowerOrdered, SetInSlurm, SlurmChange
from loans.marks import Mark
from loans.nodes import KubeNode, NodeName, PowerState, Reservation, SlurmJob, SlurmNode, Taint

Keep = Callable[[Fact, Sequence[NodeName] | None], None]
"""Keeps a change of these nodes; None stands for those that the plan is run for."""


def hands(far: FarSides, keep: Keep) -> FarSides:
    """Return the far sides, with every change kept."""
    return FarSides(
        _Slurm(far.slurm, keep),
        _Kubernetes(far.kubernetes, keep),
        far.shell,
        {name: _Power(power, keep) for name, power in far.powers.items()},
    )


class _Slurm:
    def __init__(self, far: Slurm, keep: Keep) -> None:
        self._far = far
        self._keep = keep

    def cluster(self) -> str:
        return self._far.cluster()

    def nodes(self) -> Mapping[NodeName, SlurmNode]:
        return self._far.nodes()

    def jobs(self) -> Sequence[SlurmJob]:
        return self._far.jobs()

    def reservations(self) -> Mapping[str, Reservation]:
        return self._far.reservations()

    def fresh(self) -> "_Slurm":
        return _Slurm(self._far.fresh(), self._keep)

    def clock(self) -> datetime:
        return self._far.clock()

    def reserve(self, name: str, nodes: Sequence[NodeName], span: timedelta) -> None:
        self._far.reserve(name, nodes, span)
        self._keep(SetInSlurm(SlurmChange.RESERVED, name), nodes)

    def unreserve(self, name: str) -> None:
        self._far.unreserve(name)
        self._keep(SetInSlurm(SlurmChange.UNRESERVED, name), None)

    def drain(self, nodes: Sequence[NodeName], reason: str) -> None:
        self._far.drain(nodes, reason)
        self._keep(SetInSlurm(SlurmChange.DRAINED, reason), nodes)

    def down(self, nodes: Sequence[NodeName], reason: str) -> None:
        self._far.down(nodes, reason)
        self._keep(SetInSlurm(SlurmChange.DOWNED, reason), nodes)

    def resume(self, nodes: Sequence[NodeName]) -> None:
        self._far.resume(nodes)
        self._keep(SetInSlurm(SlurmChange.RESUMED), nodes)


class _Kubernetes:
    def __init__(self, far: Kubernetes, keep: Keep) -> None:
        self._far = far
        self._keep = keep

    def cluster(self) -> str:
        return self._far.cluster()

    def node(self, name: str) -> KubeNode | None:
        return self._far.node(name)

    def node_itself(self, name: str) -> KubeNode | None:
        return self._far.node_itself(name)

    def nodes(self) -> Mapping[str, KubeNode]:
        return self._far.nodes()

    def daemon_pods(self, name: str) -> DaemonPods:
        return self._far.daemon_pods(name)

    def drain(self, name: str, *, force: bool) -> DrainPass:
        return self._far.drain(name, force=force)

    def pods_by_namespace(self, names: Sequence[str]) -> Mapping[str, int]:
        return self._far.pods_by_namespace(names)

    def pods_left(self, name: str, *, force: bool) -> int:
        return self._far.pods_left(name, force=force)

    def clock(self) -> datetime:
        return self._far.clock()

    def mark(self, name: str, mark: Mark, labels: Mapping[str, str], taints: Sequence[Taint]) -> None:
        self._far.mark(name, mark, labels, taints)
        spelled = tuple(f"{taint.key}={taint.value}:{taint.effect}" for taint in taints)
        self._keep(MarkedInKubernetes(KubeChange.MARKED, name, dict(labels), spelled), None)

    def uncordon(self, name: str, mark: Mark) -> None:
        self._far.uncordon(name, mark)
        self._keep(MarkedInKubernetes(KubeChange.UNCORDONED, name), None)

    def cordon(self, name: str, mark: Mark) -> None:
        self._far.cordon(name, mark)
        self._keep(MarkedInKubernetes(KubeChange.CORDONED, name), None)

    def delete_node(self, name: str, uid: str) -> None:
        self._far.delete_node(name, uid)
        self._keep(MarkedInKubernetes(KubeChange.DELETED, name), None)


class _Power:
    def __init__(self, far: Power, keep: Keep) -> None:
        self._far = far
        self._keep = keep

    def state(self, node: NodeName) -> PowerState:
        return self._far.state(node)

    def off(self, node: NodeName) -> None:
        self._far.off(node)
        self._keep(PowerOrdered(on=False), [node])

    def on(self, node: NodeName) -> None:
        self._far.on(node)
        self._keep(PowerOrdered(on=True), [node])
