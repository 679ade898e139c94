"""What a step is handed: its own class's BMCs, and nobody else's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from conversion.pace import Pace
from conversion.ports import FarSides
from conversion.steps import NodeWork
from loans.classes import NodeClass
from loans.loan import Loan, NodeLoan
from loans.nodes import NodeName, PowerState

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Board:
    """A kind of BMC that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def state(self, node: NodeName) -> PowerState:
        self.told.append(f"state {node}")
        return PowerState.ON

    def off(self, node: NodeName) -> None:
        self.told.append(f"off {node}")

    def on(self, node: NodeName) -> None:
        self.told.append(f"on {node}")


def test_a_node_is_switched_by_the_driver_of_its_class() -> None:
    """A site has BMCs of several makes; an order to the wrong one switches another machine, or none."""
    nobody: Any = None
    boards = {"bmc": Board(), "xcat": Board()}
    loan = Loan("U1", "gpu", 1, NOW + timedelta(hours=2), NOW, NOW, id=12)
    part = NodeLoan(12, NodeName("gpu003"), 1, NOW, NOW)
    gpu = NodeClass("gpu", "gpu", power="bmc")
    work = NodeWork(loan, gpu, part, FarSides(nobody, nobody, nobody, boards), Pace(), (), NOW)
    work.power.off(work.node)
    replace(work, node_class=replace(gpu, power="xcat")).power.on(work.node)
    assert {name: board.told for name, board in boards.items()} == {"bmc": ["off gpu003"], "xcat": ["on gpu003"]}
