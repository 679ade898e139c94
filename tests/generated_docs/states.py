"""docs/states.md, from the two tables of transitions and the states' own docstrings."""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from loans.lifecycle import NODE_TRANSITIONS, TRANSITIONS
from loans.loan import ENDED, NODE_GONE, NodeState, State

_HEAD = """# The states of a loan, and of a node in it

Every rule about states is in `loans/lifecycle.py`. States that end in -ing move by themselves; the others wait for a
person or for the deadline.
"""


def page() -> str:
    return (
        _HEAD
        + _chapter("A loan", State, TRANSITIONS, ENDED)
        + _chapter("A node of a loan", NodeState, NODE_TRANSITIONS, NODE_GONE)
    )


def _chapter(title: str, states: type[StrEnum], ways: Mapping[Any, Mapping[type, Any]], ends: frozenset[Any]) -> str:
    said = _docstrings(states)
    rows = "".join(f"| `{state}` | {said.get(state.name, '')} | {_events(ways[state])} |\n" for state in states)
    return (
        f"\n## {title}\n\n```mermaid\n{_diagram(states, ways, ends)}```\n\n"
        f"| state | meaning | what may happen there |\n| --- | --- | --- |\n{rows}"
    )


def _diagram(states: type[StrEnum], ways: Mapping[Any, Mapping[type, Any]], ends: frozenset[Any]) -> str:
    """Draw it; events that leave the state as it is are in the table only."""
    first = next(iter(states))
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    for state in states:
        for event, target in ways[state].items():
            if target is not state:
                lines.append(f"    {state} --> {target}: {event.__name__}")
    lines += [f"    {state} --> [*]" for state in states if state in ends]
    return "\n".join(lines) + "\n"


def _events(ways: Mapping[type, Any]) -> str:
    said = [f"{event.__name__}: {_first_line(event)}" for event in ways]
    return "<br>".join(said) or "nothing; it has ended"


def _first_line(event: type) -> str:
    return (event.__doc__ or "").splitlines()[0]


def _docstrings(states: type[StrEnum]) -> dict[str, str]:
    """Return the string that stands under each member."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(states))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for above, below in zip(tree.body, tree.body[1:], strict=False):
        match above, below:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found
