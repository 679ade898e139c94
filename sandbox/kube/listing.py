"""One page of a list: selection, order, limit and the continue token."""

import base64
import binascii
import json
from collections.abc import Mapping

from sandbox.kube import status
from sandbox.kube.resources import Obj, Resource
from sandbox.kube.selectors import parse_match
from sandbox.kube.store import Key, Store, Stored


def page(store: Store, resource: Resource, namespace: str, query: Mapping[str, str]) -> tuple[list[Stored], Obj]:
    """Return the objects and the metadata of one page, sorted by namespace and name as etcd sorts.

    A later page shows the present, not the snapshot of the first: with writes in between, the real server differs.
    """
    match = parse_match(query.get("labelSelector", ""), query.get("fieldSelector", ""))
    found = [one for one in store.all(resource, namespace) if match is None or match(one.obj)]
    found.sort(key=_place)
    version = store.version
    if token := query.get("continue"):
        version, after = _read(token)
        if version < store.oldest(resource):
            raise status.continue_expired()
        found = [one for one in found if _place(one) > after]
    limit = int(query["limit"]) if query.get("limit", "").isdigit() else 0
    meta: Obj = {"resourceVersion": str(version)}
    if limit and len(found) > limit:
        meta["continue"] = _token(version, _place(found[limit - 1]))
        if match is None:
            meta["remainingItemCount"] = len(found) - limit
        found = found[:limit]
    return found, meta


def list_answer(resource: Resource, found: list[Stored], meta: Obj) -> bytes:
    """Return a List as JSON."""
    head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": meta}
    text = json.dumps(head, separators=(",", ":"))[:-1]
    return text.encode() + b',"items":[' + b",".join(one.item for one in found) + b"]}"


def _place(stored: Stored) -> Key:
    meta = stored.obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


def _token(version: int, last: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps([version, *last]).encode()).decode()


def _read(token: str) -> tuple[int, Key]:
    try:
        version, namespace, name = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error) as error:
        raise status.bad_request("continue key is not valid") from error
    return int(version), (str(namespace), str(name))
