"""Rights: those of deploy/rbac.yaml suffice, and their absence is said."""

from pathlib import Path

import pytest
import yaml

from adapters.kube.cluster import KubeCluster
from conversion.ports import Denied
from tests.contract.kube.conftest import Make
from tests.contract.kube.far_side import FarSide


def test_the_bots_account_has_every_right_that_it_needs(cluster: KubeCluster) -> None:
    """Doctor is green on a cluster that was set up as the documents say."""
    assert cluster.missing_rights() == []


def test_a_token_that_ran_out_is_said_to_be_just_that(make: Make, far: FarSide, tmp_path: Path) -> None:
    """Nobody looks for a network fault when a token is old, and nothing is asked again and again."""
    config = yaml.safe_load(far.bot.read_text())
    config["users"][0]["user"]["token"] = "an-old-token"
    old = tmp_path / "old.kubeconfig"
    old.write_text(yaml.safe_dump(config))
    with pytest.raises(Denied, match="does not know who we are"):
        make(kubeconfig=old).nodes()
