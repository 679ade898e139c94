"""The three patches, as pure functions: the old object in, a new one out, untouched parts shared between them.

It knows which lists of our kinds merge by key. `spec.taints` and `spec.tolerations` do not: they are atomic in the real
types too (k8s.io/api/core/v1/types.go), so a patch that names them replaces the whole list.
"""

from typing import Any, Final

from sandbox.kube.resources import Obj
from sandbox.kube.status import ApiError, bad_request

JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_PATCH: Final = "application/strategic-merge-patch+json"

_MERGE_KEYS: Final = {
    "conditions": "type",
    "addresses": "type",
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "ownerReferences": "uid",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
}
_SETS: Final = ("finalizers", "podCIDRs")


def merge(old: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    new = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        else:
            new[key] = merge(new.get(key), value)
    return new


def strategic(old: Any, patch: Any) -> Any:
    """Merge as `kubectl patch` does: keyed lists element by element, with `$patch` directives."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    new = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            plain = key.partition("/")[2]
            new[plain] = [item for item in new.get(plain) or [] if item not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            new.pop(key, None)
        else:
            new[key] = _strategic_value(key, new.get(key), value)
    return new


def _strategic_value(key: str, old: Any, value: Any) -> Any:
    if not isinstance(value, list):
        return strategic(old, value)
    if key in _SETS:
        return [*(old or []), *(item for item in value if item not in (old or []))]
    if key in _MERGE_KEYS and all(isinstance(item, dict) for item in value):
        return _merge_keyed(old or [], value, _MERGE_KEYS[key])
    return value


def _merge_keyed(old: list[Obj], patch: list[Obj], key: str) -> list[Obj]:
    if any(item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if "$patch" not in item]
    new = {item.get(key): item for item in old}
    for item in patch:
        if item.get("$patch") == "delete":
            new.pop(item.get(key), None)
        else:
            new[item.get(key)] = strategic(new.get(item.get(key)), item)
    return list(new.values())


def json_patch(old: Any, operations: Any) -> Any:
    """RFC 6902. A failed `test` or a missing path is a 422, as the real server says it."""
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    for operation in operations:
        old = _apply(old, operation)
    return old


def _apply(doc: Any, operation: Obj) -> Any:
    path = _pointer(operation.get("path", ""))
    match operation.get("op"):
        case "test":
            if _read(doc, path) != operation.get("value"):
                raise _rejected(f"testing value {operation.get('path')} failed: test failed")
            return doc
        case "add" | "replace" as kind:
            return _write(doc, path, operation.get("value"), insert=kind == "add")
        case "remove":
            return _remove(doc, path)
        case "move" | "copy" as kind:
            source = _pointer(operation.get("from", ""))
            value = _read(doc, source)
            return _write(_remove(doc, source) if kind == "move" else doc, path, value, insert=True)
    raise bad_request(f"Unexpected kind: {operation.get('op')}")


def _rejected(why: str) -> ApiError:
    return ApiError(422, "Invalid", f"the server rejected our request due to an error in our request: {why}", {})


def _pointer(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _position(items: list[Any], part: str, *, insert: bool) -> int:
    if part == "-" and insert:
        return len(items)
    if not part.isdigit() or int(part) >= len(items) + insert:
        raise _rejected(f"invalid array index: {part}")
    return int(part)


def _read(doc: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(doc, list):
            doc = doc[_position(doc, part, insert=False)]
        elif isinstance(doc, dict) and part in doc:
            doc = doc[part]
        else:
            raise _rejected(f"missing path: /{'/'.join(path)}")
    return doc


def _write(doc: Any, path: list[str], value: Any, *, insert: bool) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(doc, list):
        at = _position(doc, head, insert=insert and not rest)
        if rest:
            return [*doc[:at], _write(doc[at], rest, value, insert=insert), *doc[at + 1 :]]
        return [*doc[:at], value, *doc[at if insert else at + 1 :]]
    if not isinstance(doc, dict) or (head not in doc and (rest or not insert)):
        raise _rejected(f"missing path: {head}")
    return {**doc, head: _write(doc[head], rest, value, insert=insert) if rest else value}


def _remove(doc: Any, path: list[str]) -> Any:
    head, rest = path[0], path[1:]
    if isinstance(doc, list):
        at = _position(doc, head, insert=False)
        middle = [_remove(doc[at], rest)] if rest else []
        return [*doc[:at], *middle, *doc[at + 1 :]]
    if not isinstance(doc, dict) or head not in doc:
        raise _rejected(f"Unable to remove nonexistent key: {head}")
    if rest:
        return {**doc, head: _remove(doc[head], rest)}
    return {key: value for key, value in doc.items() if key != head}


def patched(content_type: str, old: Obj, patch: Any) -> Obj:
    """Apply a patch of that media type; KeyError for one we do not know."""
    new = {JSON_PATCH: json_patch, MERGE_PATCH: merge, STRATEGIC_PATCH: strategic}[content_type](old, patch)
    if not isinstance(new, dict):
        raise bad_request("the patch does not leave an object")
    return new
