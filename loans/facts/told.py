"""A fact with its envelope."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from loans.facts.base import LENDBOT, Actor, Fact
from loans.nodes import NodeName

F_co = TypeVar("F_co", bound=Fact, covariant=True)


@dataclass(frozen=True)
class Told(Generic[F_co]):
    """A fact with its who, when and where. id: its number in the chain, which never repeats; 0 until it is written."""

    fact: F_co
    at: datetime
    who: Actor = LENDBOT
    loan_id: int | None = None
    node: NodeName | None = None
    id: int = 0

    def __post_init__(self) -> None:
        """Refuse a naive instant: it would mean another hour to another reader."""
        if self.at.tzinfo is None:
            raise ValueError(f"a fact knows no naive time: {self.at!r}")
