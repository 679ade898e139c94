"""What lendbot may do in the cluster: one table. deploy/rbac.yaml grants exactly these, and doctor asks for each.

Every call in this package names the right it stands on, so a refusal can say which one is missing.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, order=True)
class Right:
    """A verb on a resource, everywhere in the cluster.

    resource   may name a subresource: `pods/eviction`
    name       the only object of its kind that it reaches; empty for all
    """

    verb: str
    resource: str
    group: str = ""
    name: str = ""

    def __str__(self) -> str:
        """Return it as `kubectl auth can-i` takes it: `delete nodes`, `list daemonsets.apps`."""
        name, _, sub = self.resource.partition("/")
        return "/".join(filter(None, [f"{self.verb} {name}{'.' if self.group else ''}{self.group}", sub, self.name]))


GET_NODES: Final = Right("get", "nodes")
LIST_NODES: Final = Right("list", "nodes")
WATCH_NODES: Final = Right("watch", "nodes")
PATCH_NODES: Final = Right("patch", "nodes")
DELETE_NODES: Final = Right("delete", "nodes")
GET_CLUSTER: Final = Right("get", "namespaces", name="kube-system")
LIST_PODS: Final = Right("list", "pods")
DELETE_PODS: Final = Right("delete", "pods")
EVICT_PODS: Final = Right("create", "pods/eviction")
LIST_DAEMONSETS: Final = Right("list", "daemonsets", "apps")
LIST_BUDGETS: Final = Right("list", "poddisruptionbudgets", "policy")
LIST_REQUESTS: Final = Right("list", "certificatesigningrequests", "certificates.k8s.io")

RIGHTS: Final = (
    GET_NODES,
    LIST_NODES,
    WATCH_NODES,
    PATCH_NODES,
    DELETE_NODES,
    GET_CLUSTER,
    LIST_PODS,
    DELETE_PODS,
    EVICT_PODS,
    LIST_DAEMONSETS,
    LIST_BUDGETS,
    LIST_REQUESTS,
)

ASK_FOR_RIGHTS: Final = Right("create", "selfsubjectaccessreviews", "authorization.k8s.io")
"""Kubernetes grants it to everyone who has logged in (system:basic-user), so rbac.yaml need not."""
