"""The node shell: commands as root on the nodes, over SSH.

Knows where a node is reached and how much of its words is kept; what is run there is decided above.
"""

import shlex
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from adapters.addresses import Address
from adapters.ssh import SshConnections
from conversion.ports import Ran
from loans.nodes import NodeName

_KEEP_BYTES: Final = 64 * 1024


class SshShell:
    """The NodeShell port on paramiko. Safe for many threads."""

    def __init__(self, connections: SshConnections, address: Callable[[NodeName], Address]) -> None:
        self._connections = connections
        self._address = address

    def run(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        """Run one command to its end. Unreachable when the time-out passes: the command may still be running."""
        done = self._connections.run(
            self._address(node),
            shlex.join(argv),
            side=f"{node} (ssh)",
            timeout=timeout,
            keep_bytes=_KEEP_BYTES,
            stdin=stdin,
        )
        return Ran(done.exit, done.out.decode(errors="replace"), done.err.decode(errors="replace"))

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()
