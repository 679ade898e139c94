"""Loans' numbers after a restore, a loss, and beside another lendbot."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conversion import numbers
from conversion.ports import FarSides, Unreachable
from loans.marks import Mark
from loans.nodes import KubeNode, NodeName, Reservation, SlurmNode
from store.db import Store
from tests.conversion.shelf import a_store
from tests.store.values import NOW, a_loan


@dataclass
class OutThere:
    """Slurm and Kubernetes at once, as far as marks go."""

    reasons: dict[str, str] = field(default_factory=dict)
    annotated: dict[str, Mark] = field(default_factory=dict)
    reserved: tuple[str, ...] = ()
    away: bool = False

    def sides(self) -> FarSides:
        slurm: Any = Slurm(self)
        kubernetes: Any = Kubernetes(self)
        nothing: Any = None
        return FarSides(slurm, kubernetes, nothing, {})


@dataclass
class Slurm:
    of: OutThere

    def nodes(self) -> dict[NodeName, SlurmNode]:
        if self.of.away:
            raise Unreachable("Slurm", "connection refused")
        named = {NodeName(name): reason for name, reason in self.of.reasons.items()}
        return {name: SlurmNode(name, "DOWN", frozenset({"DRAIN"}), reason=why) for name, why in named.items()}

    def reservations(self) -> dict[str, Reservation]:
        return {name: Reservation(name, (), NOW, NOW) for name in self.of.reserved}


@dataclass
class Kubernetes:
    of: OutThere

    def nodes(self) -> dict[str, KubeNode]:
        marked = self.of.annotated.items()
        return {name: KubeNode(NodeName(name), "u", ready=True, schedulable=True, mark=mark) for name, mark in marked}


def next_number(store: Store, there: OutThere) -> int:
    numbers.be_sure(store, there.sides(), NOW)
    with store.write() as tx:
        return tx.loans.add(a_loan()).id


@pytest.mark.parametrize(
    "there",
    [
        OutThere(reasons={"gpu001": "lendbot #41 k3f9", "gpu002": "lendbot #7"}),
        OutThere(annotated={"gpu001": Mark(41, "k3f9")}),
        OutThere(reserved=("lendbot_k3f9_41_2", "workshop")),
        OutThere(reasons={"gpu001": "lendbot #41 k3f9 : Not responding"}),
    ],
    ids=["a reason", "an annotation", "a reservation", "a reason that Slurm has added to"],
)
def test_a_restored_store_begins_above_what_its_lost_days_left_behind(tmp_path: Path, there: OutThere) -> None:
    """The old card of loan #41 signs nobody else's nodes, though the backup says that all had been compared."""
    with a_store(tmp_path) as store:
        assert next_number(store, OutThere()) == 1
        assert next_number(store, there) == 2, "it was compared, so nobody asks for each loan"
        numbers.ask_anew(store)
        assert next_number(store, there) == 42
        assert next_number(store, there) == 43


def test_a_loan_waits_while_nobody_can_tell_the_highest_number(tmp_path: Path) -> None:
    """A restored store under a Slurm that is away gives out no number twice."""
    with a_store(tmp_path) as store:
        next_number(store, OutThere())
        numbers.ask_anew(store)
        with pytest.raises(Unreachable):
            next_number(store, OutThere(away=True))
        assert next_number(store, OutThere(reasons={"gpu001": "lendbot #9"})) == 10
