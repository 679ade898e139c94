"""The sandbox's Slack, put together: one object that a site mounts on its HTTP port."""

from dataclasses import dataclass, field

from aiohttp import web

from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.slack import seed
from sandbox.slack.control import Control
from sandbox.slack.core import Core
from sandbox.slack.delivery import ACK_S, EVENT_RETRIES_S, Events, Line
from sandbox.slack.feed import Feed
from sandbox.slack.people import People
from sandbox.slack.posts import PostLine
from sandbox.slack.rates import Rates
from sandbox.slack.sockets import SocketLine
from sandbox.slack.tickets import TRIGGER_S
from sandbox.slack.web import WebApi
from sandbox.slack.workspace import Workspace


@dataclass(frozen=True)
class SlackSettings:
    """request_url turns HTTP mode on: payloads are posted there, signed, instead of going down a socket.

    ack_s, trigger_s   how long the app has to ack, and to open a modal
    """

    request_url: str | None = None
    commands: tuple[str, ...] = ("/nodes",)
    scopes: frozenset[str] = seed.SCOPES
    subscriptions: frozenset[str] = seed.SUBSCRIPTIONS
    are_rates_enforced: bool = True
    ack_s: float = ACK_S
    trigger_s: float = TRIGGER_S
    event_retries_s: tuple[float, ...] = EVENT_RETRIES_S


@dataclass
class SlackSite:
    """base_url is this server's own address, `http://127.0.0.1:PORT`; set `core.base_url` when the port comes later."""

    clock: SiteClock
    faults: Faults
    base_url: str = ""
    settings: SlackSettings = field(default_factory=SlackSettings)

    def __post_init__(self) -> None:
        s = self.settings
        self.workspace = Workspace(self.clock, Feed())
        self.core = Core(self.workspace, self.base_url, s.scopes, Rates(s.are_rates_enforced))
        self.sockets = SocketLine(self.faults, s.ack_s)
        self.line: Line = PostLine(s.request_url, self.faults, ack_s=s.ack_s) if s.request_url else self.sockets
        self.events = Events(self.line, lambda: self.clock.now().timestamp(), s.subscriptions, s.event_retries_s)
        self.people = People(self.core, self.line, self.events, s.commands)
        self.core.tickets.trigger_s = s.trigger_s
        self.core.echo = self.people.echo

    def add_routes(self, app: web.Application) -> None:
        """Mount `/api/...`, `/link/`, the response URLs and `/sandbox/api/...`, and hang up when the app ends."""
        WebApi(self.core, self.faults).add_routes(app)
        Control(self.core, self.people).add_routes(app)
        app.router.add_get("/link/", self.sockets.link)
        app.on_shutdown.append(self._close)

    async def _close(self, _app: web.Application) -> None:
        await self.events.close()
        await self.line.close()
