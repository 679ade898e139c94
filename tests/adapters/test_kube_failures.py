"""Bad days of the API server: what reaches the engine is one of four errors, in time, with a sentence."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from adapters.kube.cluster import KubeCluster
from adapters.kube.connect import connect
from conversion.ports import Denied, FarSideError, PutOff, UnexpectedAnswer, Unreachable
from loans.marks import Mark
from loans.nodes import Taint
from tests.adapters.kube_rig import a_list, canned_cluster, failure, raw_node
from tests.contract.kube.far_side import SandboxSide
from tests.contract.kube.world import eventually
from tests.patience import PATIENCE_S

NODE = "kube001"
TIMEOUT = timedelta(seconds=0.4)
STALE = timedelta(seconds=1.5)
"""What is waited for where nobody answers."""

CALLS: dict[str, Callable[[KubeCluster], object]] = {
    "node": lambda cluster: cluster.node(NODE),
    "nodes": lambda cluster: cluster.nodes(),
    "mark": lambda cluster: cluster.mark(NODE, Mark(12), {}, [Taint("lendbot/x")]),
    "cordon": lambda cluster: cluster.cordon(NODE, Mark(12)),
    "uncordon": lambda cluster: cluster.uncordon(NODE, Mark(12)),
    "daemon_pods": lambda cluster: cluster.daemon_pods(NODE),
    "drain": lambda cluster: cluster.drain(NODE, force=False),
    "pods_by_namespace": lambda cluster: cluster.pods_by_namespace([NODE]),
    "delete_node": lambda cluster: cluster.delete_node(NODE, "u1"),
    "missing_rights": lambda cluster: cluster.missing_rights(),
}
call = pytest.mark.parametrize("ask", CALLS.values(), ids=list(CALLS))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxSide]:
    """The sandbox's cluster, one for all that is done to it here."""
    made = SandboxSide(tmp_path_factory.mktemp("kube"))
    yield made
    made.stop()


@pytest.fixture
def side(site: SandboxSide) -> Iterator[SandboxSide]:
    """The cluster; its API server can be broken, and is mended after each test."""
    yield site
    site.mend()


@pytest.fixture
def cluster(side: SandboxSide) -> Iterator[KubeCluster]:
    """The adapter, with time to spare for a machine that is busy."""
    made = KubeCluster(connect(side.bot), timeout=timedelta(seconds=PATIENCE_S))
    yield made
    made.close()


@pytest.fixture
def hurried(side: SandboxSide) -> Iterator[KubeCluster]:
    """The adapter, with short time-outs."""
    made = KubeCluster(connect(side.bot), timeout=TIMEOUT, stale_after=STALE)
    yield made
    made.close()


@call
def test_a_server_that_refuses_is_unreachable(
    side: SandboxSide, cluster: KubeCluster, ask: Callable[[KubeCluster], object]
) -> None:
    """The engine comes again by itself; nobody reads a traceback."""
    side.break_it("refuse")
    with pytest.raises(Unreachable):
        ask(cluster)


@call
def test_a_server_that_hangs_is_unreachable_in_time(
    side: SandboxSide, hurried: KubeCluster, ask: Callable[[KubeCluster], object]
) -> None:
    """A hung API server costs a worker its time-out, not its life."""
    side.break_it("hang")
    with pytest.raises(Unreachable, match="in time"):
        ask(hurried)


@call
def test_rubbish_is_kept_and_never_believed(
    side: SandboxSide, cluster: KubeCluster, ask: Callable[[KubeCluster], object]
) -> None:
    """A proxy's error page is not an empty cluster."""
    side.break_it("rubbish")
    with pytest.raises(UnexpectedAnswer) as caught:
        ask(cluster)
    assert "502 Bad Gateway" in caught.value.raw


def test_an_old_cache_never_says_safe(side: SandboxSide, hurried: KubeCluster) -> None:
    """When the cluster falls silent, reads fail within seconds; they do not go on about the past."""
    eventually(lambda: not _fails(lambda: hurried.node(NODE)), "the watch runs")
    side.break_it("hang")
    eventually(lambda: _fails(lambda: hurried.node(NODE)), "the read of a node fails")
    ends = time.monotonic() + STALE.total_seconds()
    while time.monotonic() < ends:
        assert _fails(lambda: hurried.node(NODE))
        assert _fails(hurried.nodes)


def test_the_watch_heals_by_itself(side: SandboxSide, cluster: KubeCluster) -> None:
    """After an outage nobody restarts lendbot, and what happened meanwhile is seen."""
    eventually(lambda: cluster.node(NODE), "the watch runs")
    side.break_it("refuse")
    eventually(lambda: _fails(cluster.nodes), "the outage is noticed")
    side.join("gpu001")
    side.mend()
    eventually(lambda: not _fails(cluster.nodes) and cluster.node("gpu001"), "the new node is seen")


def test_an_outage_is_shared_by_all_who_wait(side: SandboxSide) -> None:
    """32 workers wait out one time-out together, not 32 one after the other."""
    side.break_it("hang")
    wait_s, began = 2.0, time.monotonic()
    cluster = KubeCluster(connect(side.bot), timeout=timedelta(seconds=wait_s))
    with ThreadPoolExecutor(32) as pool:
        failed = list(pool.map(lambda _: _fails(cluster.nodes), range(32)))
    assert time.monotonic() - began < 32 * wait_s / 2
    assert all(failed)
    cluster.close()


def test_a_lost_race_is_run_again(side: SandboxSide, cluster: KubeCluster) -> None:
    """A few conflicts with other writers are nobody's concern."""
    side.break_it("conflict", times=3)
    cluster.mark(NODE, Mark(12), {}, ())
    found = cluster.node(NODE)
    assert found is not None
    assert found.mark == Mark(12)


@pytest.mark.parametrize("what", ["mark", "cordon", "delete_node"])
def test_a_race_that_is_always_lost_is_given_up(side: SandboxSide, cluster: KubeCluster, what: str) -> None:
    """A write never spins; the engine comes again later."""
    found = cluster.node(NODE)
    assert found is not None
    side.break_it("conflict")
    ask = CALLS[what] if what != "delete_node" else lambda it: it.delete_node(NODE, found.uid)
    with pytest.raises(PutOff, match="5 times under our hands"):
        ask(cluster)


def test_readers_cost_the_cluster_one_list_and_one_watch(side: SandboxSide, cluster: KubeCluster) -> None:
    """A loan of 200 nodes asks no more for its nodes than a loan of one."""
    before = Counter(side.calls())
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda _: cluster.node(NODE), range(200)))
        assert all(pool.map(lambda _: cluster.nodes(), range(50)))
    calls = Counter(side.calls()) - before
    assert calls["list nodes"] <= 2
    assert calls["get nodes"] == 0
    assert calls["watch nodes"] <= 1


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (401, failure(401, "Unauthorized"), Denied, "does not know who we are"),
        (403, failure(403, "User lendbot cannot list nodes"), Denied, "we may not `list nodes`"),
        (429, failure(429, "too many requests"), PutOff, "wants 7 s of quiet"),
        (500, failure(500, "etcdserver: request timed out"), PutOff, "etcdserver"),
        (503, b"<html>Service Unavailable</html>", PutOff, "503"),
        (404, b"404 page not found", UnexpectedAnswer, "404 page not found"),
        (302, b"", UnexpectedAnswer, "302"),
        (200, b"", UnexpectedAnswer, "not JSON"),
        (200, b'["a list"]', UnexpectedAnswer, "not JSON"),
        (200, a_list("Node") | {"items": "three"}, UnexpectedAnswer, "do not understand its list"),
        (200, a_list("Node") | {"items": None}, UnexpectedAnswer, "do not understand its list"),
        (
            200,
            {"kind": "NodeList", "metadata": {"resourceVersion": "7"}},
            UnexpectedAnswer,
            "do not understand its list",
        ),
        (200, {"items": [raw_node()], "metadata": {"resourceVersion": "7"}}, UnexpectedAnswer, "its list of Nodes"),
        (200, a_list("Pod"), UnexpectedAnswer, "it is a PodList"),
        (200, a_list("Node") | {"kind": "Table"}, UnexpectedAnswer, "it is a Table"),
        (200, a_list("Node", version=""), UnexpectedAnswer, "no resourceVersion"),
        (200, a_list("Node") | {"metadata": {}}, UnexpectedAnswer, "do not understand its list"),
        (200, a_list("Node") | {"metadata": None}, UnexpectedAnswer, "do not understand its list"),
        (200, a_list("Node", version="soon"), UnexpectedAnswer, "do not understand its list of nodes"),
        (200, a_list("Node", **{"continue": "more"}), UnexpectedAnswer, "with some of them"),
        (200, a_list("Node", {"metadata": {"name": "gpu001"}}), UnexpectedAnswer, "do not understand its node"),
    ],
)
def test_every_answer_has_one_meaning(status: int, body: object, error: type[FarSideError], said: str) -> None:
    """Each kind of error says whose turn it is: ours to wait, an administrator's, or a developer's."""
    busy = canned_cluster((status, body), headers={"Retry-After": "7"})
    with busy as (cluster, _), pytest.raises(error, match=said):
        cluster.nodes()


EMPTY: tuple[object, ...] = (
    {},
    {"kind": "PodList", "metadata": {"resourceVersion": "7"}, "items": None},
    {"kind": "PodList", "metadata": {"resourceVersion": "7"}},
    {"kind": "PodList", "metadata": {}, "items": []},
    {"metadata": {"resourceVersion": "7"}, "items": []},
    {"kind": "Status", "status": "Success"},
)


@pytest.mark.parametrize("said", EMPTY)
@pytest.mark.parametrize("ask", ["drain", "pods_left", "pods_by_namespace"])
def test_an_empty_or_half_made_list_of_pods_is_never_a_node_without_pods(ask: str, said: object) -> None:
    """Power is cut where no pod is left: that has to be said by the list itself."""
    calls: dict[str, Callable[[KubeCluster], object]] = {
        "drain": lambda cluster: cluster.drain(NODE, force=True),
        "pods_left": lambda cluster: cluster.pods_left(NODE, force=True),
        "pods_by_namespace": lambda cluster: cluster.pods_by_namespace([NODE]),
    }
    with canned_cluster((200, said)) as (cluster, _), pytest.raises(UnexpectedAnswer):
        calls[ask](cluster)


def test_daemonsets_that_are_not_listed_are_not_none() -> None:
    """A node is not ready for pods because an answer named no DaemonSet."""

    def respond(_method: str, path: str) -> tuple[int, object]:
        listed = a_list("Node", raw_node(NODE)) if path.startswith("/api/v1/nodes") else {"items": []}
        return 200, listed

    with canned_cluster(respond=respond) as (cluster, _), pytest.raises(UnexpectedAnswer, match="list of DaemonSets"):
        cluster.daemon_pods(NODE)


def test_a_watch_that_is_too_old_begins_with_a_list() -> None:
    """After 410 Gone nothing that happened in between is missed."""
    lists = iter(range(1, 1000))
    gone = {"type": "ERROR", "object": failure(410, "too old resource version")}

    def respond(_method: str, path: str) -> tuple[int, object]:
        if "watch=true" in path:
            return 200, gone
        number = next(lists)
        return 200, a_list("Node", raw_node(version=number), version=str(number))

    with canned_cluster(respond=respond) as (cluster, canned):
        cluster.start()

        def resumed_later() -> bool:
            return any("watch=true" in path and "resourceVersion=1&" not in path for _, path, _ in canned.asked)

        eventually(resumed_later, "the watch began again from a later list")


def test_closing_does_not_wait_for_the_watch(side: SandboxSide) -> None:
    """lendbot ends at once when it is told to."""
    cluster = KubeCluster(connect(side.bot), timeout=timedelta(seconds=PATIENCE_S), stale_after=timedelta(hours=1))
    eventually(lambda: cluster.node(NODE) and side.on_loop(lambda: side.site.watches), "the watch is open")
    cluster.close()
    eventually(lambda: not side.on_loop(lambda: side.site.watches), "the cluster sees it end long before its hour")


def _fails(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Unreachable:
        return True
    return False
