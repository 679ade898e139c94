"""Playing the people over HTTP: what the page and a story's driver process use, under /sandbox/api."""

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.slack import sight
from sandbox.slack.core import Core
from sandbox.slack.delivery import Answer
from sandbox.slack.errors import SlackError
from sandbox.slack.feed import Change
from sandbox.slack.people import People
from sandbox.slack.records import Json

Act = Callable[[Json], Awaitable[Json]]
KEEPALIVE_S = 15.0


class Control:
    """Every POST answers JSON; 404 says in a sentence what is not there, 400 what is missing or wrong."""

    def __init__(self, core: Core, people: People) -> None:
        self.core = core
        self.people = people

    def add_routes(self, app: web.Application) -> None:
        """Mount on an application."""
        for name, act in self._acts().items():
            app.router.add_post(f"/sandbox/api/{name}", _posted(act))
        app.router.add_get("/sandbox/api/state", self._state)
        app.router.add_get("/sandbox/api/messages", self._messages)
        app.router.add_get("/sandbox/api/views", self._views)
        app.router.add_get("/sandbox/api/changes", self._changes)
        app.router.add_get("/sandbox/api/stream", self._stream)
        app.router.add_get("/sandbox/api/calls", self._calls)

    def _acts(self) -> dict[str, Act]:
        people = self.people

        async def say(a: Json) -> Json:
            return (await people.say(a["channel"], a["user"], a["text"], a.get("thread_ts"), a.get("file"))).wire()

        async def slash(a: Json) -> Json:
            who, where = a["user"], a["channel"]
            return _told(await people.slash(who, where, a["command"], a.get("text", ""), a.get("thread_ts")))

        async def click(a: Json) -> Json:
            place = (a["user"], a["channel"], a["ts"], a["action_id"])
            return _told(await people.click(*place, value=a.get("value"), block_id=a.get("block_id")))

        async def act(a: Json) -> Json:
            place = (a["user"], a["view_id"], a["action_id"])
            return _told(await people.act_in_view(*place, a.get("value"), a.get("values")))

        async def submit(a: Json) -> Json:
            return {"errors": await people.submit(a["user"], a["view_id"], a.get("values"))}

        async def close(a: Json) -> Json:
            await people.close(a["user"], a["view_id"], all_of_them=bool(a.get("all")))
            return {}

        async def home(a: Json) -> Json:
            await people.open_home(a["user"], a.get("tab", "home"))
            return {}

        async def shortcut(a: Json) -> Json:
            if a.get("ts"):
                place = (a["user"], a["channel"], a["ts"], a["callback_id"])
                return _told(await people.message_shortcut(*place))
            return _told(await people.shortcut(a["user"], a["callback_id"]))

        every = (say, slash, click, act, submit, close, home, shortcut)
        return {each.__name__: each for each in every}

    async def _state(self, request: web.Request) -> web.Response:
        user = self._user(request)
        if user is None:
            raise web.HTTPBadRequest(text="user is missing")
        return web.json_response(sight.everything(self.core.workspace, user))

    async def _messages(self, request: web.Request) -> web.Response:
        space, user = self.core.workspace, self._user(request)
        wanted = request.query.get("channel")
        rooms = [c for c in space.channels.values() if wanted in (None, c.id, c.name) and _in(c.members, user)]
        return web.json_response({room.id: sight.messages(room, user) for room in rooms})

    async def _views(self, request: web.Request) -> web.Response:
        space, user = self.core.workspace, self._user(request) or ""
        home = sight.view(space.homes[user]) if user in space.homes else None
        return web.json_response({"modals": [sight.view(v) for v in space.stack(user)], "home": home})

    async def _changes(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        wait_s = min(float(request.query.get("timeout", "20")), 60.0)
        found = await self.core.workspace.feed.after(after, self._user(request), wait_s)
        return web.json_response([_change(each) for each in found])

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        user, feed = self._user(request), self.core.workspace.feed
        seq = int(request.query.get("after") or request.headers.get("last-event-id") or feed.seq)
        response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-store"})
        await response.prepare(request)
        try:
            while True:
                for change in (found := await feed.after(seq, user, KEEPALIVE_S)):
                    line = f"id: {change.seq}\ndata: {json.dumps(_change(change))}\n\n"
                    await response.write(line.encode())
                seq = found[-1].seq if found else seq
                await response.write(b": still here\n\n")
        except (ConnectionResetError, asyncio.CancelledError):
            return response

    async def _calls(self, _request: web.Request) -> web.Response:
        log = self.core.calls
        return web.json_response({"counts": dict(log.counts), "errors": dict(log.errors)})

    def _user(self, request: web.Request) -> str | None:
        given = request.query.get("user")
        if given is None:
            return None
        try:
            return self.people.person(given).id
        except LookupError as error:
            raise web.HTTPNotFound(text=str(error)) from error


def _posted(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await act(await request.json()))
        except KeyError as error:
            return web.json_response({"error": f"{error.args[0]} is missing"}, status=400)
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)
        except (ValueError, SlackError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle


def _change(change: Change) -> dict[str, Any]:
    return {"seq": change.seq, "kind": change.kind, **change.data}


def _told(answer: Answer) -> Json:
    return dataclasses.asdict(answer) | {"acked": answer.is_acked}


def _in(members: set[str], user: str | None) -> bool:
    return user is None or user in members
