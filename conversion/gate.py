"""The ports behind a gate: one wrapper for whoever watches, counts, fences or forbids what goes to a far side.

Which call is a read and which a change, of which nodes, what it does to others and what is kept of it stands here,
once, so that no step can forget it.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Protocol

from conversion.ports import DaemonPods, DrainPass, FarSides, Kubernetes, NodeShell, Power, Ran, Slurm
from loans.facts import Fact, KubeChange, MarkedInKubernetes, PowerOrdered, SetInSlurm, SlurmChange
from loans.marks import Mark
from loans.nodes import KubeNode, NodeName, PowerState, Reservation, SlurmJob, SlurmNode, Taint

SLURM: Final = "Slurm"
KUBERNETES: Final = "Kubernetes"
SSH: Final = "SSH to the nodes"


def bmcs(power: str) -> str:
    """Return what people call the BMCs of a [power.NAME]."""
    return f"the BMC network ({power})"


class Change(Enum):
    """What a call can do to others."""

    GUARDS = "keeps work away or asks it to leave, and ends none that may not be ended"
    OPENS = "lets work come"
    ENDS = "ends whatever runs there"
    NOTES = "changes what lendbot alone reads: whatever the far sides say, nobody's work ends by it"


@dataclass(frozen=True)
class Call:
    """One call of a port.

    side     as people call it
    nodes    those that it names in its arguments; of a side with a line to each node, whose line it takes
    kind     None for a read
    made     what is written down of it when it was done
    is_kept  the answer may have been kept for a while: it neither shows that the side is there nor how the world stands
    """

    side: str
    nodes: tuple[NodeName, ...] = ()
    kind: Change | None = None
    made: Fact | None = None
    is_kept: bool = False

    @property
    def said(self) -> str:
        """Return it for our own mistakes."""
        return f"{self.kind.name if self.kind else 'READ'} {', '.join(self.nodes)}"


class Gate(Protocol):
    """Lets calls through, or does not."""

    def read(self, call: Call) -> AbstractContextManager[None]:
        """Return the block in which a far side is read."""

    def change(self, call: Call) -> AbstractContextManager[None]:
        """Return the block in which one change may be sent; it raises instead when it may not."""


class ChangeOutsideAStep(AssertionError):  # noqa: N818 - our bug, and its sentence
    """Our bug: something that only asks was about to change a far side."""


class NoChanges:
    """The gate of whoever only asks: a check, a command, a comparison."""

    def read(self, call: Call) -> AbstractContextManager[None]:
        """Let it pass."""
        del call
        return nullcontext()

    def change(self, call: Call) -> AbstractContextManager[None]:
        """Refuse."""
        raise ChangeOutsideAStep(f"{call.said}: a change has to go through a fence")


def through(far: FarSides, gate: Gate) -> FarSides:
    """Return the far sides behind a gate."""
    return FarSides(
        _Slurm(far.slurm, gate),
        _Kubernetes(far.kubernetes, gate),
        _Shell(far.shell, gate),
        {name: _Power(power, gate, bmcs(name)) for name, power in far.powers.items()},
    )


def reads_of(far: FarSides) -> FarSides:
    """Return the far sides for whoever only asks."""
    return through(far, NoChanges())


_ASK_SLURM: Final = Call(SLURM)
_ASK_KUBERNETES: Final = Call(KUBERNETES)


class _Slurm:
    def __init__(self, far: Slurm, gate: Gate) -> None:
        self._far = far
        self._gate = gate

    def cluster(self) -> str:
        with self._gate.read(Call(SLURM, is_kept=True)):
            return self._far.cluster()

    def nodes(self) -> Mapping[NodeName, SlurmNode]:
        with self._gate.read(_ASK_SLURM):
            return self._far.nodes()

    def jobs(self) -> Sequence[SlurmJob]:
        with self._gate.read(_ASK_SLURM):
            return self._far.jobs()

    def reservations(self) -> Mapping[str, Reservation]:
        with self._gate.read(_ASK_SLURM):
            return self._far.reservations()

    def fresh(self) -> "_Slurm":
        return _Slurm(self._far.fresh(), self._gate)

    def clock(self) -> datetime:
        with self._gate.read(Call(SLURM, is_kept=True)):
            return self._far.clock()

    def reserve(self, name: str, nodes: Sequence[NodeName], span: timedelta) -> None:
        with self._gate.change(_in_slurm(Change.GUARDS, nodes, SetInSlurm(SlurmChange.RESERVED, name))):
            self._far.reserve(name, nodes, span)

    def unreserve(self, name: str) -> None:
        with self._gate.change(_in_slurm(Change.GUARDS, (), SetInSlurm(SlurmChange.UNRESERVED, name))):
            self._far.unreserve(name)

    def drain(self, nodes: Sequence[NodeName], reason: str) -> None:
        with self._gate.change(_in_slurm(Change.GUARDS, nodes, SetInSlurm(SlurmChange.DRAINED, reason))):
            self._far.drain(nodes, reason)

    def down(self, nodes: Sequence[NodeName], reason: str) -> None:
        with self._gate.change(_in_slurm(Change.ENDS, nodes, SetInSlurm(SlurmChange.DOWNED, reason))):
            self._far.down(nodes, reason)

    def resume(self, nodes: Sequence[NodeName]) -> None:
        with self._gate.change(_in_slurm(Change.OPENS, nodes, SetInSlurm(SlurmChange.RESUMED))):
            self._far.resume(nodes)


def _in_slurm(kind: Change, nodes: Sequence[NodeName], made: SetInSlurm) -> Call:
    return Call(SLURM, tuple(nodes), kind, made)


class _Kubernetes:
    """Its names are Kubernetes' own: which node is meant, whoever made the gate knows."""

    def __init__(self, far: Kubernetes, gate: Gate) -> None:
        self._far = far
        self._gate = gate

    def cluster(self) -> str:
        with self._gate.read(Call(KUBERNETES, is_kept=True)):
            return self._far.cluster()

    def node(self, name: str) -> KubeNode | None:
        with self._gate.read(_ASK_KUBERNETES):
            return self._far.node(name)

    def node_itself(self, name: str) -> KubeNode | None:
        with self._gate.read(_ASK_KUBERNETES):
            return self._far.node_itself(name)

    def nodes(self) -> Mapping[str, KubeNode]:
        with self._gate.read(_ASK_KUBERNETES):
            return self._far.nodes()

    def daemon_pods(self, name: str) -> DaemonPods:
        with self._gate.read(_ASK_KUBERNETES):
            return self._far.daemon_pods(name)

    def pods_by_namespace(self, names: Sequence[str]) -> Mapping[str, int]:
        with self._gate.read(_ASK_KUBERNETES):
            return self._far.pods_by_namespace(names)

    def asking_to_stay(self, names: Sequence[str]) -> Sequence[str]:
        with self._gate.read(_ASK_KUBERNETES):
            return self._far.asking_to_stay(names)

    def pods_left(self, name: str, *, force: bool) -> int:
        with self._gate.read(_ASK_KUBERNETES):
            return self._far.pods_left(name, force=force)

    def clock(self) -> datetime:
        with self._gate.read(Call(KUBERNETES, is_kept=True)):
            return self._far.clock()

    def mark(self, name: str, mark: Mark, labels: Mapping[str, str], taints: Sequence[Taint]) -> None:
        spelled = tuple(f"{taint.key}={taint.value}:{taint.effect}" for taint in taints)
        made = MarkedInKubernetes(KubeChange.MARKED, name, dict(labels), spelled)
        with self._gate.change(_in_kubernetes(Change.GUARDS, made)):
            self._far.mark(name, mark, labels, taints)

    def uncordon(self, name: str, mark: Mark) -> None:
        with self._gate.change(_in_kubernetes(Change.OPENS, MarkedInKubernetes(KubeChange.UNCORDONED, name))):
            self._far.uncordon(name, mark)

    def untaint(self, name: str, mark: Mark, taint: Taint) -> None:
        made = MarkedInKubernetes(KubeChange.OPENED, name, taints=(f"{taint.key}:{taint.effect}",))
        with self._gate.change(_in_kubernetes(Change.OPENS, made)):
            self._far.untaint(name, mark, taint)

    def certificate_trouble(self, name: str) -> str:
        with self._gate.read(_ASK_KUBERNETES):
            return self._far.certificate_trouble(name)

    def cordon(self, name: str, mark: Mark) -> None:
        with self._gate.change(_in_kubernetes(Change.GUARDS, MarkedInKubernetes(KubeChange.CORDONED, name))):
            self._far.cordon(name, mark)

    def drain(self, name: str, *, force: bool) -> DrainPass:
        with self._gate.change(Call(KUBERNETES, kind=Change.GUARDS)):
            return self._far.drain(name, force=force)

    def delete_node(self, name: str, uid: str) -> None:
        with self._gate.change(_in_kubernetes(Change.ENDS, MarkedInKubernetes(KubeChange.DELETED, name))):
            self._far.delete_node(name, uid)


def _in_kubernetes(kind: Change, made: MarkedInKubernetes) -> Call:
    return Call(KUBERNETES, kind=kind, made=made)


class _Shell:
    def __init__(self, far: NodeShell, gate: Gate) -> None:
        self._far = far
        self._gate = gate

    def ask(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        with self._gate.read(Call(SSH, (node,))):
            return self._far.ask(node, argv, timeout=timeout)

    def run(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        with self._gate.change(Call(SSH, (node,), Change.ENDS)):
            return self._far.run(node, argv, timeout=timeout, stdin=stdin)

    def note(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        with self._gate.change(Call(SSH, (node,), Change.NOTES)):
            return self._far.note(node, argv, timeout=timeout, stdin=stdin)


class _Power:
    def __init__(self, far: Power, gate: Gate, side: str) -> None:
        self._far = far
        self._gate = gate
        self._side = side

    def state(self, node: NodeName) -> PowerState:
        with self._gate.read(Call(self._side, (node,))):
            return self._far.state(node)

    def off(self, node: NodeName) -> None:
        with self._gate.change(Call(self._side, (node,), Change.ENDS, PowerOrdered(on=False))):
            self._far.off(node)

    def on(self, node: NodeName) -> None:
        with self._gate.change(Call(self._side, (node,), Change.GUARDS, PowerOrdered(on=True))):
            self._far.on(node)
