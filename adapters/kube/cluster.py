"""The cluster as the engine asks for it: conversion.ports.Kubernetes over one API, one watch and no cleverness.

Decides which object a verb of ours changes and how it is guarded. What a node means for a loan is the engine's.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http.client import CONFLICT
from typing import Final

from kubernetes.client import ApiClient

from adapters.kube.api import SIDE, Json, KubeApi, path
from adapters.kube.certificates import OF_KUBELETS, REQUESTS, CertificateRequest, request_of, trouble
from adapters.kube.daemons import DaemonSet, daemonset_of, standing
from adapters.kube.drain import DrainRules
from adapters.kube.evictions import Evictions
from adapters.kube.marks import cordon_patch, mark_patch, uncordon_patch, untaint_patch
from adapters.kube.objects import HeldNode, all_items_of, understood
from adapters.kube.rights import (
    ASK_FOR_RIGHTS,
    DELETE_NODES,
    GET_CLUSTER,
    LIST_DAEMONSETS,
    LIST_NODES,
    LIST_REQUESTS,
    PATCH_NODES,
    RIGHTS,
    Right,
)
from adapters.kube.watch import MAX_AGE, NODES, NodeWatch
from adapters.shared_read import SharedRead
from conversion.ports import DaemonPods, DrainPass, PutOff, UnexpectedAnswer
from loans.marks import Mark
from loans.nodes import KubeNode, Taint

TRIES: Final = 5
"""Writes to one node that may lose against somebody else's before we leave it to the engine to come again."""

DAEMONSETS: Final = path("apis", "apps", "v1", "daemonsets")
_CLUSTER: Final = path("api", "v1", "namespaces", GET_CLUSTER.name)
_CLUSTER_AGE: Final = timedelta(seconds=30)
"""Our judgement: an address that leads to another cluster is noticed within that, and a look costs no request."""
REVIEWS: Final = path("apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews")


class KubeCluster:
    """One cluster.

    client        as adapters.kube.connect makes it
    timeout       of each request
    stale_after   silence of the watch after which nothing that it brought is believed
    """

    def __init__(
        self,
        client: ApiClient,
        *,
        timeout: timedelta,
        rules: DrainRules = DrainRules(),  # noqa: B008 - frozen, and equal to any other
        stale_after: timedelta = timedelta(seconds=10),
    ) -> None:
        self._api = KubeApi(client, timeout)
        self._watch = NodeWatch(self._api, stale_after)
        self._evictions = Evictions(self._api, rules)
        self._daemonsets = SharedRead(self._list_daemonsets, MAX_AGE)
        self._requests = SharedRead(self._list_requests, MAX_AGE)
        self._cluster = SharedRead(self._read_cluster, _CLUSTER_AGE)

    def start(self) -> None:
        """Begin to watch; the first read of a node does so by itself."""
        self._watch.start()

    def close(self) -> None:
        """End the watch and give back the connections."""
        self._watch.close()
        self._api.close()

    def cluster(self) -> str:
        """Return the UID of the namespace kube-system, which no other cluster has."""
        return self._cluster.get()

    def node(self, name: str) -> KubeNode | None:
        """Return a node, or None when the cluster has no such node."""
        held = self._watch.one(name)
        return held.node if held else None

    def node_itself(self, name: str) -> KubeNode | None:
        """Ask the cluster itself, past the watch; None only when it says that this very node is not there."""
        held = self._watch.fetch(name)
        return held.node if held else None

    def nodes(self) -> Mapping[str, KubeNode]:
        """Return every node by its Kubernetes name."""
        return {name: held.node for name, held in self._watch.all().items()}

    def mark(self, name: str, mark: Mark, labels: Mapping[str, str], taints: Sequence[Taint]) -> None:
        """Put our annotation, the labels and the taints on a node; others' stay as they are."""
        self._patch(name, lambda held: mark_patch(held, mark, labels, taints))

    def uncordon(self, name: str, mark: Mark) -> None:
        """Allow pods on a node that carries our mark."""
        self._patch(name, lambda held: uncordon_patch(held, mark))
        self._evictions.forget(name)

    def untaint(self, name: str, mark: Mark, taint: Taint) -> None:
        """Take one of our own taints off a node that carries our mark."""
        self._patch(name, lambda held: untaint_patch(held, mark, taint))

    def certificate_trouble(self, name: str) -> str:
        """Return why a node's kubelet has no serving certificate yet; "" when nothing is open."""
        return trouble(self._requests.get(), name)

    def cordon(self, name: str, mark: Mark) -> None:
        """Forbid new pods on a node that carries our mark, or nobody's."""
        self._patch(name, lambda held: cordon_patch(held, mark))

    def daemon_pods(self, name: str) -> DaemonPods:
        """Return how the cluster's DaemonSets stand on a node."""
        node = self._existing(self._watch.one(name), name).node
        return standing(self._daemonsets.get(), node, self._evictions.pods_on(name))

    def drain(self, name: str, *, force: bool) -> DrainPass:
        """Make one pass of eviction over a node's pods; never waits."""
        return self._evictions.pass_over(name, force=force)

    def pods_by_namespace(self, names: Sequence[str]) -> Mapping[str, int]:
        """Return how many pods an eviction of these nodes would end, by namespace."""
        return self._evictions.pods_by_namespace(names)

    def asking_to_stay(self, names: Sequence[str]) -> Sequence[str]:
        """Return the pods on these nodes that ask autoscalers to leave them there, and in which words."""
        return self._evictions.asking_to_stay(names)

    def pods_left(self, name: str, *, force: bool) -> int:
        """Return how many pods a pass of drain() would still wait for."""
        return self._evictions.left_on(name, force=force)

    def delete_node(self, name: str, uid: str) -> None:
        """Delete exactly this Node object as it was last seen; one that is gone already is fine."""
        held = self._watch.one(name)
        for _ in range(TRIES):
            if held is None or held.node.uid != uid:
                self._evictions.forget(name)
                return
            as_seen = {"uid": uid, "resourceVersion": str(held.version)}
            options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": as_seen}
            answer = self._api.ask(DELETE_NODES, _node_path(name), body=options)
            if not answer.is_gone and answer.status != CONFLICT:
                self._learn_end(name, uid, answer.ok())
                self._evictions.forget(name)
                return
            held = self._watch.fetch(name)
        raise PutOff(SIDE, f"node {name} could not be deleted: it changed {TRIES} times under our hands")

    def clock(self) -> datetime:
        """Return the time as the cluster has it, in whole seconds."""
        answer = self._api.ask(LIST_NODES, NODES, {"limit": "1"})
        answer.ok()
        if answer.date is None:
            raise UnexpectedAnswer(SIDE, "it does not say what time it is: its answer has no Date", answer.raw)
        return answer.date

    def line(self) -> tuple[str, bool]:
        """Return the cluster's address, and True when its certificate is checked."""
        return self._api.line()

    def missing_rights(self) -> list[Right]:
        """Return the rights of RIGHTS that the cluster does not grant us, for doctor."""
        return [right for right in RIGHTS if not self._may(right)]

    def _patch(self, name: str, patch_of: Callable[[HeldNode], Json | None]) -> None:
        """Write what a node lacks, guarded by its version; a lost race is looked at afresh."""
        held = self._existing(self._watch.one(name), name)
        for _ in range(TRIES):
            patch = patch_of(held)
            if patch is None:
                return
            answer = self._api.ask(PATCH_NODES, _node_path(name), body=patch)
            if not answer.is_gone and answer.status != CONFLICT:
                self._watch.learn(answer.ok())
                return
            held = self._existing(self._watch.fetch(name), name)
        raise PutOff(SIDE, f"node {name} changed {TRIES} times under our hands; its mark waits for a quiet moment")

    def _existing(self, held: HeldNode | None, name: str) -> HeldNode:
        if held is None:
            raise UnexpectedAnswer(SIDE, f"there is no node {name}")
        return held

    def _learn_end(self, name: str, uid: str, body: Json) -> None:
        """Take the answer to a delete: a node with finalizers is answered whole, and stays until they are gone."""
        if body.get("kind") == "Node" and (body.get("metadata") or {}).get("finalizers"):
            self._watch.learn(body)
        else:
            self._watch.forget(name, uid)

    def _read_cluster(self) -> str:
        body = self._api.call(GET_CLUSTER, _CLUSTER)
        with understood("namespace kube-system", body):
            if body["metadata"]["name"] != GET_CLUSTER.name:
                raise ValueError("another name")
            return str(body["metadata"]["uid"])

    def _list_daemonsets(self) -> tuple[DaemonSet, ...]:
        listed = all_items_of(self._api.call(LIST_DAEMONSETS, DAEMONSETS), "DaemonSet")
        return tuple(daemonset_of(raw) for raw in listed)

    def _list_requests(self) -> tuple[CertificateRequest, ...]:
        body = self._api.call(LIST_REQUESTS, REQUESTS, {"fieldSelector": f"spec.signerName={OF_KUBELETS}"})
        return tuple(request_of(raw) for raw in all_items_of(body, "CertificateSigningRequest"))

    def _may(self, right: Right) -> bool:
        resource, _, subresource = right.resource.partition("/")
        attributes = {"verb": right.verb, "group": right.group, "resource": resource, "subresource": subresource}
        attributes |= {"name": right.name} if right.name else {}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        body = self._api.call(ASK_FOR_RIGHTS, REVIEWS, body=review)
        with understood("access review", body):
            return body["status"]["allowed"] is True


def _node_path(name: str) -> str:
    return path("api", "v1", "nodes", name)
