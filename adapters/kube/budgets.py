"""Disruption budgets, and what the answer to an eviction means. Pure: objects and answers in, words out."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.client import CONFLICT, FORBIDDEN, INTERNAL_SERVER_ERROR, TOO_MANY_REQUESTS
from typing import Final

from adapters.kube.api import Answer, Json
from adapters.kube.objects import Pod, understood
from adapters.kube.selectors import matches


@dataclass(frozen=True)
class Budget:
    """A PodDisruptionBudget. selector None covers nothing, an empty one every pod of the namespace (policy/v1)."""

    namespace: str
    name: str
    allowed: int
    selector: Json | None

    def covers(self, pod: Pod) -> bool:
        """Return True when evicting the pod costs one of this budget's disruptions."""
        return self.namespace == pod.namespace and self.selector is not None and matches(self.selector, pod.labels)


class Eviction(StrEnum):
    """What became of asking a pod to go."""

    GOING = "going"
    GONE = "gone"
    BUDGET = "budget"
    TWO_BUDGETS = "two budgets"


_TWO_BUDGETS: Final = "more than one PodDisruptionBudget"


def read_eviction(answer: Answer) -> Eviction:
    """Read the answer to an eviction.

    raises   what the refusal means, when it is about us or the server and not about this pod
    source   kubernetes pkg/registry/core/pod/storage/eviction.go; 403 as kubectl drain reads it
    """
    if answer.is_gone:
        return Eviction.GONE
    if answer.status == CONFLICT:  # another pod has the name now, or a budget is being counted: the next pass sees
        return Eviction.GOING
    if answer.status == TOO_MANY_REQUESTS and "DisruptionBudget" in answer.causes:
        return Eviction.BUDGET
    if answer.status == INTERNAL_SERVER_ERROR and _TWO_BUDGETS in answer.message:
        return Eviction.TWO_BUDGETS
    if answer.status == FORBIDDEN and "NamespaceTerminating" in answer.causes:
        return Eviction.GOING
    answer.ok()
    return Eviction.GOING


def budget_of(raw: Json) -> Budget:
    """Read a PodDisruptionBudget; one whose status is not yet counted allows nothing."""
    with understood("disruption budget", raw):
        meta, status = raw["metadata"], raw.get("status") or {}
        allowed = int(status.get("disruptionsAllowed") or 0)
        return Budget(meta["namespace"], meta["name"], allowed, (raw.get("spec") or {}).get("selector"))


def sentence(pod: Pod, budgets: Sequence[Budget], said: str) -> str:
    """Name the budget that stands in a pod's way.

    said   the cluster's own words, for when no budget that we see explains them
    """
    covering = [budget for budget in budgets if budget.covers(pod)]
    if len(covering) > 1:
        names = " and ".join(f"{budget.namespace}/{budget.name}" for budget in covering)
        return f"budgets {names} both cover it, and Kubernetes evicts no pod with two budgets"
    if covering and covering[0].allowed == 0:
        return f"budget {covering[0].namespace}/{covering[0].name} allows 0 disruptions"
    return f"a budget forbids it just now: {said}"
