"""Arrange a cluster as its administrators and tenants would, with the official client and an administrator's rights."""

import time
from collections.abc import Callable
from contextlib import suppress
from http.client import CONFLICT, NOT_FOUND
from typing import Any

from kubernetes.client import ApiClient, ApiException, AppsV1Api, CoreV1Api, PolicyV1Api

from tests.patience import PATIENCE_S

Obj = dict[str, Any]

IN_NO_TIME = {"terminationGracePeriodSeconds": 1}


def eventually(is_so: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> Any:
    """Return the first true answer; fail with what was awaited when none comes."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if found := is_so():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {within_s:.0f} s")


class World:
    """The tenants and administrators. Pods get one second of grace unless a test says more."""

    def __init__(self, client: ApiClient) -> None:
        # The client takes plain JSON as well; its annotations know only of models whose every field may be None.
        self.core: Any = CoreV1Api(client)
        self.apps: Any = AppsV1Api(client)
        self.policy: Any = PolicyV1Api(client)

    def namespace(self, name: str) -> str:
        """Make a namespace, unless it is there, and return its name."""
        try:
            self.core.create_namespace({"metadata": {"name": name}})
        except ApiException as error:
            if error.status != CONFLICT:
                raise
        return name

    def pod(self, node: str, name: str, namespace: str = "default", *, meta: Obj | None = None, **spec: Any) -> str:
        """Put a pod straight on a node, and return its name once it runs."""
        whole = {"nodeName": node, "containers": [{"name": "main", "image": "site/main:1"}], **IN_NO_TIME, **spec}
        self.core.create_namespaced_pod(namespace, {"metadata": {"name": name, **(meta or {})}, "spec": whole})
        eventually(lambda: self.phase(name, namespace) == "Running", f"pod {name} runs")
        return name

    def deployment(self, node: str, name: str, namespace: str = "default", replicas: int = 1, **spec: Any) -> list[str]:
        """Run a Deployment that wants this node, and return its pods' names once they are ready there."""
        labels = {"app": name}
        pod = {"containers": [{"name": "main", "image": "site/main:1"}], **IN_NO_TIME, **spec}
        template = {"metadata": {"labels": labels}, "spec": {**pod, "nodeSelector": {"kubernetes.io/hostname": node}}}
        wanted = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        self.apps.create_namespaced_deployment(namespace, {"metadata": {"name": name}, "spec": wanted})

        def ready() -> list[str]:
            found = self.ready_pods(name, namespace)
            return found if len(found) == replicas else []

        return sorted(eventually(ready, f"{replicas} pods of {name} are ready"))

    def daemonset(self, name: str, annotations: Obj | None = None, **spec: Any) -> None:
        """Run a DaemonSet in the default namespace, on every node that its spec wants."""
        labels = {"ds": name}
        pod = {"containers": [{"name": "main", "image": "site/main:1"}], **IN_NO_TIME, **spec}
        template = {"metadata": {"labels": labels, "annotations": annotations or {}}, "spec": pod}
        body = {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": labels}, "template": template}}
        self.apps.create_namespaced_daemon_set("default", body)

    def budget(self, name: str, app: str, namespace: str = "default", *, min_available: int = 1) -> None:
        """Forbid disruptions of an app below so many pods, and wait until the cluster has counted."""
        spec = {"minAvailable": min_available, "selector": {"matchLabels": {"app": app}}}
        self.policy.create_namespaced_pod_disruption_budget(namespace, {"metadata": {"name": name}, "spec": spec})

        def counted() -> bool:
            status = self.policy.read_namespaced_pod_disruption_budget(name, namespace).status
            return status is not None and status.current_healthy >= min_available

        eventually(counted, f"budget {name} is counted")

    def ready_pods(self, app: str, namespace: str = "default") -> list[str]:
        """Return the names of an app's ready pods."""
        found = self.core.list_namespaced_pod(namespace, label_selector=f"app={app}").items
        return [pod.metadata.name for pod in found if _is_ready(pod)]

    def phase(self, name: str, namespace: str = "default") -> str:
        """Return a pod's phase, or "" when it is gone."""
        pod = self._pod(name, namespace)
        return str(pod.status.phase) if pod else ""

    def goes(self, name: str, namespace: str = "default") -> bool:
        """Return True when a pod was told to end, or has ended."""
        pod = self._pod(name, namespace)
        return pod is None or pod.metadata.deletion_timestamp is not None

    def remove(self, name: str, namespace: str) -> None:
        """End a pod at once, whatever holds it."""
        with suppress(ApiException):  # it may end by itself in between
            self.core.patch_namespaced_pod(name, namespace, {"metadata": {"finalizers": None}})
            self.core.delete_namespaced_pod(name, namespace, grace_period_seconds=0)

    def _pod(self, name: str, namespace: str) -> Any:
        try:
            return self.core.read_namespaced_pod(name, namespace)
        except ApiException as error:
            if error.status == NOT_FOUND:
                return None
            raise


def _is_ready(pod: Any) -> bool:
    return any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or ())
