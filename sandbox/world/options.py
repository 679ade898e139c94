"""How big the site is and how it is set up. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sandbox.slurm import versions

_PER_OCTET: Final = 250


@dataclass(frozen=True)
class NodeClass:
    """A kind of node: its Slurm partition has the same name."""

    name: str
    count: int
    subnet: int
    cpus: int
    memory_mb: int
    gpus: int = 0
    gpu_model: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()

    @property
    def gres(self) -> str | None:
        """Return the GRES as slurm.conf has it, `gpu:a100:4`."""
        return f"gpu:{self.gpu_model}:{self.gpus}" if self.gpus else None

    def node_names(self) -> tuple[str, ...]:
        """Return gpu001, gpu002 ... with as many digits as the count needs, three at least."""
        digits = max(3, len(str(self.count)))
        return tuple(f"{self.name}{number:0{digits}}" for number in range(1, self.count + 1))

    def address(self, index: int) -> str:
        """Return the loopback address of the node at a place in node_names()."""
        return f"127.77.{self.subnet + index // _PER_OCTET}.{1 + index % _PER_OCTET}"


@dataclass(frozen=True)
class WorldOptions:
    """The site's make-up.

    busy               how much of each partition the job stream keeps in use, 0 to 1; 0 means no stream
    return_to_service  Slurm's ReturnToService
    slurm              which Slurm: 22.05, 24.11 or 26.05
    zone               the site's time zone: what its commands print in when TZ is not set
    slurm_off          how far slurmctld's clock is ahead of the site's; it may be set anew at any time
    nodes_off          how far the nodes' clocks are
    """

    gpu_nodes: int = 20
    cpu_nodes: int = 12
    seed: int = 1
    busy: float = 0.3
    return_to_service: int = 0
    slurm: str = versions.DEFAULT
    zone: str = "America/Indiana/Indianapolis"
    slurm_off: timedelta = timedelta()
    nodes_off: timedelta = timedelta()

    def classes(self) -> tuple[NodeClass, ...]:
        """Return the site's classes, each in its own subnet."""
        gpu = NodeClass(
            name="gpu",
            count=self.gpu_nodes,
            subnet=1,
            cpus=64,
            memory_mb=512000,
            gpus=4,
            gpu_model="a100",
            labels={"node.example.org/class": "gpu", "nvidia.com/gpu.present": "true"},
            taints=({"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},),
        )
        cpu = NodeClass(
            name="cpu",
            count=self.cpu_nodes,
            subnet=128,
            cpus=128,
            memory_mb=256000,
            labels={"node.example.org/class": "cpu"},
        )
        return (gpu, cpu)
