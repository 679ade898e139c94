"""The eviction subresource: the one deletion that asks the budgets first.

Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go, followed branch by branch.
"""

from typing import Final

from sandbox.kube import status
from sandbox.kube.api import Api, Deletion
from sandbox.kube.resources import BUDGETS, PODS, Obj
from sandbox.kube.selectors import selects
from sandbox.kube.views import is_pod_ready

_MOST_PENDING: Final = 2000


def evict(api: Api, namespace: str, name: str, eviction: Obj, *, dry: bool = False) -> Obj:
    """Evict one pod, or raise: 404, 409 for a precondition, 429 for a budget, 500 for two budgets."""
    if (eviction.get("metadata") or {}).get("name", name) != name:
        raise status.bad_request("name in URL does not match name in Eviction object")
    how = deletion(eviction.get("deleteOptions") or {}, dry=dry)
    pod = api.store.get(PODS, namespace, name)
    api.check_namespace(PODS, namespace, name)
    if not _ignores_budgets(pod):
        _ask_budgets(api, pod, dry=dry)
    api.delete(PODS, namespace, name, how)
    return status.success(code=201)


def deletion(options: Obj, *, dry: bool = False) -> Deletion:
    """Read a DeleteOptions."""
    guard = options.get("preconditions") or {}
    return Deletion(
        grace_s=options.get("gracePeriodSeconds"),
        uid=guard.get("uid"),
        version=guard.get("resourceVersion"),
        dry=dry or bool(options.get("dryRun")),
    )


def _ignores_budgets(pod: Obj) -> bool:
    phase = pod.get("status", {}).get("phase")
    return phase in {"Succeeded", "Failed", "Pending"} or "deletionTimestamp" in pod["metadata"]


def _ask_budgets(api: Api, pod: Obj, *, dry: bool) -> None:
    labels = pod["metadata"].get("labels") or {}
    namespace = pod["metadata"]["namespace"]
    budgets = [
        stored.obj
        for stored in api.store.all(BUDGETS, namespace)
        if selects(stored.obj["spec"].get("selector"))(labels)
    ]
    if len(budgets) > 1:
        raise status.two_budgets()
    if budgets:
        _take_one(api, budgets[0], pod, dry=dry)


def _take_one(api: Api, budget: Obj, pod: Obj, *, dry: bool) -> None:
    """Count one disruption against a budget, or refuse."""
    name = budget["metadata"]["name"]
    settled = budget.get("status", {})
    has, needs = settled.get("currentHealthy", 0), settled.get("desiredHealthy", 0)
    may_go_unhealthy = budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow" or has >= needs > 0
    if not is_pod_ready(pod) and may_go_unhealthy:
        return  # a pod that serves nobody costs the budget nothing
    if settled.get("observedGeneration", 0) < budget["metadata"]["generation"]:
        raise status.budget_unsettled(name)
    if len(settled.get("disruptedPods", {})) > _MOST_PENDING:
        raise status.forbidden(
            BUDGETS, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        )
    if settled.get("disruptionsAllowed", 0) <= 0:
        raise status.budget_forbids(name, needs, has)
    if not dry:
        new = {
            **settled,
            "disruptionsAllowed": settled["disruptionsAllowed"] - 1,
            "disruptedPods": {**settled.get("disruptedPods", {}), pod["metadata"]["name"]: api.now()},
        }
        api.edit(BUDGETS, budget["metadata"]["namespace"], name, lambda old: {**old, "status": new})
