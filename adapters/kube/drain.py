"""What a drain does with each pod, and why: kubectl drain's rules as one pure function, a sentence for every verdict.

Where kubectl refuses the whole drain until told `--force` or `--delete-emptydir-data`, the pod here is refused alone
and named, while the others go. Asks the cluster nothing; whether a budget stands in the way only the cluster knows.
source   kubernetes/kubectl pkg/drain/filters.go
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from adapters.kube.objects import UNSCHEDULABLE, Pod
from loans.lengths import exact

KUBELET_SLACK: Final = timedelta(seconds=10)
"""A kubelet reports the end of a pod some seconds after its grace; before that nothing is wrong. Our judgement."""

LONG_GRACE: Final = timedelta(minutes=2)
"""More than this ahead of a pod is worth a person's word: Kubernetes' own default is 30 s, a reboot takes minutes."""


class Action(StrEnum):
    """What to do with a pod."""

    SKIP = "skip"
    """It stays, and goes with the node."""
    EVICT = "evict"
    WAIT = "wait"
    """It is ending, within its grace."""
    LINGER = "linger"
    """It is ending, and its grace has long to go."""
    REFUSE = "refuse"
    """It may go only when an approver says so."""
    RETURNS = "returns"
    """The cordon does not keep it off: each one that goes is followed by another."""
    HELD = "held"
    """It was told to end, its grace is over, and it is still there."""


@dataclass(frozen=True)
class Verdict:
    """The judgement on one pod. why: a sentence without the pod's name."""

    action: Action
    why: str


@dataclass(frozen=True)
class DrainRules:
    """What the site allows without asking; both are kubectl's own switches, off by default there as well."""

    delete_emptydir: bool = False
    force_unmanaged: bool = False


def judge(pod: Pod, rules: DrainRules, now: datetime | None, *, is_newcomer: bool = False) -> Verdict:
    """Judge one pod.

    now           by the cluster's clock, which set the end of its grace; None when it is not known: then none is over
    is_newcomer   it was not on the node yet when the drain of the cordoned node began
    """
    if pod.is_daemon and not pod.is_finished:
        # kubectl also looks whether the DaemonSet still exists. One that was deleted without its pods takes itself out
        # of their ownerReferences, and they are judged as unmanaged below: the same verdict, one call less.
        return Verdict(Action.SKIP, "its DaemonSet would put it straight back; it goes with the node")
    if pod.mirror:
        return Verdict(Action.SKIP, "it is a mirror of a file on the node; it goes with the node")
    if pod.is_finished and pod.ends_at is not None:
        return Verdict(Action.SKIP, "it has finished, and only its record is left; that goes with the node")
    if pod.ends_at is not None:
        return _judge_ending(pod, pod.ends_at, now)
    if pod.is_finished:
        return Verdict(Action.EVICT, "it has finished")
    if is_newcomer and pod.owner and any(t.covers(UNSCHEDULABLE) for t in pod.tolerations):
        why = f"it tolerates the cordon: {pod.owner.kind} {pod.owner.name} put it on this node after the drain began"
        return Verdict(Action.RETURNS, why)
    return _judge_running(pod, rules)


def _judge_running(pod: Pod, rules: DrainRules) -> Verdict:
    if pod.owner is None and not rules.force_unmanaged:
        return Verdict(Action.REFUSE, "nothing would start it again elsewhere: no controller manages it")
    if pod.empty_dirs and not rules.delete_emptydir:
        return Verdict(Action.REFUSE, f"data in its emptyDir {', '.join(pod.empty_dirs)} would be lost")
    return Verdict(Action.EVICT, "it may be evicted")


def _judge_ending(pod: Pod, ends_at: datetime, now: datetime | None) -> Verdict:
    if now is None or now + LONG_GRACE >= ends_at >= now - KUBELET_SLACK:
        return Verdict(Action.WAIT, f"it is ending, until {ends_at:%H:%M:%S} UTC at the latest")
    if now < ends_at:
        return Verdict(Action.LINGER, _lingers(pod, ends_at, now))
    over = f"its grace was over at {ends_at:%H:%M:%S} UTC"
    if pod.finalizers:
        return Verdict(Action.HELD, f"{over}, and finalizer {', '.join(pod.finalizers)} holds it")
    return Verdict(Action.HELD, f"{over}, and the node's kubelet has not confirmed its end")


def _lingers(pod: Pod, ends_at: datetime, now: datetime) -> str:
    """Say since when a pod has been ending and how long it may take. The date stands there unless it is today's."""
    since = f" since {_said(ends_at - pod.grace, now)}" if pod.grace is not None else ""
    whole = f", which is its own grace of {exact(pod.grace)}" if pod.grace is not None else ""
    return f"it has been ending{since} and may take until {_said(ends_at, now)} UTC{whole}"


def _said(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%a} {at.day} {at:%b} {at:%H:%M}"
