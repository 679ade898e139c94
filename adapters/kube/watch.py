"""The cluster's nodes, kept current by one list and one watch, whatever the number of nodes and of readers.

Decides whether what we hold may be believed. It may while the watch speaks: the server ends each watch after a short
window, so a connection that is silent for longer is dead, whatever TCP believes. Otherwise a read asks the cluster
itself, once for all who ask in that second, and raises what comes of it: an old answer never passes for a new one.
"""

import time
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import Final

import structlog

from adapters.kube.api import SIDE, Answer, Json, KubeApi, Stream, path
from adapters.kube.cache import NodeCache
from adapters.kube.objects import HeldNode, all_items_of, held_node, understood
from adapters.kube.rights import GET_NODES, LIST_NODES, WATCH_NODES
from adapters.shared_read import SharedRead
from conversion.ports import FarSideError, UnexpectedAnswer

log = structlog.get_logger()

NODES: Final = path("api", "v1", "nodes")
BACKOFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
MAX_AGE: Final = timedelta(seconds=1)
"""What conversion.ports allows a read."""

SHORTEST_WINDOW_S: Final = 1.0
"""A server that ends each watch at once is asked again no faster than this."""


class NodeWatch:
    """One list, one watch, one thread.

    stale_after   silence after which the watch is not believed any more; the server's window is 3/5 of it
    """

    def __init__(self, api: KubeApi, stale_after: timedelta) -> None:
        self._api = api
        self._stale_after = stale_after
        self._cache = NodeCache()
        self._list = SharedRead(self._list_now, MAX_AGE)
        self._lock = Lock()
        self._closing = Event()
        self._thread: Thread | None = None
        self._stream: Stream | None = None
        self._heard_at: float | None = None  # None: nothing that we hold may be believed

    def start(self) -> None:
        """Begin to watch; every read does so by itself."""
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = Thread(target=self._run, name="kube-nodes", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the watch. Reads after it ask the cluster each time."""
        self._closing.set()
        self._heard_at = None
        if self._stream is not None:
            self._stream.cut()
        if self._thread is not None:
            self._thread.join(timeout=SHORTEST_WINDOW_S)

    @property
    def is_current(self) -> bool:
        """Return True while the watch speaks."""
        heard_at = self._heard_at
        return heard_at is not None and time.monotonic() - heard_at < self._stale_after.total_seconds()

    def one(self, name: str) -> HeldNode | None:
        """Return a node as it is now, or None when the cluster has none of that name."""
        self._make_current()
        return self._cache.get(name)

    def all(self) -> dict[str, HeldNode]:
        """Return every node as it is now."""
        self._make_current()
        return self._cache.all()

    def fetch(self, name: str) -> HeldNode | None:
        """Ask the cluster itself about one node, past the watch; None only when it says that this node is not there."""
        answer = self._api.ask(GET_NODES, path("api", "v1", "nodes", name))
        if answer.is_gone and answer.body["details"].get("name") == name:
            return None
        held = self.learn(answer.ok())
        if held.node.name != name:
            raise UnexpectedAnswer(SIDE, f"asked for node {name}, it answers with {held.node.name}", answer.raw)
        return held

    def learn(self, raw: Json) -> HeldNode:
        """Take the node that a write was answered with, so that no later read is older than the write."""
        held = held_node(raw)
        self._cache.learn(held)
        return held

    def forget(self, name: str, uid: str) -> None:
        """Take the news that a delete was done."""
        self._cache.forget(name, uid)

    def _make_current(self) -> None:
        self.start()
        if not self.is_current:
            self._list.get()

    def _list_now(self) -> None:
        body = self._api.call(LIST_NODES, NODES)
        nodes = [held_node(raw) for raw in all_items_of(body, "Node")]
        with understood("list of nodes", body["metadata"]):
            self._cache.replace(nodes, int(body["metadata"]["resourceVersion"]))

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                self._watch_one_window()
                if failures:
                    log.info("kube.watch.back", failures=failures)
                failures = 0
            except FarSideError as error:
                if self._closing.is_set():
                    return
                self._cache.lose()
                log.warning("kube.watch.lost", why=str(error), failures=failures)
                self._closing.wait(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
                failures += 1

    def _watch_one_window(self) -> None:
        began = time.monotonic()
        if not self._cache.version:
            self._list.get()
        try:
            self._follow()
        finally:
            self._heard_at = None
        self._closing.wait(max(0.0, began + SHORTEST_WINDOW_S - time.monotonic()))

    def _follow(self) -> None:
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": str(self._cache.version),
            "timeoutSeconds": str(max(1, round(self._stale_after.total_seconds() * 0.6))),
        }
        with self._api.stream(WATCH_NODES, NODES, query, self._stale_after) as stream:
            self._stream = stream
            if self._closing.is_set():
                return
            self._heard_at = time.monotonic()
            for event in stream:
                self._take(str(event.get("type")), event["object"])
                self._heard_at = time.monotonic()

    def _take(self, kind: str, raw: Json) -> None:
        match kind:
            case "ADDED" | "MODIFIED":
                self._cache.come_to(self.learn(raw).version)
            case "DELETED":
                held = held_node(raw)
                self._cache.forget(held.node.name, held.node.uid)
                self._cache.come_to(held.version)
            case "BOOKMARK":
                with understood("bookmark", raw):
                    self._cache.come_to(int(raw["metadata"]["resourceVersion"]))
            case "ERROR":  # 410 Gone is the usual one: we were away for too long
                raise Answer(WATCH_NODES, int(raw.get("code") or 0), raw, str(raw)).refusal()
            case _:
                raise UnexpectedAnswer(SIDE, f"its watch speaks of {kind!r}", str(raw))
