"""Who may do what, and how a refusal reads."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.sandbox.kube_rig import Bench, running


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A cluster whose clock runs 200 times as fast."""
    with running(tmp_path) as bench:
        yield bench


def test_without_a_token_the_answer_is_401(bench: Bench) -> None:
    """Nobody gets in by leaving the token out."""
    answer = urllib3.request("GET", f"{bench.site.address}/api/v1/nodes")
    assert answer.status == 401
    assert json.loads(answer.data)["reason"] == "Unauthorized"
    assert urllib3.request("GET", f"{bench.site.address}/readyz").data == b"ok"


def test_the_bot_is_refused_what_it_has_no_right_to(bench: Bench) -> None:
    """A right that the product does not need is one it does not have, and the refusal names it."""
    with pytest.raises(ApiException) as refused:
        bench.bot_core.create_node({"metadata": {"name": "mine"}})
    assert refused.value.status == 403
    said = json.loads(refused.value.body)
    assert said["reason"] == "Forbidden"
    assert said["message"] == (
        'nodes is forbidden: User "system:serviceaccount:lendbot:lendbot" cannot create resource "nodes" '
        'in API group "" at the cluster scope'
    )
    with pytest.raises(ApiException, match=r"secrets|could not find"):
        bench.bot_core.list_namespaced_secret("default")


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (("patch", "", "nodes", None), True),
        (("create", "", "pods", "eviction"), True),
        (("create", "", "pods", None), False),
        (("list", "policy", "poddisruptionbudgets", None), True),
        (("list", "", "poddisruptionbudgets", None), False),
        (("create", "", "nodes", None), False),
    ],
)
def test_an_access_review_answers_from_the_same_table(
    bench: Bench, asked: tuple[str, str, str, str | None], *, allowed: bool
) -> None:
    """What doctor is told is what a request would meet."""
    verb, group, resource, subresource = asked
    attributes = client.V1ResourceAttributes(verb=verb, group=group, resource=resource, subresource=subresource)
    spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    review = client.V1SelfSubjectAccessReview(spec=spec)
    answer = client.AuthorizationV1Api(bench.bot).create_self_subject_access_review(review)
    assert answer.status.allowed is allowed


def test_a_rules_review_lists_the_rights(bench: Bench) -> None:
    """`kubectl auth can-i --list` has something to show."""
    review = client.V1SelfSubjectRulesReview(spec=client.V1SelfSubjectRulesReviewSpec(namespace="default"))
    answer = client.AuthorizationV1Api(bench.bot).create_self_subject_rules_review(review)
    assert any(rule.resources == ["pods/eviction"] for rule in answer.status.resource_rules)


def test_calls_are_counted_by_verb_and_resource(bench: Bench) -> None:
    """Whether calls grow with the nodes can be read off."""
    bench.bot_core.list_node()
    bench.bot_core.read_node("kube001")
    assert bench.site.calls["list nodes"] == 1
    assert bench.site.calls["get nodes"] == 1
