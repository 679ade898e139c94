"""A request's path and query, read as what RBAC and the verbs need: resource, names, subresource, verb. Pure."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from sandbox.kube import status
from sandbox.kube.resources import BY_PATH, NAMESPACES, Obj, Resource

_VERBS: Final = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OF_COLLECTIONS: Final = {"GET": "list", "DELETE": "deletecollection"}
_WITH_NAME: Final = 2
_WITH_SUBRESOURCE: Final = 3


@dataclass(frozen=True)
class Target:
    """What one request is about. namespace and name are empty where the path has none."""

    resource: Resource
    verb: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def asked(self) -> str:
        """The resource as RBAC writes it: `pods/eviction`."""
        return f"{self.resource.plural}/{self.subresource}" if self.subresource else self.resource.plural

    def whole(self, obj: Obj) -> Obj:
        """Return the object as it stands alone."""
        return {"kind": self.resource.kind, "apiVersion": self.resource.api_version, **obj}


def read_target(request: web.Request) -> Target:
    """Read a request, or raise the 404 or 405 it earns."""
    info = request.match_info
    parts = info["rest"].strip("/").split("/")
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > _WITH_NAME and parts[2] not in NAMESPACES.subresources:
        namespace, parts = parts[1], parts[2:]
    resource = BY_PATH.get((info.get("group", ""), info["version"], parts[0]))
    subresource = parts[2] if len(parts) == _WITH_SUBRESOURCE else ""
    if resource is None or len(parts) > _WITH_SUBRESOURCE or (subresource and subresource not in resource.subresources):
        raise status.no_such_path()
    name = parts[1] if len(parts) >= _WITH_NAME else ""
    if bool(namespace) != resource.namespaced and (name or namespace or request.method == "POST"):
        raise status.no_such_path()
    return Target(resource, _verb(request, name), namespace, name, subresource)


def _verb(request: web.Request, name: str) -> str:
    if request.method not in _VERBS:
        raise status.not_allowed()
    if request.method == "GET" and request.query.get("watch") in {"true", "1", "True"}:
        return "watch"
    if not name and request.method in _OF_COLLECTIONS:
        return _OF_COLLECTIONS[request.method]
    if not name and request.method != "POST":
        raise status.not_allowed()
    return _VERBS[request.method]
