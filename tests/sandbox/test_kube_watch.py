"""Watches, through the official client and as raw lines."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

from sandbox.kube import BOT_TOKEN
from sandbox.kube.resources import NODES
from tests.patience import PATIENCE_S
from tests.sandbox.kube_rig import Bench, running


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A cluster whose clock runs 200 times as fast."""
    with running(tmp_path) as bench:
        yield bench


def lines(bench: Bench, path: str) -> list[dict]:
    """Read a watch to its end."""
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    answer = urllib3.request("GET", f"{bench.site.address}{path}", headers=headers, timeout=PATIENCE_S)
    return [json.loads(line) for line in answer.data.splitlines()]


def events(bench: Bench, **options: object) -> Iterator[tuple[str, str]]:
    for event in watch.Watch().stream(bench.bot_core.list_node, **options):
        yield event["type"], event["object"].metadata.name


def test_a_watch_from_nothing_begins_with_what_there_is(bench: Bench) -> None:
    """A watcher that knows nothing yet hears of every node once."""
    heard = [event["object"]["metadata"]["name"] for event in lines(bench, "/api/v1/nodes?watch=true&timeoutSeconds=1")]
    assert heard[:3] == ["kube001", "kube002", "kube003"]


def test_a_watch_from_a_list_brings_exactly_what_changed_since(bench: Bench) -> None:
    """Between a list and its watch no change is lost and none comes twice."""
    bench.until(lambda: all(bench.is_ready(f"kube00{number}") for number in (1, 2, 3)))
    since = bench.core.list_node().metadata.resource_version
    bench.core.patch_node("kube002", {"metadata": {"labels": {"first": "yes"}}})
    bench.core.patch_node("kube002", {"metadata": {"labels": {"second": "yes"}}})
    found = [
        event
        for event in lines(bench, f"/api/v1/nodes?watch=1&timeoutSeconds=1&resourceVersion={since}")
        if "first" in event["object"]["metadata"]["labels"]
    ]
    assert [event["type"] for event in found] == ["MODIFIED", "MODIFIED"]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in found]
    assert int(since) < versions[0] < versions[1]


def test_a_watch_ends_with_a_bookmark_when_asked(bench: Bench) -> None:
    """A quiet watch still learns how far the world has come."""
    heard = lines(bench, "/api/v1/nodes?watch=1&timeoutSeconds=1&allowWatchBookmarks=true&labelSelector=none=such")
    assert [event["type"] for event in heard] == ["BOOKMARK"]
    assert heard[0]["object"]["kind"] == "Node"
    assert int(heard[0]["object"]["metadata"]["resourceVersion"]) > 1000


def test_a_version_that_was_compacted_away_is_410(bench: Bench) -> None:
    """A watcher that slept too long is told to list again, and the client does."""
    old = bench.core.list_node().metadata.resource_version
    bench.core.patch_node("kube001", {"metadata": {"labels": {"a": "b"}}})
    bench.do(bench.site.cluster.store.compact)
    heard = lines(bench, f"/api/v1/nodes?watch=1&resourceVersion={old}")
    assert [event["type"] for event in heard] == ["ERROR"]
    assert (heard[0]["object"]["code"], heard[0]["object"]["reason"]) == (410, "Expired")
    with pytest.raises(ApiException) as gone:
        list(events(bench, resource_version=old, timeout_seconds=1))
    assert gone.value.status == 410


def test_leaving_a_selection_looks_like_a_deletion(bench: Bench) -> None:
    """A watcher of lent nodes hears when one is not lent any more."""
    options = {"label_selector": "lent=yes", "timeout_seconds": 10}
    bench.core.patch_node("kube001", {"metadata": {"labels": {"lent": "yes"}}})
    heard = events(bench, **options)
    assert next(heard) == ("ADDED", "kube001")
    bench.core.patch_node("kube002", {"metadata": {"labels": {"lent": "yes"}}})
    bench.core.patch_node("kube001", {"metadata": {"labels": {"lent": None}}})
    seen = [next(heard)]
    while seen[-1] != ("DELETED", "kube001"):
        seen.append(next(heard))
    assert ("ADDED", "kube002") in seen
    heard.close()


def test_open_watches_are_counted(bench: Bench) -> None:
    """The page shows that one watch serves however many nodes."""
    reader = threading.Thread(target=lines, args=(bench, "/api/v1/nodes?watch=1&timeoutSeconds=1"), daemon=True)
    reader.start()
    bench.until(lambda: bench.site.watches == 1)
    reader.join(PATIENCE_S)
    bench.until(lambda: bench.site.watches == 0)
    assert bench.site.calls["watch nodes"] == 1


def test_a_thousand_nodes_are_listed_and_watched(bench: Bench) -> None:
    """A whole site fits: every node comes once in a list, and once in a watch."""

    def plant() -> None:
        for number in range(1000):
            node = {"metadata": {"name": f"big{number:04}"}, "spec": {"unschedulable": True}}
            bench.site.cluster.api.create(NODES, "", node)

    bench.do(plant)
    assert len(client.CoreV1Api(bench.bot).list_node(limit=500).items) == 500
    added = {
        event["object"]["metadata"]["name"]
        for event in lines(bench, "/api/v1/nodes?watch=1&timeoutSeconds=2&resourceVersion=0")
        if event["type"] == "ADDED"
    }
    assert len(added) == 1003
