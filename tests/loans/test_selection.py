"""Which nodes go, and why the others do not."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.classes import NodeClass, Rules
from loans.nodes import NodeName, Reservation, SlurmJob, SlurmNode, is_free, may_run_jobs
from loans.selection import (
    GivenUp,
    HeldBy,
    KeptAway,
    KeptByFloor,
    NotFree,
    NotNeeded,
    PassedOver,
    ReservedFor,
    RunsJobs,
    Seen,
    Wish,
    choose,
)
from tests.store.values import HOUR, NOW

UNTIL = NOW + 24 * HOUR
GPU = NodeClass("gpu", "gpu", Rules(floor=1), gres={"gpu": 4})


def slurm_node(number: int, base: str = "IDLE", *flags: str, **more: Any) -> SlurmNode:
    facts: dict[str, Any] = {"partitions": frozenset({"gpu"}), "gres": {"gpu": 4}} | more
    return SlurmNode(NodeName(f"gpu{number:03}"), base, frozenset(flags), **facts)


def by_name(*nodes: SlurmNode) -> Mapping[NodeName, SlurmNode]:
    return {node.name: node for node in nodes}


def job(number: int, *nodes: str, ends: timedelta | None = HOUR) -> SlurmJob:
    on = tuple(NodeName(node) for node in nodes)
    return SlurmJob(number, "RUNNING", frozenset({"gpu"}), on, NOW + ends if ends is not None else None)


def whys(*nodes: SlurmNode, jobs: tuple[SlurmJob, ...] = (), wish: Wish) -> dict[str, object]:
    return {passed.node: passed.why for passed in choose(Seen(by_name(*nodes), jobs), wish).passed_over}


def test_the_first_free_nodes_by_name_go() -> None:
    """Two people who ask see the same answer, and a person can guess it."""
    found = choose(Seen(by_name(slurm_node(3), slurm_node(1), slurm_node(2)), ()), Wish(GPU, 2, UNTIL))
    assert found.taken == ("gpu001", "gpu002")
    assert found.passed_over == (PassedOver(NodeName("gpu003"), NotNeeded()),)
    assert (found.is_enough, found.free, found.usable, found.total, found.floor) == (True, 2, 3, 3, 1)


def test_nodes_of_no_other_class_go_first() -> None:
    """What was promised of a100 is not spent on a wish that any node of the partition would do for."""
    a100 = NodeClass("a100", "gpu", Rules(), nodes=frozenset({NodeName("gpu001"), NodeName("gpu002")}))
    wish = Wish(GPU, 2, UNTIL, others=(a100, GPU))
    assert choose(Seen(by_name(*map(slurm_node, range(1, 6)))), wish).taken == ("gpu003", "gpu004")
    assert choose(Seen(by_name(*map(slurm_node, range(1, 4)))), wish).taken == ("gpu001", "gpu003")


def test_every_node_that_stays_has_its_reason() -> None:
    """Nobody has to ask why their node was passed over."""
    found = whys(
        slurm_node(1, "MIXED"),
        slurm_node(2, "IDLE", "DRAIN", reason="ECC errors", reason_by="root"),
        slurm_node(3, "DOWN"),
        slurm_node(4, "IDLE", "COMPLETING"),
        slurm_node(5),
        slurm_node(6),
        slurm_node(7),
        jobs=(job(48211, "gpu001"),),
        wish=Wish(GPU, 9, UNTIL, {NodeName("gpu005"): 11}, frozenset({NodeName("gpu006")})),
    )
    assert found == {
        "gpu001": RunsJobs((48211,), NOW + HOUR),
        "gpu002": KeptAway("IDLE+DRAIN", "root", "ECC errors"),
        "gpu003": KeptAway("DOWN", "", ""),
        "gpu004": NotFree("IDLE+COMPLETING"),
        "gpu005": HeldBy(11),
        "gpu006": GivenUp(),
    }


@pytest.mark.parametrize(
    ("reason", "by"),
    [
        ("lendbot #12 x7q2", "loan #12 of the lendbot x7q2"),
        ("lendbot #12 x7q2 : Not responding", "loan #12 of the lendbot x7q2"),
        ("lendbot #7", "loan #7"),
    ],
)
def test_a_node_with_another_lendbots_mark_is_said_to_be_its_loans(reason: str, by: str) -> None:
    """Whoever wonders why a node stays learns whose it is, and not that root drained it."""
    marked = slurm_node(1, "IDLE", "DRAIN", reason=reason, reason_by="root")
    assert whys(marked, wish=Wish(GPU, 1, UNTIL))["gpu001"] == KeptAway("IDLE+DRAIN", by, "")


def test_the_floor_keeps_nodes_that_are_free() -> None:
    """Slurm's own users are never left with fewer nodes than was promised to them."""
    found = choose(Seen(by_name(slurm_node(1), slurm_node(2)), ()), Wish(GPU, 2, UNTIL))
    assert found.taken == ("gpu001",)
    assert found.passed_over == (PassedOver(NodeName("gpu002"), KeptByFloor(1)),)
    assert (found.is_enough, found.free) == (False, 1)


def test_busy_nodes_count_for_the_floor_and_dead_ones_do_not() -> None:
    """A node with jobs is still Slurm's; one that is down is nobody's."""
    assert choose(Seen(by_name(slurm_node(1), slurm_node(2, "ALLOCATED")), ()), Wish(GPU, 1, UNTIL)).taken == (
        "gpu001",
    )
    assert choose(Seen(by_name(slurm_node(1), slurm_node(2, "DOWN")), ()), Wish(GPU, 1, UNTIL)).taken == ()


@pytest.mark.parametrize("flag", ["INVALID_REG", "REBOOT_ISSUED", "POWERED_DOWN", "BLOCKED", "EXTERNAL", "NEW"])
def test_the_floor_is_kept_of_nodes_that_can_run_jobs(flag: str) -> None:
    """Two dead nodes that look idle do not make up a floor of two."""
    two = NodeClass("gpu", "gpu", Rules(floor=2))
    nodes = by_name(slurm_node(1), slurm_node(2), slurm_node(3, "IDLE", flag), slurm_node(4, "IDLE", flag))
    found = choose(Seen(nodes), Wish(two, 2, UNTIL))
    assert (found.taken, found.usable, found.free, found.kept) == ((), 2, 0, 2)


def test_a_node_that_another_loan_holds_does_not_stay_however_idle_it_looks() -> None:
    """Between its reservation and its DRAIN a node looks like any other: two loans must not both leave it behind."""
    two = NodeClass("gpu", "gpu", Rules(floor=2))
    nodes = by_name(*(slurm_node(number) for number in range(1, 5)))
    held = {NodeName("gpu001"): 7, NodeName("gpu002"): 7}
    found = choose(Seen(nodes), Wish(two, 2, UNTIL, held))
    assert (found.taken, found.usable, found.kept) == ((), 2, 2)


def test_what_lendbot_has_reserved_does_not_stay_even_when_no_loan_is_known_to_hold_it() -> None:
    """A reservation that outlived its loan, or came late, keeps jobs away all the same."""
    two = NodeClass("gpu", "gpu", Rules(floor=2))
    nodes = by_name(*(slurm_node(number) for number in range(1, 5)))
    ours = Reservation("lendbot_7_1", (NodeName("gpu001"), NodeName("gpu002")), NOW - HOUR, NOW + HOUR)
    found = choose(Seen(nodes, (), (ours,)), Wish(two, 2, UNTIL))
    assert (found.taken, found.usable, found.kept) == ((), 2, 2)
    course = Reservation("course", (NodeName("gpu001"), NodeName("gpu002")), NOW - HOUR, NOW + HOUR)
    assert choose(Seen(nodes, (), (course,)), Wish(two, 2, UNTIL)).taken == ("gpu003", "gpu004")


def test_a_node_of_two_classes_goes_only_when_both_can_spare_it() -> None:
    """Nobody lends the A100s of another group by asking for plain GPUs."""
    nodes = by_name(
        slurm_node(1, features=frozenset({"a100"})),
        slurm_node(2, features=frozenset({"a100"})),
        slurm_node(3),
        slurm_node(4),
    )
    a100 = NodeClass("a100", "gpu", Rules(floor=1), features=frozenset({"a100"}))
    plain = NodeClass("gpu", "gpu", Rules(floor=0))
    found = choose(Seen(nodes), Wish(plain, 4, UNTIL, others=(a100, plain)))
    assert found.taken == ("gpu001", "gpu003", "gpu004")
    assert found.passed_over == (PassedOver(NodeName("gpu002"), KeptByFloor(1)),)


def test_a_node_frees_itself_when_its_last_job_ends() -> None:
    """The time that is offered is the one that holds."""
    nodes = by_name(slurm_node(1, "MIXED"), slurm_node(2, "ALLOCATED"), slurm_node(3, "MIXED"))
    jobs = (
        job(1, "gpu001", ends=HOUR),
        job(2, "gpu001", "gpu002", ends=3 * HOUR),
        job(3, "gpu003", ends=HOUR),
        job(4, "gpu003", ends=None),
    )
    found = choose(Seen(nodes, jobs), Wish(GPU, 1, UNTIL))
    assert [(p.node, p.why) for p in found.next_free] == [
        ("gpu001", RunsJobs((1, 2), NOW + 3 * HOUR)),
        ("gpu002", RunsJobs((2,), NOW + 3 * HOUR)),
    ]


@pytest.mark.parametrize(
    "stranger",
    [
        slurm_node(9, partitions=frozenset({"cpu"})),
        slurm_node(9, gres={}),
        slurm_node(9, gres={"gpu": 3}),
    ],
)
def test_nodes_of_other_classes_are_not_mentioned(stranger: SlurmNode) -> None:
    """Neither taken nor listed: the person asked for another kind."""
    found = choose(Seen(by_name(slurm_node(1), slurm_node(2), stranger), ()), Wish(GPU, 9, UNTIL))
    assert stranger.name not in {*found.taken, *(p.node for p in found.passed_over)}
    assert found.total == 2


def test_a_class_may_name_its_nodes_and_features() -> None:
    """A site lends a part of a partition."""
    some = NodeClass("gpu", "gpu", Rules(), nodes=frozenset({NodeName("gpu001")}))
    assert choose(Seen(by_name(slurm_node(1), slurm_node(2)), ()), Wish(some, 2, UNTIL)).total == 1
    a100 = NodeClass("gpu", "gpu", Rules(), features=frozenset({"a100"}))
    nodes = by_name(slurm_node(1, features=frozenset({"a100", "ib"})), slurm_node(2))
    assert choose(Seen(nodes, ()), Wish(a100, 2, UNTIL)).taken == ("gpu001",)


def test_a_site_without_nodes_has_nothing_to_lend() -> None:
    """An empty answer of Slurm's is no accident of ours."""
    found = choose(Seen({}, ()), Wish(GPU, 1, UNTIL))
    assert (found.taken, found.free, found.total, found.is_enough) == ((), 0, 0, False)


def test_a_node_that_is_reserved_before_the_loan_would_end_stays() -> None:
    """Somebody's class on Thursday keeps its nodes from a loan until Friday; one after the loan does not."""
    in_time = Reservation("class", (NodeName("gpu001"),), NOW + HOUR, NOW + 2 * HOUR)
    later = Reservation("class-2", (NodeName("gpu002"),), UNTIL + HOUR, UNTIL + 2 * HOUR)
    nodes = by_name(*(slurm_node(number) for number in (1, 2, 3)))
    found = choose(Seen(nodes, (), (in_time, later)), Wish(GPU, 2, UNTIL))
    assert found.taken == ("gpu002", "gpu003")
    assert found.passed_over == (PassedOver(NodeName("gpu001"), ReservedFor("class", NOW + HOUR)),)


STATES = st.sampled_from([("IDLE",), ("MIXED",), ("ALLOCATED",), ("DOWN",), ("IDLE", "DRAIN"), ("IDLE", "COMPLETING")])


@settings(deadline=None)
@given(
    states=st.lists(STATES, max_size=12),
    count=st.integers(-2, 1_000_000),
    floor=st.integers(0, 14),
    held=st.sets(st.integers(0, 11)),
    given_up=st.sets(st.integers(0, 11)),
)
def test_whatever_is_asked_only_free_nodes_go_and_the_floor_stays(
    states: list[tuple[str, ...]], count: int, floor: int, held: set[int], given_up: set[int]
) -> None:
    """For any site and any wish: never a busy, held or failed node, and never one too many."""
    nodes = by_name(*(slurm_node(i, *state) for i, state in enumerate(states)))
    wish = Wish(
        NodeClass("gpu", "gpu", Rules(floor=floor)),
        count,
        UNTIL,
        {NodeName(f"gpu{i:03}"): 7 for i in held},
        frozenset(NodeName(f"gpu{i:03}") for i in given_up),
    )
    found = choose(Seen(nodes, ()), wish)
    assert all(is_free(nodes[name]) for name in found.taken)
    assert not set(found.taken) & (set(wish.held) | wish.given_up)
    assert len(found.taken) <= max(0, count)
    stays = sum(may_run_jobs(node) for name, node in nodes.items() if name not in {*found.taken, *wish.held})
    assert not found.taken or stays >= floor
    assert sorted([*found.taken, *(p.node for p in found.passed_over)]) == sorted(nodes)
