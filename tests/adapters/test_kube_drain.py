"""kubectl drain's rules as a table: each pod judged, each verdict with its sentence."""

from datetime import timedelta

import pytest

from adapters.kube.drain import Action, DrainRules, Verdict, judge
from adapters.kube.objects import Owner, Pod, Toleration
from tests.adapters.kube_rig import NOW, a_pod

DAEMON = Owner("DaemonSet", "calico", "ds-1")
BEARS_CORDON = (Toleration("node.kubernetes.io/unschedulable", "Exists"),)
BEARS_ALL = (Toleration(operator="Exists"),)
ALLOW_ALL = DrainRules(delete_emptydir=True, force_unmanaged=True)


@pytest.mark.parametrize(
    ("pod", "action"),
    [
        pytest.param(a_pod(), Action.EVICT, id="of a controller"),
        pytest.param(a_pod(owner=DAEMON), Action.SKIP, id="of a DaemonSet"),
        pytest.param(a_pod(owner=DAEMON, empty_dirs=("x",)), Action.SKIP, id="of a DaemonSet, with data"),
        pytest.param(a_pod(owner=DAEMON, phase="Failed"), Action.EVICT, id="of a DaemonSet, failed"),
        pytest.param(a_pod(owner=DAEMON, ends_at=NOW), Action.SKIP, id="of a DaemonSet, ending"),
        pytest.param(a_pod(mirror=True, owner=Owner("Node", "gpu001", "n")), Action.SKIP, id="mirror"),
        pytest.param(a_pod(owner=None), Action.REFUSE, id="bare"),
        pytest.param(a_pod(owner=None, phase="Succeeded"), Action.EVICT, id="bare, finished"),
        pytest.param(a_pod(empty_dirs=("scratch",)), Action.REFUSE, id="emptyDir"),
        pytest.param(a_pod(empty_dirs=("scratch",), phase="Succeeded"), Action.EVICT, id="emptyDir, finished"),
        pytest.param(a_pod(phase="Succeeded", ends_at=NOW - timedelta(days=1)), Action.SKIP, id="finished and held"),
        pytest.param(a_pod(ends_at=NOW + timedelta(minutes=2)), Action.WAIT, id="ending soon"),
        pytest.param(a_pod(ends_at=NOW + timedelta(minutes=3)), Action.LINGER, id="ending late"),
        pytest.param(a_pod(phase="Pending"), Action.EVICT, id="not started"),
        pytest.param(a_pod(owner=None, ends_at=NOW), Action.WAIT, id="bare, ending anyway"),
        pytest.param(a_pod(ends_at=NOW - timedelta(minutes=1)), Action.HELD, id="past its grace"),
        pytest.param(a_pod(tolerations=BEARS_ALL), Action.EVICT, id="tolerates the cordon, seen for the first time"),
    ],
)
def test_each_pod_is_judged_as_kubectl_does(pod: Pod, action: Action) -> None:
    """Who knows kubectl drain is never surprised by what leaves a node, and what is asked about."""
    verdict = judge(pod, DrainRules(), NOW)
    assert verdict.action is action
    assert verdict.why


@pytest.mark.parametrize(
    "pod", [a_pod(owner=None), a_pod(empty_dirs=("scratch",)), a_pod(owner=None, empty_dirs=("x",))]
)
def test_a_site_may_allow_what_kubectl_must_be_told(pod: Pod) -> None:
    """The two settings are kubectl's --force and --delete-emptydir-data, and nothing more."""
    assert judge(pod, ALLOW_ALL, NOW).action is Action.EVICT


def test_one_permission_is_not_the_other() -> None:
    """Allowing the loss of scratch data does not allow the loss of bare pods."""
    pod = a_pod(owner=None, empty_dirs=("x",))
    assert judge(pod, DrainRules(delete_emptydir=True), NOW).action is Action.REFUSE
    assert judge(pod, DrainRules(force_unmanaged=True), NOW).action is Action.REFUSE


@pytest.mark.parametrize("tolerations", [BEARS_CORDON, BEARS_ALL])
def test_a_newcomer_on_a_cordoned_node_is_not_chased(tolerations: tuple[Toleration, ...]) -> None:
    """Evicting what comes straight back would go on for ever."""
    found = judge(a_pod(tolerations=tolerations), DrainRules(), NOW, is_newcomer=True)
    said = "it tolerates the cordon: ReplicaSet web-5f put it on this node after the drain began"
    assert found == Verdict(Action.RETURNS, said)


def test_a_newcomer_that_does_not_tolerate_the_cordon_just_came_late() -> None:
    """A pod that was bound in the moment of the cordon leaves like any other."""
    assert judge(a_pod(), DrainRules(), NOW, is_newcomer=True).action is Action.EVICT


def test_a_kubelet_gets_some_seconds_beyond_the_grace() -> None:
    """Nobody is alarmed by a pod that ends in good order."""
    assert judge(a_pod(ends_at=NOW - timedelta(seconds=9)), DrainRules(), NOW).action is Action.WAIT


def test_what_holds_a_pod_past_its_grace_is_named() -> None:
    """A finalizer and a silent kubelet are different people's business."""
    over = NOW - timedelta(minutes=2)
    held = judge(a_pod(ends_at=over, finalizers=("site/archive",)), DrainRules(), NOW)
    assert held.why == "its grace was over at 09:58:00 UTC, and finalizer site/archive holds it"
    silent = judge(a_pod(ends_at=over), DrainRules(), NOW)
    assert silent.why == "its grace was over at 09:58:00 UTC, and the node's kubelet has not confirmed its end"


@pytest.mark.parametrize(
    ("ends_in", "grace", "said"),
    [
        (
            timedelta(hours=1, minutes=55),
            timedelta(hours=2),
            "it has been ending since 09:55 and may take until 11:55 UTC, which is its own grace of 2 h",
        ),
        (
            timedelta(hours=47),
            timedelta(days=2),
            "it has been ending since 09:00 and may take until Thu 26 Nov 09:00 UTC, which is its own grace of 2 d",
        ),
        (timedelta(hours=1), None, "it has been ending and may take until 11:00 UTC"),
    ],
)
def test_a_long_grace_is_told_with_its_beginning_and_its_end(
    ends_in: timedelta, grace: timedelta | None, said: str
) -> None:
    """Whoever waits for the node sees whether it is minutes or days, and can decide."""
    assert judge(a_pod(ends_at=NOW + ends_in, grace=grace), DrainRules(), NOW).why == said
    assert judge(a_pod(ends_at=NOW + ends_in, grace=grace), DrainRules(), None).action is Action.WAIT
