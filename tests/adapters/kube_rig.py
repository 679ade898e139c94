"""Values as Kubernetes writes them, and a server that answers what a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kubernetes.client import ApiClient, Configuration

from adapters.kube.cluster import KubeCluster
from adapters.kube.objects import HeldNode, Owner, Pod, held_node

Obj = dict[str, Any]
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
REPLICA_SET = Owner("ReplicaSet", "web-5f", "rs-1")


def raw_node(name: str = "gpu001", *, version: int = 10, uid: str = "u1", loan: str | None = None, **spec: Any) -> Obj:
    """Return a Node that is Ready."""
    meta: Obj = {"name": name, "uid": uid, "resourceVersion": str(version), "creationTimestamp": "2026-11-24T09:00:00Z"}
    if loan is not None:
        meta["annotations"] = {"lendbot/loan": loan}
    status = {"conditions": [{"type": "Ready", "status": "True"}]}
    return {"kind": "Node", "metadata": meta, "spec": spec, "status": status}


def a_list(kind: str, *items: Obj, version: str = "10", **meta: Any) -> Obj:
    """Return a list as the API server writes it."""
    metadata = {"resourceVersion": version, **meta}
    return {"kind": f"{kind}List", "apiVersion": "v1", "metadata": metadata, "items": list(items)}


def a_held_node(**changes: Any) -> HeldNode:
    """Return a Node as the adapter holds it."""
    return held_node(raw_node(**changes))


def a_pod(**changes: Any) -> Pod:
    """Return an ordinary pod of a ReplicaSet."""
    return Pod(**{"namespace": "jupyter", "name": "web-1", "uid": "p1", "owner": REPLICA_SET, **changes})


def failure(code: int, message: str, **details: Any) -> Obj:
    """Return a Status that refuses; a 404 as the API server writes it, with what is not there."""
    said = {"kind": "Status", "status": "Failure", "code": code, "message": message}
    if code == HTTPStatus.NOT_FOUND:
        return said | {"reason": "NotFound", "details": {"name": "gpu001", **details}}
    return said | {"details": details}


Answer = tuple[int, object]
"""A status, and a body: bytes as they are, anything else as JSON."""


@dataclass
class Canned:
    """A cluster that says what a test tells it to. asked: what came, as (method, path, body)."""

    respond: Callable[[str, str], Answer]
    headers: Mapping[str, str]
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def take(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Note a request and return its answer."""
        self.asked.append((method, path, json.loads(body) if body else None))
        status, said = self.respond(method, path)
        return status, said if isinstance(said, bytes) else json.dumps(said).encode()


def in_order(*answers: Answer) -> Callable[[str, str], Answer]:
    """Answer with one after the other; the last one stays."""
    left = list(answers)
    return lambda _method, _path: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def canned_cluster(
    *answers: Answer, respond: Callable[[str, str], Answer] | None = None, headers: Mapping[str, str] | None = None
) -> Iterator[tuple[KubeCluster, Canned]]:
    """Serve answers on loopback, and an adapter that asks there."""
    canned = Canned(respond or in_order(*answers), headers or {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(canned))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    configuration = Configuration(host=f"http://127.0.0.1:{server.server_address[1]}", retries=False)
    cluster = KubeCluster(ApiClient(configuration), timeout=timedelta(seconds=1))
    try:
        yield cluster, canned
    finally:
        cluster.close()
        server.shutdown()
        server.server_close()


def _handler(canned: Canned) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, data = canned.take(self.command, self.path, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **canned.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class names them

        def log_message(self, *_: object) -> None:
            """Say nothing: pytest shows what matters."""

    return Handler
