"""Power by xCAT: `rpower` on the management host.

Decides what rpower's words mean; who holds the BMC's password is xCAT's affair.
"""

import re
from datetime import timedelta
from typing import Final

import structlog

from adapters.command import Runner
from adapters.meanings import Meanings, meaning, says
from conversion.permit import Permit, current
from conversion.ports import Denied, FarSideError, Ran, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, PowerState

_log: structlog.stdlib.BoundLogger = structlog.get_logger()

_MEANINGS: Final[Meanings] = (
    (
        says("permission denied", "not authorized", "unauthorized", r"(incorrect|wrong|invalid) (user ?name|password)"),
        Denied,
    ),
    (
        says("timeout", "timed out", "no response", "did not respond", "unable to open socket", "connection refused"),
        Unreachable,
    ),
    (says("cannot connect", "failed to connect", "no route", "unreachable"), Unreachable),
)


class XcatPower:
    """The Power port on `rpower`. Safe for many threads."""

    def __init__(self, runner: Runner, *, timeout: timedelta, program: str = "rpower") -> None:
        self._runner = runner
        self._program = program
        self._timeout = timeout

    def state(self, node: NodeName) -> PowerState:
        """Return what the BMC says, through xCAT; all but a plain on or off is UNKNOWN: `on (Chassis)` is a blade's."""
        said = self._ask(node, "stat")
        return PowerState(said) if said in {"on", "off"} else PowerState.UNKNOWN

    def off(self, node: NodeName) -> None:
        """Cut the power now, without asking the operating system."""
        self._set(node, "off")
        _log.info("power.off", node=node, driver="xcat")

    def on(self, node: NodeName) -> None:
        """Switch on; no harm when it is on."""
        self._set(node, "on")
        _log.info("power.on", node=node, driver="xcat")

    def _set(self, node: NodeName, verb: str) -> None:
        said = self._ask(node, verb, current())
        if said != verb:
            raise UnexpectedAnswer(_side(node), f"asked to switch it {verb}, rpower says {said!r}", said)

    def _ask(self, node: NodeName, verb: str, permit: Permit | None = None) -> str:
        """Return what rpower says of the node: `gpu003: on` is `on`; lines that differ are said together."""
        ran = self._runner.run([self._program, node, verb], side=_side(node), timeout=self._timeout, permit=permit)
        words = f"{ran.err}\n{ran.out}"
        found = re.findall(rf"^{re.escape(node)}: *([A-Za-z][ -~]*?)[ \r]*$", ran.out, re.MULTILINE)
        if ran.exit != 0 or not found or "error" in words.lower():
            raise _error(node, ran)
        return ", ".join(sorted({each.lower() for each in found}))


def _side(node: NodeName) -> str:
    return f"{node} (BMC, by xCAT)"


def _error(node: NodeName, ran: Ran) -> FarSideError:
    return meaning(_side(node), "rpower", ran, _MEANINGS)
