"""What the cluster's answer to an eviction means, and what is asked in one pass."""

from collections.abc import Callable
from typing import Any

import pytest

from adapters.kube.api import Answer
from adapters.kube.budgets import Budget, Eviction, budget_of, read_eviction, sentence
from adapters.kube.rights import EVICT_PODS
from conversion.ports import Blocker, Denied, DrainPass, FarSideError, UnexpectedAnswer, Unreachable
from tests.adapters.kube_rig import a_list, a_pod, canned_cluster, failure

TWO = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
Answers = tuple[int, object] | None
APP = {"matchLabels": {"app": "hub"}}


def cause(reason: str) -> list[dict[str, str]]:
    return [{"reason": reason, "message": "..."}]


def answer(status: int, message: str = "", **details: Any) -> Answer:
    body = failure(status, message, **details) if status >= 400 else {"kind": "Status", "status": "Success"}
    return Answer(EVICT_PODS, status, body, "")


OUR_RIGHTS = (
    'pods "hub-0" is forbidden: User "system:serviceaccount:lendbot:lendbot" cannot create resource "pods/eviction" '
    'in API group "" in the namespace "jupyter"'
)
HOOK = 'admission webhook "pods.guard.example" denied the request: '


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        pytest.param(answer(201), Eviction.GOING, id="accepted"),
        pytest.param(answer(404, "not found"), Eviction.NOT_THERE, id="gone meanwhile, it says"),
        pytest.param(answer(409, "uid"), Eviction.GOING, id="another pod has its name"),
        pytest.param(answer(429, "no", causes=cause("DisruptionBudget")), Eviction.BUDGET, id="budget"),
        pytest.param(answer(500, TWO), Eviction.TWO_BUDGETS, id="two budgets"),
        pytest.param(answer(403, "no", causes=cause("NamespaceTerminating")), Eviction.GOING, id="namespace ends"),
        pytest.param(answer(400, f"{HOOK}not before 18:00"), Eviction.REFUSED, id="a webhook says 400"),
        pytest.param(answer(403, f"{HOOK}users cannot create resource claims"), Eviction.REFUSED, id="or 403"),
        pytest.param(answer(422, "invalid"), Eviction.REFUSED, id="or 422"),
        pytest.param(answer(418, "a teapot"), Eviction.REFUSED, id="or what nobody knows"),
        pytest.param(answer(429, f"{HOOK}one an hour"), Eviction.REFUSED, id="429, and no budget is behind it"),
        pytest.param(answer(500, 'failed calling webhook "pods.guard.example"'), Eviction.REFUSED, id="it is broken"),
    ],
)
def test_an_answer_about_the_pod_is_not_a_failure(said: Answer, meaning: Eviction) -> None:
    """What blocks one pod is told of that pod, and the pass goes on to the next."""
    assert read_eviction(said) is meaning


@pytest.mark.parametrize(
    ("said", "error"),
    [
        pytest.param(answer(401, "Unauthorized"), Denied, id="it does not know us"),
        pytest.param(answer(403, OUR_RIGHTS), Denied, id="we have no right"),
        pytest.param(answer(503, "no healthy upstream"), Unreachable, id="the way there is broken"),
        pytest.param(Answer(EVICT_PODS, 200, {}, "<html>"), UnexpectedAnswer, id="it is no API server"),
    ],
)
def test_an_answer_about_us_or_the_way_there_ends_the_pass(said: Answer, error: type[FarSideError]) -> None:
    """A right that is missing is told to who can grant it, not to the owner of the first pod."""
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
        (
            [Budget("jupyter", "hub", 0, APP, uncounted="found no controllers for pod hub-0")],
            "the cluster cannot count budget jupyter/hub: found no controllers for pod hub-0",
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
    with canned_cluster((200, a_list("Pod", raw_pod())), (201, {"kind": "Status"})) as (cluster, canned):
        assert cluster.drain("gpu001", force=False) == DrainPass(evicting=1)
    method, path, body = canned.asked[1]
    assert (method, path) == ("POST", "/api/v1/namespaces/jupyter/pods/hub-0/eviction")
    assert body["deleteOptions"] == {"preconditions": {"uid": "p1"}}


def test_a_pass_asks_for_one_nodes_pods_and_each_namespaces_budgets_once() -> None:
    """Draining many nodes at once costs the cluster no list of all its pods."""
    refused = failure(429, "no", causes=cause("DisruptionBudget"))
    pods = [raw_pod(), raw_pod("hub-1", "p2")]
    budget = {"metadata": {"namespace": "jupyter", "name": "hub"}, "spec": {"selector": {}}, "status": {}}
    answers = [
        (200, a_list("Pod", *pods)),
        (429, refused),
        (200, a_list("PodDisruptionBudget", budget)),
        (429, refused),
    ]
    with canned_cluster(*answers) as (cluster, canned):
        found = cluster.drain("gpu001", force=False)
    why = "budget jupyter/hub allows 0 disruptions"
    assert found == DrainPass(0, (Blocker("jupyter", "hub-0", why), Blocker("jupyter", "hub-1", why)))
    assert len(canned.asked) == 4
    assert "fieldSelector=spec.nodeName%3Dgpu001" in canned.asked[0][1]


@pytest.mark.parametrize("reason", ["SyncFailed", "ANewWord"])
def test_a_budget_that_could_not_be_counted_is_told_from_one_that_allows_nothing(reason: str) -> None:
    """Its owner has to mend the budget; starting more pods would not help. A word that nobody knows claims nothing."""
    condition = {"type": "DisruptionAllowed", "status": "False", "reason": reason, "message": "no controllers found"}
    status = {"disruptionsAllowed": 0, "conditions": [condition]}
    raw = {"metadata": {"namespace": "jupyter", "name": "hub"}, "spec": {"selector": APP}, "status": status}
    expected = {
        "SyncFailed": "the cluster cannot count budget jupyter/hub: no controllers found",
        "ANewWord": "budget jupyter/hub allows 0 disruptions",
    }
    assert sentence(a_pod(labels={"app": "hub"}), [budget_of(raw)], "its words") == expected[reason]


def test_a_list_in_pages_is_read_to_its_end() -> None:
    """No pod is overlooked because a node carries many."""
    first = a_list("Pod", raw_pod(), **{"continue": "more"})
    going = (201, {"kind": "Status"})
    with canned_cluster((200, first), (200, a_list("Pod", raw_pod("b", "p2"))), going) as (cluster, canned):
        assert cluster.drain("gpu001", force=False) == DrainPass(evicting=2)
    assert "continue=more" in canned.asked[1][1]
    assert len(canned.asked) == 4


def answering(evictions: Answers, deletes: Answers = None) -> Callable[[str, str], tuple[int, object]]:
    """Return a cluster with two pods that says this to the eviction and the deletion of the first."""

    def respond(method: str, path: str) -> tuple[int, object]:
        said = deletes if method == "DELETE" else evictions
        if method == "GET":
            return 200, a_list("Pod", raw_pod(), raw_pod("hub-1", "p2"))
        return said if said is not None and "hub-0" in path else (201, {"kind": "Status"})

    return respond


def hook(status: int, words: str = "not before 18:00") -> tuple[int, object]:
    return status, failure(status, f"{HOOK}{words}")


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_what_a_webhook_says_of_one_pod_blocks_that_pod_alone(status: int) -> None:
    """People read whom to ask, in the webhook's own words; the other pods leave meanwhile."""
    with canned_cluster(respond=answering(hook(status))) as (cluster, _):
        found = cluster.drain("gpu001", force=False)
    why = f"its eviction is refused: ({status}) {HOOK}not before 18:00"
    assert found == DrainPass(1, (Blocker("jupyter", "hub-0", why),))


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_force_goes_past_a_webhook(status: int) -> None:
    """An approver's word counts for every refusal, not just for a budget's."""
    with canned_cluster(respond=answering(hook(status))) as (cluster, canned):
        assert cluster.drain("gpu001", force=True) == DrainPass(evicting=2)
    deleted = [(path, body["preconditions"]) for method, path, body in canned.asked if method == "DELETE"]
    assert deleted == [("/api/v1/namespaces/jupyter/pods/hub-0", {"uid": "p1"})]


def test_force_says_what_it_could_not_do() -> None:
    """Who forced it learns that the pod is still there, and who says so."""
    with canned_cluster(respond=answering(hook(403), hook(400, "never"))) as (cluster, _):
        found = cluster.drain("gpu001", force=True)
    why = f"its eviction is refused: (403) {HOOK}not before 18:00; deleting it is refused as well: (400) {HOOK}never"
    assert found == DrainPass(1, (Blocker("jupyter", "hub-0", why),))


def test_not_there_is_believed_of_a_list_alone() -> None:
    """A webhook or a proxy says 404 of a pod that runs on; its node's power is not cut for that."""
    with canned_cluster(respond=answering((404, failure(404, "no such pod")))) as (cluster, _):
        assert cluster.drain("gpu001", force=False) == DrainPass(evicting=2)
        assert cluster.pods_left("gpu001", force=False) == 2
        [blocker] = cluster.drain("gpu001", force=False).blocked
        assert blocker.why == "its eviction is answered with (404) no such pod, and yet the cluster still lists it"
        assert cluster.drain("gpu001", force=True) == DrainPass(evicting=2)


def test_a_page_instead_of_words_is_cut() -> None:
    """A card names the refusal, and is not one."""
    with canned_cluster(respond=answering((400, failure(400, "no\n" * 5000)))) as (cluster, _):
        [blocker] = cluster.drain("gpu001", force=False).blocked
    assert len(blocker.why) < 300
    assert "\n" not in blocker.why


@pytest.mark.parametrize(
    "asked",
    [
        {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
        {"karpenter.sh/do-not-disrupt": "true"},
        {"karpenter.sh/do-not-disrupt": "True"},
    ],
)
def test_pods_that_ask_to_be_left_alone_are_named(asked: dict[str, str]) -> None:
    """Whoever runs a three-day job learns of the deadline before it ends the job."""
    pods = [raw_pod(annotations=asked), raw_pod("b", "p2", annotations={next(iter(asked)): "maybe"})]
    with canned_cluster((200, a_list("Pod", *pods))) as (cluster, _):
        [(key, value)] = asked.items()
        assert cluster.asking_to_stay(["gpu001"]) == (f'jupyter/hub-0 ({key.rpartition("/")[2]}: "{value.lower()}")',)


def test_a_finished_pod_never_blocks() -> None:
    """Whatever a webhook says of a record of something that is over: nobody waits for it."""
    done = raw_pod()
    done["status"]["phase"] = "Succeeded"

    def respond(method: str, _: str) -> tuple[int, object]:
        return (200, a_list("Pod", done)) if method == "GET" else hook(403)

    with canned_cluster(respond=respond) as (cluster, _):
        assert cluster.drain("gpu001", force=False) == DrainPass()
        assert cluster.pods_left("gpu001", force=False) == 0


def raw_pod(name: str = "hub-0", uid: str = "p1", **more: Any) -> dict[str, Any]:
    owner = {"kind": "StatefulSet", "name": "hub", "uid": "s1", "controller": True}
    meta = {"namespace": "jupyter", "name": name, "uid": uid, "labels": {"app": "hub"}, "ownerReferences": [owner]}
    return {"metadata": meta | more, "spec": {"nodeName": "gpu001"}, "status": {"phase": "Running"}}
