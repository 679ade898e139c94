"""What every controller holds: the API, the clock's timers, the faults, the dice, and two indexes of pods.

The manager here turns changes into calls: each controller hears of each change, then makes the world match, level by
level. A controller never waits; what takes time it asks the timers for.
"""

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final, Protocol

from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.kube.api import Api, Deletion
from sandbox.kube.resources import PODS, Obj
from sandbox.kube.store import Change, Key, Store
from sandbox.kube.timers import Timers
from sandbox.kube.views import owner

NOW: Final = Deletion(grace_s=0)
_BATCH: Final = 200
_LONGEST_REST_S: Final = 0.1


class Controller(Protocol):
    """One concern of the cluster."""

    def saw(self, change: Change) -> None:
        """Note what a change concerns."""

    def sync(self) -> None:
        """Make what was noted so."""


class Cluster:
    """The parts that controllers share."""

    def __init__(self, clock: SiteClock, faults: Faults) -> None:
        self.clock = clock
        self.faults = faults
        self.store = Store()
        self.api = Api(self.store, clock)
        self.timers = Timers(clock)
        self.dice = random.Random(36)
        self.attended: set[str] = set()
        """Nodes whose own kubelet, elsewhere, was seen to write its pods' status: the site leaves their pods to it."""
        self._on_node: dict[str, dict[Key, None]] = defaultdict(dict)
        self._owned: dict[str, dict[Key, None]] = defaultdict(dict)
        self._news: deque[Change] = deque()
        self._wake = asyncio.Event()
        self.store.listeners.append(self._heard)

    def pods_on(self, node: str) -> list[Obj]:
        """Return the pods bound to a node, oldest first."""
        return self._pods(self._on_node.get(node, ()))

    def pods_of(self, uid: str) -> list[Obj]:
        """Return the pods whose controller has that uid, oldest first."""
        return self._pods(self._owned.get(uid, ()))

    def wake(self) -> None:
        """Have the controllers look again."""
        self._wake.set()

    async def run(self, controllers: Iterable[Controller]) -> None:
        """Tell the controllers of every change, for ever."""
        known = tuple(controllers)
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._news:
                for _ in range(min(_BATCH, len(self._news))):
                    change = self._news.popleft()
                    for controller in known:
                        controller.saw(change)
                await self._sync(known)
            await self._sync(known)

    async def _sync(self, controllers: tuple[Controller, ...]) -> None:
        """Have each look, then rest for as long as their work took: what changes meanwhile is looked at once.

        Without the rest, 200 nodes that are drained at once have every budget counted anew for each pod that goes.
        """
        worked_s = 0.0
        for controller in controllers:
            began = time.monotonic()
            controller.sync()
            worked_s += time.monotonic() - began
            await asyncio.sleep(0)  # the loop is shared: requests are answered between two controllers
        await asyncio.sleep(min(worked_s, _LONGEST_REST_S))

    def _pods(self, keys: Iterable[Key]) -> list[Obj]:
        found = (self.store.find(PODS, *key) for key in list(keys))
        return [pod for pod in found if pod is not None]

    def _heard(self, change: Change) -> None:
        self._news.append(change)
        self._wake.set()
        if change.resource is PODS:
            self._index(change)

    def _index(self, change: Change) -> None:
        meta = change.obj["metadata"]
        key = (meta["namespace"], meta["name"])
        above = owner(change.obj)
        places = ((self._on_node, change.obj["spec"].get("nodeName")), (self._owned, above and above["uid"]))
        for index, value in places:
            if not value:
                continue
            if change.type == "DELETED":
                index[value].pop(key, None)
            else:
                index[value][key] = None
