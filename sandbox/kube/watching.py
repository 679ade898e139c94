"""One watch connection: what the store queued goes out as chunks, with bookmarks and an end.

Time here is real time: a watch's timeout is a protocol's own.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from sandbox.faults import Faults
from sandbox.kube.resources import Obj, Resource
from sandbox.kube.status import ApiError
from sandbox.kube.store import Store, Watcher, line

BOOKMARK_EVERY_S: Final = 60.0
MOST_QUEUED: Final = 20_000
"""A client that reads slower than this is cut off, as the real server does; it comes back with its last version."""
_LOOK_EVERY_S: Final = 0.5


@dataclass(frozen=True)
class Wish:
    """What a client asked to watch. since None: everything that exists first."""

    since: int | None
    timeout_s: float
    bookmarks: bool
    announce_initial: bool = False


class Channel:
    """One watch, from its first line to its end."""

    def __init__(self, store: Store, faults: Faults, resource: Resource, watcher: Watcher, wish: Wish) -> None:
        self._store = store
        self._faults = faults
        self._resource = resource
        self._watcher = watcher
        self._wish = wish

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve until the timeout, the client's end or a fault. A version too old is an ERROR line, not a 410."""
        answer = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
        await answer.prepare(request)
        try:
            self._store.watch(self._resource, self._watcher, self._wish.since)
        except ApiError as error:
            await answer.write(line("ERROR", json.dumps(error.body()).encode()))
            return answer
        try:
            if self._wish.announce_initial:
                self._watcher.lines.append(self._bookmark({"k8s.io/initial-events-end": "true"}))
            with contextlib.suppress(ConnectionError):
                await self._pump(request, answer)
        finally:
            self._store.unwatch(self._resource, self._watcher)
        return answer

    async def _pump(self, request: web.Request, answer: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._wish.timeout_s
        bookmark_at = loop.time() + BOOKMARK_EVERY_S
        fault = self._faults.peek("kube")
        while fault == "hang" or (loop.time() < ends and len(self._watcher.lines) < MOST_QUEUED):
            if fault == "refuse":
                if request.transport:
                    request.transport.abort()
                return
            if fault != "hang":
                await self._send(answer)
                if loop.time() >= bookmark_at:
                    bookmark_at = loop.time() + BOOKMARK_EVERY_S
                    await self._send_bookmark(answer)
            await self._next(min(_LOOK_EVERY_S, max(ends - loop.time(), 0.05)), hung=fault == "hang")
            fault = self._faults.peek("kube")
        await self._send_bookmark(answer)

    async def _send(self, answer: web.StreamResponse) -> None:
        if self._watcher.lines:
            lines = b"".join(self._watcher.lines)
            self._watcher.lines.clear()
            await answer.write(lines)

    async def _send_bookmark(self, answer: web.StreamResponse) -> None:
        """Tell how far this watch has come; only when all before it was sent."""
        if self._wish.bookmarks and not self._watcher.lines:
            self._watcher.sent_version = self._store.version
            await answer.write(self._bookmark())

    async def _next(self, at_most_s: float, *, hung: bool) -> None:
        if self._watcher.lines and not hung:
            return
        self._watcher.wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._watcher.wake.wait()

    def _bookmark(self, annotations: Obj | None = None) -> bytes:
        meta: Obj = {"resourceVersion": str(self._watcher.sent_version), "creationTimestamp": None}
        if annotations:
            meta["annotations"] = annotations
        obj = {"kind": self._resource.kind, "apiVersion": self._resource.api_version, "metadata": meta}
        return line("BOOKMARK", json.dumps(obj).encode())
