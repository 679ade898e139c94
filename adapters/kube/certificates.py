"""Requests for the serving certificates of kubelets, and whether a node still waits for one. Pure.

A cluster whose kubelets ask for theirs (serverTLSBootstrap) needs somebody who approves: without it a node is Ready and
runs pods, and `kubectl logs` and `exec` fail on it. A cluster that does not ask has no requests, and nothing is open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from adapters.kube.api import Json, path
from adapters.kube.objects import understood

OF_KUBELETS: Final = "kubernetes.io/kubelet-serving"
REQUESTS: Final = path("apis", "certificates.k8s.io", "v1", "certificatesigningrequests")


@dataclass(frozen=True)
class CertificateRequest:
    """A CertificateSigningRequest.

    user    who asked: `system:node:gpu003`
    made    when, as Kubernetes writes instants, which sort by themselves
    said    its conditions: what was said of it, and the words with it
    """

    name: str
    user: str
    made: str
    said: tuple[tuple[str, str], ...] = ()
    is_issued: bool = False


def request_of(raw: Json) -> CertificateRequest:
    """Read a CertificateSigningRequest."""
    with understood("certificate request", raw):
        meta, status = raw["metadata"], raw.get("status") or {}
        said = tuple((c["type"], str(c.get("message") or "")) for c in status.get("conditions") or ())
        user = raw["spec"]["username"]
        return CertificateRequest(meta["name"], user, meta["creationTimestamp"], said, bool(status.get("certificate")))


def trouble(requests: Iterable[CertificateRequest], node: str) -> str:
    """Return what is open about a node's latest request; "" when nothing is, or it never asked."""
    own = [request for request in requests if request.user == f"system:node:{node}"]
    latest = max(own, key=lambda request: (request.made, request.name), default=None)
    if latest is None or latest.is_issued:
        return ""
    request = f"request `{latest.name}` for its kubelet's serving certificate"
    refused = next(((kind, words) for kind, words in latest.said if kind in ("Denied", "Failed")), None)
    if refused is not None:
        return f"{request} is {refused[0].lower()}: {refused[1] or 'nobody said why'}"
    if any(kind == "Approved" for kind, _ in latest.said):
        return f"{request} is approved, and no certificate has been issued"
    return f"{request} waits for approval: `kubectl certificate approve {latest.name}`"
