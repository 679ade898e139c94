"""The edge to the Kubernetes API: one request in, one answer out, and every failure in the words of conversion.ports.

Decides what a transport error and a refused request mean. Knows nothing of nodes or pods. Bodies stay raw JSON: the
client's models take five times as long for a list of 1,000 nodes (measured), and we need few of their fields.
"""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import (
    ACCEPTED,
    CREATED,
    FORBIDDEN,
    INTERNAL_SERVER_ERROR,
    NOT_FOUND,
    OK,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
)
from typing import Any, Final
from urllib.parse import quote

import urllib3
from kubernetes.client import ApiClient, ApiException
from kubernetes.config import ConfigException

from adapters.kube.rights import Right
from adapters.plainly import plainly
from conversion.permit import begin
from conversion.ports import Denied, Distrusted, PutOff, UnexpectedAnswer, Unreachable

SIDE: Final = "Kubernetes"
METHODS: Final = {"get": "GET", "list": "GET", "watch": "GET", "create": "POST", "patch": "PATCH", "delete": "DELETE"}
_CHANGES: Final = frozenset({"create", "patch", "delete"})

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the API said, whatever its status.

    body   {} when it is no JSON object
    raw    kept for the log
    date   when it was said, by the cluster's own clock; whole seconds, and None where something in between cuts it out
    """

    right: Right
    status: int
    body: Json
    raw: str
    retry_after: str = ""
    date: datetime | None = None

    @property
    def message(self) -> str:
        """Return Kubernetes' own words, or the beginning of what stood in their place."""
        return str(self.body.get("message") or self.raw[:200] or "no words with it")

    @property
    def causes(self) -> frozenset[str]:
        """Return the reasons that a Status gives in its details: DisruptionBudget, NamespaceTerminating ..."""
        details = self.body.get("details") or {}
        return frozenset(str(cause.get("reason")) for cause in details.get("causes") or ())

    @property
    def is_gone(self) -> bool:
        """Return True when Kubernetes itself says that the object is not there: a proxy's 404 says nothing of it."""
        said = (self.body.get("kind"), self.body.get("reason"))
        return self.status == NOT_FOUND and said == ("Status", "NotFound") and bool(self.body.get("details"))

    def ok(self) -> Json:
        """Return the body of a success; raise what the refusal means otherwise."""
        if self.status in (OK, CREATED, ACCEPTED):
            if not self.body:
                raise UnexpectedAnswer(SIDE, f"its answer to `{self.right}` is not JSON", self.raw)
            return self.body
        raise self.refusal()

    def refusal(self) -> Denied | Unreachable | UnexpectedAnswer:
        """Return the error that an unsuccessful answer stands for."""
        if self.status == UNAUTHORIZED:
            return Denied(SIDE, f"it does not know who we are (401): {self.message}. Is the token or certificate out?")
        if self.status == FORBIDDEN:
            return Denied(SIDE, f"we may not `{self.right}`: {self.message}. deploy/rbac.yaml grants it.")
        if self.status == TOO_MANY_REQUESTS:
            wait = f" and wants {self.retry_after} s of quiet" if self.retry_after else ""
            return PutOff(SIDE, f"it has too much to do just now (429){wait}: {self.message}")
        if self.status >= INTERNAL_SERVER_ERROR:
            return PutOff(SIDE, f"it failed at `{self.right}` ({self.status}): {self.message}")
        return UnexpectedAnswer(SIDE, f"it answered {self.status} to `{self.right}`: {self.message}", self.raw)


class KubeApi:
    """Requests to one cluster, each with a time-out, none retried: when to ask again is the engine's to decide."""

    def __init__(self, client: ApiClient, timeout: timedelta) -> None:
        self._client = client
        self._timeout_s = timeout.total_seconds()

    def ask(self, right: Right, path: str, query: Mapping[str, str] | None = None, body: Json | None = None) -> Answer:
        """Send one request and return whatever was answered.

        path     of the API, as `path()` builds it
        raises   Unreachable when there was no whole answer; Denied when our own credentials cannot be had; Overtaken
                 when it changes something and may not be sent any more
        """
        if right.verb in _CHANGES:
            begin()
        with _translated(right):
            response = self._send(right, path, query or {}, body, self._timeout_s)
            with closing(response):
                raw = bytes(response.data)
                return _answer(right, response, raw)

    def call(self, right: Right, path: str, query: Mapping[str, str] | None = None, body: Json | None = None) -> Json:
        """Send one request and return the body of its success."""
        return self.ask(right, path, query, body).ok()

    @contextmanager
    def stream(self, right: Right, path: str, query: Mapping[str, str], silence: timedelta) -> Iterator["Stream"]:
        """Open a watch. A connection that is silent for so long is cut, and Unreachable."""
        with _translated(right):
            response = self._send(right, path, query, None, silence.total_seconds())
            with closing(response):
                if response.status != OK:
                    raise _answer(right, response, bytes(response.data)).refusal()
                yield Stream(response)

    def line(self) -> tuple[str, bool]:
        """Return the cluster's address, and True when its certificate is checked."""
        configuration = self._client.configuration
        return str(configuration.host), bool(configuration.verify_ssl)

    def close(self) -> None:
        """Give back the pooled connections."""
        self._client.rest_client.close()

    def _send(
        self, right: Right, path: str, query: Mapping[str, str], body: Json | None, timeout_s: float
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": "application/json", "User-Agent": "lendbot"}
        if body is not None:
            headers["Content-Type"] = "application/merge-patch+json" if right.verb == "patch" else "application/json"
        request = self._client.param_serialize(
            METHODS[right.verb],
            path,
            query_params=list(query.items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        # The connect time-out stays the common one: a watch may be silent for long, a handshake may not.
        timeouts = (min(timeout_s, self._timeout_s), timeout_s)
        response: urllib3.BaseHTTPResponse = self._client.call_api(*request, _request_timeout=timeouts).response
        return response


class Stream:
    """The events of one watch, as they come."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[Json]:
        """Yield each event; the end is the server's, when its time is over."""
        for line in self._response:
            if line.strip():
                yield _event(line)

    def cut(self) -> None:
        """End it from another thread. Closing would wait for the blocked read; a shut socket wakes it."""
        sock = getattr(self._response.connection, "sock", None)
        if sock is not None:
            with suppress(OSError):  # it may have ended by itself just now
                sock.shutdown(socket.SHUT_RDWR)


def path(*parts: str) -> str:
    """Join the parts of an API path, each quoted, as in `path("api", "v1", "nodes", name)`."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _event(line: bytes) -> Json:
    try:
        event = json.loads(line)
    except ValueError as odd:
        raise UnexpectedAnswer(SIDE, "an event of its watch is not JSON", line.decode(errors="replace")) from odd
    if not isinstance(event, dict) or not isinstance(event.get("object"), dict):
        raise UnexpectedAnswer(SIDE, "an event of its watch has no object", line.decode(errors="replace"))
    return event


def _answer(right: Right, response: urllib3.BaseHTTPResponse, data: bytes) -> Answer:
    raw = data.decode("utf-8", errors="replace")
    try:
        body = json.loads(data)
    except ValueError:
        body = None
    return Answer(
        right=right,
        status=response.status,
        body=body if isinstance(body, dict) else {},
        raw=raw[:2000],
        retry_after=response.headers.get("Retry-After", ""),
        date=_date(response.headers.get("Date", "")),
    )


def _date(said: str) -> datetime | None:
    try:
        return parsedate_to_datetime(said).astimezone(UTC)
    except ValueError:
        return None


def _tls_failure(right: Right, said: str) -> Denied | Unreachable:
    """Tell a certificate that is not trusted, ours or theirs, from a connection that broke."""
    if "certificate" in said.lower() or "unknown ca" in said.lower():
        return Distrusted(SIDE, f"TLS trust failed at `{right}`: {plainly(said)}")
    return Unreachable(SIDE, f"the TLS connection broke at `{right}`: {plainly(said)}")


def _said_by(broken: Exception) -> str:
    """Return the system's own words: urllib3 wraps `Connection reset by peer` in two exceptions' names."""
    cause = broken.__context__ if broken.__context__ is not None else broken
    return getattr(cause, "strerror", None) or "cut off"


@contextmanager
def _translated(right: Right) -> Iterator[None]:
    """Turn what the client, urllib3 and the socket raise into the errors of conversion.ports."""
    try:
        yield
    except urllib3.exceptions.TimeoutError as cut:
        raise Unreachable(SIDE, f"no answer to `{right}` in time") from cut
    except ApiException as broken:  # the client wraps TLS failures in it, with status 0, and nothing else
        raise _tls_failure(right, str(broken.reason)) from broken
    except ConfigException as unusable:
        raise Distrusted(SIDE, f"our credentials cannot be had: {unusable}") from unusable
    except (urllib3.exceptions.HTTPError, OSError) as broken:
        raise Unreachable(SIDE, f"the connection broke at `{right}`: {_said_by(broken)}") from broken
