"""Power by Redfish, over sushy's connection.

Decides how a node's system is found at its BMC, what of it is read, and what each failure means. Only the system itself
is asked for, and of that only its power: sushy's own System reads the service root first, and fails over any field that
a BMC fills oddly. Every call makes a connection of its own: sushy's are not for sharing among threads, and BMCs choke
on those that are kept.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import requests
import structlog
import sushy
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from sushy import exceptions

from adapters.plainly import plainly
from adapters.shared_read import SharedRead
from conversion.permit import begin
from conversion.ports import Denied, Distrusted, FarSideError, PutOff, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, PowerState

_log: structlog.stdlib.BoundLogger = structlog.get_logger()

Json = dict[str, Any]
_ROOT: Final = "/redfish/v1/"
_LISTED_FOR: Final = timedelta(minutes=1)
"""How long a list of systems serves those who look for theirs; a node that was found is not looked for again."""
_STATES: Final = {"On": PowerState.ON, "Off": PowerState.OFF}
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
    """Asks for leave right before a request that changes something: a system is read before it is switched."""

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


@dataclass(frozen=True)
class _System:
    """What we read of a ComputerSystem; whatever else a BMC says of it may be odd and costs nothing.

    reset     where its power is switched, empty when it does not say
    allowed   the ways that it knows, empty when it does not say
    """

    names: frozenset[str]
    power: PowerState
    reset: str
    allowed: frozenset[str]

    @classmethod
    def of(cls, body: Json) -> "_System":
        reset = (body.get("Actions") or {}).get("#ComputerSystem.Reset") or {}
        said = body.get("PowerState")
        return cls(
            names=frozenset(str(body[key]) for key in ("Id", "Name") if body.get(key)),
            power=_STATES.get(said, PowerState.UNKNOWN) if isinstance(said, str) else PowerState.UNKNOWN,
            reset=str(reset.get("target") or ""),
            allowed=frozenset(reset.get("ResetType@Redfish.AllowableValues") or ()),
        )

    def switched(self, ways: tuple[str, ...]) -> tuple[str, Json]:
        """Return what to post, and where, for the first of these ways that the BMC knows, or for the first of all."""
        if not self.reset:
            raise ValueError("it does not say where its power is switched")
        return self.reset, {"ResetType": next((way for way in ways if way in self.allowed), ways[0])}


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
        self._lock = Lock()
        self._services: dict[str, _Service] = {}

    def state(self, node: NodeName) -> PowerState:
        """Return what the BMC says."""
        with _translated(node):
            _, system = self._read(node)
            return system.power

    def off(self, node: NodeName) -> None:
        """Cut the power now, without asking the operating system."""
        self._reset(node, ("ForceOff",), PowerState.OFF)

    def on(self, node: NodeName) -> None:
        """Switch on; no harm when it is on."""
        self._reset(node, ("On", "ForceOn"), PowerState.ON)

    def _reset(self, node: NodeName, ways: tuple[str, ...], wanted: PowerState) -> None:
        """Send it always, since the BMC's state may be old; a refusal counts for nothing when it is so already."""
        try:
            with _translated(node):
                wire, system = self._read(node)
                where, what = system.switched(ways)
                wire.post(_here(where), data=what)
        except UnexpectedAnswer:
            if self.state(node) is not wanted:
                raise
        _log.info(f"power.{wanted}", node=node, driver="redfish")

    def _read(self, node: NodeName) -> tuple["_Connector", _System]:
        """Return a connection of our own, and the node's system as it has just been read over it."""
        where = self._system(node)
        wire = self._connect(where.url)
        if where.path is not None:
            return wire, _System.of(_get(wire, where.path))
        return wire, self._service(where.url).read(node, wire)

    def _connect(self, url: str) -> "_Connector":
        wire = _Connector(url, verify=self._verify, default_request_timeout=self._timeout_s, server_side_retries=1)
        wire.set_http_basic_auth(self._user, self._password.get_secret_value())
        return wire

    def _service(self, url: str) -> "_Service":
        with self._lock:
            return self._services.setdefault(url, _Service(partial(self._connect, url)))


class _Service:
    """Which of a service's systems is which node; what is asked for that does not grow with the nodes that wait."""

    def __init__(self, connect: Callable[[], _Connector]) -> None:
        self._connect = connect
        self._paths: dict[NodeName, str] = {}
        self._listed = SharedRead(self._list, _LISTED_FOR)
        self._named = SharedRead(self._name, _LISTED_FOR)

    def read(self, node: NodeName, wire: _Connector) -> _System:
        """Read the system that has the node's Id or Name, over this connection.

        Its path is kept, and yet every answer has to carry the node's name: blades are swapped and renamed, and a path
        leads to whatever stands there now. Where it leads elsewhere, or nowhere, the node is looked for anew, once.
        """
        known = self._paths.get(node)
        if known is not None:
            if (found := self._at(known, node, wire)) is not None:
                return found
            self._let_go(node, known)
        path = self._find(node)
        if (found := self._at(path, node, wire)) is None:
            raise UnexpectedAnswer(_side(node), f"its system is no longer at {path}")
        self._paths[node] = path
        return found

    @staticmethod
    def _at(path: str, node: NodeName, wire: _Connector) -> _System | None:
        """Return the system at a path; None when nothing is there, or another node."""
        try:
            system = _System.of(_get(wire, path))
        except exceptions.ResourceNotFoundError:
            return None
        return system if node in system.names else None

    def _let_go(self, node: NodeName, path: str) -> None:
        """Forget a node's path, and the lists that were read while it still held: they are as old."""
        self._paths.pop(node, None)
        self._listed.forget()
        self._named.forget()
        _log.warning("power.system_moved", node=node, path=path, driver="redfish")

    def _find(self, node: NodeName) -> str:
        listed = self._listed.get()
        # One whose path ends in the node's name is asked first and alone: mostly it is the one.
        likely = [path for path in listed if path.rstrip("/").rpartition("/")[2] == node]
        if len(likely) == 1 and node in _System.of(_get(self._connect(), likely[0])).names:
            return likely[0]
        found = [path for path, names in self._named.get().items() if node in names]
        if len(found) != 1:  # the only system there may still be another node's: never guess what to switch off
            raise UnexpectedAnswer(_side(node), f"{len(found)} of its {len(listed)} systems are named {node}")
        return found[0]

    def _list(self) -> list[str]:
        wire = self._connect()
        return _members(_get(wire, _ROOT)["Systems"]["@odata.id"], wire)

    def _name(self) -> Mapping[str, frozenset[str]]:
        wire = self._connect()
        named: dict[str, frozenset[str]] = {}
        for path in self._listed.get():
            with suppress(exceptions.ResourceNotFoundError):  # a blade that was pulled since, or is listed for ever
                named[path] = _System.of(_get(wire, path)).names
        return named


def _members(collection: str, wire: _Connector) -> list[str]:
    """Return the paths of a collection's members, from all of its pages."""
    paths: list[str] = []
    pages: list[str] = []
    page: str | None = collection
    while page is not None:
        if page in pages:
            raise ValueError(f"its list of systems leads back to {page}")
        pages.append(page)
        body = _get(wire, page)
        paths += [member["@odata.id"] for member in body["Members"]]
        page = body.get("Members@odata.nextLink") or None
    return paths


def _get(wire: _Connector, path: str) -> Json:
    body = wire.get(_here(path)).json()
    if not isinstance(body, dict):
        raise TypeError(f"its answer to {path} is no object")
    return body


def _here(path: str) -> str:
    """Return a path at the same BMC: a link that leads elsewhere would be sent our password."""
    found = urlsplit(path)
    return urlunsplit(("", "", found.path, found.query, ""))


def _side(node: NodeName) -> str:
    return f"{node} (BMC)"


@contextmanager
def _translated(node: NodeName) -> Iterator[None]:
    try:
        yield
    except exceptions.ConnectionError as error:
        if isinstance(error.__context__, requests.exceptions.SSLError):
            raise Distrusted(_side(node), f"its certificate is not trusted: {plainly(error)}") from error
        raise Unreachable(_side(node), plainly(error)) from error
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
