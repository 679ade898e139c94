"""The Web API over HTTP: arguments in any of Slack's forms, faults, rate limits, and Slack's way of saying no."""

import asyncio
import json
import time
from typing import Any, Final

from aiohttp import web

from sandbox.faults import Faults
from sandbox.slack import seed
from sandbox.slack.calls import Call
from sandbox.slack.core import Core
from sandbox.slack.errors import SlackError
from sandbox.slack.methods import METHODS
from sandbox.slack.posting import respond
from sandbox.slack.records import Json

HANG_S: Final = 600.0
SLOW_S: Final = 2.0
ANSWERED_BADLY: Final = frozenset({"refuse", "hang", "slow", "rubbish", "ratelimit"})
"""The faults that an HTTP answer shows; the others belong to deliveries."""
_STRUCTURED: Final = ("blocks", "attachments", "view", "metadata")


class WebApi:
    """Serves `/api/<method>` and the response URLs."""

    def __init__(self, core: Core, faults: Faults) -> None:
        self.core = core
        self.faults = faults

    def add_routes(self, app: web.Application) -> None:
        """Mount on an application."""
        app.router.add_route("*", "/api/{method:[a-z]+(?:\\.[a-zA-Z]+)+}", self.call)
        app.router.add_post("/commands/{team}/{number}/{secret}", self.respond)
        app.router.add_post("/actions/{team}/{number}/{secret}", self.respond)

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer one method call."""
        method = request.match_info["method"]
        args: Json = {}
        error: SlackError | None = None
        headers = {"x-oauth-scopes": ",".join(sorted(self.core.scopes)), "x-slack-req-id": f"{time.monotonic_ns():x}"}
        try:
            args = await _args(request)
            rubbish = await self._misbehave(request)
            if rubbish:
                return rubbish
            body = {"ok": True} | await self._run(method, args, request)
            self._lose(request)
        except SlackError as refused:
            error = refused
            body = _no(refused)
        self.core.calls.note(Call(method, args, error.name if error else None, time.monotonic()))
        if error and error.retry_after_s is not None:
            return web.json_response(body, status=429, headers=headers | {"Retry-After": str(error.retry_after_s)})
        return web.json_response(body, headers=headers)

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Take what an app posts to a response URL."""
        error: SlackError | None = None
        answer = await _args(request)
        try:
            rubbish = await self._misbehave(request)
            if rubbish:
                return rubbish
            respond(self.core.workspace, self.core.tickets.answer(request.path), answer)
        except SlackError as refused:
            error = refused
        self.core.calls.note(Call("response_url", answer, error.name if error else None, time.monotonic()))
        if error:
            return web.json_response(_no(error), status=404 if error.name.endswith("_url") else 400)
        return web.Response(text="ok")

    async def _run(self, method: str, args: Json, request: web.Request) -> Json:
        found = METHODS.get(method)
        if found is None:
            raise SlackError("unknown_method", extra={"req_method": method})
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip() or args.get("token", "")
        _authorise(method, token)
        if found.scope and found.scope not in self.core.scopes:
            provided = ",".join(sorted(self.core.scopes))
            raise SlackError("missing_scope", extra={"needed": found.scope, "provided": provided})
        self.core.rates.check(method, found.tier, str(args.get("channel", "")))
        return await found.run(self.core, args)

    async def _misbehave(self, request: web.Request) -> web.StreamResponse | None:
        mode = self.faults.take("slack") if self.faults.peek("slack") in ANSWERED_BADLY else None
        if mode == "ratelimit":
            raise SlackError("ratelimited", retry_after_s=1)
        if mode == "rubbish":
            return web.Response(text="<!DOCTYPE html><title>Something went wrong</title>", content_type="text/html")
        if mode == "refuse":
            if request.transport:
                request.transport.abort()
            return web.Response(status=503)
        if mode in ("hang", "slow"):
            await asyncio.sleep(HANG_S if mode == "hang" else SLOW_S)
        return None

    def _lose(self, request: web.Request) -> None:
        """Hang up instead of answering: the caller cannot know that it was done."""
        if self.faults.peek("slack") == "lost":
            self.faults.take("slack")
            if request.transport:
                request.transport.abort()


def _authorise(method: str, token: str) -> None:
    if not token:
        raise SlackError("not_authed")
    if token not in (seed.BOT_TOKEN, seed.APP_TOKEN):
        raise SlackError("invalid_auth")
    if method.startswith("apps.connections") != (token == seed.APP_TOKEN):
        raise SlackError("not_allowed_token_type")


async def _args(request: web.Request) -> Json:
    """Read arguments from the query, a form or JSON; a JSON content type with no body at all is fine with Slack."""
    given: dict[str, Any] = dict(request.query)
    body = await request.read()
    if request.content_type == "application/json":
        given |= _json(body)
    elif body:
        given |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        if set(given) == {"payload"}:
            given = _json(given["payload"].encode())
    for key in _STRUCTURED:
        if isinstance(given.get(key), str):
            given[key] = _structured(given[key], key)
    return given


def _json(body: bytes) -> Json:
    try:
        said = json.loads(body or b"{}")
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(said, dict):
        raise SlackError("json_not_object")
    return said


def _structured(raw: str, key: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise SlackError("invalid_blocks_format" if key == "blocks" else "invalid_arguments") from error


def _no(refused: SlackError) -> Json:
    body: Json = {"ok": False, "error": refused.name} | refused.extra
    if refused.messages:
        body |= {"errors": refused.messages, "response_metadata": {"messages": refused.messages}}
    return body
