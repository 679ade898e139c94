"""Label and field selectors: text or LabelSelector in, a predicate out. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.kube.resources import Obj
from sandbox.kube.status import bad_request

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]
Match = Callable[[Obj], bool]

_SET = re.compile(r"^(?P<key>[^\s!=,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s!=,()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s!=,()]*)$")
_EXISTS = re.compile(r"^(?P<no>!?)\s*(?P<key>[^\s!=,()]+)$")
_COMMA = re.compile(r",(?![^(]*\))")
_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "spec.nodeName",
    "spec.signerName",
    "spec.unschedulable",
    "status.phase",
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.uid",
)


def _requirement(key: str, operator: str, values: frozenset[str]) -> Test:
    match operator:
        case "In":
            return lambda labels: labels.get(key) in values
        case "NotIn":
            return lambda labels: labels.get(key) not in values
        case "Exists":
            return lambda labels: key in labels
        case "DoesNotExist":
            return lambda labels: key not in labels
    raise bad_request(f"{operator!r} is not a valid label selector operator")


def _parse_one(text: str) -> Test:
    if found := _SET.match(text):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return _requirement(found["key"], {"in": "In", "notin": "NotIn"}[found["op"]], values)
    if found := _EQUAL.match(text):
        return _requirement(found["key"], "NotIn" if found["op"] == "!=" else "In", frozenset([found["value"]]))
    if found := _EXISTS.match(text):
        return _requirement(found["key"], "DoesNotExist" if found["no"] else "Exists", frozenset())
    raise bad_request(f"unable to parse requirement: found {text!r}, expected: identifier, in, notin, =, ==, !=")


def parse_labels(text: str) -> Test:
    """`a=b,c in (d,e),!f`; the empty text matches everything."""
    tests = [_parse_one(part.strip()) for part in _COMMA.split(text)] if text.strip() else []
    return lambda labels: all(test(labels) for test in tests)


def selects(selector: Obj | None) -> Test:
    """Return the test of a LabelSelector. None selects nothing, an empty one everything (policy/v1)."""
    if selector is None:
        return lambda _labels: False
    tests = [_requirement(key, "In", frozenset([value])) for key, value in (selector.get("matchLabels") or {}).items()]
    tests += [expression(one) for one in selector.get("matchExpressions") or ()]
    return lambda labels: all(test(labels) for test in tests)


def expression(one: Obj) -> Test:
    """Return the test of one `{key, operator, values}`."""
    return _requirement(one["key"], one["operator"], frozenset(one.get("values") or ()))


def _field(obj: Obj, parts: Sequence[str]) -> Any:
    value: Any = obj
    for part in parts:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _parse_field(text: str) -> Match:
    path, negated, value = text.partition("!=")
    if not negated:
        path, _, value = text.replace("==", "=").partition("=")
    path, value = path.strip(), value.strip()
    if path not in _FIELDS:
        raise bad_request(f"field label not supported: {path}")
    parts, wanted = path.split("."), not negated
    if path == "spec.unschedulable":
        return lambda obj: (("true" if _field(obj, parts) else "false") == value) is wanted
    return lambda obj: (str(_field(obj, parts) or "") == value) is wanted


def parse_match(labels: str, fields: str) -> Match | None:
    """Return the predicate of both selectors, or None when neither narrows anything."""
    tests = [_parse_field(part) for part in fields.split(",") if part.strip()]
    if labels.strip():
        by_label = parse_labels(labels)
        tests.append(lambda obj: by_label(obj["metadata"].get("labels") or {}))
    if not tests:
        return None
    return lambda obj: all(test(obj) for test in tests)
