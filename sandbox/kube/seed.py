"""What stands in the cluster before anybody lends it a node. Values only; `site.py` puts them there."""

from typing import Final

from sandbox.kube.node_life import NETWORK_LABEL
from sandbox.kube.resources import Obj

BASE_NODES: Final = ("kube001", "kube002", "kube003")
BASE_LABELS: Final = {"node-role.kubernetes.io/worker": ""}
BASE_CAPACITY: Final = {"cpu": "64", "memory": "512Gi", "pods": "250"}
NAMESPACES: Final = (
    "default",
    "kube-system",
    "kube-node-lease",
    "kube-public",
    "monitoring",
    "nanohub",
    "jupyter",
    "gateway",
)

_GPU_LABELS: Final = ("nvidia.com/gpu.present", "nvidia.com/gpu", "nvidia.com/gpu.count", "accelerator", "gpu")
_EVERYWHERE: Final = [{"operator": "Exists"}]


def _template(labels: dict[str, str], image: str, **spec: object) -> Obj:
    name = image.rpartition("/")[2].partition(":")[0]
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": image}], **spec}}


def _daemonset(name: str, labels: dict[str, str], image: str, **spec: object) -> Obj:
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": _template(labels, image, **spec)},
    }


def daemonsets() -> list[tuple[str, Obj]]:
    """Return (namespace, DaemonSet): the network, the GPUs' device plugin, the monitoring."""
    key, value = NETWORK_LABEL
    has_gpu = [{"matchExpressions": [{"key": label, "operator": "Exists"}]} for label in _GPU_LABELS]
    on_gpus = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": has_gpu}}}
    plugin = {"name": "nvidia-device-plugin-ds"}
    exporter = {"app.kubernetes.io/name": "node-exporter"}
    return [
        (
            "kube-system",
            _daemonset("calico-node", {key: value}, "calico/node:v3.31", tolerations=_EVERYWHERE, hostNetwork=True),
        ),
        (
            "kube-system",
            _daemonset(
                "nvidia-device-plugin-daemonset",
                plugin,
                "nvidia/k8s-device-plugin:v0.18",
                tolerations=_EVERYWHERE,
                affinity=on_gpus,
            ),
        ),
        (
            "monitoring",
            _daemonset(
                "node-exporter", exporter, "prom/node-exporter:v1.10", tolerations=_EVERYWHERE, hostNetwork=True
            ),
        ),
    ]


def deployment(name: str, replicas: int, *, tolerations: list[Obj] | None = None, **spec: object) -> Obj:
    """Return a Deployment whose pods carry `app: NAME`."""
    labels = {"app": name}
    if tolerations:
        spec["tolerations"] = tolerations
    template = _template(labels, f"site/{name}:1", **spec)
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def deployments() -> list[tuple[str, Obj]]:
    """Return (namespace, Deployment): what the site always runs, on its own nodes and never on lent ones."""
    at_home: Obj = {"nodeSelector": BASE_LABELS}
    return [
        ("kube-system", deployment("coredns", 2, **at_home)),
        ("nanohub", deployment("webfront", 3, **at_home)),
        ("jupyter", deployment("hub", 1, **at_home)),
        ("gateway", deployment("portal", 2, **at_home)),
    ]


def budgets() -> list[tuple[str, Obj]]:
    """Return (namespace, PodDisruptionBudget). jupyter/hub has one pod and may lose none: evictions of it block."""
    return [
        ("kube-system", _budget("coredns", {"maxUnavailable": 1})),
        ("nanohub", _budget("webfront", {"minAvailable": 2})),
        ("jupyter", _budget("hub", {"minAvailable": 1})),
    ]


def _budget(name: str, bound: Obj) -> Obj:
    return {"metadata": {"name": name}, "spec": {**bound, "selector": {"matchLabels": {"app": name}}}}


def pod(name: str, node: str, labels: dict[str, str] | None = None) -> Obj:
    """Return a bare pod bound to a node."""
    spec = {"nodeName": node, "containers": [{"name": "main", "image": "site/main:1"}]}
    return {"metadata": {"name": name, "labels": labels or {"app": name}}, "spec": spec}
