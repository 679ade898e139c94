"""The line to Slack: the client with its retries, Socket Mode with a liveness check of our own, or HTTP.

The SDK's builtin Socket Mode client is used: the others have histories of wedging while they look alive
(python-slack-sdk #1446, #1379, #1462). What tells a living socket is the age of its last ping, so that is what is
watched.
"""

from datetime import timedelta
from functools import partial
from time import time
from typing import Any, Final

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

from bot.process.background import in_background
from bot.process.listening import listening
from bot.settings.site import SlackSettings
from bot.slack.signed import LARGEST_BODY, SignedOnly

log = structlog.get_logger()

_GOODBYE_S: Final = 5.0
_READ: Final = 16 * 1024
"""Bytes of one read: a payload in one piece, where the SDK's 1 KiB makes several, each a turn among busy threads."""
_AT_ONCE: Final = 50
"""Envelopes in hand at once: each waits for the disk before its ack, and those that wait together share one commit."""


def web_client(settings: SlackSettings) -> WebClient:
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


def bolt_app(settings: SlackSettings, slack: WebClient) -> App:
    """Return bolt's app; every listener acks at once and hands its work over (listeners/reception.py)."""
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
        self._new_handler = partial(
            SocketModeHandler,
            bolt,
            app_token=settings.app_token.get_secret_value(),
            web_client=slack,
            ping_interval=10,
            concurrency=_AT_ONCE,
            receive_buffer_size=_READ,
        )
        self._handler = self._new_handler()
        self._alive_at_s = 0.0

    def start(self) -> None:
        """Connect; Slack being away is no reason not to start, for nodes may be on their way home."""
        try:
            # Not connect(): after a try that failed half-way it would use the same ticket again, which is good for one.
            self._handler.client.connect_to_new_endpoint(force=True)
            self._alive_at_s = time()
        except Exception as e:  # noqa: BLE001 - whatever it is, check() tries again
            log.warning("slack.not_connected", why=str(e))

    def check(self) -> None:
        """Begin again with a new client when no ping has come for too long; until then the SDK reconnects by itself.

        A second socket beside the SDK's would cut the first, and lose the press that is on its way. But a client whose
        reader stays with a dead socket (it can happen when two connections cross) opens one after the other and reads
        none of them: only its pings tell.
        """
        silent_for = self.silent_for()
        if silent_for == timedelta.max:
            self.start()
        elif silent_for > self._silent_after:
            log.warning("slack.silent", seconds=round(silent_for.total_seconds()))
            old, self._handler, self._alive_at_s = self._handler, self._new_handler(), 0.0
            _hang_up(old)
            self.start()

    def silent_for(self) -> timedelta:
        """Return how long ago Slack's last sign of life came: a ping, or our client's first connection."""
        session: Any = self._handler.client.current_session
        if session is not None and session.last_ping_pong_time:
            self._alive_at_s = max(self._alive_at_s, session.last_ping_pong_time)
        return timedelta(seconds=time() - self._alive_at_s) if self._alive_at_s else timedelta.max

    def close(self) -> None:
        """Hang up."""
        _hang_up(self._handler)


def _hang_up(handler: SocketModeHandler) -> None:
    """Close a client; one that does not end is left to the end of the process, for its threads wait for each other."""
    closing = in_background("hang up", handler.close)
    closing.join(_GOODBYE_S)
    if closing.is_alive():
        log.warning("slack.client_does_not_end", seconds=_GOODBYE_S)


class HttpLine:
    """HTTP mode: Slack posts to us, signed; a proxy with TLS stands in front."""

    def __init__(self, bolt: App, settings: SlackSettings) -> None:
        assert settings.signing_secret is not None, "the settings are checked for it"
        gate = SignedOnly(SlackRequestHandler(bolt, path="/slack/events"), settings.signing_secret.get_secret_value())
        # Waitress answers 413 before it has read more than that.
        self._server = listening(gate, "slack.listen", settings.listen, threads=8, max_request_body_size=LARGEST_BODY)

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
