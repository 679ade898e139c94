"""What lendbot needs of Slurm: to read it, to change it, and that it has the nodes that the settings speak of."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from bot.core import Core
from bot.doctor.asking import Check
from bot.doctor.findings import Bad, NotAsked
from bot.doctor.never import why_never_free, why_none
from loans.classes import NodeClass
from loans.nodes import NodeName, SlurmNode

READING: Final = "Slurm: reading"
"""The first question."""


class SlurmSide:
    """Slurm, read once. Ask it for a node to try only after READING has been asked."""

    def __init__(self, core: Core) -> None:
        self._slurm = core.adapters.far.slurm
        self._classes = core.classes
        self._nodes: Mapping[NodeName, SlurmNode] | None = None

    def checks(self, named: NodeName | None) -> Iterator[Check]:
        """Yield what is asked of Slurm. named: the node that a person wants to be tried."""
        yield Check(READING, self._read)
        yield Check("Slurm: rights", self._rights, READING)
        for node_class in self._classes.values():
            yield Check(f"Slurm: class {node_class.name}", partial(self._class, node_class), READING)
        if named is not None:
            yield Check(f"Slurm: node {named}", partial(self._named, named), READING)

    def sample(self, node_class: NodeClass, named: NodeName | None) -> NodeName:
        """Return the node of a class to try: the one that was named, or the first that is up.

        raises   NotAsked when nobody says which nodes the class has
        """
        if self._nodes is None:
            return self._sample_by_settings(node_class, named)
        nodes = self.of(node_class)
        up = [n for n in nodes if "NOT_RESPONDING" not in n.flags and n.base != "DOWN"]
        for found in (*(n for n in nodes if n.name == named), *up, *nodes):
            return found.name
        raise NotAsked("Slurm has no node of this class", f"mend `Slurm: class {node_class.name}` first")

    def _sample_by_settings(self, node_class: NodeClass, named: NodeName | None) -> NodeName:
        """A node that no class lists may be of any class that lists none: whoever named it will know."""
        listed = [each for each in self._classes.values() if named in each.nodes]
        if named is not None and (node_class in listed or not (listed or node_class.nodes)):
            return named
        if node_class.nodes:
            return min(node_class.nodes)
        why = f"Slurm did not say which nodes are {node_class.name}, and the settings list none"
        raise NotAsked(why, f"name one with `--node`, or mend `{READING}` first")

    def of(self, node_class: NodeClass) -> list[SlurmNode]:
        """Return the nodes of a class, as they were read."""
        return [node for node in (self._nodes or {}).values() if node_class.has(node)]

    def _read(self) -> str:
        self._nodes = self._slurm.nodes()
        return f"{len(self._nodes)} nodes"

    def _rights(self) -> str:
        """Ask to delete a reservation that is not there: Slurm looks at who asks before it looks at what for."""
        self._slurm.unreserve("lendbot_doctor")
        return "may change nodes and reservations"

    def _class(self, node_class: NodeClass) -> str:
        found = self.of(node_class)
        count, floor = len(found), node_class.rules.floor
        if not count:
            why = why_none(node_class, (self._nodes or {}).values())
            raise Bad(f"no node of Slurm's is of this class: {why}", "compare the class with `scontrol show node`")
        if never := why_never_free(found):
            raise Bad(never, "nothing can be lent as it is; report what `scontrol show node` says of one of them")
        if count <= floor:
            raise Bad(f"{count} nodes, and the floor keeps {floor}", "lower the floor: nothing can be lent")
        return f"{count} nodes, {floor} stay"

    def _named(self, named: NodeName) -> str:
        node = (self._nodes or {}).get(named)
        if node is None:
            raise Bad("Slurm has no such node", "is the name as `sinfo -N` has it?")
        of = [node_class.name for node_class in self._classes.values() if node_class.has(node)]
        if not of:
            raise Bad("of no class in the settings", "compare the classes with `scontrol show node`")
        return f"of class {', '.join(of)}"
