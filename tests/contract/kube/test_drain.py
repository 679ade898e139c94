"""A drain, pod by pod: kubectl's rules, each with its sentence.

A cluster has other tenants, whose pods may come to the node as well: what is said here is said of our own.
"""

import pytest
from kubernetes.client.exceptions import NotFoundException

from adapters.kube.cluster import KubeCluster
from adapters.kube.drain import DrainRules
from adapters.kube.evictions import FORCED_GRACE_S
from conversion.ports import DrainPass
from loans.marks import Mark
from loans.nodes import KubeNode
from tests.contract.kube.conftest import NODE, Make
from tests.contract.kube.far_side import FarSide
from tests.contract.kube.world import World, eventually

LOAN = Mark(12)


@pytest.fixture
def cordoned(cluster: KubeCluster, node: KubeNode) -> KubeCluster:
    """The adapter, with a joined node that nobody can be scheduled to any more once tests call `drain`."""
    cluster.mark(node.name, LOAN, {}, ())
    return cluster


def drain(cluster: KubeCluster, *, force: bool = False) -> DrainPass:
    """Cordon, as the engine does before, and make one pass."""
    cluster.cordon(NODE, LOAN)
    return cluster.drain(NODE, force=force)


def why(found: DrainPass, pod: str) -> str:
    """Return the sentence about a blocked pod; "" when nothing blocks it."""
    return next((blocker.why for blocker in found.blocked if blocker.pod == pod), "")


def empties(cluster: KubeCluster, *, force: bool = False) -> None:
    """Drain until nothing is left."""
    eventually(lambda: drain(cluster, force=force) == DrainPass(), f"{NODE} is empty")


def test_a_drain_ends_when_all_that_must_go_is_gone(cordoned: KubeCluster, world: World) -> None:
    """Ordinary pods leave by themselves; DaemonSet pods stay and count for nothing."""
    pods = world.deployment(NODE, "web", replicas=3)
    assert drain(cordoned).evicting >= 3
    assert all(world.goes(pod) for pod in pods)
    empties(cordoned)
    assert cordoned.daemon_pods(NODE).missing == ()


def test_an_empty_node_has_nothing_left(cordoned: KubeCluster) -> None:
    """A node that runs only DaemonSet pods is not waited for."""
    empties(cordoned)


def test_pods_that_may_not_go_do_not_hold_up_the_others(cordoned: KubeCluster, world: World) -> None:
    """One stubborn pod does not keep a whole node's work waiting for its own eviction."""
    world.deployment(NODE, "web", replicas=2)
    world.pod(NODE, "bare")
    assert drain(cordoned).evicting >= 2
    eventually(lambda: drain(cordoned).left == 1, "only the bare pod is left")
    assert not world.goes("bare")


def test_a_budget_is_named_with_what_it_allows(cordoned: KubeCluster, world: World) -> None:
    """The card says whose budget it is, so that people know whom to ask."""
    (pod,) = world.deployment(NODE, "hub")
    world.budget("hub", "hub")

    assert why(drain(cordoned), pod) == "budget default/hub allows 0 disruptions"
    assert not world.goes(pod)


def test_a_budget_lets_go_what_it_can(cordoned: KubeCluster, world: World) -> None:
    """A budget that allows one of two gets one of two, and the drain goes on when it can."""
    pods = world.deployment(NODE, "web", replicas=2)
    world.budget("web", "web", min_available=1)
    found = drain(cordoned)
    assert sorted(bool(why(found, pod)) for pod in pods) == [False, True]


def test_two_budgets_are_both_named(cordoned: KubeCluster, world: World) -> None:
    """Such a pod can never be evicted; nobody waits for it without being told why."""
    (pod,) = world.deployment(NODE, "hub")
    world.budget("hub-a", "hub")
    world.budget("hub-b", "hub")

    said = why(drain(cordoned), pod)

    assert (
        said == "budgets default/hub-a and default/hub-b both cover it, and Kubernetes evicts no pod with two budgets"
    )


def test_force_goes_past_budgets_with_grace(cordoned: KubeCluster, world: World) -> None:
    """When an approver said so, the pod is deleted, and still gets its own time to end."""
    (one,) = world.deployment(NODE, "hub")
    world.budget("hub", "hub")
    (two,) = world.deployment(NODE, "db")
    world.budget("db-a", "db")
    world.budget("db-b", "db")

    assert drain(cordoned, force=True).evicting >= 2

    assert world.goes(one)
    assert world.goes(two)
    empties(cordoned, force=True)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(DrainRules(), "data in its emptyDir scratch would be lost", id="by default it is refused"),
        pytest.param(DrainRules(delete_emptydir=True), "", id="a site may allow it"),
    ],
)
@pytest.mark.usefixtures("node")
def test_empty_dirs_are_data(make: Make, world: World, rules: DrainRules, expected: str) -> None:
    """Scratch data is not thrown away unless the site or an approver says so."""
    cluster = make(rules)
    (pod,) = world.deployment(NODE, "cache", volumes=[{"name": "scratch", "emptyDir": {}}])
    assert why(drain(cluster), pod) == expected
    assert world.goes(pod) == (not expected)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(DrainRules(), "nothing would start it again elsewhere: no controller manages it", id="refused"),
        pytest.param(DrainRules(force_unmanaged=True), "", id="a site may allow it"),
    ],
)
@pytest.mark.usefixtures("node")
def test_unmanaged_pods_are_lost_for_good(make: Make, world: World, rules: DrainRules, expected: str) -> None:
    """A pod that somebody started by hand is not ended without a word."""
    cluster = make(rules)
    world.pod(NODE, "bare")
    assert why(drain(cluster), "bare") == expected
    assert world.goes("bare") == (not expected)


def test_force_takes_what_the_rules_refuse(cordoned: KubeCluster, world: World) -> None:
    """After `Remove it now` nothing stays behind unnamed."""
    world.pod(NODE, "bare")
    world.deployment(NODE, "cache", volumes=[{"name": "scratch", "emptyDir": {}}])
    found = drain(cordoned, force=True)
    assert found.evicting >= 2
    assert found.blocked == ()
    empties(cordoned, force=True)


def test_mirror_pods_go_with_the_node(cordoned: KubeCluster, node: KubeNode, world: World) -> None:
    """A static pod cannot be evicted, and is not waited for."""
    owner = {"apiVersion": "v1", "kind": "Node", "name": NODE, "uid": node.uid, "controller": True}
    mirror = {"annotations": {"kubernetes.io/config.mirror": "0"}, "ownerReferences": [owner]}
    world.pod(NODE, "static", meta=mirror)
    empties(cordoned)
    assert not world.goes("static")


def test_what_has_finished_goes_whatever_it_was(cordoned: KubeCluster, world: World) -> None:
    """A finished pod loses nothing, bare or not, so nobody is asked about it."""
    world.pod(NODE, "done", volumes=[{"name": "scratch", "emptyDir": {}}])
    world.core.patch_namespaced_pod_status("done", "default", {"status": {"phase": "Succeeded"}})
    drain(cordoned)
    eventually(lambda: world.phase("done") == "", "the finished pod is gone")
    empties(cordoned)


def test_a_pod_that_tolerates_the_cordon_is_noticed(cordoned: KubeCluster, world: World) -> None:
    """A drain does not run for ever behind a pod that comes straight back, and names what makes it."""
    bears = [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}]
    world.deployment(NODE, "clingy", tolerations=bears)
    assert drain(cordoned).evicting >= 1

    def named() -> str:
        return next((b.why for b in drain(cordoned).blocked if b.pod.startswith("clingy")), "")

    said = eventually(named, "the pod that came back is named")
    assert said.startswith("it tolerates the cordon: ReplicaSet clingy-")
    empties(cordoned, force=True)


def test_a_finalizer_that_holds_a_pod_is_named(cordoned: KubeCluster, world: World) -> None:
    """A pod that cannot end says what keeps it, once its grace is over."""
    world.pod(NODE, "held", meta={"finalizers": ["site/archive"]})
    world.core.delete_namespaced_pod("held", "default")

    def sentence() -> str:
        return why(drain(cordoned), "held")

    said = eventually(sentence, "the finalizer is named")
    assert said.endswith("and finalizer site/archive holds it")
    empties(cordoned, force=True)


def test_a_long_grace_is_named_and_force_cuts_it_short(cordoned: KubeCluster, world: World, far: FarSide) -> None:
    """Nobody waits for two hours without being told for whom, and an approver's word is worth something."""
    world.pod(NODE, "patient", terminationGracePeriodSeconds=7200)
    far.fall_silent(NODE)  # no kubelet that ends it sooner
    world.core.delete_namespaced_pod("patient", "default")
    assert why(drain(cordoned), "patient").endswith("which is its own grace of 2 h")
    assert cordoned.pods_left(NODE, force=False) >= 1
    drain(cordoned, force=True)
    try:
        left = world.core.read_namespaced_pod("patient", "default").metadata.deletion_grace_period_seconds
    except NotFoundException:
        return  # a busy machine looks after the 30 s; of its two hours nothing else would have ended it
    assert left == FORCED_GRACE_S


def test_pods_that_ask_to_stay_are_named_and_go_all_the_same(cordoned: KubeCluster, world: World) -> None:
    """The annotation is for autoscalers: an eviction does not heed it, so people are told."""
    world.pod(NODE, "thesis", meta={"annotations": {"karpenter.sh/do-not-disrupt": "true"}})
    assert 'default/thesis (do-not-disrupt: "true")' in cordoned.asking_to_stay([NODE])
    empties(cordoned, force=True)


def test_a_namespace_that_ends_takes_its_pods_along(cordoned: KubeCluster, world: World) -> None:
    """The cluster refuses evictions there (403); its pods are going anyway and are waited for."""
    world.namespace("ending")
    world.pod(NODE, "leaver", "ending", meta={"finalizers": ["site/archive"]})
    world.core.delete_namespace("ending")
    eventually(lambda: world.goes("leaver", "ending"), "the namespace takes its pods along")
    found = drain(cordoned)
    assert found.left >= 1
    assert why(found, "leaver") == "" or "finalizer site/archive holds it" in why(found, "leaver")


@pytest.mark.parametrize("count", [pytest.param(1, id="few nodes"), pytest.param(40, id="many nodes")])
def test_people_are_told_how_many_pods_would_end(cordoned: KubeCluster, world: World, count: int) -> None:
    """The reminder counts the tenants' pods, and theirs alone. The site's own tenants may send pods here, too."""
    world.deployment(NODE, "web", world.namespace("course"), replicas=2)
    world.pod(NODE, "bare", world.namespace("exam"))
    names = [NODE, *(f"gpu{number}" for number in range(100, 99 + count))]
    counted = cordoned.pods_by_namespace(names)
    assert counted["exam"] == 1
    assert counted["course"] >= 2
    assert "kube-system" not in counted


def test_a_drain_after_a_restart_goes_on(make: Make, cordoned: KubeCluster, world: World) -> None:
    """A drain keeps nothing in memory that it could not do without."""
    world.deployment(NODE, "web", replicas=2)
    drain(cordoned)
    empties(make())
