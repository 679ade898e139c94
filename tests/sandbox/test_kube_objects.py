"""Objects over HTTP, as the official client sees them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.sandbox.kube_rig import Bench, running


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A cluster whose clock runs 200 times as fast."""
    with running(tmp_path) as bench:
        yield bench


def failure(error: ApiException) -> dict:
    return json.loads(error.body)


def test_a_stale_resource_version_is_refused_with_409(bench: Bench) -> None:
    """Nobody overwrites what somebody else changed meanwhile."""
    node = bench.core.read_node("kube001")
    bench.core.patch_node("kube001", {"metadata": {"labels": {"changed": "yes"}}})
    node.metadata.labels["mine"] = "yes"
    with pytest.raises(ApiException) as refused:
        bench.core.replace_node("kube001", node)
    assert refused.value.status == 409
    assert failure(refused.value)["reason"] == "Conflict"
    assert failure(refused.value)["details"] == {"name": "kube001", "kind": "nodes"}
    stale = {"metadata": {"resourceVersion": node.metadata.resource_version, "labels": {"mine": "yes"}}}
    with pytest.raises(ApiException, match="please apply your changes to the latest version"):
        bench.bot_core.patch_node("kube001", stale)


def test_a_write_that_changes_nothing_makes_no_new_version(bench: Bench) -> None:
    """Doing a step twice wakes no watcher."""
    bench.until(lambda: bench.is_ready("kube001"))
    bench.until(lambda: not bench.core.read_node("kube001").spec.taints)
    first = bench.bot_core.patch_node("kube001", {"metadata": {"labels": {"a": "b"}}})
    again = bench.bot_core.patch_node("kube001", {"metadata": {"labels": {"a": "b"}}})
    assert again.metadata.resource_version == first.metadata.resource_version


def test_each_kind_of_patch_does_what_its_name_says(bench: Bench) -> None:
    """A cordon, a label and a guarded taint each arrive, whatever way a client words them."""
    strategic = bench.admin.call_api(
        "PATCH",
        f"{bench.site.address}/api/v1/nodes/kube001/status",
        {"Content-Type": "application/strategic-merge-patch+json", **bench.admin.default_headers, **_token(bench)},
        {"status": {"conditions": [{"type": "Extra", "status": "True"}]}},
    )
    strategic.read()
    kinds = {one.type for one in bench.core.read_node("kube001").status.conditions}
    assert {"Ready", "Extra"} <= kinds
    operations = [
        {"op": "test", "path": "/metadata/name", "value": "kube001"},
        {"op": "add", "path": "/metadata/labels/a~1b", "value": "c"},
    ]
    bench.core.patch_node("kube001", operations)
    assert bench.core.read_node("kube001").metadata.labels["a/b"] == "c"
    bench.core.patch_node("kube001", {"metadata": {"labels": {"a/b": None}}, "spec": {"unschedulable": True}})
    node = bench.core.read_node("kube001")
    assert "a/b" not in node.metadata.labels
    assert node.spec.unschedulable
    bench.until(lambda: "node.kubernetes.io/unschedulable" in _taints(bench, "kube001"))


def _token(bench: Bench) -> dict[str, str]:
    return {"authorization": bench.admin.configuration.get_api_key_with_prefix("authorization", "BearerToken")}


def _taints(bench: Bench, name: str) -> set[str]:
    return {taint.key for taint in bench.core.read_node(name).spec.taints or ()}


def test_status_and_spec_are_written_apart(bench: Bench) -> None:
    """A patch of the node itself cannot pretend that it is Ready."""
    bench.until(lambda: bench.is_ready("kube001"))
    bench.core.patch_node("kube001", {"status": {"phase": "Broken"}})
    assert bench.core.read_node("kube001").status.phase is None


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("tier=web", ["a"]),
        ("tier!=web", ["b", "c"]),
        ("tier in (web, db)", ["a", "b"]),
        ("tier notin (web,db)", ["c"]),
        ("tier", ["a", "b"]),
        ("!tier", ["c"]),
        ("tier,zone=x", ["b"]),
    ],
)
def test_selectors_narrow_a_list(bench: Bench, selector: str, names: list[str]) -> None:
    """What is asked for by label is what comes."""
    for name, labels in (("a", {"tier": "web"}), ("b", {"tier": "db", "zone": "x"}), ("c", {})):
        meta = client.V1ObjectMeta(name=name, labels=labels)
        pod = client.V1Pod(metadata=meta, spec={"containers": [{"name": "main", "image": "site/main:1"}]})
        bench.core.create_namespaced_pod("default", pod)
    found = bench.core.list_namespaced_pod("default", label_selector=selector)
    assert [pod.metadata.name for pod in found.items] == names


def test_a_long_list_comes_in_pages(bench: Bench) -> None:
    """A page says how many are left, and the next one goes on where it ended."""
    first = bench.core.list_node(limit=2)
    assert [node.metadata.name for node in first.items] == ["kube001", "kube002"]
    assert first.metadata.remaining_item_count == 1
    rest = bench.core.list_node(limit=2, _continue=first.metadata._continue)
    assert [node.metadata.name for node in rest.items] == ["kube003"]


def test_what_the_real_server_would_not_store_is_refused(bench: Bench) -> None:
    """A wrong label or a doubled taint is told at once, with its field."""
    with pytest.raises(ApiException) as refused:
        bench.core.patch_node("kube001", {"metadata": {"labels": {"loan": "not a label!"}}})
    assert (refused.value.status, failure(refused.value)["reason"]) == (422, "Invalid")
    taint = {"key": "lendbot/loan", "effect": "NoSchedule"}
    with pytest.raises(ApiException, match="Duplicate value"):
        bench.core.patch_node("kube001", {"spec": {"taints": [taint, taint]}})


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"metadata": None}, 200),
        ({"metadata": {"labels": ["a"]}}, 400),
        ({"metadata": {"name": "other"}}, 400),
        ({"metadata": {"uid": "other"}}, 409),
        ({"spec": "no"}, 400),
        ({"spec": {"taints": ["no"]}}, 400),
        ({"spec": {"taints": [{"key": "a", "effect": "Never"}]}}, 422),
        ({"kind": "Pod"}, 400),
        ([{"op": "remove", "path": "/spec/nothing"}], 422),
        ([{"op": "test", "path": "/metadata/resourceVersion", "value": "1"}], 422),
        ([{"op": "twist", "path": "/spec"}], 400),
    ],
)
def test_a_malformed_patch_changes_nothing(bench: Bench, patch: object, code: int) -> None:
    """Nonsense is answered with its reason, never with a broken connection."""
    bench.until(lambda: bench.is_ready("kube001"))
    bench.until(lambda: not bench.core.read_node("kube001").spec.taints)
    before = bench.core.read_node("kube001").spec
    kind = "application/json-patch+json" if isinstance(patch, list) else "application/merge-patch+json"
    asked = {"Content-Type": kind, **_token(bench)}
    answer = bench.admin.call_api("PATCH", f"{bench.site.address}/api/v1/nodes/kube001", asked, patch)
    assert answer.status == code, answer.read()
    assert bench.core.read_node("kube001").spec == before


def test_a_delete_with_another_uid_is_refused(bench: Bench) -> None:
    """A node that was replaced meanwhile is not deleted in its predecessor's place."""
    options = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="another"))
    with pytest.raises(ApiException) as refused:
        bench.bot_core.delete_node("kube001", body=options)
    assert refused.value.status == 409
    assert "Precondition failed: UID in precondition: another" in failure(refused.value)["message"]


def test_missing_things_are_named(bench: Bench) -> None:
    """A 404 says what was not found."""
    with pytest.raises(ApiException) as missing:
        bench.core.read_node("nowhere")
    assert failure(missing.value)["message"] == 'nodes "nowhere" not found'
    with pytest.raises(ApiException, match='namespaces \\\\"nowhere\\\\" not found'):
        bench.core.create_namespaced_pod("nowhere", {"metadata": {"name": "a"}, "spec": {"containers": []}})


def test_a_deleted_namespace_takes_its_contents_along(bench: Bench) -> None:
    """Whoever drains meanwhile hears that the namespace ends, and the pods go by themselves."""
    bench.until(lambda: bench.core.list_namespaced_pod("jupyter", field_selector="status.phase=Running").items != [])
    bench.core.delete_namespace("jupyter")
    with pytest.raises(ApiException) as refused:
        bench.core.create_namespaced_pod("jupyter", {"metadata": {"name": "late"}, "spec": {"containers": []}})
    assert refused.value.status in {403, 404}
    bench.until(lambda: "jupyter" not in {one.metadata.name for one in bench.core.list_namespace().items})
    assert bench.core.list_namespaced_pod("jupyter").items == []


def test_kubectl_gets_columns_to_print(bench: Bench) -> None:
    """A person with kubectl sees at a glance which node is Ready and which is cordoned."""
    bench.until(lambda: bench.is_ready("kube001"))
    bench.core.patch_node("kube001", {"spec": {"unschedulable": True}})
    asked = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json", **_token(bench)}
    answer = bench.admin.call_api("GET", f"{bench.site.address}/api/v1/nodes", asked)
    shown = json.loads(answer.read())
    assert [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Status", "Roles", "Version", "Age"]
    assert shown["rows"][0]["cells"][:3] == ["kube001", "Ready,SchedulingDisabled", "worker"]


def test_a_cluster_with_a_certificate_is_trusted_by_its_kubeconfig(tmp_path: Path) -> None:
    """kubectl sends no token without TLS; with it, the same kubeconfig does."""
    with running(tmp_path, tls=True) as bench:
        assert bench.site.address.startswith("https://")
        assert len(bench.bot_core.list_node().items) == 3


def test_discovery_lists_what_is_served(bench: Bench) -> None:
    """kubectl finds nodes, evictions and budgets where it looks for them."""
    served = {one.name for one in bench.core.get_api_resources().resources}
    assert {"nodes", "pods", "pods/eviction", "namespaces"} <= served
    groups = {group.name for group in client.ApisApi(bench.admin).get_api_versions().groups}
    assert {"apps", "batch", "policy", "coordination.k8s.io", "authorization.k8s.io", "storage.k8s.io"} <= groups
    assert client.VersionApi(bench.bot).get_code().minor == "36"
