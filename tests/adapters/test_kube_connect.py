"""Credentials that cannot work are refused at start, with a sentence."""

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.kube.connect import connect
from tests.patience import PATIENCE_S

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://192.0.2.1:6443"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: here, context: {cluster: c, user: u}}, {name: there, context: {cluster: c, user: u}}]
current-context: here
"""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG)
    return path


@pytest.mark.parametrize("context", [None, "there"])
def test_a_good_kubeconfig_makes_a_client_without_asking_the_cluster(kubeconfig: Path, context: str | None) -> None:
    """lendbot starts while the cluster is away, and says so where it matters."""
    client = connect(kubeconfig, context)
    assert client.configuration.host == "https://192.0.2.1:6443"
    assert client.configuration.retries is False


PLUGIN = """
{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
 "status": {"token": "from-the-plugin", "expirationTimestamp": "2020-01-01T00:00:00Z"}}
"""


def test_a_credential_plugin_that_hangs_is_ended(tmp_path: Path) -> None:
    """A plugin that waits for a log-in, or for a metadata service, does not hang every loan of the site."""
    (tmp_path / "answer").write_text(PLUGIN)
    user = {"command": "sh", "args": ["-c", "cat answer || sleep 600"], "apiVersion": "client.authentication.k8s.io/v1"}
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.replace("{token: t}", json.dumps({"exec": user})))
    client = connect(kubeconfig, timeout=timedelta(seconds=PATIENCE_S))
    assert client.configuration.get_api_key_with_prefix("BearerToken") == "Bearer from-the-plugin"
    (tmp_path / "answer").unlink()
    before = time.monotonic()
    connect(kubeconfig, timeout=timedelta(seconds=0.3))
    assert time.monotonic() - before < 300


def test_a_context_that_is_not_there_is_named(kubeconfig: Path) -> None:
    """A typo in the settings is found at start."""
    with pytest.raises(ValueError, match="elsewhere"):
        connect(kubeconfig, "elsewhere")


@pytest.mark.parametrize("content", [None, "", "rubbish: [", "words", "[1]", "apiVersion: v1\nkind: Config\n"])
def test_a_kubeconfig_that_cannot_be_read_is_named(tmp_path: Path, content: str | None) -> None:
    """The operator reads which file is wrong, not a traceback."""
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=f"the kubeconfig {path} cannot be used"):
        connect(path)


def test_outside_a_pod_there_is_no_service_account() -> None:
    """Leaving the kubeconfig out means running inside the cluster; elsewhere that is said."""
    with pytest.raises(ValueError, match="the pod's service account cannot be used"):
        connect()
