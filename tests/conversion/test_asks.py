"""What is asked right before something is changed, on answers made by hand."""

from typing import Any

import pytest

from conversion.asks import NO_WORD_OF_SOMEBODY
from conversion.ports import FarSides
from conversion.steps import Done, NotYet, Scene
from loans.classes import NodeClass
from loans.marks import Mark
from loans.nodes import NodeName, SlurmNode

GPU3 = NodeName("gpu003")


class Slurm:
    """A Slurm of one node, which is drained with a reason."""

    def __init__(self, reason: str | None, by: str) -> None:
        self._node = SlurmNode(GPU3, "IDLE", frozenset({"DRAIN"}), reason=reason, reason_by=by, slurm_user="slurm")

    def nodes(self) -> dict[NodeName, SlurmNode]:
        return {GPU3: self._node}


@pytest.mark.parametrize(
    ("reason", "by", "may"),
    [
        ("lendbot #12 k3f9", "root", True),
        ("lendbot #12 k3f9 : Not responding", "slurm", True),
        ("Not responding", "slurm", True),
        (None, "", True),
        ("fan dead", "alice", False),
        ("Not responding", "alice", False),
        ("lendbot #13 k3f9", "root", False),
        ("lendbot #12 qqqq", "root", False),
        ("a word that nobody knows", "bob", False),
    ],
)
def test_a_reason_that_somebody_wrote_meanwhile_is_neither_lifted_nor_written_over(
    reason: str | None, by: str, *, may: bool
) -> None:
    """Between the read and the RESUME lie locks and turns: the admin who drained the node in them keeps it drained."""
    far: Any = FarSides(Slurm(reason, by), None, None, {})  # type: ignore[arg-type]
    seen = NO_WORD_OF_SOMEBODY.check(Scene(Mark(12, "k3f9"), NodeClass("gpu", "gpu"), far, (GPU3,)))
    assert seen == Done() if may else isinstance(seen, NotYet) and f'"{reason}"' in seen.why
