"""Every object of the cluster, in versions: what etcd and the watch cache are to the real API server.

It decides resource versions, what a watcher sees and when history is too old. It refuses to know what the objects mean.
Objects are values: a write stores a new one and never changes one in place, so history costs only what differs.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sandbox.kube import status
from sandbox.kube.resources import ALL, Obj, Resource
from sandbox.kube.selectors import Match

KEPT_EVENTS: Final = 4000
"""Changes kept of each resource. Whoever comes back with an older version gets 410 and lists anew."""

Key = tuple[str, str]
"""(namespace, name); the namespace of a cluster-wide object is empty."""


class Stored:
    """One version of one object, and its JSON once somebody asked for it."""

    __slots__ = ("_json", "obj", "resource")

    def __init__(self, resource: Resource, obj: Obj) -> None:
        self.resource = resource
        self.obj = obj
        self._json: bytes | None = None

    @property
    def item(self) -> bytes:
        """As it stands in a list: without kind and apiVersion, as the real server's items are."""
        if self._json is None:
            self._json = json.dumps(self.obj, separators=(",", ":")).encode()
        return self._json

    @property
    def whole(self) -> bytes:
        """As it stands alone."""
        head = f'{{"kind":"{self.resource.kind}","apiVersion":"{self.resource.api_version}",'
        return head.encode() + self.item[1:]


class Change(NamedTuple):
    """type is ADDED, MODIFIED or DELETED; before is the version it replaces."""

    resource: Resource
    type: str
    version: int
    now: Stored
    before: Stored | None

    @property
    def obj(self) -> Obj:
        return self.now.obj


@dataclass(eq=False)
class Watcher:
    """Lines that wait to be sent to one watching client."""

    match: Match | None
    namespace: str
    lines: deque[bytes] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    sent_version: int = 0

    def push(self, change: Change) -> None:
        """Queue what this client sees of a change: leaving its selection is a deletion, entering it an addition."""
        if self.namespace and self.namespace != change.obj["metadata"].get("namespace"):
            return
        kind = change.type
        if self.match is not None:
            is_in = self.match(change.obj)
            was_in = change.before is not None and self.match(change.before.obj)
            if kind == "DELETED" or not is_in:
                if not was_in:
                    return
                kind = "DELETED"
            else:
                kind = "MODIFIED" if was_in else "ADDED"
        self.sent_version = change.version
        self.lines.append(line(kind, change.now.whole))
        self.wake.set()


def line(kind: str, obj: bytes) -> bytes:
    """One event of a watch, as it goes over the wire."""
    return b'{"type":"' + kind.encode() + b'","object":' + obj + b"}\n"


class _Table:
    def __init__(self) -> None:
        self.objects: dict[Key, Stored] = {}
        self.history: deque[Change] = deque()
        self.oldest = 0
        self.watchers: set[Watcher] = set()


class Store:
    """Not thread-safe: it lives on the site's one event loop."""

    def __init__(self) -> None:
        self._tables = {resource: _Table() for resource in ALL}
        self.version = 1000
        self.listeners: list[Callable[[Change], None]] = []

    def get(self, resource: Resource, namespace: str, name: str) -> Obj:
        """Return one object, or raise the 404 that names it."""
        return self.stored(resource, namespace, name).obj

    def find(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        """Return one object if it is there."""
        stored = self._tables[resource].objects.get((namespace, name))
        return stored.obj if stored else None

    def stored(self, resource: Resource, namespace: str, name: str) -> Stored:
        """Return one object with its JSON, or raise the 404 that names it."""
        stored = self._tables[resource].objects.get((namespace, name))
        if stored is None:
            raise status.not_found(resource, name)
        return stored

    def all(self, resource: Resource, namespace: str = "") -> Iterable[Stored]:
        """Return every object, unsorted; a namespace narrows it."""
        objects = self._tables[resource].objects
        if not namespace:
            return list(objects.values())
        return [stored for (within, _), stored in objects.items() if within == namespace]

    def add(self, resource: Resource, obj: Obj) -> Obj:
        """Store a new object; 409 when its name is taken."""
        key = _key(obj)
        if key in self._tables[resource].objects:
            raise status.already_exists(resource, key[1])
        return self._write(resource, "ADDED", key, obj, None)

    def put(self, resource: Resource, obj: Obj) -> Obj:
        """Store a new version, unless nothing differs: then there is none, as with the real server."""
        key = _key(obj)
        before = self._tables[resource].objects[key]
        if obj == before.obj:
            return before.obj
        return self._write(resource, "MODIFIED", key, obj, before)

    def remove(self, resource: Resource, namespace: str, name: str) -> Obj:
        """Take an object out; its last version carries the version of its deletion."""
        before = self._tables[resource].objects.pop((namespace, name))
        return self._write(resource, "DELETED", (namespace, name), before.obj, before)

    def watch(self, resource: Resource, watcher: Watcher, since: int | None) -> None:
        """Attach a watcher and queue what it missed. since None: all that exists, as additions. 410 when too old."""
        table = self._tables[resource]
        if since is None:
            for key in sorted(table.objects):
                watcher.push(Change(resource, "ADDED", self.version, table.objects[key], None))
        else:
            if since < table.oldest:
                raise status.expired(since, table.oldest)
            for change in table.history:
                if change.version > since:
                    watcher.push(change)
        watcher.sent_version = self.version
        table.watchers.add(watcher)

    def unwatch(self, resource: Resource, watcher: Watcher) -> None:
        """Detach a watcher."""
        self._tables[resource].watchers.discard(watcher)

    def watchers(self) -> int:
        """Count the watches that are open."""
        return sum(len(table.watchers) for table in self._tables.values())

    def compact(self) -> None:
        """Forget all history, as etcd does every five minutes."""
        for table in self._tables.values():
            table.history.clear()
            table.oldest = self.version

    def oldest(self, resource: Resource) -> int:
        """The oldest version from which a list of this kind may be continued."""
        return self._tables[resource].oldest

    def _write(self, resource: Resource, kind: str, key: Key, obj: Obj, before: Stored | None) -> Obj:
        self.version += 1
        meta = {**obj["metadata"], "resourceVersion": str(self.version)}
        now = Stored(resource, {**obj, "metadata": meta})
        table = self._tables[resource]
        if kind != "DELETED":
            table.objects[key] = now
        change = Change(resource, kind, self.version, now, before)
        table.history.append(change)
        if len(table.history) > KEPT_EVENTS:
            table.oldest = table.history.popleft().version
        for watcher in table.watchers:
            watcher.push(change)
        for listener in self.listeners:
            listener(change)
        return now.obj


def _key(obj: Obj) -> Key:
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]
