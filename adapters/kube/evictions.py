"""One pass of a drain over a node's pods. Decides nothing about a pod by itself: judge() and the cluster do.

Pods are listed by node, with a field selector that the API server has an index for, and not watched: an eviction is a
call per pod in any case, so one list for each draining node and pass adds little, while a watch of pods cannot be told
to keep to some nodes, and would bring every pod of the cluster through this process while a loan of eight nodes ends.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http.client import CONFLICT, NOT_FOUND
from typing import Final

from adapters.kube.api import Answer, Json, KubeApi, path
from adapters.kube.budgets import (
    Budget,
    Eviction,
    budget_of,
    in_words,
    is_about_the_pod,
    read_eviction,
    sentence,
)
from adapters.kube.drain import Action, DrainRules, Verdict, judge
from adapters.kube.objects import Pod, all_items_of, items_of, pod_of
from adapters.kube.rights import DELETE_PODS, EVICT_PODS, LIST_BUDGETS, LIST_PODS
from conversion.ports import Blocker, DrainPass

PODS: Final = path("api", "v1", "pods")
PAGE: Final = 500
_BUDGETS: Final = "poddisruptionbudgets"
MANY_NODES: Final = 16
"""From here on one paged list of all pods costs the cluster less than a list per node. Our judgement."""

_ENDS_WITH_THE_NODE: Final = frozenset({Action.RETURNS, Action.HELD})
"""What a forced pass does not wait for."""

FORCED_GRACE_S: Final = 30
"""What is left of a long grace that somebody forces: Kubernetes' own default, and what most programs are made for."""


class Evictions:
    """Drains nodes, a pass at a time. When a pod's grace is over is told by the cluster's own clock, which set it."""

    def __init__(self, api: KubeApi, rules: DrainRules) -> None:
        self._api = api
        self._rules = rules
        # The pods of each drain's first pass. A restart forgets them: a pod that comes straight back is then evicted
        # once more before it is named.
        self._first_pass: dict[str, frozenset[str]] = {}
        # Pods, by node, of which an eviction has been told that they are not there. A list that still has them later
        # says who is right.
        self._disowned: dict[str, set[str]] = {}

    def pods_on(self, node: str) -> list[Pod]:
        """Return every pod that is bound to a node."""
        return self._seen_on(node)[0]

    def _seen_on(self, node: str) -> tuple[list[Pod], datetime | None]:
        """Return every pod that is bound to a node, and when that was so by the cluster's clock."""
        pods: list[Pod] = []
        date = None
        for page in self._pages({"fieldSelector": f"spec.nodeName={node}"}):
            pods += [pod_of(raw) for raw in items_of(page.ok(), "Pod")]
            date = page.date
        return pods, date

    def pass_over(self, node: str, *, force: bool) -> DrainPass:
        """Ask every pod that may go to go, and name those that may not.

        force   what is refused or blocked is deleted with its own grace. What the cluster cannot end even so (a silent
                kubelet, a finalizer, a pod that comes straight back) is not waited for: it ends with the node. A long
                grace is cut to FORCED_GRACE_S
        """
        pods, now = self._seen_on(node)
        known = self._first_pass.setdefault(node, frozenset(pod.uid for pod in pods))
        made = _Pass(self._api, self._disowned.setdefault(node, set()), force=force)
        for pod in pods:
            made.carry_out(pod, judge(pod, self._rules, now, is_newcomer=pod.uid not in known))
        return DrainPass(evicting=made.evicting, blocked=tuple(made.blocked))

    def left_on(self, node: str, *, force: bool) -> int:
        """Count the pods that a pass would still wait for, which none that has finished is; nothing is asked to go."""
        seen, now = self._seen_on(node)
        pods = [pod for pod in seen if not pod.is_finished]
        known = self._first_pass.get(node, frozenset(pod.uid for pod in pods))
        judged = (judge(pod, self._rules, now, is_newcomer=pod.uid not in known).action for pod in pods)
        return sum(action is not Action.SKIP and not (force and action in _ENDS_WITH_THE_NODE) for action in judged)

    def forget(self, node: str) -> None:
        """Forget a drain: it is over, or was called off."""
        self._first_pass.pop(node, None)
        self._disowned.pop(node, None)

    def asking_to_stay(self, nodes: Sequence[str]) -> tuple[str, ...]:
        """Return, in name order, the pods that ask to be left there: `jupyter/hub-0 (safe-to-evict: "false")`."""
        asking = (pod for pod in self._pods_on_each(nodes) if pod.stays and not pod.is_finished)
        return tuple(sorted(f"{pod} ({pod.stays})" for pod in asking))

    def pods_by_namespace(self, nodes: Sequence[str]) -> Mapping[str, int]:
        """Return how many pods would be ended by draining these nodes; what has finished ends nothing."""
        would_end = (
            pod
            for pod in self._pods_on_each(nodes)
            if not pod.is_finished and judge(pod, self._rules, None).action is not Action.SKIP
        )
        return dict(Counter(pod.namespace for pod in would_end))

    def _pods_on_each(self, nodes: Sequence[str]) -> Iterator[Pod]:
        if len(nodes) < MANY_NODES:
            for node in nodes:
                yield from self.pods_on(node)
            return
        wanted = frozenset(nodes)
        for page in self._pages({"fieldSelector": "spec.nodeName!="}):
            # Raw: most of a whole cluster's pods are not wanted.
            for raw in items_of(page.ok(), "Pod"):
                if (raw.get("spec") or {}).get("nodeName") in wanted:
                    yield pod_of(raw)

    def _pages(self, query: Mapping[str, str]) -> Iterator[Answer]:
        """Yield the pages of a list of pods."""
        more = ""
        while True:
            page = self._api.ask(LIST_PODS, PODS, {**query, "limit": str(PAGE), **({"continue": more} if more else {})})
            yield page
            more = (page.ok().get("metadata") or {}).get("continue") or ""
            if not more:
                return


class _Pass:
    """One pass at work: what it asked for so far, and the budgets that it had to look up.

    disowned   what earlier passes were told is not there, by uid; this one adds to it
    """

    def __init__(self, api: KubeApi, disowned: set[str], *, force: bool) -> None:
        self._api = api
        self._disowned = disowned
        self._force = force
        self._budgets: dict[str, list[Budget]] = {}
        self.evicting = 0
        self.blocked: list[Blocker] = []

    def carry_out(self, pod: Pod, verdict: Verdict) -> None:
        """Do what a verdict says."""
        match verdict.action:
            case Action.SKIP:
                return
            case Action.WAIT:
                self.evicting += 1
            case Action.EVICT:
                self._evict(pod)
            case Action.REFUSE if self._force:
                self._evict(pod)
            case Action.RETURNS if self._force:
                return
            case Action.HELD if self._force:
                self._delete(pod, grace={"gracePeriodSeconds": 0})  # refused or not, it ends with the node
            case Action.LINGER if self._force:
                self._shorten(pod, verdict.why)
            case Action.REFUSE | Action.RETURNS | Action.HELD | Action.LINGER:
                self._block(pod, verdict.why)

    def _evict(self, pod: Pod) -> None:
        answer = self._api.ask(EVICT_PODS, _pod_path(pod, "eviction"), body=_eviction(pod))
        outcome = read_eviction(answer)
        if pod.is_finished:
            return  # its record may go now or with the node: nobody waits for it
        if outcome is Eviction.GOING or (outcome is Eviction.NOT_THERE and pod.uid not in self._disowned):
            self.evicting += 1
            if outcome is Eviction.NOT_THERE:
                self._disowned.add(pod.uid)
            return
        why = self._why(pod, outcome, answer)
        if not self._force:
            self._block(pod, why)
        elif refused := self._delete(pod, grace={}):
            self._block(pod, f"{why}; deleting it is refused as well: {refused}")
        else:
            self.evicting += 1

    def _why(self, pod: Pod, outcome: Eviction, answer: Answer) -> str:
        match outcome:
            case Eviction.BUDGET | Eviction.TWO_BUDGETS if not self._force:
                return sentence(pod, self._budgets_of(pod.namespace), answer.message)
            case Eviction.NOT_THERE:
                return f"its eviction is answered with {in_words(answer)}, and yet the cluster still lists it"
            case _:
                return f"its eviction is refused: {in_words(answer)}"

    def _shorten(self, pod: Pod, why: str) -> None:
        if refused := self._delete(pod, grace={"gracePeriodSeconds": FORCED_GRACE_S}):
            self._block(pod, f"{why}; a shorter grace is refused: {refused}")
        else:
            self.evicting += 1

    def _delete(self, pod: Pod, grace: Json) -> str:
        """Delete exactly this pod, past its budgets; return why that was refused, or "".

        raises   what the refusal means when it is about us and not about this pod
        """
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": pod.uid}, **grace}
        answer = self._api.ask(DELETE_PODS, _pod_path(pod), body=options)
        if answer.status in (NOT_FOUND, CONFLICT):  # gone, or another has the name: the next pass's list says which
            return ""
        if is_about_the_pod(answer):
            return in_words(answer)
        answer.ok()
        return ""

    def _block(self, pod: Pod, why: str) -> None:
        self.blocked.append(Blocker(pod.namespace, pod.name, why))

    def _budgets_of(self, namespace: str) -> list[Budget]:
        if namespace not in self._budgets:
            body = self._api.call(LIST_BUDGETS, path("apis", "policy", "v1", "namespaces", namespace, _BUDGETS))
            self._budgets[namespace] = [budget_of(raw) for raw in all_items_of(body, "PodDisruptionBudget")]
        return self._budgets[namespace]


def _pod_path(pod: Pod, *more: str) -> str:
    return path("api", "v1", "namespaces", pod.namespace, "pods", pod.name, *more)


def _eviction(pod: Pod) -> Json:
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod.name, "namespace": pod.namespace},
        # A StatefulSet gives its next pod the same name: without the uid we might evict that one, elsewhere.
        "deleteOptions": {"preconditions": {"uid": pod.uid}},
    }
