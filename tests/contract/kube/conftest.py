"""The Kubernetes port against each cluster that we have: one suite, many far sides."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.kube.cluster import KubeCluster
from adapters.kube.connect import connect
from adapters.kube.drain import DrainRules
from conversion.ports import Kubernetes
from loans.nodes import KubeNode
from tests.contract.kube.far_side import FarSide, SandboxSide
from tests.contract.kube.world import World, eventually
from tests.patience import PATIENCE_S

NODE = "gpu001"
TIMEOUT = timedelta(seconds=PATIENCE_S)
Make = Callable[..., KubeCluster]


@pytest.fixture(params=["sandbox", pytest.param("lab", marks=pytest.mark.lab)])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FarSide]:
    """A cluster without any node of ours yet."""
    side: FarSide
    if request.param == "sandbox":
        side = SandboxSide(tmp_path)
    else:
        from tests.contract.kube.lab_side import lab_side  # noqa: PLC0415 - only a machine with a lab has what it needs

        side = lab_side(request.getfixturevalue("lab"))
    yield side
    side.stop()


@pytest.fixture
def world(far: FarSide) -> Iterator[World]:
    """The cluster's tenants and administrators."""
    client = connect(far.admin)
    yield World(client)
    client.rest_client.close()


@pytest.fixture
def make(far: FarSide) -> Iterator[Make]:
    """Make adapters, with the site's drain rules and the bot's rights; they are closed in the end."""
    made: list[KubeCluster] = []

    def one(rules: DrainRules | None = None, kubeconfig: Path | None = None) -> KubeCluster:
        client = connect(kubeconfig or far.bot)
        cluster = KubeCluster(client, timeout=TIMEOUT, rules=rules or DrainRules())
        made.append(cluster)
        return cluster

    yield one
    for cluster in made:
        cluster.close()


@pytest.fixture
def cluster(make: Make) -> KubeCluster:
    """The adapter under test."""
    return make()


@pytest.fixture
def node(far: FarSide, cluster: Kubernetes) -> KubeNode:
    """A node that has joined and is Ready, with every DaemonSet pod in place."""
    far.join(NODE, {"gpu": "true", "zone": "a"})
    eventually(lambda: (found := cluster.node(NODE)) and found.ready, f"{NODE} is Ready")
    eventually(lambda: not cluster.daemon_pods(NODE).missing, f"{NODE} has its DaemonSet pods")
    found = cluster.node(NODE)
    assert found is not None
    return found
