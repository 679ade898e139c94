"""Where everything of one lab is: names, addresses and paths. Pure; it starts nothing and creates nothing.

A lab has a slot, so that two labs with folders of their own can run side by side: slot 0 is 10.77.0.0/24, slot 1 is
10.77.1.0/24. In each, .1 is the management side, .10 onward are the nodes, .110 onward their BMCs.
"""

from dataclasses import dataclass
from pathlib import Path

DEFAULT = Path("/tmp/lendbot-lab")  # noqa: S108 - outside any checkout, gone at the machine's reboot like the lab
SSH_PORT = 2222
JUMP_PORT = 2223
REDFISH_PORT = 8443
KUBERNETES_PORT = 6443
POSTGRES_PORT = 5432
IPMI_PORT = 623


@dataclass(frozen=True)
class Layout:
    """dir: the state folder, absolute; slot: which 10.77.x.0/24; node_count: 1 to 90."""

    dir: Path
    slot: int = 0
    node_count: int = 4

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(f"gpu{i:03}" for i in range(self.node_count))

    @property
    def gateway(self) -> str:
        return self._address(1)

    @property
    def bridge(self) -> str:
        return f"lend{self.slot}"

    @property
    def run(self) -> Path:
        return self.dir / "run"

    @property
    def log(self) -> Path:
        return self.dir / "log"

    @property
    def keys(self) -> Path:
        return self.dir / "keys"

    @property
    def share(self) -> Path:
        """What nodes see at the same path, as from an NFS server: slurm.conf, the munge socket, the Puppet code."""
        return self.dir / "share"

    @property
    def slurm_conf(self) -> Path:
        return self.share / "slurm" / "slurm.conf"

    @property
    def munge_socket(self) -> Path:
        return self.share / "munge" / "munge.socket"

    def node_ip(self, node: str) -> str:
        return self._address(10 + _number(node))

    def bmc_ip(self, node: str) -> str:
        return self._address(110 + _number(node))

    def netns(self, node: str) -> str:
        return f"{self.bridge}-{node}"

    def veth(self, node: str) -> str:
        return f"{self.bridge}n{_number(node)}"

    def _address(self, last: int) -> str:
        return f"10.77.{self.slot}.{last}"


def _number(node: str) -> int:
    return int(node.removeprefix("gpu"))
