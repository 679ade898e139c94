"""Label selectors as Kubernetes matches them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.kube.api import Json
from adapters.kube.objects import understood


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
    with understood("selector", expression):
        return _satisfies(expression["operator"], labels.get(expression["key"]), expression.get("values") or [])


def _satisfies(operator: str, value: str | None, values: Sequence[str]) -> bool:
    match operator:
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
        case _:
            raise ValueError(f"no selector operator {operator!r}")
