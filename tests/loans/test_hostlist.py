"""How node names are written together."""

import pytest

from loans.hostlist import fold


@pytest.mark.parametrize(
    ("names", "folded"),
    [
        ([], ""),
        (["gpu003"], "gpu003"),
        (["gpu004", "gpu003"], "gpu[003-004]"),
        (["gpu003", "gpu004", "gpu009", "gpu011", "gpu012"], "gpu[003-004,009,011-012]"),
        (["gpu9", "gpu10"], "gpu9,gpu10"),
        (["a1", "b1", "login"], "a1,b1,login"),
        (["gpu003", "gpu003"], "gpu003"),
        (["r1n01", "r1n02", "r2n01"], "r1n[01-02],r2n01"),
    ],
)
def test_nodes_fold_as_a_hostlist_does(names: list[str], folded: str) -> None:
    """What is read on a card can be pasted behind scontrol."""
    assert fold(names) == folded
