"""The API server on a bad day."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from kubernetes.client.exceptions import ApiException

from sandbox.faults import Fault
from sandbox.kube import BOT_TOKEN
from tests.patience import PATIENCE_S
from tests.sandbox.kube_rig import Bench, running


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A cluster whose clock runs 200 times as fast."""
    with running(tmp_path) as bench:
        yield bench


def test_a_refused_connection_breaks_a_request_and_a_watch(bench: Bench) -> None:
    """A server that is down is down for those who already listen, too."""
    path = f"{bench.site.address}/api/v1/nodes?watch=1&timeoutSeconds=60"
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    listening = urllib3.request("GET", path, headers=headers, preload_content=False, timeout=PATIENCE_S)
    heard = iter(listening)
    assert json.loads(next(heard))["type"] == "ADDED"
    bench.faults.set(Fault("kube", "refuse"))
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request("GET", f"{bench.site.address}/readyz", retries=False)
    with pytest.raises(urllib3.exceptions.HTTPError):
        list(heard)
    bench.faults.clear("kube")
    assert len(bench.bot_core.list_node().items) == 3


def test_a_server_that_hangs_answers_nobody(bench: Bench) -> None:
    """Only the client's own time-out ends the wait."""
    bench.faults.set(Fault("kube", "hang", times=1))
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        urllib3.request("GET", f"{bench.site.address}/readyz", retries=False, timeout=0.2)
    assert len(bench.bot_core.list_node(_request_timeout=PATIENCE_S).items) == 3


def test_rubbish_is_not_json(bench: Bench) -> None:
    """A proxy's error page is what comes instead of an answer."""
    bench.faults.set(Fault("kube", "rubbish", times=1))
    assert b"Bad Gateway" in urllib3.request("GET", f"{bench.site.address}/version").data


def test_a_conflict_hits_writes_alone(bench: Bench) -> None:
    """Somebody else is always a little faster; reads do not notice."""
    bench.faults.set(Fault("kube", "conflict", "kube001", times=1))
    assert len(bench.bot_core.list_node().items) == 3
    bench.bot_core.patch_node("kube002", {"metadata": {"labels": {"a": "b"}}})
    with pytest.raises(ApiException) as refused:
        bench.bot_core.patch_node("kube001", {"metadata": {"labels": {"a": "b"}}})
    assert refused.value.status == 409
    bench.bot_core.patch_node("kube001", {"metadata": {"labels": {"a": "b"}}})
