"""Power by Redfish, with sushy.

Decides how a node's system is found at its BMC and what each of sushy's failures means. Every call makes a session of
its own: sushy's are not for sharing among threads, and BMCs choke on connections that are kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import requests
import structlog
import sushy
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from sushy import exceptions

from conversion.permit import begin
from conversion.ports import Denied, Distrusted, FarSideError, PutOff, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, PowerState

_log: structlog.stdlib.BoundLogger = structlog.get_logger()

_STATES: Final = {sushy.PowerState.ON: PowerState.ON, sushy.PowerState.OFF: PowerState.OFF}
"""PoweringOn, PoweringOff and Paused are neither."""

_REFUSED_STATUS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_BUSY_STATUS: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True)
class RedfishSystem:
    """Where a node is found.

    url    the BMC's, or that of a service that speaks for many
    path   the system's there, `/redfish/v1/Systems/1`; None for the one whose Id or Name is the node's
    """

    url: str
    path: str | None = None


class _AtTheWire(HTTPAdapter):
    """Asks for leave right before a request that changes something: sushy reads three times on the way to it."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request; see requests."""
        if request.method != "GET":
            begin()
        return super().send(request, *args, **options)


class _Connector(sushy.connector.Connector):  # type: ignore[misc]
    """sushy's connection, which mypy knows nothing of, with our leave asked at its wire."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _AtTheWire())


class RedfishPower:
    """The Power port on Redfish. Safe for many threads."""

    def __init__(
        self,
        *,
        system: Callable[[NodeName], RedfishSystem],
        user: str,
        password: SecretStr,
        verify: Path | bool = True,
        timeout: timedelta,
    ) -> None:
        """Ask nothing yet. verify: a file of trusted certificates, True for the machine's own, False for none."""
        self._system = system
        self._user = user
        self._password = password
        self._verify = str(verify) if isinstance(verify, Path) else verify
        self._timeout_s = timeout.total_seconds()
        self._paths: dict[NodeName, str] = {}

    def state(self, node: NodeName) -> PowerState:
        """Return what the BMC says."""
        with _translated(node):
            return _STATES.get(self._connect(node).power_state, PowerState.UNKNOWN)

    def off(self, node: NodeName) -> None:
        """Cut the power now, without asking the operating system."""
        self._reset(node, (sushy.ResetType.FORCE_OFF,), PowerState.OFF)

    def on(self, node: NodeName) -> None:
        """Switch on; no harm when it is on."""
        self._reset(node, (sushy.ResetType.ON, sushy.ResetType.FORCE_ON), PowerState.ON)

    def _reset(self, node: NodeName, ways: tuple[sushy.ResetType, ...], wanted: PowerState) -> None:
        """Send it always, since the BMC's state may be old; a refusal counts for nothing when it is so already."""
        try:
            with _translated(node):
                system = self._connect(node)
                allowed = system.get_allowed_reset_system_values()
                system.reset_system(next((way for way in ways if way in allowed), ways[0]))
        except UnexpectedAnswer:
            if self.state(node) is not wanted:
                raise
        _log.info(f"power.{wanted}", node=node, driver="redfish")

    def _connect(self, node: NodeName) -> Any:
        """Return sushy's System, just read."""
        where = self._system(node)
        connector = _Connector(
            where.url, verify=self._verify, default_request_timeout=self._timeout_s, server_side_retries=1
        )
        auth = sushy.auth.BasicAuth(self._user, self._password.get_secret_value())
        root = sushy.Sushy(where.url, connector=connector, auth=auth)
        return root.get_system(where.path or self._path(node, root))

    def _path(self, node: NodeName, root: sushy.Sushy) -> str:
        if node not in self._paths:
            self._paths[node] = _found(node, root.get_system_collection())
        return self._paths[node]


def _found(node: NodeName, systems: Any) -> str:
    """Return the path of the system that has the node's Id or Name.

    One whose path ends in the node's name is asked first and alone: a service that speaks for 200 nodes is asked 200
    questions by each of them otherwise (measured: half a second of processor time a node).
    """
    paths: list[str] = systems.members_identities
    likely = [path for path in paths if path.rstrip("/").rpartition("/")[2] == node]
    if len(likely) == 1 and systems.get_member(likely[0]).identity == node:
        return likely[0]
    members = systems.get_members()
    found = [member for member in members if node in {member.identity, member.name}]
    if len(found) != 1:  # the only system there may still be another node's: never guess what to switch off
        raise UnexpectedAnswer(_side(node), f"{len(found)} of its {len(members)} systems are named {node}")
    path: str = found[0].path
    return path


def _side(node: NodeName) -> str:
    return f"{node} (BMC)"


@contextmanager
def _translated(node: NodeName) -> Iterator[None]:
    try:
        yield
    except exceptions.ConnectionError as error:
        if isinstance(error.__context__, requests.exceptions.SSLError):
            raise Distrusted(_side(node), f"its certificate is not trusted: {error}") from error
        raise Unreachable(_side(node), str(error)) from error
    except exceptions.HTTPError as error:
        raise _http_error(node, error) from error
    except (exceptions.SushyError, ValueError, AttributeError, TypeError, KeyError) as error:
        # sushy reads JSON of any shape as if it were Redfish, and fails with whatever that leads to
        raise UnexpectedAnswer(_side(node), f"not an answer that Redfish knows: {error}", str(error)) from error


def _http_error(node: NodeName, error: exceptions.HTTPError) -> FarSideError:
    if error.status_code in _REFUSED_STATUS:
        return Denied(_side(node), f"it refuses our account: {error}")
    if error.status_code in _BUSY_STATUS or error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return PutOff(_side(node), str(error))
    return UnexpectedAnswer(_side(node), str(error), str(error.body))
