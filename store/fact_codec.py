"""How a fact lies in its row: its kind and version, what may be searched for in columns, and the rest as JSON."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from pydantic import TypeAdapter

from loans.facts import KINDS, Fact
from store.columns import cleaned
from store.old_facts import brought_up

LIFTED: Final = ("plan", "step", "run", "wave")
"""Fields that have a column of their own, in whatever fact they are: the engine finds its journal by them."""

_KIND_OF: Final = {fact: kind for kind, fact in KINDS.items()}
_LIFTED_OF: Final = {fact: tuple(f.name for f in fields(fact) if f.name in LIFTED) for fact in KINDS.values()}
_ADAPTERS: Final[Mapping[type[Fact], TypeAdapter[Fact]]] = {fact: TypeAdapter(fact) for fact in KINDS.values()}


class UnknownFact(ValueError):  # noqa: N818 - a finding about a row
    """A fact of a kind or version that this lendbot does not know: a newer one has written it."""

    def __init__(self, kind: str, version: int) -> None:
        super().__init__(f"a fact of kind {kind!r}, version {version}, is none that this lendbot can read")
        self.kind = kind
        self.version = version


def kind_of(fact: type[Fact]) -> str:
    """Return the word that stands for a kind of fact."""
    return _KIND_OF[fact]


def written(fact: Fact) -> dict[str, Any]:
    """Return a fact's own columns."""
    values = _cleaned(_ADAPTERS[type(fact)].dump_python(fact, mode="json"))
    lifted = {name: values.pop(name, None) for name in LIFTED}
    body = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {"kind": kind_of(type(fact)), "version": fact.VERSION, **lifted, "body": body}


def read_fact(kind: str, version: int, body: str, lifted: Mapping[str, Any]) -> Fact:
    """Read a fact back, also one that an older lendbot wrote.

    raises   UnknownFact
    """
    fact = KINDS.get(kind)
    if fact is None or version > fact.VERSION:
        raise UnknownFact(kind, version)
    values = json.loads(body) | {name: lifted[name] for name in _LIFTED_OF[fact]}
    return _ADAPTERS[fact].validate_python(brought_up(kind, version, fact.VERSION, values))


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return cleaned(value)
        case dict():
            return {cleaned(key): _cleaned(each) for key, each in value.items()}
        case list():
            return [_cleaned(each) for each in value]
        case _:
            return value
