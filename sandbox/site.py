"""The whole site on one event loop: it wires the world to its servers, and writes down how to reach them.

It decides addresses and files, nothing else. All listens when start() returns, and site.json is written last.
"""

import asyncio
import contextlib
import json
import resource
import ssl
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from sandbox.agenda import drive
from sandbox.bmc import PASSWORD, USER, BoardRoom, Redfish
from sandbox.certificate import server_context
from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.kube import KubeSite
from sandbox.own_clock import own_clock
from sandbox.page.server import Page
from sandbox.room import Room
from sandbox.settings_file import product_environment, product_settings
from sandbox.slack import seed
from sandbox.slack.server import SlackSettings, SlackSite
from sandbox.ssh.door import Door, House, bind
from sandbox.ssh.keys import KeyRing
from sandbox.ssh.management import NAME, Management
from sandbox.ssh.node_shell import NodeShell
from sandbox.world import Happening, Machine, Power, World, WorldOptions

LOOPBACK: Final = "127.0.0.1"
MANAGEMENT_ADDRESS: Final = "127.77.0.1"
_SHUTDOWN_S: Final = 0.1


@dataclass(frozen=True)
class SiteOptions:
    """Where the site keeps its files, how fast its clock runs, and which port its page has (0: a free one).

    at            what the clock shows at the start; None for the real time
    redfish_tls   the BMCs speak TLS, with a certificate of the site's own
    budgets       the tenants of the cluster protect their pods with disruption budgets
    kube_off      how far the cluster's clock is ahead of the site's
    """

    directory: Path
    speed: float = 60.0
    at: datetime | None = None
    port: int = 0
    redfish_tls: bool = False
    budgets: bool = True
    kube_off: timedelta = timedelta()
    world: WorldOptions = field(default_factory=WorldOptions)
    slack: SlackSettings = field(default_factory=SlackSettings)


class Site:
    """Build it inside a running loop, start() it, stop() it."""

    def __init__(self, options: SiteOptions) -> None:
        self.options = options
        self.directory = options.directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.clock = SiteClock.showing(options.at, options.speed) if options.at else SiteClock(options.speed)
        self.faults = Faults()
        self.world = World(options.world, self.clock, self.faults)
        self.kube = KubeSite(own_clock(self.clock, options.kube_off), self.faults, budgets=options.budgets)
        self.world.cluster = self.kube
        self.slack = SlackSite(self.clock, self.faults, settings=options.slack)
        self.boards = BoardRoom(self.world)
        self.management = Management(self.world, self.boards)
        self.room = Room(self.world, self.clock, self.traffic)
        self._certificate = self.directory / "redfish.pem"
        self._keys = KeyRing(self.directory / "keys")
        self._runners: list[web.AppRunner] = []
        self._doors: dict[str, Door] = {}
        self._heart: asyncio.Task[None] | None = None
        self._ssh_port = 0
        self.page_url = ""
        self.redfish_url = ""

    async def start(self) -> None:
        """Listen everywhere, then write site.json."""
        _raise_file_limit()
        await self.kube.start(LOOPBACK, 0)
        self._open_doors()
        page = web.Application()
        page.add_routes(self.room.routes())
        self.slack.add_routes(page)
        Page(self.room, self.faults).add_routes(page)
        self.page_url = await self._serve(page, self.options.port)
        self.slack.core.base_url = self.page_url
        self.redfish_url = await self._serve(Redfish(self.world, self.boards).app(), 0, self._redfish_context())
        self._heart = asyncio.create_task(drive(self.world.agenda, self.clock), name="world")
        self._write_files()

    async def stop(self) -> None:
        """End every server; the files stay."""
        for runner in self._runners:
            await runner.cleanup()
        await self.kube.stop()
        for door in self._doors.values():
            door.close()
        if self._heart is not None:
            self._heart.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heart

    def traffic(self) -> dict[str, dict[str, int]]:
        """Return how often Slurm and Kubernetes were asked, by what was asked."""
        return {"slurm": dict(self.management.calls), "kube": dict(self.kube.calls)}

    def describe(self) -> dict[str, Any]:
        """Return site.json: every address and credential that a client of the site needs."""
        return {
            "page_url": self.page_url,
            "slack_api_url": f"{self.page_url}/api/",
            "bot_token": seed.BOT_TOKEN,
            "app_token": seed.APP_TOKEN,
            "signing_secret": seed.SIGNING_SECRET,
            "clock": {
                "speed": self.clock.speed,
                "origin": self.clock.began.isoformat(),
                "shows": self.clock.origin.isoformat(),
            },
            "slurm": {"host": MANAGEMENT_ADDRESS, "port": self._ssh_port, "user": "root"},
            "ssh": {
                "user": "root",
                "key_file": str(self._keys.path("client")),
                "known_hosts": str(self.directory / "known_hosts"),
                "port": self._ssh_port,
            },
            "nodes": {name: {"address": machine.address} for name, machine in self.world.machines.items()},
            "kube": {"kubeconfig": str(self.directory / "kubeconfig")},
            "redfish": {
                "url": self.redfish_url,
                "user": USER,
                "password": PASSWORD,
                "ca_file": str(self._certificate) if self.options.redfish_tls else None,
            },
        }

    def _open_doors(self) -> None:
        """Open the management host's sshd on a free port, and every node's on the same number."""
        bound = bind(MANAGEMENT_ADDRESS, 0)
        self._ssh_port = bound.getsockname()[1]
        addresses = {name: machine.address for name, machine in self.world.machines.items()}
        house = House(self._keys, self._ssh_port, addresses)
        gate = Door(house, NAME, MANAGEMENT_ADDRESS, self.management.run, fault=self._take_at_gate, is_jump_host=True)
        gate.open(bound)
        self._doors[NAME] = gate
        for machine in self.world.machines.values():
            self._doors[machine.name] = self._door_of(machine, house)

    def _door_of(self, machine: Machine, house: House) -> Door:
        shell = NodeShell(machine, self.world)
        door = Door(house, machine.name, machine.address, shell.run, fault=partial(self._take_ssh, machine.name))
        machine.listeners.append(self._move_door)
        if machine.power is Power.ON:
            door.open()
        return door

    def _move_door(self, machine: Machine, what: Happening) -> None:
        if what is Happening.UP:
            self._doors[machine.name].open()
        elif what is Happening.GONE:
            self._doors[machine.name].close()

    def _take_ssh(self, name: str, modes: frozenset[str]) -> str | None:
        return self.faults.take("ssh", name) if self.faults.peek("ssh", name) in modes else None

    def _take_at_gate(self, modes: frozenset[str]) -> str | None:
        """Return a fault only when it names the management host: one of every node leaves Slurm reachable."""
        is_named = any(fault.side == "ssh" and fault.node == NAME for fault in self.faults.listed())
        return self._take_ssh(NAME, modes) if is_named else None

    def _redfish_context(self) -> ssl.SSLContext | None:
        if not self.options.redfish_tls:
            return None
        return server_context(LOOPBACK, self._certificate, self.directory / "redfish.key")

    async def _serve(self, app: web.Application, port: int, tls: ssl.SSLContext | None = None) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S, handler_cancellation=True)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, LOOPBACK, port, ssl_context=tls).start()
        return f"{'https' if tls else 'http'}://{LOOPBACK}:{runner.addresses[0][1]}"

    def _write_files(self) -> None:
        doors = [(NAME, MANAGEMENT_ADDRESS, self._ssh_port)]
        doors += [(name, machine.address, self._ssh_port) for name, machine in self.world.machines.items()]
        self._keys.write_known_hosts(self.directory / "known_hosts", doors)
        self._keys.key("client")
        self.kube.write_kubeconfig(self.directory / "kubeconfig")
        self._write_product_settings()
        draft = self.directory / "site.json.new"
        draft.write_text(json.dumps(self.describe(), indent=1) + "\n", encoding="utf-8")
        draft.replace(self.directory / "site.json")

    def _write_product_settings(self) -> None:
        """Write lendbot.toml and lendbot.env, as an installer would; the site itself never reads them."""
        counts = {kind.name: kind.count for kind in self.options.world.classes()}
        config = self.directory / "lendbot.toml"
        store_url = f"sqlite:///{self.directory / 'lendbot.db'}"
        config.touch(mode=0o600)
        config.write_text(product_settings(self.describe(), counts, store_url), encoding="utf-8")
        _write_secret(self.directory / "lendbot.env", product_environment(self.describe(), str(config)))


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets us: every node is a listening socket."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
