"""Names of nodes, as three worlds write one: Slurm's, Kubernetes' and a person's. The one place that compares them.

Kubernetes knows small letters only, people write the domain or leave it out, and Slurm has what an admin once typed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from loans.nodes import NodeName

_NODE: Final = "{node}"


def key(name: str) -> str:
    """Return what two spellings of one name have in common."""
    return name.lower()


def in_kubernetes(template: str, node: str) -> str:
    """Return a node's name in Kubernetes. template: with {node} for Slurm's name."""
    return key(template.format(node=node))


def find(word: str, known: Iterable[NodeName], templates: Iterable[str] = ()) -> NodeName | None:
    """Return the node that a person means; None when it is none of them, or could be two.

    templates   how nodes are called in Kubernetes: what is said in those words is understood too
    """
    names = frozenset(known)
    if word in names:
        return NodeName(word)
    whole, short = _by(names, key), _by((name for name in names if "." in name), lambda name: key(_first(name)))
    for spelled in spellings(word, templates):
        if len(found := whole.get(key(spelled), [])) == 1:
            return found[0]
    found = short.get(key(word), [])
    return found[0] if len(found) == 1 else None


def spellings(word: str, templates: Iterable[str]) -> Iterator[str]:
    """Yield what a word may be in Slurm: itself, what stands for {node} in a name of Kubernetes', its first label."""
    yield word
    for template in templates:
        before, _, after = key(template).partition(_NODE)
        inside = word[len(before) : len(word) - len(after)]
        if inside and key(word) == f"{before}{key(inside)}{after}":
            yield inside
    yield _first(word)


def _first(name: str) -> str:
    return name.partition(".")[0]


def _by(names: Iterable[NodeName], of: Callable[[str], str]) -> dict[str, list[NodeName]]:
    found: dict[str, list[NodeName]] = defaultdict(list)
    for name in names:
        found[of(name)].append(name)
    return found
