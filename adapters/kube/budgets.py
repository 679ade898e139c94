"""Disruption budgets, and what the answer to an eviction means. Pure: objects and answers in, words out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.client import (
    BAD_REQUEST,
    CONFLICT,
    FORBIDDEN,
    INTERNAL_SERVER_ERROR,
    NOT_FOUND,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
)
from typing import Final

from adapters.kube.api import Answer, Json
from adapters.kube.objects import Pod, understood
from adapters.kube.selectors import matches


@dataclass(frozen=True)
class Budget:
    """A PodDisruptionBudget. selector None covers nothing, an empty one every pod of the namespace (policy/v1).

    uncounted   why the cluster could not count it, in its words; then `allowed` is no count
    """

    namespace: str
    name: str
    allowed: int
    selector: Json | None
    uncounted: str = ""

    def covers(self, pod: Pod) -> bool:
        """Return True when evicting the pod costs one of this budget's disruptions."""
        return self.namespace == pod.namespace and self.selector is not None and matches(self.selector, pod.labels)


class Eviction(StrEnum):
    """What became of asking a pod to go."""

    GOING = "going"
    NOT_THERE = "not there"
    """So it is said; that it is gone only a list shows: a webhook or a proxy may say it of a pod that runs."""
    BUDGET = "budget"
    TWO_BUDGETS = "two budgets"
    REFUSED = "refused"
    """By a webhook, a quota, a proxy: whoever it was, it was about this pod."""


_LONGEST: Final = 240
"""Characters of a refusal: a webhook may answer with a page."""
_TWO_BUDGETS: Final = "more than one PodDisruptionBudget"
_OUR_RIGHTS: Final = re.compile(r'\bUser "[^"]*" cannot \w+ resource\b')
"""How RBAC words a 403, in every version since 1.8. What a webhook forbids is worded otherwise, and is one pod's."""


def read_eviction(answer: Answer) -> Eviction:
    """Read the answer to an eviction, which is about one pod.

    raises   what the refusal means when it is about us (who we are, our rights) or the way there (502, 503, 504)
    source   kubernetes pkg/registry/core/pod/storage/eviction.go; 403 as kubectl drain reads it
    """
    if answer.status == NOT_FOUND:
        return Eviction.NOT_THERE
    if answer.status == CONFLICT:  # another pod has the name now, or a budget is being counted: the next pass sees
        return Eviction.GOING
    if answer.status == TOO_MANY_REQUESTS and "DisruptionBudget" in answer.causes:
        return Eviction.BUDGET
    if answer.status == INTERNAL_SERVER_ERROR and _TWO_BUDGETS in answer.message:
        return Eviction.TWO_BUDGETS
    if answer.status == FORBIDDEN and "NamespaceTerminating" in answer.causes:
        return Eviction.GOING
    if is_about_the_pod(answer):
        return Eviction.REFUSED
    answer.ok()
    return Eviction.GOING


def is_about_the_pod(answer: Answer) -> bool:
    """Return True for a refusal that another pod might not have met with."""
    if answer.status == FORBIDDEN:
        return _OUR_RIGHTS.search(answer.message) is None
    about_one = BAD_REQUEST <= answer.status < INTERNAL_SERVER_ERROR and answer.status != UNAUTHORIZED
    return about_one or answer.status == INTERNAL_SERVER_ERROR


def in_words(answer: Answer) -> str:
    """Return a refusal as the far side put it, on one line that a card can hold."""
    words = " ".join(answer.message.split())
    return f"({answer.status}) {words[:_LONGEST]}{'…' if len(words) > _LONGEST else ''}"


def budget_of(raw: Json) -> Budget:
    """Read a PodDisruptionBudget; one whose status is not yet counted allows nothing.

    source   kubernetes pkg/controller/disruption: a count that fails sets the condition DisruptionAllowed to False,
             with the reason SyncFailed, and the number allowed to 0
    """
    with understood("disruption budget", raw):
        meta, status = raw["metadata"], raw.get("status") or {}
        allowed = int(status.get("disruptionsAllowed") or 0)
        selector = (raw.get("spec") or {}).get("selector")
        return Budget(meta["namespace"], meta["name"], allowed, selector, _uncounted(status))


def sentence(pod: Pod, budgets: Sequence[Budget], said: str) -> str:
    """Name the budget that stands in a pod's way.

    said   the cluster's own words, for when no budget that we see explains them
    """
    covering = [budget for budget in budgets if budget.covers(pod)]
    if len(covering) > 1:
        names = " and ".join(f"{budget.namespace}/{budget.name}" for budget in covering)
        return f"budgets {names} both cover it, and Kubernetes evicts no pod with two budgets"
    if covering and covering[0].uncounted:
        return f"the cluster cannot count budget {covering[0].namespace}/{covering[0].name}: {covering[0].uncounted}"
    if covering and covering[0].allowed == 0:
        return f"budget {covering[0].namespace}/{covering[0].name} allows 0 disruptions"
    return f"a budget forbids it just now: {said}"


def _uncounted(status: Json) -> str:
    failed = (c for c in status.get("conditions") or () if c.get("reason") == "SyncFailed" and c["status"] != "True")
    return next((" ".join(str(c.get("message") or "SyncFailed").split())[:_LONGEST] for c in failed), "")
