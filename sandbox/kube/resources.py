"""The kinds this API server serves, as one table. It knows names and shapes, no behaviour."""

from dataclasses import dataclass
from typing import Any, Final

Obj = dict[str, Any]
"""A Kubernetes object as JSON. Values in the store are shared between versions and are never changed in place."""


@dataclass(frozen=True, eq=False)
class Resource:
    """eq=False: there is one instance of each, so identity is enough and dictionary look-ups stay cheap."""

    group: str
    plural: str
    kind: str
    namespaced: bool = True
    version: str = "v1"
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    counts_generations: bool = False
    stored: bool = True

    @property
    def api_version(self) -> str:
        """`v1` or `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The name used in error messages: `pods` or `daemonsets.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        """Whether status is written through its own subresource only."""
        return "status" in self.subresources


_STATUS: Final = ("status",)

NODES: Final = Resource("", "nodes", "Node", namespaced=False, short=("no",), subresources=_STATUS)
PODS: Final = Resource("", "pods", "Pod", short=("po",), subresources=("status", "eviction"), counts_generations=True)
NAMESPACES: Final = Resource("", "namespaces", "Namespace", namespaced=False, short=("ns",), subresources=_STATUS)
EVENTS: Final = Resource("", "events", "Event", short=("ev",))
CLAIMS: Final = Resource("", "persistentvolumeclaims", "PersistentVolumeClaim", short=("pvc",), subresources=_STATUS)
DAEMONSETS: Final = Resource(
    "apps", "daemonsets", "DaemonSet", short=("ds",), subresources=_STATUS, counts_generations=True
)
DEPLOYMENTS: Final = Resource(
    "apps", "deployments", "Deployment", short=("deploy",), subresources=_STATUS, counts_generations=True
)
REPLICASETS: Final = Resource(
    "apps", "replicasets", "ReplicaSet", short=("rs",), subresources=_STATUS, counts_generations=True
)
STATEFULSETS: Final = Resource(
    "apps", "statefulsets", "StatefulSet", short=("sts",), subresources=_STATUS, counts_generations=True
)
JOBS: Final = Resource("batch", "jobs", "Job", subresources=_STATUS, counts_generations=True)
BUDGETS: Final = Resource(
    "policy",
    "poddisruptionbudgets",
    "PodDisruptionBudget",
    short=("pdb",),
    subresources=_STATUS,
    counts_generations=True,
)
SIGNING_REQUESTS: Final = Resource(
    "certificates.k8s.io",
    "certificatesigningrequests",
    "CertificateSigningRequest",
    namespaced=False,
    short=("csr",),
    subresources=_STATUS,
)
LEASES: Final = Resource("coordination.k8s.io", "leases", "Lease")
ATTACHMENTS: Final = Resource(
    "storage.k8s.io", "volumeattachments", "VolumeAttachment", namespaced=False, subresources=_STATUS
)
ACCESS_REVIEWS: Final = Resource(
    "authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False, stored=False
)
RULES_REVIEWS: Final = Resource(
    "authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", namespaced=False, stored=False
)

ALL: Final = (
    NODES,
    PODS,
    NAMESPACES,
    EVENTS,
    CLAIMS,
    DAEMONSETS,
    DEPLOYMENTS,
    REPLICASETS,
    STATEFULSETS,
    JOBS,
    BUDGETS,
    SIGNING_REQUESTS,
    LEASES,
    ATTACHMENTS,
    ACCESS_REVIEWS,
    RULES_REVIEWS,
)
BY_PATH: Final = {(resource.group, resource.version, resource.plural): resource for resource in ALL}
GROUPS: Final = tuple(sorted({(resource.group, resource.version) for resource in ALL if resource.group}))
