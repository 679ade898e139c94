"""The node shell: commands as root on the nodes, over SSH.

Knows where a node is reached and how much of its words is kept; what is run there is decided above.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from adapters.addresses import Address
from adapters.ssh import SshConnections
from conversion.permit import Permit, current
from conversion.ports import Ran
from loans.nodes import NodeName

_KEEP_BYTES: Final = 64 * 1024


class SshShell:
    """The NodeShell port on paramiko. Safe for many threads."""

    def __init__(self, connections: SshConnections, address: Callable[[NodeName], Address]) -> None:
        self._connections = connections
        self._address = address

    def ask(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        """Run a command that changes nothing, and so leaves nothing behind: its answer is whole."""
        return self._run(node, argv, timeout, whole=True)

    def run(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        """Run one command to its end. Unreachable when the time-out passes: the node ends it some seconds later."""
        return self._run(node, argv, timeout, whole=False, stdin=stdin, permit=current())

    def note(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        """Run a command that changes what lendbot alone reads; on the wire it is one like any other."""
        return self.run(node, argv, timeout=timeout, stdin=stdin)

    def _run(
        self,
        node: NodeName,
        argv: Sequence[str],
        timeout: timedelta,
        *,
        whole: bool,
        stdin: str | None = None,
        permit: Permit | None = None,
    ) -> Ran:
        done = self._connections.run(
            self._address(node),
            argv,
            side=f"{node} (ssh)",
            timeout=timeout,
            keep_bytes=_KEEP_BYTES,
            whole=whole,
            stdin=stdin,
            permit=permit,
        )
        return Ran(done.exit, done.out.decode(errors="replace"), done.err.decode(errors="replace"))

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()
