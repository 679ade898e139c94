"""Names and hostlists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hostlist import expanded, folded, folded_parts
from loans.hostlist import NotAHostlist, TooManyNames
from loans.nodes import NodeName

names = st.from_regex(r"[a-z]{1,6}(-[a-z]{1,3})?[0-9]{0,4}(-ib)?", fullmatch=True).filter(lambda n: n != "all")


def named(*words: str) -> list[NodeName]:
    return [NodeName(word) for word in words]


@pytest.mark.parametrize(
    ("given_names", "hostlist"),
    [
        (named("gpu003"), "gpu003"),
        (named("gpu002", "gpu001", "gpu002", "gpu004"), "gpu[001-002,004]"),
        (named("r1n1", "r1n2", "r2n1"), "r1n[1-2],r2n1"),
        (named("a1-ib", "a2-ib"), "a1-ib,a2-ib"),
        (named("login", "gpu1"), "gpu1,login"),
        (named("n8", "n9", "n10", "n11"), "n[8-9],n[10-11]"),
        ([], ""),
    ],
)
def test_names_fold_as_every_slurm_reads_them(given_names: list[NodeName], hostlist: str) -> None:
    """One bracket, at the end of a name: older Slurms read no other."""
    assert folded(given_names) == hostlist


@given(st.lists(names.map(NodeName), max_size=40))
def test_folding_loses_no_name_and_invents_none(some: list[NodeName]) -> None:
    """The nodes that are drained are the nodes that were meant."""
    assert set(expanded(folded(some))) == set(some)


@given(st.lists(names.map(NodeName), min_size=1, max_size=40), st.integers(min_value=10, max_value=80))
def test_parts_name_every_node_once_and_stay_short(some: list[NodeName], longest: int) -> None:
    """A list too long for one command line goes in several, whole."""
    parts = list(folded_parts(some, longest))
    found = [name for part in parts for name in expanded(part)]
    assert sorted(found) == sorted(set(some))
    assert all(len(part) <= longest or len(expanded(part)) == 1 for part in parts)


def test_thousands_of_irregular_names_are_one_call() -> None:
    """Four thousand nodes that do not fold still fit one command line."""
    assert len(list(folded_parts([NodeName(f"n{i}x{i * 7919 % 9973}-ib") for i in range(4000)]))) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        "gpu[1-5]!gpu3",
        "gpu[1-5]&gpu2",
        "gpu[1-5]^gpu2",
        "gpu[1-9/2]",
        "gpu\u0661",
        "gpu[\u0661-\u0663]",
        "gpu1\n",
        "None assigned",
    ],
)
def test_what_slurm_never_prints_is_no_hostlist(wrong: str) -> None:
    """The library below reads set operations and every script's digits: a list that it reads otherwise names others."""
    with pytest.raises(NotAHostlist):
        expanded(wrong)


@pytest.mark.parametrize("wrong", ["ALL", "all", "", "gpu 1", "gpu[1-2]", "gpu1,gpu2", "-gpu;", "x=y", "$(reboot)"])
def test_what_is_no_name_is_never_sent(wrong: str) -> None:
    """`NodeName=ALL` would drain the whole site."""
    with pytest.raises(ValueError, match="not a node name"):
        folded(named("gpu001", wrong))


@pytest.mark.parametrize("wrong", ["gpu[001", "gpu[2-1]", "a b", "gpu[001-00x]"])
def test_what_is_no_hostlist_is_refused(wrong: str) -> None:
    """A list that cannot be read is not read by halves."""
    with pytest.raises(NotAHostlist, match="not a"):
        expanded(wrong)


@pytest.mark.parametrize(
    "huge",
    [
        "gpu[0-99999999]",
        "gpu[0-9999]n[0-9999]",
        "gpu[0-9999],cpu[0-99999]",
        "gpu[0-99999999],gpu[99999999-0]",
        f"gpu[0-{'9' * 5000}]",
    ],
)
def test_a_list_of_more_nodes_than_slurm_knows_is_refused_before_it_is_made(huge: str) -> None:
    """One word from a person, or a Slurm gone mad, does not take the machine's memory."""
    with pytest.raises(TooManyNames):
        expanded(huge)


def test_how_many_may_be_meant_is_for_the_caller_to_say() -> None:
    """A reservation of a whole large site is read, where a person's slip of that size is not."""
    assert len(expanded("n[00000-16383]")) == 16384
    with pytest.raises(TooManyNames, match="11 nodes, and 10 are the most"):
        expanded("gpu[01-10],login", most=10)
