"""The site's truth: machines, the batch side and the cluster, wired so that what happens to one is felt by the others.

It decides nothing about protocols: the SSH, Redfish and Kubernetes servers read and change it, on the one event loop.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from sandbox.agenda import Agenda
from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.kube.defaults import STARTUP
from sandbox.slurm.controller import Controller
from sandbox.slurm.records import Job, NodeRecord
from sandbox.slurm.scheduler import place
from sandbox.slurm.versions import VERSIONS

from .machine import Happening, Machine
from .options import NodeClass, WorldOptions
from .stream import JobStream

_ONE_IS_SICK: Final = 16
"""From how many nodes on a class that is in use has one that its staff has drained."""


class Cluster(Protocol):
    """What the machine room needs of the Kubernetes side."""

    def node_registered(
        self, name: str, labels: dict[str, str], taints: list[dict[str, Any]], capacity: dict[str, str]
    ) -> None: ...

    def node_silent(self, name: str) -> None: ...

    def tiles(self) -> Mapping[str, Any]: ...

    def pods_by_namespace(self) -> Mapping[str, int]: ...

    def put_pod(self, kind: str, node: str) -> Any: ...

    @property
    def pods_killed(self) -> int: ...


class World:
    """Machines by name, slurmctld, and the stream of jobs. Not thread-safe: it lives on the site's one event loop."""

    def __init__(self, options: WorldOptions, clock: SiteClock, faults: Faults, *, lively: bool = True) -> None:
        """Set up a site as of the clock's origin; one that is not lively stands still until it is advanced."""
        self.options = options
        self.zone = ZoneInfo(options.zone)
        self.faults = faults
        self.agenda = Agenda(clock.origin)
        self.slurm = Controller(
            self.agenda, options.seed, options.return_to_service, options.slurm_off, VERSIONS[options.slurm]
        )
        self.nodes_off = options.nodes_off
        self.slurm.place = lambda: place(self.slurm)
        self.machines: dict[str, Machine] = {}
        self.cluster: Cluster | None = None
        for kind in options.classes():
            self._add(kind)
        for kind in options.classes():
            JobStream(kind, options.busy, self.slurm, self.agenda, options.seed).begin()
        self._drain_for_the_staff()
        if lively:
            self.agenda.follow(clock)

    def _add(self, kind: NodeClass) -> None:
        for index, name in enumerate(kind.node_names()):
            machine = Machine(
                name, kind.address(index), kind, agenda=self.agenda, faults=self.faults, seed=self.options.seed
            )
            self.machines[name] = machine
            self.slurm.nodes[name] = NodeRecord(
                name=name,
                address=machine.address,
                partition=kind.name,
                cpus=kind.cpus,
                memory_mb=kind.memory_mb,
                gres=kind.gres,
                gpus=kind.gpus,
            )
            machine.listeners.append(self._heard)
            machine.start_up_in_the_past(timedelta(days=machine.dice.uniform(1, 30)))

    def _drain_for_the_staff(self) -> None:
        """Let the staff have taken a node of each large class out of service: there always is one."""
        for kind in self.options.classes():
            if self.options.busy and kind.count >= _ONE_IS_SICK:
                self.slurm.update(kind.node_names()[1], "DRAIN", "ECC errors", "root")

    @property
    def node_time(self) -> datetime:
        """Return the time as the nodes' clocks have it."""
        return self.agenda.now + self.nodes_off

    def set_clock(self, side: str, off_by: timedelta) -> None:
        """Set slurmctld's clock, or the nodes', off the site's."""
        match side:
            case "slurm":
                self.slurm.off_by = off_by
            case "nodes":
                self.nodes_off = off_by
            case _:
                raise ValueError(f"no clock of {side!r} can be set: slurm, nodes")

    def _heard(self, machine: Machine, what: Happening) -> None:
        if what is Happening.SLURMD_STARTED and machine.booted_at is not None:
            self.slurm.registered(machine.name, machine.booted_at, self.node_time)
        elif what is Happening.SLURMD_STOPPED:
            self.slurm.silent(machine.name)
        elif what is Happening.KUBELET_STARTED:
            self._register(machine)
        elif what is Happening.KUBELET_STOPPED and self.cluster is not None:
            self.cluster.node_silent(machine.name)

    def _register(self, machine: Machine) -> None:
        if self.cluster is None or self.faults.take("register", machine.name) == "forget":
            return
        kind = machine.kind
        capacity = {"cpu": str(kind.cpus), "memory": f"{kind.memory_mb}Mi", "pods": "110"}
        if kind.gpus:
            capacity["nvidia.com/gpu"] = str(kind.gpus)
        taints = [*(dict(taint) for taint in kind.taints), dict(STARTUP)]
        self.cluster.node_registered(machine.name, dict(kind.labels), taints, capacity)

    def sneak_job(self, node: str, length: timedelta, user: str = "u7") -> Job:
        """Submit a one-node job that must have this very node, and let the scheduler look at once."""
        record = self.slurm.node(node)
        job = self.slurm.submit(
            user=user,
            name="sneak",
            partition=record.partition,
            length=length,
            limit=length + timedelta(minutes=5),
            cpus=1,
            wanted=(node,),
        )
        self.slurm.schedule_now()
        return job

    def names(self) -> Sequence[str]:
        """Return every node's name, in order."""
        return list(self.machines)

    def tally(self) -> dict[str, int]:
        """Return what must stay 0 in every story."""
        return {
            "jobs_killed": self.slurm.jobs_killed,
            "pods_killed": self.cluster.pods_killed if self.cluster else 0,
        }
