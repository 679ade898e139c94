"""The BMCs: what each believes about its node's power, and one Redfish service in front of them all.

It decides how late a BMC knows and what it refuses. What power does to a node is the machine's business.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from sandbox.world import Machine, Power, World

USER: Final = "lendbot"
PASSWORD: Final = "bmc-sandbox"
_CACHED: Final = timedelta(seconds=5)
_STALE: Final = timedelta(seconds=60)
_FOREVER_S: Final = 24 * 3600.0
_SYSTEMS: Final = "/redfish/v1/Systems"
_PAGE: Final = 4
"""Systems on one page of the list: few, so that a small site has two."""
_RESETS: Final[Mapping[str, Callable[[Machine], None]]] = {
    "On": Machine.switch_on,
    "ForceOff": Machine.switch_off,
    "GracefulShutdown": Machine.shut_down,
    "ForceRestart": Machine.restart,
    "PowerCycle": Machine.cycle,
}
_STATS: Final = {"On": "on", "Paused": "on (Chassis)"}
"""What xCAT makes of a BMC's word; all that it does not know is off to it."""
_SHOWN: Final = {Power.ON: "On", Power.BOOTING: "On", Power.STOPPING: "PoweringOff", Power.OFF: "Off"}


@dataclass
class _Reading:
    state: str
    at: datetime


class BoardRoom:
    """Every node's BMC. A reading is kept for some seconds of site time, as real boards do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._readings: dict[str, _Reading] = {}

    def power_state(self, name: str) -> str:
        """Return what the BMC says, which may be seconds old."""
        self._world.agenda.catch_up()
        now = self._world.agenda.now
        fault = self._world.faults.take("bmc", name)
        if fault == "odd":
            return "Paused"
        kept_for = _STALE if fault == "stale" else _CACHED
        reading = self._readings.get(name)
        if reading is None or now - reading.at > kept_for:
            reading = self._readings[name] = _Reading(_SHOWN[self._world.machines[name].power], now)
        return reading.state

    def reset(self, name: str, kind: str) -> bool:
        """Do a Redfish reset; False for a kind there is not."""
        self._world.agenda.catch_up()
        if kind not in _RESETS:
            return False
        _RESETS[kind](self._world.machines[name])
        return True

    def take_fault(self, name: str) -> str | None:
        """Return a fault of the connection to a BMC; a reading that is stale or odd is not one."""
        fault = self._world.faults.peek("bmc", name)
        return None if fault in {"stale", "odd"} else self._world.faults.take("bmc", name)

    async def rpower(self, name: str, verb: str) -> tuple[bool, str]:
        """Return whether xCAT's rpower came through for a node, and its words."""
        fault = self.take_fault(name)
        if fault == "hang":
            await asyncio.sleep(_FOREVER_S)
        if fault == "refuse":
            return False, "Error: [mgmt]: timeout"
        if fault == "password":
            return False, "Error: [mgmt]: Incorrect password provided"
        if fault == "rubbish":
            return True, "\x00\x00??"
        return self._rpower(name, verb)

    def _rpower(self, name: str, verb: str) -> tuple[bool, str]:
        was_on = self._world.machines[name].power in (Power.ON, Power.BOOTING)
        if verb in {"stat", "state"}:
            return True, _STATS.get(self.power_state(name), "off")
        if verb == "reset" and not was_on:
            return False, "Error: [mgmt]: Command not supported in present state"
        kinds = {
            "on": "On",
            "off": "ForceOff",
            "softoff": "GracefulShutdown",
            "reset": "ForceRestart",
            "boot": "ForceRestart",
        }
        if verb not in kinds:
            return False, f"Error: [mgmt]: Unsupported command: rpower {verb}"
        self.reset(name, kinds[verb])
        words = {"boot": "on reset" if was_on else "on", "softoff": "softoff"}
        return True, words.get(verb, verb)


class Redfish:
    """The HTTP face of the boards: a root, a collection, systems and their reset."""

    def __init__(self, world: World, boards: BoardRoom) -> None:
        self._world = world
        self._boards = boards

    def app(self) -> web.Application:
        """Return the application to serve."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/redfish/v1/", self._root),
                web.get("/redfish/v1", self._root),
                web.get(_SYSTEMS, self._collection),
                web.get(_SYSTEMS + "/{name}", self._system),
                web.post(_SYSTEMS + "/{name}/Actions/ComputerSystem.Reset", self._reset),
            ]
        )
        return app

    async def _root(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "@odata.id": "/redfish/v1/",
                "@odata.type": "#ServiceRoot.v1_5_0.ServiceRoot",
                "Id": "RootService",
                "Name": "Sandbox BMCs",
                "RedfishVersion": "1.11.0",
                "UUID": "00000000-0000-4000-8000-000000000077",
                "Systems": {"@odata.id": _SYSTEMS},
            }
        )

    async def _collection(self, request: web.Request) -> web.Response:
        self._check_password(request, None)
        members = [{"@odata.id": f"{_SYSTEMS}/{name}"} for name in self._world.machines]
        skipped = int(request.query.get("$skip", "0"))
        body: dict[str, Any] = {
            "@odata.id": _SYSTEMS,
            "@odata.type": "#ComputerSystemCollection.ComputerSystemCollection",
            "Name": "Computer System Collection",
            "Members": members[skipped : skipped + _PAGE],
            "Members@odata.count": len(members),
        }
        if skipped + _PAGE < len(members):
            body["Members@odata.nextLink"] = f"{_SYSTEMS}?$skip={skipped + _PAGE}"
        return web.json_response(body)

    async def _system(self, request: web.Request) -> web.Response:
        name = await self._come_in(request)
        body = json.dumps(self._describe(name))
        tag = hashlib.sha256(body.encode()).hexdigest()[:16]
        return web.Response(text=body, content_type="application/json", headers={"ETag": f'W/"{tag}"'})

    def _describe(self, name: str) -> dict[str, Any]:
        path = f"{_SYSTEMS}/{name}"
        return {
            "@odata.id": path,
            "@odata.type": "#ComputerSystem.v1_13_0.ComputerSystem",
            "Id": name,
            "Name": name,
            "HostName": name,
            "SystemType": "Physical",
            "Manufacturer": "Sandbox",
            "PowerState": self._boards.power_state(name),
            "Status": {"State": "Enabled", "Health": "OK"},
            "Actions": {
                "#ComputerSystem.Reset": {
                    "target": f"{path}/Actions/ComputerSystem.Reset",
                    "ResetType@Redfish.AllowableValues": list(_RESETS),
                }
            },
        }

    async def _reset(self, request: web.Request) -> web.Response:
        name = await self._come_in(request)
        try:
            kind = (await request.json())["ResetType"]
        except (json.JSONDecodeError, KeyError, TypeError):
            return _error(400, "Base.1.8.MalformedJSON", "The request body has no ResetType.")
        if not self._boards.reset(name, str(kind)):
            text = f"The value {kind} for the parameter ResetType is not in the list of acceptable values."
            return _error(400, "Base.1.8.ActionParameterNotSupported", text)
        return web.Response(status=204)

    async def _come_in(self, request: web.Request) -> str:
        """Return the node a request is about, after faults and password had their say."""
        name = request.match_info["name"]
        if name not in self._world.machines:
            raise web.HTTPNotFound(text="{}", content_type="application/json")
        fault = self._boards.take_fault(name)
        if fault == "refuse" and request.transport is not None:
            request.transport.abort()
            raise web.HTTPServiceUnavailable
        if fault == "hang":
            await asyncio.sleep(_FOREVER_S)
        if fault == "rubbish":
            raise web.HTTPOk(text="<html><h1>It works!</h1></html>", content_type="text/html")
        self._check_password(request, fault)
        return name

    @staticmethod
    def _check_password(request: web.Request, fault: str | None) -> None:
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        if fault == "password" or not hmac.compare_digest(given.encode(), expected.encode()):
            raise web.HTTPUnauthorized(
                text="{}", content_type="application/json", headers={"WWW-Authenticate": "Basic"}
            )


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
