"""Socket Mode: the app's WebSockets, the envelopes sent down them, and the acks that come back."""

import asyncio
import itertools
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import WSMsgType, web

from sandbox.faults import Faults
from sandbox.slack import seed
from sandbox.slack.delivery import ACK_S, Answer, Kind
from sandbox.slack.records import Json

MOST: Final = 10
"""Connections an app may hold."""
PING_S: Final = 5.0
GRACE_S: Final = 1.0
"""A socket that was told to refresh is hung up after this long; until then the SDK's builtin client is deaf."""
TICK_S: Final = 0.2


@dataclass(eq=False)
class Socket:
    """is_leaving: told to refresh, so it gets nothing new."""

    wire: web.WebSocketResponse
    is_leaving: bool = False
    closing: asyncio.Task[bool] | None = None

    def hang_up(self) -> None:
        """Close in the background; the other side may take its time to agree."""
        self.closing = asyncio.get_running_loop().create_task(self.wire.close())


@dataclass
class SocketLine:
    """Any payload may go down any socket; they are taken in turn, as nothing may be assumed about which."""

    faults: Faults
    ack_s: float = ACK_S
    sockets: list[Socket] = field(default_factory=list)
    _waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)

    async def send(self, kind: Kind, payload: Json, attempt: int = 0, reason: str = "") -> Answer:
        """Deliver one envelope and wait for its ack."""
        envelope: Json = {"envelope_id": str(uuid.uuid4()), "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        acked: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = acked
        sent_at = time.monotonic()
        try:
            if not await self._put(envelope):
                return Answer(why="dispatch_failed")
            payload = await asyncio.wait_for(acked, self.ack_s)
            return Answer(payload, after_s=time.monotonic() - sent_at)
        except TimeoutError:
            return Answer(why="operation_timeout")
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def link(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket of the app's until either side hangs up."""
        wire = web.WebSocketResponse()
        await wire.prepare(request)
        if len(self.sockets) >= MOST:
            await wire.send_json(_disconnect("too_many_websockets"))
            await wire.close()
            return wire
        socket = Socket(wire)
        self.sockets.append(socket)
        watch = asyncio.get_running_loop().create_task(self._watch(wire))
        try:
            await wire.send_json(self._hello())
            async for message in wire:
                if message.type is WSMsgType.TEXT:
                    self._acked(message.data)
        finally:
            self.sockets.remove(socket)
            watch.cancel()
        return wire

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Tell every socket to come back, as Slack does every few hours."""
        for socket in [each for each in self.sockets if not each.is_leaving]:
            socket.is_leaving = True
            await socket.wire.send_json(_disconnect(reason))
            asyncio.get_running_loop().call_later(GRACE_S, socket.hang_up)

    async def close(self) -> None:
        """Hang up on every socket."""
        await asyncio.gather(*(socket.wire.close() for socket in list(self.sockets)))

    async def _put(self, envelope: Json) -> bool:
        times = 2 if self.faults.peek("slack") == "duplicate" else 1
        if times == 2:  # noqa: PLR2004 - twice is what duplicate means
            self.faults.take("slack")
        sent = False
        for _ in range(times):
            ready = [each for each in self.sockets if not each.is_leaving and not each.wire.closed]
            if ready:
                await ready[next(self._turn) % len(ready)].wire.send_json(envelope)
                sent = True
        return sent

    def _acked(self, raw: str) -> None:
        try:
            said: Any = json.loads(raw)
        except json.JSONDecodeError:
            return
        future = self._waiting.get(said.get("envelope_id", ""))
        if future and not future.done():
            payload = said.get("payload")
            future.set_result(payload if isinstance(payload, dict) else {"text": payload} if payload else {})

    async def _watch(self, wire: web.WebSocketResponse) -> None:
        """Ping now and then as Slack does, with a word in it: a client may leave an empty ping unanswered."""
        loop = asyncio.get_running_loop()
        due = loop.time() + PING_S
        while not wire.closed:
            await asyncio.sleep(TICK_S)
            if loop.time() > due:
                due = loop.time() + PING_S
                await wire.ping(b"Ping from applink-sandbox")
            if self.faults.peek("slack") == "disconnect":
                self.faults.take("slack")
                await self.refresh()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.sockets),
            "debug_info": {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": seed.APP},
        }


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}
