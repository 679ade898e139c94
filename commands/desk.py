"""All that a command may touch: the store, the ports, the classes and this moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from conversion.pace import Pace
from conversion.ports import FarSides
from loans.classes import NodeClass
from loans.loan import Loan
from loans.nodes import NodeName
from loans.policy import Person
from store.db import Store


@dataclass(frozen=True)
class Caller:
    """Who says it, where and when.

    channel   None on the command line
    said_at   when it was said, if that is not now: what a restart has delayed still means the same day
    """

    person: Person
    channel: str | None = None
    said_at: datetime | None = None

    @property
    def tz(self) -> ZoneInfo:
        """Return the zone in which their words are read."""
        return ZoneInfo(self.person.tz)


@dataclass(frozen=True)
class Desk:
    """The desk at which a command is carried out.

    expand   turns `gpu[003-005],gpu009` into names; NotAHostlist when it is none, or more than a person can mean
    now      this moment, aware; the same through one command
    """

    store: Store
    far: FarSides
    classes: Mapping[str, NodeClass]
    pace: Pace
    expand: Callable[[str], tuple[NodeName, ...]]
    now: datetime

    @property
    def kube_names(self) -> tuple[str, ...]:
        """Return how the nodes of each class are called in Kubernetes, with {node} for Slurm's name."""
        return tuple(node_class.kube_name for node_class in self.classes.values())

    def class_of(self, loan: Loan) -> NodeClass:
        """Return a loan's class, with what it was made with; of one that the settings lack nobody has rights."""
        found = self.classes.get(loan.node_class) or NodeClass(loan.node_class, partition="")
        return loan.made_with.over(found) if loan.made_with else found

    def class_called(self, word: str) -> NodeClass | None:
        """Return the class that a person means by a word: its name, an alias, or either in the plural."""
        word = word.lower()
        for node_class in self.classes.values():
            names = {name.lower() for name in (node_class.name, *node_class.aliases)}
            if word in names or word.removesuffix("s") in names:
                return node_class
        return None
