"""A command that the far host itself refuses to begin too late, by its own clock.

Between our last check and the first byte this process, or the machine that it runs on, may be stopped for any time;
what is sent then arrives as if it were new. The far host's uptime is the clock that neither our sleep nor anybody's
hand moves. It is read before the store is asked whether we may still act, so that a deadline in it is never too
generous: a stop of ours in between makes the host further ahead than we think, and the command is refused.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import paramiko

from adapters.ssh_channel import Done
from conversion.permit import Permit
from conversion.ports import UnexpectedAnswer

READ: Final = ("cat", "/proc/uptime")
_UPTIME: Final = re.compile(r"([0-9]+\.[0-9]{2}) [0-9]+\.[0-9]{2}\n")
"""source: uptime_proc_show in fs/proc/uptime.c"""
_TOO_LATE: Final = 93
_SAYS: Final = "lendbot: too late"
_SCRIPT: Final = f"""\
IFS=" ." read -r s cs _ </proc/uptime
[ "$s$cs" -lt "$1" ] || echo "{_SAYS}" >&2
[ "$s$cs" -lt "$1" ] || exit {_TOO_LATE}
shift
exec "$@"
"""
"""A constant; all that varies is in its arguments. Uptime has two decimals, so s and cs together count hundredths."""
_KILL_AFTER: Final = "--kill-after=10"
_GRACE_S: Final = 5.0
"""How much later than we the host ends a command: ours is the time-out that is told of while we live."""
_GOOD_FOR_S: Final = 60.0
"""Clocks drift by some 100 millionths at worst: 6 ms in this."""


@dataclass(frozen=True)
class FarClock:
    """How far a host's uptime is ahead of ours, as one connection to it has found; a reboot ends the connection.

    read_at   our uptime before it was read
    """

    connection: paramiko.Transport
    ahead_s: float
    read_at: float

    @classmethod
    def read(
        cls, connection: paramiko.Transport, ask: Callable[[], Done], uptime: Callable[[], float], side: str
    ) -> "FarClock":
        """Read it over a connection.

        raises   UnexpectedAnswer when the host has no such clock
        """
        before = uptime()
        done = ask()
        after = uptime()
        said = done.out.decode(errors="replace")
        found = _UPTIME.fullmatch(said)
        if found is None:
            raise UnexpectedAnswer(side, "its /proc/uptime cannot be read", said)
        return cls(connection, float(found[1]) - after, before)

    def serves(self, connection: paramiko.Transport, now: float) -> bool:
        """Return True when it may be used for this connection."""
        return self.connection is connection and now - self.read_at < _GOOD_FOR_S

    def bounded(self, argv: Sequence[str], permit: Permit, timeout: timedelta) -> list[str]:
        """Return a command that the host begins only within the permit, and ends when its time-out is over.

        raises   Overtaken when it is too late already
        """
        until = permit.begin(since=self.read_at)
        deadline = math.floor((until + self.ahead_s) * 100)
        ends_after = f"{timeout.total_seconds() + _GRACE_S:g}"
        return ["sh", "-c", _SCRIPT, "lendbot", str(deadline), "timeout", _KILL_AFTER, ends_after, *argv]


def came_too_late(done: Done) -> bool:
    """Return True when the host refused to begin."""
    return done.exit == _TOO_LATE and _SAYS.encode() in done.err
