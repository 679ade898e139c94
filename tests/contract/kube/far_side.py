"""A cluster to hold the port against: the sandbox's, or a real one. Tests ask for what they need in these words only.

The real one is in lab_side.py. To bring in another, write a class with these methods and name it in conftest.py.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sandbox.clock import SiteClock
from sandbox.faults import Fault, Faults
from sandbox.kube import ADMIN_TOKEN, KubeSite
from tests.moment import MOMENT
from tests.patience import PATIENCE_S

T = TypeVar("T")

SPEED = 60.0
"""Of the sandbox's clock: a pod with 30 s of grace is gone within half a second."""


class FarSide(Protocol):
    """What a cluster under test must be able to do."""

    bot: Path
    """A kubeconfig with no more rights than deploy/rbac.yaml grants."""
    admin: Path
    """A kubeconfig that may do everything; tests arrange the world with it."""
    silence_s: float
    """How long it may take until a dead node counts as NotReady."""
    makes_all_pods_ready: bool
    """Its kubelets know no pod that runs and serves nobody."""

    def now(self) -> datetime:
        """Return the cluster's own time."""

    def join(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Let a node come up and register."""

    def fall_silent(self, name: str) -> None:
        """Cut a node's power."""

    def stop(self) -> None:
        """Leave nothing behind."""


class SandboxSide:
    """The sandbox's cluster, alone, on a loop of its own, with a fast clock."""

    silence_s = 15.0
    makes_all_pods_ready = False

    def __init__(self, folder: Path, speed: float = SPEED) -> None:
        self.bot, self.admin = folder / "bot.kubeconfig", folder / "admin.kubeconfig"
        self._clock = SiteClock.showing(MOMENT, speed)
        self._faults = Faults()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox kube", daemon=True)
        self._thread.start()
        self.site = self.on_loop(lambda: KubeSite(self._clock, self._faults))
        self._run(self.site.start("127.0.0.1", 0, tls=True))
        self.site.write_kubeconfig(self.bot)
        self.site.write_kubeconfig(self.admin, ADMIN_TOKEN)

    def stop(self) -> None:
        """End the cluster and its loop."""
        self._run(self.site.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def now(self) -> datetime:
        """Return the site's time."""
        return self._clock.now()

    def join(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Let a node come up and register."""
        self.on_loop(lambda: self.site.node_registered(name, dict(labels or {}), [], {}))

    def fall_silent(self, name: str) -> None:
        """Cut a node's power."""
        self.on_loop(lambda: self.site.node_silent(name))

    def break_it(self, mode: str, *, node: str | None = None, times: int | None = None) -> None:
        """Put a fault of the API server in force."""
        self.on_loop(lambda: self._faults.set(Fault("kube", mode, node, times)))

    def mend(self) -> None:
        """End all faults."""
        self.on_loop(self._faults.clear)

    def calls(self) -> Mapping[str, int]:
        """Return how often each verb was asked of each resource until now."""
        return self.on_loop(lambda: dict(self.site.calls))

    def on_loop(self, do: Callable[[], T]) -> T:
        """Run a function where the site lives."""

        async def done() -> T:
            return do()

        return self._run(done())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=PATIENCE_S)
