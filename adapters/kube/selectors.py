"""Label selectors as Kubernetes matches them. Pure."""

from collections.abc import Mapping
from typing import Any

from adapters.kube.api import Json


def matches(selector: Json, labels: Mapping[str, str]) -> bool:
    """Return True when a label selector covers these labels; an empty one covers all."""
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(satisfies(expression, labels) for expression in selector.get("matchExpressions") or ())


def satisfies(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return True when labels satisfy one requirement; Gt and Lt occur in node affinity alone.

    source   apimachinery pkg/labels/selector.go: NotIn holds for a label that is absent, Gt and Lt do not
    """
    value, values = labels.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and value.isdecimal() and int(value) > int(values[0])
        case "Lt":
            return value is not None and value.isdecimal() and int(value) < int(values[0])
        case other:
            raise ValueError(f"no selector operator {other!r}")
