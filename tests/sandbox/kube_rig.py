"""A living cluster on a thread of its own, and the official client pointed at it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from kubernetes import client, config

from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.kube import ADMIN_TOKEN, BOT_TOKEN, KubeSite
from tests.moment import MOMENT
from tests.patience import PATIENCE_S

SPEED = 200.0
T = TypeVar("T")

TAINT = {"key": "lendbot/loan", "value": "12", "effect": "NoSchedule"}
GPU_LABELS = {"nvidia.com/gpu.present": "true"}


class Bench:
    """The site, and what tests do with it. Everything on the site runs on its own loop."""

    def __init__(self, folder: Path, speed: float, *, tls: bool) -> None:
        self.faults = Faults()
        self.site = KubeSite(SiteClock.showing(MOMENT, speed), self.faults)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.site.start("127.0.0.1", 0, tls=tls), self._loop).result(PATIENCE_S)
        self.bot = self.connect(folder / "bot", BOT_TOKEN)
        self.admin = self.connect(folder / "admin", ADMIN_TOKEN)
        self.core = client.CoreV1Api(self.admin)
        self.bot_core = client.CoreV1Api(self.bot)

    def connect(self, path: Path, token: str) -> client.ApiClient:
        """Return a client that read our kubeconfig."""
        self.site.write_kubeconfig(path, token)
        connected: client.ApiClient = config.new_client_from_config(config_file=str(path))
        return connected

    def do(self, act: Callable[[], T]) -> T:
        """Call something on the site's loop."""

        async def there() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result(PATIENCE_S)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.site.stop(), self._loop).result(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def boot(self, *names: str, **told: object) -> None:
        """Let machines come to life and wait until they are Ready."""
        for name in names:
            self.register(name, **told)
        self.until(lambda: all(self.is_ready(name) for name in names))

    def register(self, name: str, taints: list[dict[str, str]] | None = None, **_: object) -> None:
        wanted = [TAINT] if taints is None else taints
        self.do(lambda: self.site.node_registered(name, dict(GPU_LABELS), wanted, {"nvidia.com/gpu": "4"}))

    def is_ready(self, name: str) -> bool:
        tile = self.do(self.site.tiles).get(name)
        return tile is not None and tile["status"] == "Ready"

    def pods_on(self, node: str) -> list[client.V1Pod]:
        return self.core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={node}").items

    def put_pod(self, kind: str, node: str) -> None:
        self.do(lambda: self.site.put_pod(kind, node))

    def evict(self, name: str, namespace: str = "default", preconditions: client.V1Preconditions | None = None) -> int:
        """Evict as the bot and return the HTTP status; a refusal raises."""
        body = client.V1Eviction(
            metadata=client.V1ObjectMeta(name=name, namespace=namespace),
            delete_options=client.V1DeleteOptions(preconditions=preconditions),
        )
        _, code, _ = self.bot_core.create_namespaced_pod_eviction_with_http_info(name, namespace, body)
        return int(code)

    @staticmethod
    def until(holds: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Wait for something to become so."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, "it did not become so in time"
            threading.Event().wait(0.01)


@contextmanager
def running(folder: Path, speed: float = SPEED, *, tls: bool = False) -> Iterator[Bench]:
    """Hold a cluster that lives."""
    bench = Bench(folder, speed, tls=tls)
    try:
        yield bench
    finally:
        bench.close()
