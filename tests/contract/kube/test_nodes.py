"""Nodes as the engine sees and changes them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import CONFLICT

import pytest
from kubernetes.client import ApiException, CoreV1Api

from adapters.kube.cluster import KubeCluster
from adapters.kube.connect import connect
from conversion.ports import UnexpectedAnswer
from loans.marks import Mark
from loans.nodes import STARTING, KubeNode, Taint
from loans.quantity import quantity
from tests.contract.kube.conftest import NODE, Make
from tests.contract.kube.far_side import FarSide
from tests.contract.kube.world import World, eventually

OURS = Taint("lendbot/class", "gpu")


def test_a_node_that_joins_is_seen_with_all_we_need(node: KubeNode) -> None:
    """Nobody has to tell lendbot that a node came."""
    assert node.name == NODE
    assert node.uid
    assert node.schedulable
    assert node.mark is None
    assert node.labels["gpu"] == "true"


def test_a_node_that_is_not_there_is_none(cluster: KubeCluster) -> None:
    """Absence is an answer, and a different one from silence."""
    assert cluster.node("gpu999") is None
    assert "gpu999" not in cluster.nodes()


@pytest.mark.usefixtures("node")
def test_what_we_wrote_is_what_we_read(cluster: KubeCluster) -> None:
    """A step that has cordoned never reads back an older node and cordons for ever."""
    cluster.mark(NODE, Mark(12), {}, ())
    for _ in range(25):
        cluster.cordon(NODE, Mark(12))
        assert not _now(cluster).schedulable
        cluster.uncordon(NODE, Mark(12))
        assert _now(cluster).schedulable


@pytest.mark.usefixtures("node")
def test_a_mark_leaves_what_others_put_there(cluster: KubeCluster, world: World) -> None:
    """The administrators' own labels and taints outlive a loan."""
    theirs = [{"key": "site/maintenance", "value": "soon", "effect": "PreferNoSchedule"}]
    world.core.patch_node(NODE, {"spec": {"taints": theirs}, "metadata": {"labels": {"rack": "7"}}})
    eventually(lambda: _now(cluster).labels.get("rack") == "7", "their label is seen")

    cluster.mark(NODE, Mark(12), {"lendbot/class": "gpu"}, [OURS])

    marked = _now(cluster)
    assert marked.mark == Mark(12)
    assert {"rack": "7", "zone": "a", "lendbot/class": "gpu"}.items() <= marked.labels.items()
    assert {OURS, Taint("site/maintenance", "soon", "PreferNoSchedule")} <= set(marked.taints)


@pytest.mark.usefixtures("node")
def test_marking_again_changes_nothing(cluster: KubeCluster, world: World) -> None:
    """A restart may mark once more; nobody's watch is woken by it."""
    cluster.mark(NODE, Mark(12), {"lendbot/class": "gpu"}, [OURS])
    before = world.core.read_node(NODE).metadata
    cluster.mark(NODE, Mark(12), {"lendbot/class": "gpu"}, [OURS])
    assert world.core.read_node(NODE).metadata.annotations == before.annotations
    assert _now(cluster).taints.count(OURS) == 1


@pytest.mark.usefixtures("node")
def test_a_node_of_another_loan_is_not_touched(cluster: KubeCluster) -> None:
    """Two loans never pull at one node."""
    cluster.mark(NODE, Mark(7), {}, ())
    touches: tuple[Callable[[], None], ...] = (
        lambda: cluster.cordon(NODE, Mark(12)),
        lambda: cluster.uncordon(NODE, Mark(12)),
        lambda: cluster.mark(NODE, Mark(12), {}, ()),
    )
    for touch in touches:
        with pytest.raises(UnexpectedAnswer, match="carries the mark of loan #7, not of loan #12"):
            touch()
    assert _now(cluster).schedulable


@pytest.mark.usefixtures("node")
def test_a_node_with_nobodys_mark_may_be_cordoned_and_not_opened(cluster: KubeCluster) -> None:
    """Keeping pods away from a node that just appeared is safe; letting them in is not."""
    cluster.cordon(NODE, Mark(12))
    assert not _now(cluster).schedulable
    with pytest.raises(UnexpectedAnswer, match="lost the mark of loan #12"):
        cluster.uncordon(NODE, Mark(12))
    assert not _now(cluster).schedulable


def test_a_node_that_does_not_exist_cannot_be_marked(cluster: KubeCluster) -> None:
    """A mark that went nowhere is not reported as made."""
    with pytest.raises(UnexpectedAnswer, match="there is no node gpu999"):
        cluster.mark("gpu999", Mark(12), {}, ())


@pytest.mark.usefixtures("node")
def test_writers_at_once_all_have_their_way(make: Make, world: World) -> None:
    """Others change the node in the same moment; neither side's change is lost."""
    clusters = [make() for _ in range(4)]
    for one in clusters:
        one.nodes()

    def label(number: int) -> None:
        clusters[number % 4].mark(NODE, Mark(12), {f"lendbot/n{number}": "x"}, [Taint(f"lendbot/n{number}")])

    def rack(number: int) -> None:
        world.core.patch_node(NODE, {"metadata": {"labels": {f"rack{number}": "x"}}})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(label, range(4)))
        list(pool.map(rack, range(4)))
        list(pool.map(label, range(4, 8)))

    after = world.core.read_node(NODE)
    assert {f"lendbot/n{n}" for n in range(8)} | {f"rack{n}" for n in range(4)} <= set(after.metadata.labels)
    assert {f"lendbot/n{n}" for n in range(8)} <= {taint.key for taint in after.spec.taints}


@pytest.fixture
def bot(far: FarSide) -> Iterator[CoreV1Api]:
    """The cluster's own client, with lendbot's rights."""
    client = connect(far.bot)
    yield CoreV1Api(client)
    client.rest_client.close()


@pytest.mark.usefixtures("node")
def test_a_write_on_an_old_version_is_refused_with_409(world: World, bot: CoreV1Api) -> None:
    """What our guard against lost changes rests on: the server compares versions, of a PATCH and of a PUT."""
    old = world.core.read_node(NODE)
    world.core.patch_node(NODE, {"metadata": {"labels": {"rack": "7"}}})
    guard = {"resourceVersion": old.metadata.resource_version}
    with pytest.raises(ApiException) as patched:
        bot.patch_node(NODE, {"metadata": {**guard, "labels": {"rack": "8"}}})
    old.metadata.labels["rack"] = "9"
    with pytest.raises(ApiException) as put:
        world.core.replace_node(NODE, old)
    assert [patched.value.status, put.value.status] == [CONFLICT, CONFLICT]
    assert world.core.read_node(NODE).metadata.labels["rack"] == "7"


def test_only_the_very_node_is_deleted(cluster: KubeCluster, node: KubeNode) -> None:
    """A node that joined again under the same name is somebody's, and stays."""
    cluster.delete_node(NODE, "11111111-2222-3333-4444-555555555555")
    assert _now(cluster).uid == node.uid

    cluster.delete_node(NODE, node.uid)
    assert cluster.node(NODE) is None
    cluster.delete_node(NODE, node.uid)


def test_a_deleted_node_that_registers_again_is_a_new_one(cluster: KubeCluster, node: KubeNode, far: FarSide) -> None:
    """A kubelet that still lives after the delete is noticed."""
    cluster.delete_node(NODE, node.uid)
    assert cluster.node(NODE) is None
    far.join(NODE)
    back = eventually(lambda: cluster.node(NODE), f"{NODE} is back")
    assert back.uid != node.uid


@pytest.mark.usefixtures("node")
def test_a_node_that_falls_silent_is_not_ready_and_says_why(cluster: KubeCluster, far: FarSide) -> None:
    """A dead node is never taken for a lent one."""
    far.fall_silent(NODE)
    eventually(lambda: not _now(cluster).ready, f"{NODE} is NotReady", far.silence_s)
    assert _now(cluster).not_ready_why


def test_one_list_and_one_watch_serve_all_readers(make: Make, node: KubeNode) -> None:
    """A loan of 200 nodes asks the cluster no more for its nodes than a loan of ten."""
    fresh = make()
    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(lambda _: fresh.node(NODE), range(400)))
    assert {one.uid for one in found if one} == {node.uid}


@pytest.mark.usefixtures("node")
def test_our_startup_taint_is_taken_off_and_others_stay(cluster: KubeCluster, world: World) -> None:
    """Pods come when the node is ready for them, and not because somebody else's guard was removed along with ours."""
    theirs = {"key": "site.example/guard", "effect": "NoSchedule"}
    startup = {"key": STARTING.key, "value": "true", "effect": STARTING.effect}
    world.core.patch_node(NODE, {"spec": {"taints": [theirs, startup]}})
    cluster.mark(NODE, Mark(12), {}, ())
    cluster.untaint(NODE, Mark(12), STARTING)
    assert [taint.key for taint in _now(cluster).taints if not taint.key.startswith("node.")] == ["site.example/guard"]
    assert [t.key for t in world.core.read_node(NODE).spec.taints if not t.key.startswith("node.")] == [theirs["key"]]
    cluster.untaint(NODE, Mark(12), STARTING)


@pytest.mark.usefixtures("node")
def test_what_a_node_offers_to_pods_is_read(cluster: KubeCluster) -> None:
    """A node with 0 GPUs is not lent as one with four."""
    assert quantity(_now(cluster).allocatable["memory"]) > 0
    assert quantity(_now(cluster).allocatable["pods"]) == 110


@pytest.mark.usefixtures("node")
def test_requests_for_certificates_may_be_asked_for(cluster: KubeCluster) -> None:
    """With the rights of deploy/rbac.yaml; whether a kubelet asks for one is the cluster's choice."""
    eventually(lambda: not cluster.certificate_trouble(NODE), "no request is open")


@pytest.mark.usefixtures("node")
def test_volumes_that_are_attached_are_named(cluster: KubeCluster, world: World) -> None:
    """Power that is cut over a volume keeps it from every other node for minutes."""
    attached = {"name": "kubernetes.io/csi/csi.site.example^data", "devicePath": ""}
    world.core.patch_node_status(NODE, {"status": {"volumesAttached": [attached]}})
    eventually(lambda: _now(cluster).volumes == (attached["name"],), "the volume is named")


def test_what_keeps_a_deleted_node_is_named(cluster: KubeCluster, node: KubeNode, world: World) -> None:
    """Somebody's controller has to let go of it, and people read whose."""
    world.core.patch_node(NODE, {"metadata": {"finalizers": ["site.example/inventory"]}})
    eventually(lambda: _now(cluster).finalizers == ("site.example/inventory",), "the finalizer is named")
    cluster.delete_node(NODE, node.uid)
    assert cluster.node_itself(NODE) is not None
    world.core.patch_node(NODE, {"metadata": {"finalizers": None}})
    eventually(lambda: cluster.node_itself(NODE) is None, "the node is gone")


def _now(cluster: KubeCluster) -> KubeNode:
    found = cluster.node(NODE)
    assert found is not None
    return found


def test_the_cluster_says_what_time_it_is(cluster: KubeCluster, far: FarSide) -> None:
    """By it the grace of pods is judged, and not by a clock of ours."""
    before = far.now() - timedelta(seconds=1)
    assert before <= cluster.clock() <= far.now() + timedelta(seconds=1)
