"""A sandbox Slack on a port of its own, in a thread, for tests that bring a real bolt app or SDK client to it."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.slack import seed, sight
from sandbox.slack.people import People
from sandbox.slack.server import SlackSettings, SlackSite
from tests.moment import MOMENT
from tests.patience import PATIENCE_S


@dataclass
class Rig:
    """The sandbox's Slack, and ways to reach it from a test's own thread."""

    slack: SlackSite
    faults: Faults
    loop: asyncio.AbstractEventLoop

    @property
    def people(self) -> People:
        return self.slack.people

    @property
    def client(self) -> WebClient:
        return WebClient(token=seed.BOT_TOKEN, base_url=f"{self.slack.core.base_url}/api/", timeout=PATIENCE_S)

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        """Run one act of a person's on the site's loop."""
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(PATIENCE_S)

    def says(self, channel: str, user: str | None = None) -> list[dict[str, Any]]:
        """Return a channel's messages as a person sees them."""
        return sight.messages(self.slack.workspace.channels[channel], user)

    def app(self) -> App:
        """Return a bolt app that talks to this Slack."""
        return App(client=self.client, signing_secret=seed.SIGNING_SECRET)

    @contextmanager
    def socket_mode(self, app: App) -> Iterator[SocketModeHandler]:
        """Connect a bolt app by Socket Mode for as long as the block runs."""
        handler = SocketModeHandler(app, seed.APP_TOKEN, web_client=self.client)
        before = len(self.slack.sockets.sockets)
        handler.connect()
        eventually(lambda: len(self.slack.sockets.sockets) > before)
        try:
            yield handler
        finally:
            # The SDK's reader sits in recv for up to 3 s; a close from this side wakes it.
            handler.client.auto_reconnect_enabled = False
            self.do(self.slack.sockets.close())
            eventually(lambda: not handler.client.is_connected())
            handler.close()


def eventually(holds: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Poll until something is so, and return it; fail when it never is."""
    deadline = time.monotonic() + patience_s
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)
    return found


@contextmanager
def running(settings: SlackSettings | None = None) -> Iterator[Rig]:
    """Serve a sandbox Slack on a free loopback port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    faults = Faults()
    served = asyncio.run_coroutine_threadsafe(_serve(settings or SlackSettings(), faults, loop), loop)
    rig, runner = served.result(PATIENCE_S)
    try:
        yield rig
    finally:
        faults.clear()
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


async def _serve(settings: SlackSettings, faults: Faults, loop: asyncio.AbstractEventLoop) -> tuple[Rig, web.AppRunner]:
    slack = SlackSite(SiteClock.showing(MOMENT), faults, settings=settings)
    app = web.Application()
    slack.add_routes(app)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    slack.core.base_url = f"http://127.0.0.1:{port}"
    return Rig(slack, faults, loop), runner
