"""What we hold of the cluster's nodes, and which of two reports about one node is the newer.

Reports come in any order: the watch, a list, the answer to our own write. Versions are compared as numbers, which
Kubernetes promises for its own resources. Knows nothing of connections, nor whether what it holds is still true.
"""

from collections.abc import Iterable
from threading import Lock

from adapters.kube.objects import HeldNode


class NodeCache:
    """Nodes by name. Safe for many threads: a reader's list may come between two words of the watch."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[str, HeldNode] = {}
        self._gone: set[str] = set()
        self._listed_at = 0
        self._version = 0

    def get(self, name: str) -> HeldNode | None:
        """Return what is held of a node."""
        with self._lock:
            return self._held.get(name)

    def all(self) -> dict[str, HeldNode]:
        """Return what is held of every node."""
        with self._lock:
            return dict(self._held)

    @property
    def version(self) -> int:
        """Return where a watch may go on from; 0 when it must begin with a list."""
        with self._lock:
            return self._version

    def come_to(self, version: int) -> None:
        """Take how far the watch has come; behind a list that was read meanwhile it does not fall back."""
        with self._lock:
            self._version = max(self._version, version)

    def lose(self) -> None:
        """Take that events were lost, or may have been: only a list tells what is so."""
        with self._lock:
            self._version = 0

    def replace(self, nodes: Iterable[HeldNode], version: int) -> None:
        """Take a whole list. What was learnt of a later version than the list's stays."""
        listed: dict[str, HeldNode] = {held.node.name: held for held in nodes}
        with self._lock:
            self._gone &= {held.node.uid for held in listed.values()}
            fresh = {name: held for name, held in listed.items() if held.node.uid not in self._gone}
            newer = {name: held for name, held in self._held.items() if held.version > version}
            self._held = {**fresh, **newer}
            self._listed_at = self._version = version

    def learn(self, held: HeldNode) -> None:
        """Take a report about one node, unless a newer one is held or the node is known to be gone."""
        name, uid = held.node.name, held.node.uid
        with self._lock:
            old = self._held.get(name)
            is_old_news = held.version <= self._listed_at or (old is not None and old.version >= held.version)
            if not is_old_news and uid not in self._gone:
                self._held[name] = held

    def forget(self, name: str, uid: str) -> None:
        """Take the news that exactly this node object is gone; a late report does not bring it back."""
        with self._lock:
            self._gone.add(uid)
            old = self._held.get(name)
            if old is not None and old.node.uid == uid:
                del self._held[name]
