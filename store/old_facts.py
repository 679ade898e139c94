"""Facts as older versions wrote them, brought up to what is read today. A row is never rewritten: its hash tells.

A fact whose fields change their meaning counts its VERSION on, and gets a line here that makes the new fields of the
old ones. tests/store/old_facts holds a row of every version that was ever written.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Values = dict[str, Any]

UPGRADES: Final[Mapping[tuple[str, int], Callable[[Values], Values]]] = {}
"""By the kind and the version that was written: how to make the next version's fields."""


def brought_up(kind: str, version: int, newest: int, values: Values) -> Values:
    """Return the fields as today's fact has them."""
    for each in range(version, newest):
        values = UPGRADES[kind, each](values)
    return values
