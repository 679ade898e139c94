"""The ports as the engine sees them: reads pass, and every change goes through a gate first.

Which call counts as what stands here, once, so that no step can forget it.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from conversion.ports import DaemonPods, DrainPass, FarSides, Kubernetes, NodeShell, Power, Ran, Slurm
from loans.marks import Mark
from loans.nodes import KubeNode, NodeName, PowerState, Reservation, SlurmJob, SlurmNode, Taint


class Change(Enum):
    """What a call can do to others."""

    GUARDS = "keeps work away or asks it to leave, and ends none that may not be ended"
    OPENS = "lets work come"
    ENDS = "ends whatever runs there"
    NOTES = "changes what lendbot alone reads: whatever the far sides say, nobody's work ends by it"


class Gate(Protocol):
    """Lets changes through, or does not."""

    def looked(self) -> None:
        """Hear that a far side is about to be read."""

    def change(self, nodes: Sequence[NodeName], kind: Change) -> AbstractContextManager[None]:
        """Return the block in which one change may be sent; it raises instead when it may not."""


class ChangeOutsideAStep(AssertionError):  # noqa: N818 - our bug, and its sentence
    """Our bug: something that only asks was about to change a far side."""


class NoChanges:
    """The gate of whoever only asks: a check, a command, a comparison."""

    def looked(self) -> None:
        """Let it pass."""

    def change(self, nodes: Sequence[NodeName], kind: Change) -> AbstractContextManager[None]:
        """Refuse."""
        raise ChangeOutsideAStep(f"{kind.name} {', '.join(nodes)}: a change has to go through a fence")


def fenced(far: FarSides, gate: Gate) -> FarSides:
    """Return the far sides behind a gate."""
    return FarSides(
        FencedSlurm(far.slurm, gate),
        FencedKubernetes(far.kubernetes, gate),
        FencedShell(far.shell, gate),
        {name: FencedPower(power, gate) for name, power in far.powers.items()},
    )


def reads_of(far: FarSides) -> FarSides:
    """Return the far sides for whoever only asks."""
    return fenced(far, NoChanges())


class FencedSlurm:
    """The Slurm port behind a gate."""

    def __init__(self, slurm: Slurm, gate: Gate) -> None:
        self._slurm = slurm
        self._gate = gate

    def cluster(self) -> str:
        return self._slurm.cluster()

    def nodes(self) -> Mapping[NodeName, SlurmNode]:
        self._gate.looked()
        return self._slurm.nodes()

    def jobs(self) -> Sequence[SlurmJob]:
        self._gate.looked()
        return self._slurm.jobs()

    def reservations(self) -> Mapping[str, Reservation]:
        self._gate.looked()
        return self._slurm.reservations()

    def fresh(self) -> "FencedSlurm":
        return FencedSlurm(self._slurm.fresh(), self._gate)

    def clock(self) -> datetime:
        return self._slurm.clock()

    def reserve(self, name: str, nodes: Sequence[NodeName], span: timedelta) -> None:
        with self._gate.change(nodes, Change.GUARDS):
            self._slurm.reserve(name, nodes, span)

    def unreserve(self, name: str) -> None:
        with self._gate.change((), Change.GUARDS):
            self._slurm.unreserve(name)

    def drain(self, nodes: Sequence[NodeName], reason: str) -> None:
        with self._gate.change(nodes, Change.GUARDS):
            self._slurm.drain(nodes, reason)

    def down(self, nodes: Sequence[NodeName], reason: str) -> None:
        with self._gate.change(nodes, Change.ENDS):
            self._slurm.down(nodes, reason)

    def resume(self, nodes: Sequence[NodeName]) -> None:
        with self._gate.change(nodes, Change.OPENS):
            self._slurm.resume(nodes)


class FencedKubernetes:
    """The Kubernetes port behind a gate. Its names are Kubernetes' own: which node is meant, the gate knows."""

    def __init__(self, kubernetes: Kubernetes, gate: Gate) -> None:
        self._kubernetes = kubernetes
        self._gate = gate

    def cluster(self) -> str:
        return self._kubernetes.cluster()

    def node_itself(self, name: str) -> KubeNode | None:
        self._gate.looked()
        return self._kubernetes.node_itself(name)

    def node(self, name: str) -> KubeNode | None:
        self._gate.looked()
        return self._kubernetes.node(name)

    def nodes(self) -> Mapping[str, KubeNode]:
        self._gate.looked()
        return self._kubernetes.nodes()

    def daemon_pods(self, name: str) -> DaemonPods:
        self._gate.looked()
        return self._kubernetes.daemon_pods(name)

    def pods_by_namespace(self, names: Sequence[str]) -> Mapping[str, int]:
        self._gate.looked()
        return self._kubernetes.pods_by_namespace(names)

    def clock(self) -> datetime:
        return self._kubernetes.clock()

    def pods_left(self, name: str, *, force: bool) -> int:
        self._gate.looked()
        return self._kubernetes.pods_left(name, force=force)

    def mark(self, name: str, mark: Mark, labels: Mapping[str, str], taints: Sequence[Taint]) -> None:
        with self._gate.change((), Change.GUARDS):
            self._kubernetes.mark(name, mark, labels, taints)

    def uncordon(self, name: str, mark: Mark) -> None:
        with self._gate.change((), Change.OPENS):
            self._kubernetes.uncordon(name, mark)

    def cordon(self, name: str, mark: Mark) -> None:
        with self._gate.change((), Change.GUARDS):
            self._kubernetes.cordon(name, mark)

    def drain(self, name: str, *, force: bool) -> DrainPass:
        with self._gate.change((), Change.GUARDS):
            return self._kubernetes.drain(name, force=force)

    def delete_node(self, name: str, uid: str) -> None:
        with self._gate.change((), Change.ENDS):
            self._kubernetes.delete_node(name, uid)


class FencedShell:
    """The NodeShell port behind a gate."""

    def __init__(self, shell: NodeShell, gate: Gate) -> None:
        self._shell = shell
        self._gate = gate

    def ask(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        self._gate.looked()
        return self._shell.ask(node, argv, timeout=timeout)

    def run(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        with self._gate.change((node,), Change.ENDS):
            return self._shell.run(node, argv, timeout=timeout, stdin=stdin)

    def note(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        with self._gate.change((node,), Change.NOTES):
            return self._shell.note(node, argv, timeout=timeout, stdin=stdin)


class FencedPower:
    """The Power port behind a gate."""

    def __init__(self, power: Power, gate: Gate) -> None:
        self._power = power
        self._gate = gate

    def state(self, node: NodeName) -> PowerState:
        self._gate.looked()
        return self._power.state(node)

    def off(self, node: NodeName) -> None:
        with self._gate.change((node,), Change.ENDS):
            self._power.off(node)

    def on(self, node: NodeName) -> None:
        with self._gate.change((node,), Change.GUARDS):
            self._power.on(node)
