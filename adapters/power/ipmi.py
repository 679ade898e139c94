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

from adapters.command import LocalRunner
from conversion.ports import Denied, FarSideError, Ran, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, PowerState

_log: structlog.stdlib.BoundLogger = structlog.get_logger()

_STATE: Final = re.compile(r"^Chassis Power is (on|off)\s*$", re.MULTILINE)

_DENIED: Final = re.compile(
    r"RAKP 2 HMAC is invalid|unauthorized name|invalid user ?name|password.*(incorrect|invalid)|insufficient privilege"
    r"|invalid role|requested maximum privilege|unable to establish .* privilege",
    re.IGNORECASE,
)
_SILENT: Final = re.compile(
    r"unable to establish (IPMI|LAN)|timeout|timed out|no route|unreachable|no response|connection refused"
    r"|could not open socket|get auth capabilities error|address lookup for",
    re.IGNORECASE,
)


class IpmiPower:
    """The Power port on `ipmitool -I lanplus`. Safe for many threads."""

    def __init__(
        self,
        runner: LocalRunner,
        *,
        host: Callable[[NodeName], str],
        user: str,
        password: SecretStr,
        timeout: timedelta = timedelta(seconds=20),
        program: str = "ipmitool",
        port: int | Callable[[NodeName], int] = 623,
    ) -> None:
        """Ask nothing yet. host, port: where a node's BMC listens."""
        self._runner = runner
        self._host = host
        self._port = port
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
        ran = self._ask(node, verb)
        if ran.exit != 0:
            refusal = _error(node, ran)
            if not isinstance(refusal, UnexpectedAnswer) or self.state(node) is not wanted:
                raise refusal
        _log.info(f"power.{verb}", node=node, driver="ipmi")

    def _ask(self, node: NodeName, verb: str) -> Ran:
        port = self._port if isinstance(self._port, int) else self._port(node)
        where = ["-H", self._host(node), "-p", str(port), "-U", self._user, "-E"]
        # -C 3 is what every BMC has; left to look for a better one, ipmitool takes 10 s a call (measured)
        return self._runner.run(
            [self._program, "-I", "lanplus", "-C", "3", *where, "chassis", "power", verb],
            side=_side(node),
            timeout=self._timeout,
            env={"IPMITOOL_PASSWORD": self._password.get_secret_value(), "LC_ALL": "C"},
        )


def _side(node: NodeName) -> str:
    return f"{node} (BMC)"


def _error(node: NodeName, ran: Ran) -> FarSideError:
    words = f"{ran.err}\n{ran.out}".strip()
    said = " / ".join(line.strip() for line in words.splitlines()[:2]) or f"ipmitool ended with {ran.exit}"
    if _DENIED.search(words):
        return Denied(_side(node), said)
    if _SILENT.search(words):
        return Unreachable(_side(node), said)
    return UnexpectedAnswer(_side(node), said, words)
