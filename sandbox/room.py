"""The machine room as one JSON object, for the page's tiles and for stories; and its levers: faults and stray jobs."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from sandbox.clock import SiteClock
from sandbox.faults import Fault
from sandbox.kube.status import ApiError
from sandbox.slurm.records import Job, JobState, SlurmError
from sandbox.world import Machine, World

_STRAY_MINUTES: Final = 10.0
_SHOWN: Final = (JobState.RUNNING, JobState.PENDING)


class Room:
    """Reads the world for people, and lets them break it."""

    def __init__(self, world: World, clock: SiteClock, traffic: Callable[[], dict[str, dict[str, int]]]) -> None:
        self._world = world
        self._clock = clock
        self._traffic = traffic

    def snapshot(self) -> dict[str, Any]:
        """Return every node, job, pod count and fault as of now."""
        self._world.agenda.catch_up()
        cluster = self._world.cluster
        tiles = cluster.tiles() if cluster else {}
        return {
            "now": self._clock.now().isoformat(),
            "speed": self._clock.speed,
            "nodes": [self._node(machine, tiles) for machine in self._world.machines.values()],
            "jobs": [_job(job) for job in self._world.slurm.jobs.values() if job.state in _SHOWN],
            "pods": dict(cluster.pods_by_namespace()) if cluster else {},
            "faults": [
                {"side": f.side, "mode": f.mode, "node": f.node, "times": f.times} for f in self._world.faults.listed()
            ],
        }

    def _node(self, machine: Machine, tiles: Mapping[str, Any]) -> dict[str, Any]:
        record = self._world.slurm.nodes[machine.name]
        doing = machine.doing
        return {
            "name": machine.name,
            "class": machine.kind.name,
            "slurm": {"state": record.state, "reason": record.reason or "", "jobs": sorted(record.running)},
            "kube": tiles.get(machine.name),
            "power": machine.power.value,
            "doing": doing and {"what": doing.what, "progress": round(doing.progress(self._world.agenda.now), 3)},
        }

    def routes(self) -> list[web.RouteDef]:
        """Return the levers' HTTP routes, to mount beside the page."""
        return [
            web.get("/sandbox/api/room", self._get_room),
            web.get("/sandbox/api/tally", self._get_tally),
            web.get("/sandbox/api/traffic", self._get_traffic),
            web.get("/sandbox/api/faults", self._get_faults),
            web.post("/sandbox/api/faults", self._post_fault),
            web.delete("/sandbox/api/faults", self._delete_faults),
            web.post("/sandbox/api/clocks", self._post_clock),
            web.post("/sandbox/api/jobs", self._post_job),
            web.post("/sandbox/api/pods", self._post_pod),
        ]

    async def _get_room(self, _request: web.Request) -> web.Response:
        return web.json_response(self.snapshot())

    async def _get_tally(self, _request: web.Request) -> web.Response:
        self._world.agenda.catch_up()
        return web.json_response(self._world.tally())

    async def _get_traffic(self, _request: web.Request) -> web.Response:
        return web.json_response(self._traffic())

    async def _post_clock(self, request: web.Request) -> web.Response:
        """Set a side's clock: `{"side": "slurm", "hours": -2}` is two hours behind the site's."""
        try:
            said = await request.json()
            self._world.agenda.catch_up()
            self._world.set_clock(said["side"], timedelta(hours=float(said["hours"])))
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})

    async def _get_faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self.snapshot()["faults"])

    async def _post_fault(self, request: web.Request) -> web.Response:
        """Set a fault: {"side", "mode", "node"?, "times"?}."""
        asked = await _body(request)
        try:
            self._world.faults.set(Fault(asked["side"], asked["mode"], asked.get("node"), asked.get("times")))
        except (KeyError, ValueError) as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        return await self._get_faults(request)

    async def _delete_faults(self, request: web.Request) -> web.Response:
        """Clear faults: ?side= and ?node= narrow it down."""
        self._world.faults.clear(request.query.get("side"), request.query.get("node"))
        return await self._get_faults(request)

    async def _post_job(self, request: web.Request) -> web.Response:
        """Submit a job that must have one node: {"node", "minutes"?, "user"?}."""
        asked = await _body(request)
        self._world.agenda.catch_up()
        length = timedelta(minutes=float(asked.get("minutes", _STRAY_MINUTES)))
        try:
            job = self._world.sneak_job(str(asked["node"]), length, str(asked.get("user", "u7")))
        except (KeyError, SlurmError) as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        return web.json_response(_job(job))

    async def _post_pod(self, request: web.Request) -> web.Response:
        """Put a difficult pod on a node: {"node", "kind"}."""
        asked = await _body(request)
        cluster, node, kind = self._world.cluster, str(asked.get("node", "")), str(asked.get("kind", "blocked"))
        if cluster is None or node not in cluster.tiles():
            raise web.HTTPBadRequest(text=f"{node} is no node of the cluster\n")
        try:
            cluster.put_pod(kind, node)
        except (ValueError, ApiError) as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        return web.json_response({"node": node, "kind": kind})


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        asked = await request.json()
    except json.JSONDecodeError as error:
        raise web.HTTPBadRequest(text=f"not JSON: {error}\n") from error
    if not isinstance(asked, dict):
        raise web.HTTPBadRequest(text="a JSON object is wanted\n")
    return asked


def _job(job: Job) -> dict[str, Any]:
    ends = job.ends_at if job.state is not JobState.PENDING else None
    return {
        "id": job.id,
        "user": job.user,
        "name": job.name,
        "state": job.state.value,
        "nodes": list(job.nodes),
        "ends": ends.isoformat() if ends else None,
    }
