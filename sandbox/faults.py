"""What is broken at the site just now, and for how long. Every server of the sandbox asks here before it answers."""

from dataclasses import dataclass, replace
from typing import Final

SIDES: Final = {
    "slack": ("refuse", "hang", "slow", "rubbish", "ratelimit", "duplicate", "disconnect", "lost"),
    "slurm": ("refuse", "hang", "slow", "rubbish", "half", "empty"),
    "ssh": ("refuse", "hang", "hostkey"),
    "prepare": ("fail", "hang"),
    "puppet": ("fail", "hang"),
    "register": ("forget",),
    "daemonset": ("forget",),
    "boot": ("forget",),
    "evict": ("400", "403", "404", "429", "500"),
    "delete": ("403",),
    "detach": ("forget",),
    "kube": ("refuse", "hang", "slow", "rubbish", "conflict", "unauthorized"),
    "certificate": ("forget", "deny"),
    "taint": ("stay",),
    "gpus": ("forget",),
    "pull": ("fail",),
    "health": ("fail",),
    "bmc": ("refuse", "hang", "rubbish", "stale", "odd", "password"),
}
"""Each side that can misbehave, and the ways it can. Slack's `lost`: a call is carried out, and its answer is not.

evict, delete   what a webhook answers to the eviction, or the deletion, of a pod on the node
detach          a volume whose pod is gone stays attached
certificate     nobody approves the kubelet's serving certificate, or somebody denies it
taint           the network's own taint stays on a node that registers
gpus            the device plugin reports none
health          the site's node health check finds a fault
"""


@dataclass(frozen=True)
class Fault:
    """side and mode as in SIDES; node None means every node; times None means until cleared.

    slow_s   how slow `slow` is, in real seconds; None leaves it to the side
    """

    side: str
    mode: str
    node: str | None = None
    times: int | None = None
    slow_s: float | None = None


class Faults:
    """The faults in force. Not thread-safe: it lives on the site's one event loop."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def set(self, fault: Fault) -> None:
        """Put a fault in force; ValueError names what is unknown."""
        modes = SIDES.get(fault.side)
        if modes is None:
            raise ValueError(f"no side {fault.side!r}; there are {', '.join(SIDES)}")
        if fault.mode not in modes:
            raise ValueError(f"{fault.side} cannot {fault.mode!r}; it can {', '.join(modes)}")
        self._faults.append(fault)

    def clear(self, side: str | None = None, node: str | None = None) -> None:
        """End the faults of a side, or of a node, or all."""
        self._faults = [f for f in self._faults if (side and f.side != side) or (node and f.node != node)]

    def peek(self, side: str, node: str | None = None) -> str | None:
        """Return the mode in force for a side at a node, without using it up."""
        found = self._find(side, node)
        return found.mode if found else None

    def take(self, side: str, node: str | None = None) -> str | None:
        """Return the mode in force and count one use of it."""
        found = self._find(side, node)
        if found is None:
            return None
        if found.times is not None:
            at = self._faults.index(found)
            left = replace(found, times=found.times - 1)
            self._faults[at : at + 1] = [left] if left.times else []
        return found.mode

    def slowness(self, side: str, otherwise: float) -> float:
        """Return for how many real seconds a slow side keeps its answer back."""
        found = self._find(side, None)
        return otherwise if found is None or found.slow_s is None else found.slow_s

    def listed(self) -> tuple[Fault, ...]:
        """Return every fault in force, oldest first."""
        return tuple(self._faults)

    def _find(self, side: str, node: str | None) -> Fault | None:
        return next((f for f in self._faults if f.side == side and f.node in (None, node)), None)
