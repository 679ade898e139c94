"""What a site lends: the classes of nodes, and the rules that a person's wish is held against. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from loans.names import in_kubernetes
from loans.nodes import NodeName, SlurmNode, Taint

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Rules:
    """Who may do what with a class, and how much of it.

    requesters, approvers   Slack user ids (U...) and user group ids (S...); requesters "*" means everybody
    operators               who keeps the machines running: may give back and force, at 3 a.m. too
    oncall, oncall_second   who is called when something needs a person, and who when nobody has come
    floor                   nodes of the class that must stay usable in Slurm, whatever is lent
    max_nodes, max_length   of one loan, extensions included
    max_waiting             requests of one person that may await their decision at once: approvers have to read them
    lapse_after             an undecided request ends by itself after this
    reminders               how long before the deadline people are told
    to_convert, to_return   how long a loan of the class takes to arrive, and to come home, until enough have been
                            measured (loans/readers/turnaround.py)
    """

    requesters: frozenset[str] = frozenset({"*"})
    approvers: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    oncall: frozenset[str] = frozenset()
    oncall_second: frozenset[str] = frozenset()
    floor: int = 0
    max_nodes: int = 16
    max_length: timedelta = timedelta(days=14)
    max_waiting: int = 10
    lapse_after: timedelta = 8 * HOUR
    reminders: tuple[timedelta, ...] = (24 * HOUR, HOUR)
    to_convert: timedelta = timedelta(minutes=10)
    to_return: timedelta = timedelta(minutes=15)

    @property
    def keepers(self) -> frozenset[str]:
        """Return who may force, bring stuck nodes home and decide what becomes of a class that fails."""
        return self.approvers | self.operators | self.oncall | self.oncall_second

    @property
    def called(self) -> frozenset[str]:
        """Return who is called when something needs a person: somebody always is."""
        return self.oncall or self.operators or self.approvers


@dataclass(frozen=True)
class Check:
    """A command of the class's own that a node has to pass before jobs start on it again.

    run      an argv list; it passes when it ends with 0
    says     the sentence for people when it does not: "MIG is still on"
    expect   when not empty, every line that it prints has to be one of these, and there has to be one
    """

    run: tuple[str, ...]
    says: str
    expect: tuple[str, ...] = ()


@dataclass(frozen=True)
class NodeClass:
    """A kind of node that the site lends.

    name, aliases      what people say: "gpu", "gpus", "a100"
    partition          the Slurm partition that the nodes are in
    nodes              when not empty, only these of the partition
    features           Slurm features that a node must have
    gres               what each node must have configured: {"gpu": 4}; also the proof after a reboot
    role               what is written to the role file: "cloud_compute"
    prepare            commands run on the node before Puppet, each an argv list
    kube_name          the Kubernetes name of a node, with {node} for Slurm's; kube_name_of() says it
    labels, taints     put on the Kubernetes node, beside our own mark
    skip_daemonsets    `namespace/name` of DaemonSets that a node is lent without
    allocatable        what Kubernetes has to offer on a node before it counts as lent: {"nvidia.com/gpu": "4"}
    images             container images that are pulled before it counts as lent
    pull               the command that pulls one, without its name
    verify             what a node has to pass on its way home, before jobs start on it
    unit               what one node brings, for people: "4 A100"
    power              the name of the power driver in the settings
    channel            where approvers decide: a Slack channel id
    """

    name: str
    partition: str
    rules: Rules = field(default_factory=Rules)
    aliases: tuple[str, ...] = ()
    nodes: frozenset[NodeName] = frozenset()
    features: frozenset[str] = frozenset()
    gres: Mapping[str, int] = field(default_factory=dict)
    role: str = "cloud_compute"
    prepare: tuple[tuple[str, ...], ...] = ()
    kube_name: str = "{node}"
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    skip_daemonsets: frozenset[str] = frozenset()
    allocatable: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    pull: tuple[str, ...] = ("crictl", "pull")
    verify: tuple[Check, ...] = ()
    unit: str = ""
    power: str = ""
    channel: str = ""

    def kube_name_of(self, node: NodeName) -> str:
        """Return a node's name in Kubernetes, which knows small letters only (RFC 1123), whatever Slurm has."""
        return in_kubernetes(self.kube_name, node)

    def has(self, node: SlurmNode) -> bool:
        """Return True when a node is of this class."""
        return (
            self.partition in node.partitions
            and (not self.nodes or node.name in self.nodes)
            and self.features <= node.features
            and all(node.gres.get(name, 0) >= count for name, count in self.gres.items())
        )
