"""What the cluster's answer to an eviction means, and what is asked in one pass."""

from typing import Any

import pytest

from adapters.kube.api import Answer
from adapters.kube.budgets import Budget, Eviction, read_eviction, sentence
from adapters.kube.rights import EVICT_PODS
from conversion.ports import Blocker, Denied, DrainPass, FarSideError, UnexpectedAnswer, Unreachable
from tests.adapters.kube_rig import a_pod, canned_cluster, failure

TWO = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
APP = {"matchLabels": {"app": "hub"}}


def cause(reason: str) -> list[dict[str, str]]:
    return [{"reason": reason, "message": "..."}]


def answer(status: int, message: str = "", **details: Any) -> Answer:
    body = failure(status, message, **details) if status >= 400 else {"kind": "Status", "status": "Success"}
    return Answer(EVICT_PODS, status, body, "")


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        pytest.param(answer(201), Eviction.GOING, id="accepted"),
        pytest.param(answer(404, "not found"), Eviction.GONE, id="gone meanwhile"),
        pytest.param(answer(409, "uid"), Eviction.GOING, id="another pod has its name"),
        pytest.param(answer(429, "no", causes=cause("DisruptionBudget")), Eviction.BUDGET, id="budget"),
        pytest.param(answer(500, TWO), Eviction.TWO_BUDGETS, id="two budgets"),
        pytest.param(answer(403, "no", causes=cause("NamespaceTerminating")), Eviction.GOING, id="namespace ends"),
    ],
)
def test_an_answer_about_the_pod_is_not_a_failure(said: Answer, meaning: Eviction) -> None:
    """What blocks one pod is told of that pod, and the pass goes on to the next."""
    assert read_eviction(said) is meaning


@pytest.mark.parametrize(
    ("said", "error"),
    [
        pytest.param(answer(429, "too many requests"), Unreachable, id="the API server is overloaded"),
        pytest.param(answer(500, "etcdserver: leader changed"), Unreachable, id="it failed"),
        pytest.param(answer(403, "cannot create"), Denied, id="we have no right"),
        pytest.param(answer(422, "invalid"), UnexpectedAnswer, id="it does not understand us"),
    ],
)
def test_an_answer_about_us_or_the_server_ends_the_pass(said: Answer, error: type[FarSideError]) -> None:
    """An overloaded API server is never reported as somebody's budget."""
    with pytest.raises(error):
        read_eviction(said)


@pytest.mark.parametrize(
    ("budgets", "said"),
    [
        ([Budget("jupyter", "hub", 0, APP)], "budget jupyter/hub allows 0 disruptions"),
        (
            [Budget("jupyter", "a", 0, APP), Budget("jupyter", "b", 3, {})],
            "budgets jupyter/a and jupyter/b both cover it, and Kubernetes evicts no pod with two budgets",
        ),
        ([Budget("jupyter", "hub", 1, APP)], "a budget forbids it just now: its words"),
        ([Budget("jupyter", "hub", 0, None)], "a budget forbids it just now: its words"),
        ([Budget("nanohub", "hub", 0, APP)], "a budget forbids it just now: its words"),
        ([Budget("jupyter", "hub", 0, {"matchLabels": {"app": "x"}})], "a budget forbids it just now: its words"),
    ],
)
def test_the_sentence_blames_no_budget_that_is_innocent(budgets: list[Budget], said: str) -> None:
    """People ask the owner of a budget that really stands in the way."""
    assert sentence(a_pod(labels={"app": "hub"}), budgets, "its words") == said


def test_an_eviction_names_the_pods_uid() -> None:
    """A StatefulSet's next pod of the same name, elsewhere by now, is not evicted for its predecessor."""
    with canned_cluster((200, {"items": [raw_pod()]}), (201, {"kind": "Status"})) as (cluster, canned):
        assert cluster.drain("gpu001", force=False) == DrainPass(evicting=1)
    method, path, body = canned.asked[1]
    assert (method, path) == ("POST", "/api/v1/namespaces/jupyter/pods/hub-0/eviction")
    assert body["deleteOptions"] == {"preconditions": {"uid": "p1"}}


def test_a_pass_asks_for_one_nodes_pods_and_each_namespaces_budgets_once() -> None:
    """Draining many nodes at once costs the cluster no list of all its pods."""
    refused = failure(429, "no", causes=cause("DisruptionBudget"))
    pods = [raw_pod(), raw_pod("hub-1", "p2")]
    budget = {"metadata": {"namespace": "jupyter", "name": "hub"}, "spec": {"selector": {}}, "status": {}}
    answers = [(200, {"items": pods}), (429, refused), (200, {"items": [budget]}), (429, refused)]
    with canned_cluster(*answers) as (cluster, canned):
        found = cluster.drain("gpu001", force=False)
    why = "budget jupyter/hub allows 0 disruptions"
    assert found == DrainPass(0, (Blocker("jupyter", "hub-0", why), Blocker("jupyter", "hub-1", why)))
    assert len(canned.asked) == 4
    assert "fieldSelector=spec.nodeName%3Dgpu001" in canned.asked[0][1]


def test_a_list_in_pages_is_read_to_its_end() -> None:
    """No pod is overlooked because a node carries many."""
    first = {"items": [raw_pod()], "metadata": {"continue": "more"}}
    gone = (404, failure(404, "gone"))
    with canned_cluster((200, first), (200, {"items": [raw_pod("b", "p2")]}), gone) as (cluster, canned):
        assert cluster.drain("gpu001", force=False) == DrainPass()
    assert "continue=more" in canned.asked[1][1]
    assert len(canned.asked) == 4


def raw_pod(name: str = "hub-0", uid: str = "p1") -> dict[str, Any]:
    owner = {"kind": "StatefulSet", "name": "hub", "uid": "s1", "controller": True}
    meta = {"namespace": "jupyter", "name": name, "uid": uid, "labels": {"app": "hub"}, "ownerReferences": [owner]}
    return {"metadata": meta, "spec": {"nodeName": "gpu001"}, "status": {"phase": "Running"}}
