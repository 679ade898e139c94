"""What the real API server would not store. Only the fields that lending writes are judged, and those strictly."""

import re
from typing import Any, Final

from sandbox.kube.resources import BUDGETS, NODES, Obj, Resource
from sandbox.kube.status import bad_request, invalid

_SUBDOMAIN: Final = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_WORD: Final = re.compile(r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")
_WORD_LENGTH: Final = 63
_NAME_LENGTH: Final = 253
_PARTS: Final = ("spec", "status")
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_WORD_RULE: Final = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)


def check_shape(resource: Resource, obj: object) -> Obj:
    """Refuse what is not an object of this kind."""
    if not isinstance(obj, dict) or not isinstance(obj.get("metadata") or {}, dict):
        raise bad_request("the object provided is unrecognized (must be of type Object)")
    meta = obj.get("metadata") or {}
    parts = {**{key: meta.get(key) for key in ("labels", "annotations")}, **{key: obj.get(key) for key in _PARTS}}
    for key, value in parts.items():
        if not isinstance(value or {}, dict):
            raise bad_request(f"json: cannot unmarshal into Go struct field {resource.kind}.{key}")
    told = (obj.get("apiVersion", resource.api_version), obj.get("kind", resource.kind))
    if told != (resource.api_version, resource.kind):
        wanted = f"{resource.api_version}, Kind={resource.kind}"
        raise bad_request(f"the object provided ({told[0]}, Kind={told[1]}) does not match the expected {wanted}")
    return obj


def check(resource: Resource, obj: Obj) -> None:
    """Refuse, with the 422 that names the field."""
    meta = obj["metadata"]
    name = meta["name"]
    if len(name) > _NAME_LENGTH or not _SUBDOMAIN.match(name):
        raise invalid(
            resource, name, "metadata.name", f'Invalid value: "{name}": a lowercase RFC 1123 subdomain is needed'
        )
    _check_labels(resource, name, meta)
    for key in meta.get("annotations") or {}:
        _check_key(resource, name, "metadata.annotations", key)
    if resource is NODES:
        _check_taints(name, obj.get("spec", {}).get("taints") or [])
    if resource is BUDGETS and {"minAvailable", "maxUnavailable"} <= obj.get("spec", {}).keys():
        raise invalid(resource, name, "spec", "Invalid value: minAvailable and maxUnavailable cannot be both set")


def _check_labels(resource: Resource, name: str, meta: Obj) -> None:
    for key, value in (meta.get("labels") or {}).items():
        _check_key(resource, name, "metadata.labels", key)
        if not isinstance(value, str) or len(value) > _WORD_LENGTH or (value and not _WORD.match(value)):
            why = f'Invalid value: "{value}": a valid label {_WORD_RULE}, and be at most {_WORD_LENGTH} characters'
            raise invalid(resource, name, "metadata.labels", why)


def _check_key(resource: Resource, name: str, field: str, key: str) -> None:
    prefix, slash, word = key.rpartition("/")
    good_prefix = not slash or (len(prefix) <= _NAME_LENGTH and _SUBDOMAIN.match(prefix))
    if not good_prefix or len(word) > _WORD_LENGTH or not _WORD.match(word):
        raise invalid(resource, name, field, f'Invalid value: "{key}": name part {_WORD_RULE}')


def _check_taints(name: str, taints: list[Any]) -> None:
    seen: set[tuple[str, str]] = set()
    for at, taint in enumerate(taints):
        field = f"spec.taints[{at}]"
        if not isinstance(taint, dict):
            raise bad_request("json: cannot unmarshal into Go struct field NodeSpec.spec.taints of type v1.Taint")
        _check_key(NODES, name, f"{field}.key", taint.get("key", ""))
        effect = taint.get("effect", "")
        if effect not in _EFFECTS:
            wanted = ", ".join(f'"{one}"' for one in _EFFECTS)
            raise invalid(NODES, name, f"{field}.effect", f'Unsupported value: "{effect}": supported values: {wanted}')
        if (taint["key"], effect) in seen:
            raise invalid(
                NODES, name, field, f"Duplicate value: {taint['key']}:{effect}: taints must be unique by key and effect"
            )
        seen.add((taint["key"], effect))
