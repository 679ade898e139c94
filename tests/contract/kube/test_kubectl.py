"""Our drain beside kubectl's own, over the same pods: the same verdict for each, ours with a sentence."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.kube.api import KubeApi
from adapters.kube.connect import connect
from adapters.kube.drain import Action, DrainRules, judge
from adapters.kube.evictions import Evictions
from loans.nodes import KubeNode
from tests.contract.kube.conftest import NODE, TIMEOUT
from tests.contract.kube.far_side import FarSide
from tests.contract.kube.world import World
from tests.lab.site.kubernetes_build import cached

ALL_ALLOWED = DrainRules(delete_emptydir=True, force_unmanaged=True)
EVICTED = re.compile(r"evicting pod (\S+)")
REFUSAL = re.compile(r"^error: .*$", re.MULTILINE)
"""One line that lists, after each reason, the pods that it holds for."""
POD = re.compile(r"default/[a-z0-9-]+")


@pytest.fixture(scope="module")
def kubectl() -> str:
    """The kubectl that was built with the lab's control plane, or one on PATH."""
    built = cached().path("kubectl")
    found = built if Path(built).is_file() else shutil.which("kubectl")
    if not found:
        pytest.skip("no kubectl here: `make lab` builds one")
    return found


@pytest.fixture
def pods(world: World, node: KubeNode) -> Iterator[None]:
    """One pod of each kind that a rule speaks of."""
    world.deployment(NODE, "web")
    world.deployment(NODE, "cache", volumes=[{"name": "scratch", "emptyDir": {}}])
    world.pod(NODE, "bare")
    world.pod(NODE, "bare-scratch", volumes=[{"name": "scratch", "emptyDir": {}}])
    world.daemonset("agent", volumes=[{"name": "scratch", "emptyDir": {}}])
    owner = {"apiVersion": "v1", "kind": "Node", "name": NODE, "uid": node.uid, "controller": True}
    world.pod(NODE, "static", meta={"annotations": {"kubernetes.io/config.mirror": "0"}, "ownerReferences": [owner]})
    world.pod(NODE, "done", volumes=[{"name": "scratch", "emptyDir": {}}])
    world.core.patch_namespaced_pod_status("done", "default", {"status": {"phase": "Succeeded"}})
    yield
    world.remove("done", "default")


def ours(far: FarSide, rules: DrainRules, *actions: Action) -> set[str]:
    """Return the pods that judge() gives one of these verdicts."""
    client = connect(far.bot)
    found = Evictions(KubeApi(client, TIMEOUT), rules).pods_on(NODE)
    client.rest_client.close()
    return {str(pod) for pod in found if judge(pod, rules, far.now()).action in actions}


def drain(kubectl: str, far: FarSide, *switches: str) -> str:
    """Return all that kubectl says it would do."""
    argv = [kubectl, "drain", NODE, f"--kubeconfig={far.admin}", "--dry-run=client", "--ignore-daemonsets", *switches]
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    return ran.stdout + ran.stderr


@pytest.mark.usefixtures("pods", "cluster")
def test_we_refuse_what_kubectl_refuses(kubectl: str, far: FarSide) -> None:
    """Who knows kubectl drain knows what is asked about, and what is not."""
    said = drain(kubectl, far)
    theirs = {pod for line in REFUSAL.findall(said) for pod in POD.findall(line)}
    assert theirs, said
    assert ours(far, DrainRules(), Action.REFUSE) == theirs


@pytest.mark.usefixtures("pods", "cluster")
def test_we_evict_what_kubectl_evicts(kubectl: str, far: FarSide) -> None:
    """With everything allowed both leave the same pods on the node."""
    said = drain(kubectl, far, "--force", "--delete-emptydir-data")
    theirs = set(EVICTED.findall(said))
    assert theirs, said
    assert ours(far, ALL_ALLOWED, Action.EVICT) == theirs
