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
from conversion.ports import Denied, Distrusted, FarSideError, Ran, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, PowerState

_log: structlog.stdlib.BoundLogger = structlog.get_logger()

_STATE: Final = re.compile(r"^Chassis Power is (on|off)[ \r]*$", re.MULTILINE)

_NO_CIPHER: Final = r"cipher suite|invalid (authentication|integrity|confidentiality) algorithm"
_WHY: Final = re.compile(r"error|fail|invalid|unsupported|unauthori[sz]ed|RAKP|no response|timeout", re.IGNORECASE)
_LINES_SAID: Final = 2
_ONLY_THAT: Final = re.compile(r"(Error: )?Unable to establish", re.IGNORECASE)

_MEANINGS: Final[Meanings] = (
    (says(_NO_CIPHER), Distrusted),
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
with ipmitool 1.8.19). A BMC that takes another cipher suite than ours takes it tomorrow, too."""


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
        cipher_suite: int = 3,
    ) -> None:
        """Ask nothing yet. bmc: where a node's listens, mostly on UDP port 623."""
        self._runner = runner
        self._bmc = bmc
        self._user = user
        self._password = password
        self._timeout = timeout
        self._program = program
        self._cipher_suite = cipher_suite

    def state(self, node: NodeName) -> PowerState:
        """Return what the BMC says."""
        ran = self._ask(node, "status")
        if ran.exit != 0:
            raise _error(node, ran)
        said = set(_STATE.findall(ran.out))
        return PowerState(said.pop()) if len(said) == 1 else PowerState.UNKNOWN

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
        # left to look for the best one that a BMC has, ipmitool takes 10 s a call (measured)
        how = ["-v", "-I", "lanplus", "-C", str(self._cipher_suite), "-L", "OPERATOR"]
        return self._runner.run(
            [self._program, *how, *where, "chassis", "power", verb],
            side=_side(node),
            timeout=self._timeout,
            env={"IPMITOOL_PASSWORD": self._password.get_secret_value(), "LC_ALL": "C"},
            permit=permit,
        )


def _side(node: NodeName) -> str:
    return f"{node} (BMC)"


def _error(node: NodeName, ran: Ran) -> FarSideError:
    """Return what a failure means, in the line that says why: `Unable to establish` is the end of every failure."""
    error = meaning(_side(node), "ipmitool", ran, _MEANINGS)
    if isinstance(error, Distrusted):
        return Distrusted(error.side, f"{error.said}. Which one it takes is set by `cipher_suite`: 17 for OpenBMC")
    if _ONLY_THAT.match(error.said):
        whys = [line.strip() for line in ran.err.split("\n") if _WHY.search(line) and not _ONLY_THAT.match(line)]
        return type(error)(error.side, " / ".join([*whys[-_LINES_SAID:], error.said]))
    return error
