"""deploy/rbac.yaml, the code's table and the document say the same."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.kube.rights import RIGHTS, Right
from tests.adapters.kube_rig import canned_cluster

ROOT = Path(__file__).parents[2]


def granted() -> set[Right]:
    """Return what deploy/rbac.yaml grants."""
    documents: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / "deploy/rbac.yaml").read_text()))
    (role,) = (found for found in documents if found["kind"] == "ClusterRole")
    return {
        Right(verb, resource, group, name)
        for rule in role["rules"]
        for verb in rule["verbs"]
        for resource in rule["resources"]
        for group in rule["apiGroups"]
        for name in rule.get("resourceNames", [""])
    }


def test_the_role_grants_exactly_what_the_code_uses() -> None:
    """A cluster's administrators never grant more than is needed, and a drain never fails for a right forgotten."""
    assert granted() == set(RIGHTS)


def test_no_right_reaches_into_secrets_or_runs_anything() -> None:
    """A stolen token of lendbot's cannot read a tenant's secrets nor start a pod."""
    assert not {r for r in granted() if r.resource in {"secrets", "configmaps", "pods/exec"} or "*" in str(r)}
    assert Right("create", "pods") not in granted()


@pytest.mark.parametrize("right", RIGHTS, ids=str)
def test_the_document_says_why_each_right_is_needed(right: Right) -> None:
    """Whoever must sign off the role finds the reason for each line."""
    assert f"`{right}`" in (ROOT / "docs/rights-kubernetes.md").read_text()


def test_doctor_hears_of_each_right_that_is_missing() -> None:
    """The right that somebody took away is named, and not only that something failed."""
    answers = [(201, {"status": {"allowed": right != Right("delete", "pods")}}) for right in RIGHTS]
    with canned_cluster(*answers) as (cluster, canned):
        assert [str(right) for right in cluster.missing_rights()] == ["delete pods"]
    asked = [body["spec"]["resourceAttributes"] for _, _, body in canned.asked]
    eviction = {"verb": "create", "group": "", "resource": "pods", "subresource": "eviction"}
    assert eviction in asked
