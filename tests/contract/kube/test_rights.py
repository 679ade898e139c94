"""Rights: those of deploy/rbac.yaml suffice, and their absence is said."""

from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from kubernetes.client import AuthorizationV1Api

from adapters.kube.cluster import KubeCluster
from adapters.kube.connect import connect
from adapters.kube.rights import RIGHTS, Right
from conversion.ports import Denied
from tests.contract.kube.conftest import Make
from tests.contract.kube.far_side import FarSide

VERBS: Final = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
RESOURCES: Final = (
    ("", "nodes"),
    ("", "nodes/status"),
    ("", "nodes/proxy"),
    ("", "pods"),
    ("", "pods/eviction"),
    ("", "pods/exec"),
    ("", "pods/log"),
    ("", "secrets"),
    ("", "configmaps"),
    ("", "namespaces"),
    ("", "serviceaccounts/token"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("policy", "poddisruptionbudgets"),
    ("certificates.k8s.io", "certificatesigningrequests"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
)
"""What lendbot touches, and what somebody who stole its token would want."""


def test_the_bots_account_has_every_right_that_it_needs(cluster: KubeCluster) -> None:
    """Doctor is green on a cluster that was set up as the documents say."""
    assert cluster.missing_rights() == []


def test_the_bots_account_has_no_other_right(far: FarSide) -> None:
    """A stolen token drains nodes and evicts pods; it reads no secret, starts no pod and grants itself nothing."""
    client = connect(far.bot)
    reviews: Any = AuthorizationV1Api(client)  # it takes plain JSON, which its annotations do not say
    every = [Right(verb, resource, group) for verb, (group, resource) in product(VERBS, RESOURCES)]
    everywhere = {right for right in RIGHTS if not right.name}
    assert everywhere <= set(every)
    assert [right for right in every if _may(reviews, right)] == [right for right in every if right in everywhere]
    client.rest_client.close()


def _may(reviews: Any, right: Right) -> bool:
    """Ask the cluster itself about a right in all namespaces."""
    resource, _, sub = right.resource.partition("/")
    asked = {"verb": right.verb, "group": right.group, "resource": resource, **({"subresource": sub} if sub else {})}
    review = reviews.create_self_subject_access_review({"spec": {"resourceAttributes": asked}})
    return bool(review.status.allowed)


def test_a_token_that_ran_out_is_said_to_be_just_that(make: Make, far: FarSide, tmp_path: Path) -> None:
    """Nobody looks for a network fault when a token is old, and nothing is asked again and again."""
    config = yaml.safe_load(far.bot.read_text())
    config["users"][0]["user"]["token"] = "an-old-token"
    old = tmp_path / "old.kubeconfig"
    old.write_text(yaml.safe_dump(config))
    with pytest.raises(Denied, match="does not know who we are"):
        make(kubeconfig=old).nodes()
