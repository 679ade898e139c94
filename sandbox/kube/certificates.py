"""Kubelets' serving certificates: each asks for one when it registers, and the site's approver says yes in seconds.

What is in a request or a certificate is nobody's business here; both are a few letters.
"""

from collections.abc import Callable
from typing import Final

from sandbox.kube.cluster import Cluster
from sandbox.kube.resources import SIGNING_REQUESTS, Obj

SIGNER: Final = "kubernetes.io/kubelet-serving"
_APPROVED_AFTER_S: Final = 3.0
_KEPT_S: Final = 3600.0
"""Source: pkg/controller/certificates/cleaner, for what was approved."""


class Certificates:
    """The kubelets' requests, the approver and the cleaner."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def ask(self, node: str) -> None:
        """Let a node's kubelet ask for its certificate."""
        spec = {
            "signerName": SIGNER,
            "username": f"system:node:{node}",
            "groups": ["system:nodes", "system:authenticated"],
            "request": "LS0tLS0=",
            "usages": ["digital signature", "server auth"],
        }
        made = self._cluster.api.create(SIGNING_REQUESTS, "", {"metadata": {"generateName": "csr-"}, "spec": spec})
        name = made["metadata"]["name"]
        mode = self._cluster.faults.take("certificate", node)
        if mode == "deny":
            self._after(_APPROVED_AFTER_S, name, _denied)
        elif mode is None:
            self._after(_APPROVED_AFTER_S, name, _approved)
        self._cluster.timers.after(_KEPT_S, lambda: self._forget(name))

    def _after(self, span_s: float, name: str, change: Callable[[Obj], Obj]) -> None:
        def due() -> None:
            self._cluster.api.edit(SIGNING_REQUESTS, "", name, change)

        self._cluster.timers.after(span_s, due)

    def _forget(self, name: str) -> None:
        if self._cluster.store.find(SIGNING_REQUESTS, "", name):
            self._cluster.api.delete(SIGNING_REQUESTS, "", name)


def _approved(request: Obj) -> Obj:
    condition = {"type": "Approved", "status": "True", "reason": "SiteApprover", "message": "it is one of ours"}
    return {**request, "status": {"conditions": [condition], "certificate": "LS0tLS0="}}


def _denied(request: Obj) -> Obj:
    condition = {"type": "Denied", "status": "True", "reason": "SiteApprover", "message": "no such address is ours"}
    return {**request, "status": {"conditions": [condition]}}
