"""Serves the page, streams the machine room, and takes the faults that a person clicks."""

import asyncio
import dataclasses
import json
from importlib import resources
from typing import Any, Final

from aiohttp import web

from sandbox.fault_words import FAULTS_SAID, SIDES_SAID
from sandbox.faults import SIDES, Fault, Faults
from sandbox.page.room import RoomSource

TICK_S: Final = 0.25
NODE_SIDES: Final = (
    "ssh",
    "prepare",
    "puppet",
    "register",
    "daemonset",
    "boot",
    "bmc",
    "evict",
    "delete",
    "detach",
    "certificate",
    "taint",
    "gpus",
    "pull",
    "health",
)
"""The sides that can misbehave at one node alone; the others are one service for the site."""
STATIC: Final = resources.files(__package__).joinpath("static")
KINDS: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Page:
    """Mount with `add_routes`; it needs a `SlackSite` on the same application for its left half."""

    def __init__(self, room: RoomSource, faults: Faults) -> None:
        self.room = room
        self.faults = faults

    def add_routes(self, app: web.Application) -> None:
        """Mount `/`, `/page/...`, `/sandbox/room...` and `/sandbox/faults`."""
        app.router.add_get("/", self._index)
        app.router.add_get("/page/{name:[a-z_]+\\.[a-z]+}", self._static)
        app.router.add_get("/sandbox/room", self._room)
        app.router.add_get("/sandbox/room/stream", self._stream)
        app.router.add_get("/sandbox/faults", self._listed)
        app.router.add_post("/sandbox/faults", self._set)
        app.router.add_delete("/sandbox/faults", self._clear)

    async def _index(self, _request: web.Request) -> web.Response:
        return _file("index.html")

    async def _static(self, request: web.Request) -> web.Response:
        return _file(request.match_info["name"])

    async def _room(self, _request: web.Request) -> web.Response:
        return web.json_response(self.room.snapshot())

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-store"})
        await response.prepare(request)
        try:
            while True:
                await response.write(f"data: {json.dumps(self.room.snapshot())}\n\n".encode())
                await asyncio.sleep(TICK_S)
        except (ConnectionResetError, asyncio.CancelledError):
            return response

    async def _listed(self, _request: web.Request) -> web.Response:
        listed = [dataclasses.asdict(fault) for fault in self.faults.listed()]
        return web.json_response(
            {"sides": SIDES, "node_sides": NODE_SIDES, "faults": listed, "says": SIDES_SAID, "says_of": FAULTS_SAID}
        )

    async def _set(self, request: web.Request) -> web.Response:
        try:
            self.faults.set(_fault(await request.json()))
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return await self._listed(request)

    async def _clear(self, request: web.Request) -> web.Response:
        self.faults.clear(request.query.get("side"), request.query.get("node"))
        return await self._listed(request)


def _fault(given: dict[str, Any]) -> Fault:
    times = given.get("times")
    return Fault(given["side"], given["mode"], given.get("node") or None, int(times) if times else None)


def _file(name: str) -> web.Response:
    found = STATIC.joinpath(name)
    if not found.is_file():
        raise web.HTTPNotFound(text=f"no {name}")
    kind = KINDS[name.rsplit(".", 1)[-1]]
    return web.Response(text=found.read_text(), content_type=kind, headers={"cache-control": "no-cache"})
