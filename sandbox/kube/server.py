"""HTTP in front of the API: who asks, for what, in which words the answer goes back.

It decides authentication, rights, routing and faults. What a verb means is in `api.py`.
"""

import asyncio
import json
from collections import Counter
from email.utils import format_datetime
from typing import Any, Final

from aiohttp import web

from sandbox.kube import discovery, status, webhooks
from sandbox.kube.cluster import Cluster
from sandbox.kube.eviction import deletion, evict
from sandbox.kube.listing import list_answer, page
from sandbox.kube.patches import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from sandbox.kube.resources import ACCESS_REVIEWS, PODS, RULES_REVIEWS, Obj
from sandbox.kube.rights import USERS, User, access_review, refusal, rules_review
from sandbox.kube.selectors import parse_match
from sandbox.kube.store import Stored, Watcher
from sandbox.kube.tables import WANTED, table
from sandbox.kube.target import Target, read_target
from sandbox.kube.watching import Channel, Wish

_PATCHES: Final = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH)
_DISCOVERY: Final = ("/api", "/apis", "/apis/{group}", "/api/{version}", "/apis/{group}/{version}")
_HANG_S: Final = 3600.0
_SLOW_S: Final = 3.0
_BODY_LIMIT: Final = 3 * 1024 * 1024
_WATCH_S: Final = 1800.0


class Server:
    """The HTTP face. `calls` counts what was asked, as `"list nodes"` or `"create pods/eviction"`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._api = cluster.api
        self._faults = cluster.faults
        self.calls: Counter[str] = Counter()
        self.app = web.Application(middlewares=[self._wrap], client_max_size=_BODY_LIMIT)
        self.app.on_response_prepare.append(self._date)
        self.app.add_routes(
            [
                *(web.get(path, self._health) for path in ("/healthz", "/livez", "/readyz")),
                *(web.get(path, self._version) for path in ("/version", "/version/")),
                *(web.get(path + end, self._discover) for path in _DISCOVERY for end in ("", "/")),
                web.route("*", "/api/{version}/{rest:.+}", self._resource),
                web.route("*", "/apis/{group}/{version}/{rest:.+}", self._resource),
            ]
        )

    @web.middleware
    async def _wrap(self, request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            if broken := await self._misbehave(request):
                return broken
            answer: web.StreamResponse = await handler(request)
        except web.HTTPNotFound:
            return _failed(status.no_such_path())
        except web.HTTPMethodNotAllowed:
            return _failed(status.not_allowed())
        except status.ApiError as error:
            return _failed(error)
        return answer

    async def _date(self, _request: web.Request, answer: web.StreamResponse) -> None:
        """Say what time it is here, as every API server does."""
        answer.headers["Date"] = format_datetime(self._cluster.clock.now(), usegmt=True)

    async def _misbehave(self, request: web.Request) -> web.StreamResponse | None:
        """Do what the fault in force says, instead of or before answering."""
        node = _node_of(request)
        mode = self._faults.peek("kube", node)
        if mode is None or (mode == "conflict" and request.method not in {"PUT", "PATCH", "DELETE"}):
            return None
        slow_s = self._faults.slowness("kube", _SLOW_S)
        self._faults.take("kube", node)
        match mode:
            case "refuse":
                if request.transport:
                    request.transport.abort()
            case "hang":
                await asyncio.sleep(_HANG_S)
            case "slow":
                await asyncio.sleep(slow_s)
                return None
            case "unauthorized":
                raise status.unauthorized()
            case "conflict":
                target = read_target(request)
                raise status.conflict(target.resource, target.name)
        return web.Response(text="<html><body>502 Bad Gateway</body></html>", content_type="text/html")

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _version(self, _request: web.Request) -> web.Response:
        return _json(discovery.VERSION)

    async def _discover(self, request: web.Request) -> web.Response:
        _user(request)
        group, version = request.match_info.get("group", ""), request.match_info.get("version")
        if version:
            document = discovery.resource_list(group, version)
        elif group:
            document = discovery.one_group(group)
        else:
            document = discovery.API if request.path.rstrip("/") == "/api" else discovery.group_list()
        if document is None:
            raise status.no_such_path()
        return _json(document)

    async def _resource(self, request: web.Request) -> web.StreamResponse:
        user = _user(request)
        target = read_target(request)
        self.calls[f"{target.verb} {target.asked}"] += 1
        if not user.may(target.verb, target.resource.group, target.asked, target.name):
            why = refusal(user, target.verb, target.resource.group, target.asked, target.namespace)
            raise status.forbidden(target.resource, target.name, why)
        match target.verb:
            case "get":
                stored = self._api.store.stored(target.resource, target.namespace, target.name)
                return self._table(target, [stored], {}) if _wants_table(request) else _raw(stored.whole)
            case "list":
                return self._list(request, target)
            case "watch":
                return await self._watch(request, target)
            case "create":
                return self._create(user, target, await _body(request), dry="dryRun" in request.query)
            case "update" | "patch":
                return await self._write(request, target)
            case "deletecollection":
                return await self._delete_all(request, target)
        return await self._delete(request, target)

    def _list(self, request: web.Request, target: Target) -> web.Response:
        found, meta = page(self._api.store, target.resource, target.namespace, request.query)
        if _wants_table(request):
            return self._table(target, found, meta)
        return _raw(list_answer(target.resource, found, meta))

    def _table(self, target: Target, found: list[Stored], meta: Obj) -> web.Response:
        return _json(table(target.resource, [one.obj for one in found], meta, self._cluster.clock.now()))

    async def _watch(self, request: web.Request, target: Target) -> web.StreamResponse:
        query = request.query
        fields = query.get("fieldSelector", "")
        if target.name:
            fields = f"metadata.name={target.name}"
        watcher = Watcher(parse_match(query.get("labelSelector", ""), fields), target.namespace)
        version = query.get("resourceVersion", "")
        is_initial = query.get("sendInitialEvents") == "true"
        bookmarks = query.get("allowWatchBookmarks") in {"true", "1", "True"}
        wish = Wish(
            since=None if version in {"", "0"} or is_initial else _number("resourceVersion", version),
            timeout_s=_number("timeoutSeconds", query.get("timeoutSeconds", "0")) or _WATCH_S,
            bookmarks=bookmarks,
            announce_initial=is_initial and bookmarks,
        )
        return await Channel(self._api.store, self._faults, target.resource, watcher, wish).serve(request)

    def _create(self, user: User, target: Target, body: Any, *, dry: bool) -> web.Response:
        if target.resource is ACCESS_REVIEWS:
            return _json(access_review(user, body), 201)
        if target.resource is RULES_REVIEWS:
            return _json(rules_review(user, body), 201)
        if target.subresource == "eviction":
            webhooks.ask(self._faults, "evict", self._api.store.get(PODS, target.namespace, target.name))
            return _json(evict(self._api, target.namespace, target.name, body, dry=dry), 201)
        if target.subresource or target.name:
            raise status.not_allowed()
        return _json(target.whole(self._api.create(target.resource, target.namespace, body, dry=dry)), 201)

    async def _write(self, request: web.Request, target: Target) -> web.Response:
        dry = "dryRun" in request.query
        body = await _body(request, _PATCHES if target.verb == "patch" else ())
        where = (target.resource, target.namespace, target.name)
        if target.asked == "pods/status":
            pod = self._api.store.get(*where)
            self._cluster.attended.add(pod["spec"].get("nodeName", ""))
        if target.verb == "patch":
            obj = self._api.patch(*where, request.content_type, body, sub=target.subresource, dry=dry)
        else:
            obj = self._api.update(*where, body, sub=target.subresource, dry=dry)
        return _json(target.whole(obj))

    async def _delete(self, request: web.Request, target: Target) -> web.Response:
        options = await _options(request)
        how = deletion(options, dry="dryRun" in request.query)
        if target.resource is PODS:
            webhooks.ask(self._faults, "delete", self._api.store.get(PODS, target.namespace, target.name))
        obj, gone = self._api.delete(target.resource, target.namespace, target.name, how)
        if gone and target.resource is not PODS:
            about = {"name": target.name, "kind": target.resource.plural, "uid": obj["metadata"]["uid"]}
            return _json(status.success({**about, "group": target.resource.group} if target.resource.group else about))
        return _json(target.whole(obj))

    async def _delete_all(self, request: web.Request, target: Target) -> web.Response:
        how = deletion(await _options(request))
        match = parse_match(request.query.get("labelSelector", ""), request.query.get("fieldSelector", ""))
        for stored in self._api.store.all(target.resource, target.namespace):
            if match is None or match(stored.obj):
                meta = stored.obj["metadata"]
                self._api.delete(target.resource, meta.get("namespace", ""), meta["name"], how)
        return self._list(request, target)


def _user(request: web.Request) -> User:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    user = USERS.get(token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        raise status.unauthorized()
    return user


def _wants_table(request: web.Request) -> bool:
    return WANTED in request.headers.get("Accept", "")


def _node_of(request: web.Request) -> str | None:
    """Return the node a request names in its path, for faults of one node."""
    parts = request.path.split("/")
    return parts[parts.index("nodes") + 1] if "nodes" in parts[:-1] else None


async def _options(request: web.Request) -> Obj:
    """Read DeleteOptions from body and query; both are allowed, and the query wins."""
    options = await _body(request) if request.can_read_body else {}
    if "gracePeriodSeconds" in request.query:
        seconds = _number("gracePeriodSeconds", request.query["gracePeriodSeconds"])
        options = {**options, "gracePeriodSeconds": seconds}
    return dict(options)


async def _body(request: web.Request, accepted: tuple[str, ...] = ()) -> Any:
    known = accepted or ("application/json", "application/octet-stream")
    if request.content_type not in known:
        raise status.unsupported_media(request.content_type, ", ".join(known))
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise status.bad_request(f"the object provided is unrecognized: {error}") from error
    if not isinstance(body, dict) and request.content_type != JSON_PATCH:
        raise status.bad_request("the object provided is unrecognized (must be of type Object)")
    return body


def _number(name: str, text: str) -> int:
    if not text.isdigit():
        raise status.bad_request(f'invalid value for {name}: strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def _failed(error: status.ApiError) -> web.Response:
    answer = _json(error.body(), error.code)
    if error.retry_after_s:
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def _json(obj: Obj, code: int = 200) -> web.Response:
    return _raw(json.dumps(obj, separators=(",", ":")).encode(), code)


def _raw(body: bytes, code: int = 200) -> web.Response:
    return web.Response(body=body, status=code, content_type="application/json")
