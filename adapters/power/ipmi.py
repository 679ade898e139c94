"""Power by IPMI, with ipmitool.

Decides what ipmitool's words mean. The password goes through the environment: an argument is read by every account of
the machine.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from pydantic import SecretStr

from adapters.addresses import Address
from adapters.command import LocalRunner
from adapters.meanings import Meanings, meaning, says
from conversion.permit import Permit, current
from conversion.ports import Denied, FarSideError, Ran, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, PowerState

_log: structlog.stdlib.BoundLogger = structlog.get_logger()

_STATE: Final = re.compile(r"^Chassis Power is (on|off)\s*$", re.MULTILINE)

_MEANINGS: Final[Meanings] = (
    (
        says("insufficient resources", "get auth capabilities error", "address lookup", "could not open socket"),
        Unreachable,
    ),
    (
        says("RAKP 2 HMAC is invalid", r"RAKP \d message indicates", "failed: insufficient privilege", "exceeds limit"),
        Denied,
    ),
    (says("unable to establish", "timeout", "timed out", "no response", "no route", "unreachable"), Unreachable),
)
"""`Unable to establish` alone comes after a wrong password and after silence alike; only -v tells them apart (measured
with ipmitool 1.8.19)."""


class IpmiPower:
    """The Power port on `ipmitool -I lanplus`. Safe for many threads."""

    def __init__(
        self,
        runner: LocalRunner,
        *,
        bmc: Callable[[NodeName], Address],
        user: str,
        password: SecretStr,
        timeout: timedelta,
        program: str = "ipmitool",
    ) -> None:
        """Ask nothing yet. bmc: where a node's listens, mostly on UDP port 623."""
        self._runner = runner
        self._bmc = bmc
        self._user = user
        self._password = password
        self._timeout = timeout
        self._program = program

    def state(self, node: NodeName) -> PowerState:
        """Return what the BMC says."""
        ran = self._ask(node, "status")
        if ran.exit != 0:
            raise _error(node, ran)
        found = _STATE.search(ran.out)
        return PowerState(found[1]) if found else PowerState.UNKNOWN

    def off(self, node: NodeName) -> None:
        """Cut the power now, without asking the operating system."""
        self._set(node, "off", PowerState.OFF)

    def on(self, node: NodeName) -> None:
        """Switch on; no harm when it is on."""
        self._set(node, "on", PowerState.ON)

    def _set(self, node: NodeName, verb: str, wanted: PowerState) -> None:
        """Send it always, since the BMC's state may be old; a refusal counts for nothing when it is so already."""
        ran = self._ask(node, verb, current())
        if ran.exit != 0:
            refusal = _error(node, ran)
            if not isinstance(refusal, UnexpectedAnswer) or self.state(node) is not wanted:
                raise refusal
        _log.info(f"power.{verb}", node=node, driver="ipmi")

    def _ask(self, node: NodeName, verb: str, permit: Permit | None = None) -> Ran:
        host, port = self._bmc(node)
        where = ["-H", host, "-p", str(port), "-U", self._user, "-E"]
        # -C 3 is what every BMC has; left to look for a better one, ipmitool takes 10 s a call (measured)
        return self._runner.run(
            [self._program, "-v", "-I", "lanplus", "-C", "3", "-L", "OPERATOR", *where, "chassis", "power", verb],
            side=_side(node),
            timeout=self._timeout,
            env={"IPMITOOL_PASSWORD": self._password.get_secret_value(), "LC_ALL": "C"},
            permit=permit,
        )


def _side(node: NodeName) -> str:
    return f"{node} (BMC)"


def _error(node: NodeName, ran: Ran) -> FarSideError:
    return meaning(_side(node), "ipmitool", ran, _MEANINGS)
