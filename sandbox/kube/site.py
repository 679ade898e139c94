"""The whole cluster as the sandbox holds it: one API server, its controllers, and what the page asks of them."""

import asyncio
import base64
import contextlib
from collections import Counter
from pathlib import Path
from typing import Final, TypedDict

import yaml
from aiohttp import web

from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.kube import seed
from sandbox.kube.budgets import Budgets
from sandbox.kube.certificates import Certificates
from sandbox.kube.cleaner import Cleaner
from sandbox.kube.cluster import Cluster
from sandbox.kube.daemonsets import DaemonSets
from sandbox.kube.demand import Demand
from sandbox.kube.machines import Machines
from sandbox.kube.node_life import NodeLife
from sandbox.kube.pod_life import PodLife
from sandbox.kube.resources import BUDGETS, DAEMONSETS, DEPLOYMENTS, NAMESPACES, NODES, PODS, Obj
from sandbox.kube.rights import BOT_TOKEN
from sandbox.kube.scheduler import Scheduler
from sandbox.kube.server import Server
from sandbox.kube.special import SPECIAL
from sandbox.kube.tls import self_signed
from sandbox.kube.views import is_node_ready
from sandbox.kube.volumes import Volumes
from sandbox.kube.workloads import Workloads

LOAN_MARK: Final = "lendbot/loan"
"""The label or annotation by which the page knows whose loan a node is in."""
_SHUTDOWN_S: Final = 0.1


class Tile(TypedDict):
    """One node as the machine room shows it. status is Ready or NotReady."""

    status: str
    schedulable: bool
    pods: int
    loan: str | None


class KubeSite:
    """Build it, `start` it on a port, and tell it which machines come to life and which lose their power."""

    def __init__(self, clock: SiteClock, faults: Faults, *, budgets: bool = True) -> None:
        """budgets: what tenants bring to lent nodes is protected by disruption budgets."""
        self.cluster = Cluster(clock, faults)
        self._machines = Machines(self.cluster, Certificates(self.cluster))
        self._nodes = NodeLife(self.cluster, self._machines)
        self._pods = PodLife(self.cluster, self._machines, self._nodes)
        self._daemonsets = DaemonSets(self.cluster)
        self._server = Server(self.cluster)
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self._trust = b""
        self.address = ""
        self._budgets = budgets
        self._plant()

    @property
    def app(self) -> web.Application:
        """The API server's routes. Its controllers run only once `run_controllers` was called."""
        return self._server.app

    @property
    def calls(self) -> Counter[str]:
        """How often each verb was asked of each resource over HTTP, as `"list nodes"` or `"create pods/eviction"`."""
        return self._server.calls

    @property
    def pods_killed(self) -> int:
        """Workload pods that ran on a node when its power went, or its Node was deleted over them."""
        return self._pods.killed

    @property
    def watches(self) -> int:
        """The watch connections that are open."""
        return self.cluster.store.watchers()

    async def start(self, host: str, port: int, *, tls: bool = False) -> None:
        """Serve on host:port (0 chooses one, see `address`) and let the cluster live. kubectl wants tls."""
        self.run_controllers()
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=_SHUTDOWN_S, handler_cancellation=True)
        await self._runner.setup()
        context, self._trust = self_signed(host) if tls else (None, b"")
        await web.TCPSite(self._runner, host, port, ssl_context=context).start()
        self.address = f"{'https' if tls else 'http'}://{host}:{self._runner.addresses[0][1]}"

    def run_controllers(self) -> None:
        """Let the cluster live on the running loop, for those who serve `app` themselves."""
        controllers = (
            self._machines,
            self._nodes,
            self._daemonsets,
            Workloads(self.cluster),
            Scheduler(self.cluster),
            self._pods,
            Budgets(self.cluster),
            Volumes(self.cluster),
            Cleaner(self.cluster, self._pods),
            Demand(self.cluster, budgets=self._budgets),
        )
        for part in (self._machines, self._nodes, self._daemonsets):
            part.start()
        for name, work in (("timers", self.cluster.timers.run()), ("controllers", self.cluster.run(controllers))):
            task = asyncio.create_task(work, name=f"kube {name}")
            task.add_done_callback(_complain)
            self._tasks.append(task)

    async def stop(self) -> None:
        """End the server, its connections and the controllers."""
        if self._runner:
            await self._runner.cleanup()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    def write_kubeconfig(self, path: Path, token: str = BOT_TOKEN) -> None:
        """Write a kubeconfig for this address and token, readable by its owner alone."""
        cluster = {"server": self.address}
        if self._trust:
            cluster["certificate-authority-data"] = base64.b64encode(self._trust).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": cluster}],
            "users": [{"name": "sandbox", "user": {"token": token}}],
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
            "current-context": "sandbox",
        }
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    def node_registered(self, name: str, labels: dict[str, str], taints: list[Obj], capacity: dict[str, str]) -> None:
        """Let the kubelet of a machine start: it creates its Node, or finds it, and begins its heartbeats."""
        self._pods.rebooted(name)
        self._machines.boot(name, labels, taints, capacity)

    def node_silent(self, name: str) -> None:
        """Let a node's power go. Workload that still ran there is counted in `pods_killed`."""
        machine = self._machines.get(name)
        if machine is None or machine.alive:
            self._pods.power_lost(name)
        self._machines.silence(name)

    def put_pod(self, kind: str, node: str) -> Obj:
        """Put a difficult pod on a node; the kinds are the keys of `special.SPECIAL`."""
        if kind not in SPECIAL:
            raise ValueError(f"no pod of kind {kind!r}; there are {', '.join(SPECIAL)}")
        return SPECIAL[kind](self.cluster.api, node)

    def tiles(self) -> dict[str, Tile]:
        """Return every node as the page shows it, by name."""
        return {name: self._tile(node) for name, node in sorted(self._all_nodes().items())}

    def pods_by_namespace(self, *, only_lent: bool = False) -> dict[str, int]:
        """Count the pods of each namespace, on all nodes or on those that carry a loan."""
        lent = {name for name, node in self._all_nodes().items() if _loan(node)}
        counts: Counter[str] = Counter()
        for stored in self.cluster.store.all(PODS):
            if not only_lent or stored.obj["spec"].get("nodeName") in lent:
                counts[stored.obj["metadata"]["namespace"]] += 1
        return dict(sorted(counts.items()))

    def _all_nodes(self) -> dict[str, Obj]:
        return {stored.obj["metadata"]["name"]: stored.obj for stored in self.cluster.store.all(NODES)}

    def _tile(self, node: Obj) -> Tile:
        return {
            "status": "Ready" if is_node_ready(node) else "NotReady",
            "schedulable": not node["spec"].get("unschedulable", False),
            "pods": len(self.cluster.pods_on(node["metadata"]["name"])),
            "loan": _loan(node),
        }

    def _plant(self) -> None:
        """Put in place what is there before anybody lends a node."""
        api = self.cluster.api
        for namespace in seed.NAMESPACES:
            api.create(NAMESPACES, "", {"metadata": {"name": namespace}})
        planted = ((DAEMONSETS, seed.daemonsets()), (DEPLOYMENTS, seed.deployments()), (BUDGETS, seed.budgets()))
        for resource, objects in planted:
            for namespace, obj in objects:
                api.create(resource, namespace, obj)
        for name in seed.BASE_NODES:
            self._machines.boot(name, dict(seed.BASE_LABELS), [], dict(seed.BASE_CAPACITY))


def _complain(task: asyncio.Task[None]) -> None:
    """Say at once that the cluster has stopped living; it is a bug of ours."""
    if not task.cancelled() and (error := task.exception()):
        task.get_loop().call_exception_handler({"message": f"{task.get_name()} ended", "exception": error})


def _loan(node: Obj) -> str | None:
    meta = node["metadata"]
    found = (meta.get("labels") or {}).get(LOAN_MARK) or (meta.get("annotations") or {}).get(LOAN_MARK)
    return str(found) if found else None
