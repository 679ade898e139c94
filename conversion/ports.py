"""What the engine asks of machines that we do not own, and the ways in which they may fail.

Every call has a time-out of its adapter's settings. A read may be up to a second old unless this adapter has written
since: after a write the next read begins anew. Adapters return these values and raise these errors, nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from loans.marks import Mark
from loans.nodes import KubeNode, NodeName, PowerState, Reservation, SlurmJob, SlurmNode, Taint


class FarSideError(Exception):
    """Something that a far side did. side: "Slurm", "Kubernetes", "gpu003 (ssh)", "gpu003 (BMC)" ...

    whole   the side that a line to one node is of, once the error has come through a gate (conversion/gate.py)
    """

    def __init__(self, side: str, said: str) -> None:
        super().__init__(f"{side}: {said}")
        self.side = side
        self.whole = side
        self.said = said


class Unreachable(FarSideError):  # noqa: N818 - named for what a person reads
    """No answer: refused, timed out, or cut off. Nothing is known; asking again later is right."""

    @property
    def plainly(self) -> str:
        """Return it as the reason for which a step waits."""
        return f"{self.side} does not answer ({self.said})"


class PutOff(Unreachable):
    """An answer that comes to the same: too much to do, a failure of its own, or somebody else was faster each time."""

    @property
    def plainly(self) -> str:
        """Return it as the reason for which a step waits."""
        return f"{self.side} could not do it yet ({self.said})"


class Away(Unreachable):
    """A whole side is silent, whoever asks: nobody's patience runs meanwhile. said: why, in the words of the first."""

    @property
    def plainly(self) -> str:
        """Return it as the reason for which a step waits."""
        return f"paused: {self.side} does not answer ({self.said})"


class UnexpectedAnswer(FarSideError):  # noqa: N818
    """An answer that we have no meaning for. raw is kept for the log, cut to 2,000 characters."""

    def __init__(self, side: str, said: str, raw: str = "") -> None:
        super().__init__(side, said)
        self.raw = raw[:2000]


class Denied(FarSideError):  # noqa: N818
    """The far side says that we may not. It may pass: an API server that starts knows nobody, a dead munge neither."""


class Distrusted(Denied):
    """We do not believe that it is the far side, or cannot prove who we are: host keys, certificates, files of ours.

    Time mends none of them.
    """


class Elsewhere(FarSideError):  # noqa: N818
    """Another side answers than the one that the loan was made with. What it says is about other machines."""


class Unidentified(Elsewhere):
    """A side does not let us ask which one it is. As Denied it may pass."""


class Busy(FarSideError):  # noqa: N818
    """Slurm refused a reservation whole, because a job runs on one of the nodes."""


class Slurm(Protocol):
    """The batch system. Node lists may hold thousands of names: one call each."""

    def cluster(self) -> str:
        """Return ClusterName, at most half a minute old: which Slurm it is that answers."""

    def nodes(self) -> Mapping[NodeName, SlurmNode]:
        """Return every node by name."""

    def jobs(self) -> Sequence[SlurmJob]:
        """Return the jobs that run, complete or wait."""

    def reservations(self) -> Mapping[str, Reservation]:
        """Return every reservation by name."""

    def fresh(self) -> "Slurm":
        """Return the same, with reads that begin from now on: what others have read before is too old for this."""

    def clock(self) -> datetime:
        """Return the time as Slurm has it, in whole seconds."""

    def reserve(self, name: str, nodes: Sequence[NodeName], span: timedelta) -> None:
        """Reserve job-free nodes from now; Busy when a job runs on one. An existing one of that name is left alone."""

    def unreserve(self, name: str) -> None:
        """Delete a reservation; one that is gone already is fine."""

    def drain(self, nodes: Sequence[NodeName], reason: str) -> None:
        """Keep new jobs away; running ones go on."""

    def down(self, nodes: Sequence[NodeName], reason: str) -> None:
        """Mark DOWN. It kills what runs there: only after is_drained() has been seen in a fresh read."""

    def resume(self, nodes: Sequence[NodeName]) -> None:
        """Lift DRAIN and DOWN; one that is idle already is fine."""


@dataclass(frozen=True)
class Blocker:
    """A pod that cannot be evicted now. why: one sentence, naming the budget or the rule."""

    namespace: str
    pod: str
    why: str


@dataclass(frozen=True)
class DrainPass:
    """What one pass over a node's pods found.

    evicting   pods that were asked to go, or are ending
    blocked    pods that may not be evicted now
    left       pods that must go and are still there: evicting and blocked together
    """

    evicting: int = 0
    blocked: tuple[Blocker, ...] = ()

    @property
    def left(self) -> int:
        """Return how many pods must still go."""
        return self.evicting + len(self.blocked)


@dataclass(frozen=True)
class DaemonPods:
    """The DaemonSet pods that belong on a node.

    missing    `namespace/daemonset` of each that is not ready there
    nowhere    of the missing, those that are ready on no node of the cluster
    kept_off   of each that our startup taint alone keeps off the node
    """

    expected: int
    missing: tuple[str, ...] = ()
    nowhere: frozenset[str] = frozenset()
    kept_off: tuple[str, ...] = ()


class Kubernetes(Protocol):
    """The cluster. Names are Kubernetes' own (NodeClass.kube_name). Node reads come from one watch."""

    def cluster(self) -> str:
        """Return the cluster's own UID, at most half a minute old: which cluster it is that answers."""

    def node(self, name: str) -> KubeNode | None:
        """Return a node, or None when the cluster has no such node."""

    def node_itself(self, name: str) -> KubeNode | None:
        """Ask the cluster itself, past the watch; None only when it says that this very node is not there."""

    def nodes(self) -> Mapping[str, KubeNode]:
        """Return every node by its Kubernetes name."""

    def mark(self, name: str, mark: Mark, labels: Mapping[str, str], taints: Sequence[Taint]) -> None:
        """Put our annotation `lendbot/loan`, the labels and the taints on a node; others' stay as they are."""

    def uncordon(self, name: str, mark: Mark) -> None:
        """Allow pods on a node that carries our mark."""

    def untaint(self, name: str, mark: Mark, taint: Taint) -> None:
        """Take one of our own taints off a node that carries our mark; others' stay as they are."""

    def certificate_trouble(self, name: str) -> str:
        """Return why a node's kubelet has no serving certificate yet, naming its request; "" when nothing is open."""

    def cordon(self, name: str, mark: Mark) -> None:
        """Forbid new pods on a node that carries our mark, or nobody's."""

    def daemon_pods(self, name: str) -> DaemonPods:
        """Return how the cluster's DaemonSets stand on a node."""

    def drain(self, name: str, *, force: bool) -> DrainPass:
        """Make one pass of eviction over a node's pods, by kubectl drain's rules; never waits.

        force   delete what blocks, budgets or not, and cut long graces short; only after an approver said so
        """

    def pods_by_namespace(self, names: Sequence[str]) -> Mapping[str, int]:
        """Return how many pods an eviction of these nodes would end, by namespace; DaemonSet and mirror pods aside."""

    def asking_to_stay(self, names: Sequence[str]) -> Sequence[str]:
        """Return the pods on these nodes that ask autoscalers to leave them there.

        Each as `jupyter/hub-0 (safe-to-evict: "false")`. An eviction does not heed what they ask; people may want to
        know before it.
        """

    def pods_left(self, name: str, *, force: bool) -> int:
        """Return how many pods a pass of drain() would still wait for; nothing is evicted."""

    def clock(self) -> datetime:
        """Return the time as the cluster has it, in whole seconds."""

    def delete_node(self, name: str, uid: str) -> None:
        """Delete exactly this Node object; one that is gone already is fine."""


@dataclass(frozen=True)
class Ran:
    """What a command on a node did. out and err are cut to their last 64 KiB."""

    exit: int
    out: str = ""
    err: str = ""


class NodeShell(Protocol):
    """A root shell on the nodes, over SSH with strict host keys."""

    def ask(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        """Run a command that changes nothing."""

    def run(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        """Run one command to its end. Unreachable when the time-out passes: the command may still be running."""

    def note(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        """Run a command that changes what lendbot alone reads on the node: it can end nobody's work."""


class Power(Protocol):
    """BMCs of one kind. Their answer may be a minute old: ask again."""

    def state(self, node: NodeName) -> PowerState:
        """Return what the BMC says."""

    def off(self, node: NodeName) -> None:
        """Cut the power now, without asking the operating system."""

    def on(self, node: NodeName) -> None:
        """Switch on; no harm when it is on."""


@dataclass(frozen=True)
class FarSides:
    """Everything out there that a step may touch. powers: by their names in the settings, as NodeClass.power says."""

    slurm: Slurm
    kubernetes: Kubernetes
    shell: NodeShell
    powers: Mapping[str, Power]
