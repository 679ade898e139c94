"""Why no node of a class can ever be lent."""

from dataclasses import replace
from typing import Any

import pytest

from bot.doctor.never import why_never_free, why_none
from loans.classes import NodeClass
from loans.nodes import NodeName, SlurmNode


def node(name: str = "gpu001", base: str = "IDLE", *flags: str, **more: Any) -> SlurmNode:
    made = SlurmNode(NodeName(name), base, frozenset(flags), partitions=frozenset({"gpu"}), gres={"gpu": 4})
    return replace(made, **more)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        ([node(), node("gpu002", "IDLE", "NEW_WORD")], ""),
        ([node("gpu001", "DOWN", "DRAIN"), node("gpu002", "MIXED")], ""),
        ([node("gpu001", "IDLE", "DYNAMIC_NORM")], ""),
        ([node("gpu001", "IDLE", "MAINTENANCE", "RESERVED")], ""),
        ([node("gpu001", "IDLE", "NEW_WORD")], "does not know the flag NEW_WORD of IDLE+NEW_WORD"),
        ([node("gpu001", "IDLE", "EXTERNAL")], "no slurmd"),
        ([node("gpu001", "FUTURE")], "once a slurmd has claimed them"),
        ([node("gpu001", "HIBERNATING")], "does not know the state HIBERNATING"),
        ([node("gpu001", "UNKNOWN", unread="Gres=gpu:many")], "cannot be read (Gres=gpu:many)"),
        ([node(f"gpu{i:03}", f"MOOD{i}") for i in range(5)], "and 2 more reasons"),
    ],
)
def test_a_class_that_can_never_be_lent_is_told_with_the_words_that_stop_it(seen: list[SlurmNode], why: str) -> None:
    """An installer learns it from doctor, not from a week of "none is free"."""
    told = why_never_free(seen)
    assert (told == "") if not why else (why in told and f"none of its {len(seen)} nodes" in told)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"partition": "gone"}, "no node is in the partition gone"),
        ({"nodes": frozenset({NodeName("gpu9")})}, "none of the 1 nodes that it lists is in the partition gpu"),
        ({"features": frozenset({"h100"})}, "none of 2 nodes has the features h100"),
        ({"gres": {"gpu": 8}}, "none of 2 nodes has gpu = 8: Slurm says gpu = 4"),
        ({"gres": {"mps": 1}}, "none of 2 nodes has mps = 1: Slurm says mps = 0"),
    ],
)
def test_a_class_without_nodes_is_told_by_which_of_its_words(changes: dict[str, Any], why: str) -> None:
    """The line of the settings that is wrong is named."""
    assert why_none(replace(NodeClass("gpu", "gpu"), **changes), [node(), node("gpu002")]) == why
