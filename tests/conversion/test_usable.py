"""When a node counts as lent: the last step out, by what Kubernetes and the node itself say."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversion.pace import Pace
from conversion.ports import DaemonPods, Denied, FarSides, Ran
from conversion.steps import Done, NodeWork, NotYet, TryIsOver
from conversion.usable import check_usable, open_up
from loans.classes import NodeClass
from loans.loan import Loan, NodeLoan
from loans.made_with import MadeWith
from loans.marks import Mark
from loans.nodes import STARTING, KubeNode, NodeName, Taint

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GPU3 = NodeName("gpu003")
LENT = Taint("lendbot/lent", "gpu")
STARTUP = replace(STARTING, value="true")
GPU = NodeClass("gpu", "gpu", taints=(LENT,), allocatable={"nvidia.com/gpu": "4", "memory": "480Gi"})
IMAGES = replace(GPU, images=("site/a:1", "site/b:2"))
PLENTY = {"nvidia.com/gpu": "4", "memory": "527951396Ki", "cpu": "64"}
READY = KubeNode(GPU3, "u1", ready=True, schedulable=True, taints=(LENT, STARTUP), allocatable=PLENTY)
OPEN = replace(READY, taints=(LENT,))
MADE = MadeWith("hpc", "k8s", "gpu", "{node}", "cloud_compute", "/etc/r", "/run/l", "bmc", {}, (LENT,), {}, (), True)


@dataclass
class Site:
    """One node, as both its cluster and its shell; it writes down what is changed."""

    seen: KubeNode | None = READY
    trouble: str = ""
    may_ask: bool = True
    kept_off: tuple[str, ...] = ()
    pulls: int = 0
    files: dict[str, str] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)

    def node(self, name: str) -> KubeNode | None:
        return self.seen if name == "gpu003" else None

    def daemon_pods(self, name: str) -> DaemonPods:
        del name
        return DaemonPods(0, kept_off=self.kept_off)

    def certificate_trouble(self, name: str) -> str:
        del name
        if not self.may_ask:
            raise Denied("Kubernetes", "we may not `list certificatesigningrequests.certificates.k8s.io`")
        return self.trouble

    def untaint(self, name: str, mark: Mark, taint: Taint) -> None:
        del name, mark
        self.changed.append(f"untaint {taint.key}")
        self.seen = OPEN

    def ask(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        del node, timeout
        return Ran(0, self.files[argv[1]]) if argv[1] in self.files else Ran(1, "", "cat: no such file")

    def run(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        del node, timeout, stdin
        self.changed.append(" ".join(argv))
        return Ran(self.pulls, "", "FATA[0001] pulling image: not found\n" if self.pulls else "")

    def note(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        del node, timeout
        if argv[0] == "tee":
            self.files[argv[1].removesuffix(".new")] = stdin or ""
        return Ran(0)


def work_on(
    site: Site, node_class: NodeClass = GPU, made: MadeWith = MADE, waited: timedelta = timedelta()
) -> NodeWork:
    far: Any = FarSides(None, site, site, {})  # type: ignore[arg-type]
    loan = Loan("U1", "gpu", 1, NOW + timedelta(hours=2), NOW, NOW, id=12, made_with=made)
    part = NodeLoan(12, GPU3, 1, NOW, NOW)
    return NodeWork(loan, node_class, part, far, Pace(), (), NOW, waited, note_boot=lambda _: None)


CILIUM = Taint("node.cilium.io/agent-not-ready", "true", "NoExecute")


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (None, "Kubernetes does not know the node"),
        (
            replace(READY, taints=(LENT, CILIUM)),
            "taint `node.cilium.io/agent-not-ready=true:NoExecute` keeps pods away, and is not the class's",
        ),
        (
            replace(READY, taints=(replace(LENT, effect="NoExecute"),)),
            "taint `lendbot/lent=gpu:NoExecute` keeps pods away, and is not the class's",
        ),
        (
            replace(READY, taints=(LENT, Taint("site/x", "", "NeverBeforeNoon"))),
            "taint `site/x:NeverBeforeNoon` keeps pods away, and is not the class's",
        ),
        (
            replace(READY, allocatable={"memory": "500Gi"}),
            "Kubernetes offers 0 of `nvidia.com/gpu`, and the class needs 4",
        ),
        (
            replace(READY, allocatable=PLENTY | {"nvidia.com/gpu": "3"}),
            "Kubernetes offers 3 of `nvidia.com/gpu`, and the class needs 4",
        ),
        (
            replace(READY, allocatable=PLENTY | {"memory": "479Gi"}),
            "Kubernetes offers 479Gi of `memory`, and the class needs 480Gi",
        ),
        (
            replace(READY, allocatable=PLENTY | {"memory": "plenty"}),
            "Kubernetes offers plenty of `memory`, and the class needs 480Gi",
        ),
        (
            replace(READY, schedulable=False),
            "it has been cordoned since it joined, and not by me: whoever did that may have a reason",
        ),
        (replace(READY, ready=False, not_ready_why="PLEG"), "waiting to be Ready: PLEG"),
        (READY, "taint `lendbot/starting` still keeps pods away"),
    ],
)
def test_a_node_is_not_lent_before_a_pod_can_work_there(node: KubeNode | None, why: str) -> None:
    """A workshop does not begin on nodes with 0 GPUs; who waits reads what is missing."""
    site = Site(node)
    assert check_usable(work_on(site)) == NotYet(why)
    if node != READY:
        assert open_up(work_on(site)) == NotYet(why)
        assert site.changed == []


@pytest.mark.parametrize(
    "taint", [Taint("x", "y", "PreferNoSchedule"), Taint("node.kubernetes.io/unschedulable"), LENT]
)
def test_a_taint_that_keeps_nobody_away_or_is_the_classs_own_is_no_matter(taint: Taint) -> None:
    """Sites put taints of their own on nodes; those that the class names belong there."""
    assert check_usable(work_on(Site(replace(OPEN, taints=(LENT, taint))))) == Done()


def test_the_startup_taint_goes_last() -> None:
    """No pod arrives on a node that is not ready for it, and none is kept off one that is."""
    site = Site()
    assert open_up(work_on(site)) is None
    assert site.changed == ["untaint lendbot/starting"]
    assert check_usable(work_on(site)) == Done()
    assert open_up(work_on(site)) is None
    assert site.changed == ["untaint lendbot/starting"]


def test_a_daemonset_that_our_own_taint_keeps_off_is_named() -> None:
    """A device plugin that does not tolerate the startup taint would be waited for for ever."""
    site = Site(replace(READY, allocatable={}), kept_off=("kube-system/nvidia",))
    seen = check_usable(work_on(site))
    assert isinstance(seen, NotYet)
    assert seen.why.endswith("; DaemonSet kube-system/nvidia does not tolerate `lendbot/starting`")


def test_a_certificate_is_waited_for_a_while_and_then_named() -> None:
    """Where nobody approves, pods run all the same: the node is lent, and who reads its logs learns why not."""
    site = Site(OPEN, trouble="request `csr-1` waits for approval")
    assert check_usable(work_on(site)) == NotYet("request `csr-1` waits for approval")
    assert check_usable(work_on(site, waited=timedelta(minutes=3))) == Done("request `csr-1` waits for approval")


def test_a_right_that_is_missing_keeps_no_node_from_being_lent() -> None:
    """lendbot may be upgraded before its rights are."""
    seen = check_usable(work_on(Site(OPEN, may_ask=False)))
    assert isinstance(seen, Done)
    assert "list certificatesigningrequests" in seen.detail


def test_the_classs_images_are_pulled_once() -> None:
    """The first pod of a workshop does not wait for 20 GB."""
    site = Site()
    assert check_usable(work_on(site, IMAGES)) == NotYet("2 images of the class are not pulled")
    assert open_up(work_on(site, IMAGES)) is None
    assert site.changed == ["crictl pull site/a:1", "crictl pull site/b:2", "untaint lendbot/starting"]
    assert check_usable(work_on(site, IMAGES)) == Done()
    open_up(work_on(site, IMAGES))
    assert len(site.changed) == 3


def test_an_image_that_cannot_be_pulled_is_named_with_what_was_said() -> None:
    """A slip in the settings is found on the first node, not by the first pod."""
    with pytest.raises(
        TryIsOver, match=r"image `site/a:1` could not be pulled \(1\): FATA\[0001\] pulling image: not found"
    ):
        open_up(work_on(Site(pulls=1), IMAGES))


def test_a_loan_from_before_keeps_the_promise_that_it_was_made_with() -> None:
    """An upgrade in the middle of a loan sends no node back that yesterday's lendbot would have lent."""
    before = replace(MADE, proves_usable=False)
    site = Site(replace(READY, taints=(CILIUM, STARTUP), allocatable={}), trouble="request `csr-1` is denied")
    assert check_usable(work_on(site, IMAGES, before)) == NotYet("taint `lendbot/starting` still keeps pods away")
    assert open_up(work_on(site, IMAGES, before)) is None
    assert site.changed == ["untaint lendbot/starting"]
    assert check_usable(work_on(site, IMAGES, before)) == Done()
