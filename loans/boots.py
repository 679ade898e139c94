"""Which boot a node is on, and whether another has come since: the proof of a reboot.

Decides by what one and the same witness said before and after, never by a clock of ours against somebody else's: a
clock that was two hours off once left every node stuck on its way home.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from loans.nodes import SlurmNode

_JITTER: Final = timedelta(seconds=2)
"""Slurm works BootTime out at each registration, as its now minus the uptime: it moves by a second (measured)."""


@dataclass(frozen=True)
class Boot:
    """What tells one boot of a node from another, as far as it could be learnt at one moment.

    kernel         the node's own word, see kernel_word(); "" when the node could not be asked
    boot_time      as Slurm says it; None after a restart of slurmctld, or after RESUME, until slurmd registers
    slurmd_start   likewise
    """

    kernel: str = ""
    boot_time: datetime | None = None
    slurmd_start: datetime | None = None

    def updated(self, seen: "Boot") -> "Boot":
        """Return this with all that could be learnt anew; what could not stays as it was known before."""
        return Boot(
            seen.kernel or self.kernel, seen.boot_time or self.boot_time, seen.slurmd_start or self.slurmd_start
        )


BOOT_FILES: Final = ("/proc/sys/kernel/random/boot_id", "/proc/1/stat")
"""What kernel_word() is read from. Both are there on every Linux, and no clock is behind either."""

_BOOT_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Nothing else is one: a greeting that an account's profile prints before it differs from day to day without a boot."""
_TICKS: Final = re.compile(r"[0-9]+")
_START_TIME: Final = 22
"""The field of /proc/PID/stat that says when a process began, in ticks since the kernel did (man 5 proc)."""


def kernel_word(read: str) -> str:
    """Return `boot_id ticks` from what BOOT_FILES hold, or "" when it cannot be read.

    Two nodes that are containers on one kernel share its boot_id, and so do their boots; when pid 1 began tells those
    apart. A reboot of a machine changes the first.
    """
    boot_id, _, stat = read.strip().partition("\n")
    # The process's name stands in brackets as the second field, and may hold blanks and brackets itself.
    fields = stat.rpartition(")")[2].split()
    if not _BOOT_ID.fullmatch(boot_id) or not stat.startswith("1 (") or len(fields) <= _START_TIME - 3:
        return ""
    ticks = fields[_START_TIME - 3]
    return f"{boot_id} {ticks}" if _TICKS.fullmatch(ticks) else ""


def has_rebooted(before: Boot, after: Boot) -> bool | None:
    """Return True or False when a witness can tell, and None when none was heard both times.

    The kernel's word decides where it is known. Slurm's counts only when both its times have changed: slurmctld works
    BootTime out by its own clock, so a jump of that moves it, and `scontrol reconfigure` moves SlurmdStartTime.
    """
    if before.kernel and after.kernel:
        return before.kernel != after.kernel
    if before.boot_time is None or before.slurmd_start is None:
        return None
    if after.boot_time is None or after.slurmd_start is None:
        return None
    return abs(after.boot_time - before.boot_time) > _JITTER and after.slurmd_start != before.slurmd_start


def has_registered(before: Boot, node: SlurmNode) -> bool:
    """Return True when slurmd has told Slurm of itself since: until then a RESUME is taken back seconds later."""
    heard = node.slurmd_start is not None and node.slurmd_start != before.slurmd_start
    return heard and "NOT_RESPONDING" not in node.flags
