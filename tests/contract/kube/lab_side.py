"""The lab's control plane, with RBAC on and a kubelet stand-in that is a process: the FarSide that is real.

What is stood in for is the kubelet alone. Everything that lendbot talks to is Kubernetes' own.
"""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.kube.connect import connect
from tests.contract.kube.world import World, eventually
from tests.lab.site import kubelet, kubernetes, processes
from tests.lab.site.layout import Layout

RBAC = Path(__file__).parents[3] / "deploy" / "rbac.yaml"
KUBELET = Path(kubelet.__file__)


class LabSide:
    """The session's lab; a test leaves it as it found it."""

    silence_s = 90.0
    makes_all_pods_ready = True

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._kubelets: dict[str, int] = {}
        self.admin = kubernetes.kubeconfig(layout)
        applied = kubernetes.kubectl(layout, "apply", "-f", str(RBAC))
        assert applied.returncode == 0, applied.stderr
        self.bot = kubernetes.kubeconfig_for(layout, "lendbot", "lendbot")

    def now(self) -> datetime:
        """Return the machine's time, which is the control plane's."""
        return datetime.now(UTC)

    def join(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Start a kubelet with the rights of that node, or start it anew."""
        self.fall_silent(name)
        argv = ["python3", str(KUBELET), "--server", kubernetes.server(self._layout), "--name", name]
        argv += ["--ca", str(kubernetes.certificate(self._layout))]
        argv += ["--token-file", str(kubernetes.join_token_file(self._layout, name))]
        argv += ["--labels", ",".join(f"{key}={value}" for key, value in (labels or {}).items())]
        self._kubelets[name] = processes.start(self._layout, f"contract-kubelet-{name}", argv)

    def fall_silent(self, name: str) -> None:
        """Kill a kubelet as a power cut would."""
        pid = self._kubelets.pop(name, None)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def stop(self) -> None:
        """Take away all that a test brought."""
        for name in list(self._kubelets):
            self.fall_silent(name)
        kubelet.REGISTERED.unlink(missing_ok=True)  # they ran on this machine, not in nodes of their own
        client = connect(self.admin)
        _sweep(World(client))
        client.rest_client.close()


def lab_side(layout: Layout) -> LabSide:
    """Return the lab's cluster; skip with the reason when there is none."""
    if not processes.running(layout, "kube-apiserver"):
        pytest.skip("this lab has no real control plane: see what it said when it came up")
    return LabSide(layout)


def _sweep(world: World) -> None:
    everywhere = [namespace.metadata.name for namespace in world.core.list_namespace().items]
    for namespace in (name for name in everywhere if not name.startswith("kube-")):
        world.apps.delete_collection_namespaced_deployment(namespace)
        world.apps.delete_collection_namespaced_daemon_set(namespace)
        world.apps.delete_collection_namespaced_replica_set(namespace)
        world.policy.delete_collection_namespaced_pod_disruption_budget(namespace)

    def is_clean() -> bool:
        pods = world.core.list_pod_for_all_namespaces().items
        for pod in pods:
            world.remove(pod.metadata.name, pod.metadata.namespace)
        return not pods

    eventually(is_clean, "the lab has no pods left", within_s=60)
    world.core.delete_collection_node()
    eventually(lambda: not world.core.list_node().items, "the lab has no nodes left")
