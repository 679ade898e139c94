"""The line to Slack: the client with its retries, Socket Mode with a liveness check of our own, or HTTP.

The SDK's builtin Socket Mode client is used: the others have histories of wedging while they look alive
(python-slack-sdk #1446, #1379, #1462). What tells a living socket is the age of its last ping, so that is what is
watched.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Thread
from time import time
from typing import Any

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from waitress.server import create_server

from bot.settings import SlackSettings

log = structlog.get_logger()


def client(settings: SlackSettings) -> WebClient:
    """Return a client that retries what Slack says may be retried, three times."""
    handlers = [
        ConnectionErrorRetryHandler(max_retry_count=1),
        RateLimitErrorRetryHandler(max_retry_count=3),
        ServerErrorRetryHandler(max_retry_count=2),
    ]
    return WebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.base_url,
        timeout=10,
        retry_handlers=handlers,
    )


def app(settings: SlackSettings, slack: WebClient) -> App:
    """Return bolt's app; every listener acks at once and hands its work over (listeners/queue.py)."""
    secret = settings.signing_secret
    return App(
        client=slack,
        signing_secret=secret.get_secret_value() if secret else None,
        token_verification_enabled=False,
        request_verification_enabled=settings.mode == "http",
        logger=None,
    )


class SocketLine:
    """Socket Mode."""

    def __init__(self, bolt: App, settings: SlackSettings, slack: WebClient) -> None:
        assert settings.app_token is not None, "the settings are checked for it"
        self._silent_after = settings.silent_after
        self._session: Any = None
        self._alive_at_s = 0.0
        self._handler = SocketModeHandler(
            bolt, app_token=settings.app_token.get_secret_value(), web_client=slack, ping_interval=10
        )

    def start(self) -> None:
        """Connect; Slack being away is no reason not to start, for nodes may be on their way home."""
        self._connect(self._handler.connect)

    def check(self) -> None:
        """Reconnect when there is no socket, or no ping has come for too long.

        Where there is none the SDK may be at it as well: who comes second finds it connected. A second socket would
        cut the first, and lose the press that is on its way.
        """
        client, silent_for = self._handler.client, self.silent_for()
        if not client.is_connected():
            self._connect(client.connect_to_new_endpoint)
        elif silent_for > self._silent_after:
            log.warning("slack.silent", seconds=round(silent_for.total_seconds()))
            self._connect(partial(client.connect_to_new_endpoint, force=True))

    def silent_for(self) -> timedelta:
        """Return how long ago Slack's last sign of life came: a ping, or a connection, which has no ping at first."""
        session: Any = self._handler.client.current_session
        if session is not None and session.is_active():
            if session is not self._session:
                self._session, self._alive_at_s = session, time()
            self._alive_at_s = max(self._alive_at_s, session.last_ping_pong_time or 0.0)
        return timedelta(seconds=time() - self._alive_at_s) if self._alive_at_s else timedelta.max

    def _connect(self, how: Callable[[], object]) -> None:
        try:
            how()
        except Exception as e:  # noqa: BLE001 - whatever it is, check() tries again
            log.warning("slack.not_connected", why=str(e))

    def close(self) -> None:
        """Hang up."""
        self._handler.close()  # type: ignore[no-untyped-call]


class HttpLine:
    """HTTP mode: Slack posts to us, signed; a proxy with TLS stands in front."""

    def __init__(self, bolt: App, settings: SlackSettings) -> None:
        self._server = create_server(SlackRequestHandler(bolt, path="/slack/events"), listen=settings.listen, threads=8)

    def start(self) -> None:
        """Serve in a thread of its own."""
        in_background("http", self._server.run)

    def check(self) -> None:
        """Nothing to check: Slack comes to us."""

    def silent_for(self) -> timedelta:
        """Return zero: there is no ping."""
        return timedelta()

    def close(self) -> None:
        """Serve no more."""
        self._server.close()


def in_background(name: str, work: Callable[[], object]) -> None:
    """Run something until the process ends."""
    Thread(target=work, name=name, daemon=True).start()
