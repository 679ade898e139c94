"""What may be concluded of a node, and its own table of states."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.lifecycle import (
    NODE_TRANSITIONS,
    Arrived,
    Broke,
    CameHome,
    GiveBack,
    GotStuck,
    NodeEvent,
    NodeNotAllowed,
    Taken,
    move,
)
from loans.loan import NODE_GONE, NODE_MOVING, NodeState
from loans.nodes import (
    FLAGS,
    FlagMeans,
    NodeName,
    SlurmNode,
    has_lost_drain,
    is_drained,
    is_free,
    is_in_service,
    is_kept_away,
    is_out_of_slurm,
    is_quiet,
    may_run_jobs,
    runs_nothing,
)
from tests.store.values import MINUTE, NOW, a_node

EVENTS: dict[type, NodeEvent] = {
    type(event): event
    for event in (Taken(), Arrived(), Broke("Puppet failed"), GiveBack("boot"), CameHome(), GotStuck("no power"))
}
BASES = ["IDLE", "ALLOCATED", "MIXED", "DOWN", "UNKNOWN", "FUTURE", "ERROR", "A STATE OF NEXT YEAR"]
EVERY_FLAG = [*FLAGS, "NEW"]
KINDS = sorted(flag for flag, means in FLAGS.items() if means is FlagMeans.KIND)
AWAY = sorted(flag for flag, means in FLAGS.items() if means is FlagMeans.AWAY)


def slurm_node(base: str = "IDLE", *flags: str, **more: Any) -> SlurmNode:
    return SlurmNode(NodeName("gpu001"), base, frozenset(flags), **more)


# judged: free, drained, out of Slurm, kept away, may run jobs
@pytest.mark.parametrize(
    ("node", "judged"),
    [
        (slurm_node("IDLE"), (True, False, False, False, True)),
        (slurm_node("IDLE", "DRAIN"), (False, True, False, True, False)),
        (slurm_node("IDLE", "COMPLETING"), (False, False, False, False, True)),
        (slurm_node("IDLE", "DRAIN", "COMPLETING"), (False, False, False, True, False)),
        (slurm_node("IDLE", "DRAIN", "NOT_RESPONDING"), (False, False, False, True, False)),
        (slurm_node("IDLE", "RESERVED"), (False, False, False, False, True)),
        (slurm_node("MIXED"), (False, False, False, False, True)),
        (slurm_node("MIXED", "DRAIN"), (False, False, False, True, False)),
        (slurm_node("ALLOCATED"), (False, False, False, False, True)),
        (slurm_node("DOWN"), (False, False, False, True, False)),
        (slurm_node("DOWN", "DRAIN"), (False, False, True, True, False)),
        (slurm_node("DOWN", "DRAIN", "NOT_RESPONDING"), (False, False, True, True, False)),
        (slurm_node("IDLE", "PLANNED"), (False, False, False, False, True)),
        (slurm_node("MIXED", "COMPLETING", "PLANNED", "RESERVED"), (False, False, False, False, True)),
        (slurm_node("IDLE", "DYNAMIC_NORM"), (True, False, False, False, True)),
        (slurm_node("IDLE", "CLOUD", "DYNAMIC_FUTURE"), (True, False, False, False, True)),
        (slurm_node("IDLE", "DRAIN", "DYNAMIC_NORM"), (False, True, False, True, False)),
        (slurm_node("IDLE", "COMPLETING", "DRAIN", "DYNAMIC_NORM"), (False, False, False, True, False)),
        (slurm_node("DOWN", "CLOUD", "DRAIN"), (False, False, True, True, False)),
        (slurm_node("ALLOCATED", "DYNAMIC_NORM"), (False, False, False, False, True)),
        (slurm_node("IDLE", "A FLAG OF NEXT YEAR"), (False, False, False, False, False)),
        (slurm_node("MIXED", "A FLAG OF NEXT YEAR"), (False, False, False, False, False)),
        (slurm_node("UNKNOWN"), (False, False, False, False, False)),
        (slurm_node("A STATE OF NEXT YEAR"), (False, False, False, False, False)),
    ],
    ids=lambda value: value.state if isinstance(value, SlurmNode) else str(value),
)
def test_a_state_is_judged_as_slurm_means_it(node: SlurmNode, judged: tuple[bool, ...]) -> None:
    """A node is touched only in the one state that is proved to be safe."""
    found = (is_free(node), is_drained(node), is_out_of_slurm(node), is_kept_away(node), may_run_jobs(node))
    assert found == judged


@pytest.mark.parametrize("flag", AWAY)
@pytest.mark.parametrize("base", ["IDLE", "MIXED", "ALLOCATED"])
def test_a_flag_that_keeps_jobs_away_makes_a_node_neither_free_nor_one_that_stays(base: str, flag: str) -> None:
    """The floor is made of nodes that Slurm's users can use: a rebooting or invalid one is none of them."""
    node = slurm_node(base, flag)
    assert not is_free(node)
    assert not may_run_jobs(node)


@settings(deadline=None)
@given(st.sampled_from(BASES), st.sets(st.sampled_from(EVERY_FLAG)), st.sets(st.sampled_from(KINDS)))
def test_what_kind_of_node_it_is_never_changes_a_judgement(base: str, flags: set[str], kinds: set[str]) -> None:
    """Where every node is dynamic or comes from a cloud, lendbot works as it does elsewhere."""
    plain, special = slurm_node(base, *flags - set(KINDS)), slurm_node(base, *flags, *kinds)
    judges = (is_free, is_drained, is_quiet, is_out_of_slurm, is_kept_away, may_run_jobs, is_in_service, runs_nothing)
    assert [judge(plain) for judge in judges] == [judge(special) for judge in judges]


@settings(deadline=None)
@given(
    st.sampled_from(BASES), st.sets(st.sampled_from(EVERY_FLAG)), st.text(min_size=1).filter(lambda f: f not in FLAGS)
)
def test_an_unknown_flag_is_never_safe(base: str, flags: set[str], unknown: str) -> None:
    """A word of the next Slurm's may mean anything: the node is not taken, not counted on, not switched off."""
    node = slurm_node(base, *flags, unknown)
    assert not any(judge(node) for judge in (is_free, is_drained, is_quiet, may_run_jobs, is_in_service))
    assert base == "DOWN" or not runs_nothing(node)


def test_a_node_that_a_neighbours_job_keeps_others_off_is_home_and_no_floor() -> None:
    """An exclusive job beside it is no fault of the node's: nobody is called at night for it."""
    node = slurm_node("IDLE", "BLOCKED")
    assert (is_in_service(node), may_run_jobs(node), is_free(node)) == (True, False, False)


@pytest.mark.parametrize(
    ("node", "harmless"),
    [
        (slurm_node("DOWN"), True),
        (slurm_node("DOWN", "COMPLETING"), True),
        (slurm_node("IDLE", "DRAIN"), True),
        (slurm_node("IDLE", "DRAIN", "NOT_RESPONDING", "INVALID_REG"), True),
        (slurm_node("IDLE"), False),
        (slurm_node("IDLE", "COMPLETING", "DRAIN"), False),
        (slurm_node("MIXED", "DRAIN"), False),
        (slurm_node("UNKNOWN", "DRAIN"), False),
    ],
    ids=lambda value: value.state if isinstance(value, SlurmNode) else str(value),
)
def test_the_power_is_cut_where_no_job_can_be(node: SlurmNode, harmless: bool) -> None:  # noqa: FBT001
    """A job is never ended by lendbot."""
    assert runs_nothing(node) == harmless


@pytest.mark.parametrize(
    ("node", "lost"),
    [
        (slurm_node("IDLE"), True),
        (slurm_node("MIXED", reason="looking", reason_by="root"), True),
        (slurm_node("IDLE", "REBOOT_ISSUED", reason="looking", reason_by="root"), True),
        (slurm_node("DOWN", "NOT_RESPONDING"), True),
        (slurm_node("DOWN", reason="Not responding", reason_by="slurm"), True),
        (slurm_node("DOWN", reason="ECC errors", reason_by="root"), False),
        (slurm_node("IDLE", "FAIL", reason="ECC errors", reason_by="root"), False),
        (slurm_node("IDLE", "DRAIN", reason="ECC errors", reason_by="root"), False),
    ],
    ids=lambda value: f"{value.state} {value.reason}" if isinstance(value, SlurmNode) else str(value),
)
def test_a_lent_node_without_drain_has_lost_it_unless_a_person_took_it_down(
    node: SlurmNode,
    lost: bool,  # noqa: FBT001
) -> None:
    """DRAIN is put back before a job can start; what staff decided about a node stays."""
    assert has_lost_drain(node) == lost


@settings(deadline=None)
@given(st.sampled_from(BASES), st.sets(st.sampled_from(EVERY_FLAG)))
def test_no_state_is_safe_in_two_ways(base: str, flags: set[str]) -> None:
    """Free, drained, and out of Slurm exclude each other, and what is out of Slurm runs no job."""
    node = slurm_node(base, *flags)
    assert sum((is_free(node), is_drained(node), is_out_of_slurm(node))) <= 1
    assert not (is_out_of_slurm(node) and may_run_jobs(node))
    assert not (is_drained(node) and may_run_jobs(node))
    assert not (is_free(node) and is_kept_away(node))


@settings(deadline=None)
@given(st.text(min_size=1).filter(lambda base: base not in {"IDLE", "DOWN"}), st.sets(st.sampled_from(EVERY_FLAG)))
def test_an_unknown_state_is_never_safe(base: str, flags: set[str]) -> None:
    """A new Slurm with a new word makes lendbot wait, not guess."""
    node = slurm_node(base, *flags)
    assert not is_free(node)
    assert not is_drained(node)
    assert not is_out_of_slurm(node)


def test_the_tests_know_every_event_of_a_node() -> None:
    """An event that is added later is tried in every state as well."""
    assert set(EVENTS) == set(get_args(NodeEvent))
    assert set(NODE_TRANSITIONS) == set(NodeState)
    assert {state for state, ways in NODE_TRANSITIONS.items() if not ways} == NODE_GONE


@pytest.mark.parametrize("state", NodeState)
@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_of_a_node_is_a_way_of_the_table_or_refused(state: NodeState, kind: type[NodeEvent]) -> None:
    """A node is never between two states."""
    node = a_node(12, state=state)
    if kind in NODE_TRANSITIONS[state]:
        assert move(node, EVENTS[kind], NOW).state is NODE_TRANSITIONS[state][kind]
        return
    with pytest.raises(NodeNotAllowed) as refused:
        move(node, EVENTS[kind], NOW)
    assert refused.value.node is node


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(EVENTS.values())), max_size=30))
def test_no_sequence_of_events_brings_a_node_back_that_is_gone(events: list[NodeEvent]) -> None:
    """A node that is home has no ties left, and each way begins a run of its own and is looked at at once."""
    node, now = a_node(12), NOW
    for event in events:
        now += MINUTE
        before = node
        try:
            node = move(node, event, now)
        except NodeNotAllowed:
            continue
        assert before.state not in NODE_GONE
        assert node.state in NodeState
        assert (node.left_at is not None) == (node.state in NODE_GONE)
        assert node.run >= before.run
        if node.state in NODE_MOVING:
            assert (node.look_at, node.since, node.blocked) == (now, now, False)
        if isinstance(event, GiveBack | Broke):
            assert node.run == before.run + 1


def test_a_stuck_node_keeps_the_step_and_what_each_side_says() -> None:
    """On-call reads where it stopped."""
    stuck = move(a_node(12, state=NodeState.RETURNING, step="boot"), GotStuck("BMC says on"), NOW)
    assert (stuck.step, stuck.note) == ("boot", "BMC says on")


def test_a_new_way_home_forgets_an_old_permission_to_force() -> None:
    """What an approver allowed once is not allowed for ever."""
    forced = a_node(12, state=NodeState.STUCK, forced_by="U0APPROVER", blocked=True, ask_at=NOW)
    again = move(forced, GiveBack("verify"), NOW + timedelta(hours=1))
    assert (again.forced_by, again.blocked, again.ask_at, again.begin_at_step) == (None, False, None, "verify")
