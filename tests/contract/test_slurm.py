"""What the Slurm port promises, whichever Slurm answers."""

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from conversion.ports import Busy, Denied, UnexpectedAnswer
from loans.classes import NodeClass, Rules
from loans.nodes import NodeName, Reservation, SlurmJob, is_drained, is_free, is_out_of_slurm
from loans.selection import PassedOver, ReservedFor, Seen, Wish, choose
from sandbox.slurm.versions import VERSIONS
from tests.contract.sites import SOON, SiteUnderTest

pytestmark = pytest.mark.parametrize("site", [*VERSIONS, pytest.param("lab", marks=pytest.mark.lab)], indirect=True)
HOUR = timedelta(hours=1)
CLOSE = timedelta(minutes=2)
"""How far Slurm's whole seconds, and a clock of another machine, may be off."""
MARK = "lendbot #12"
Eventually = Callable[[Callable[[], bool]], None]


def run_job(site: SiteUnderTest, node: NodeName, eventually: Eventually) -> SlurmJob:
    """Have a job run on a node, as Slurm sees it."""
    number = site.start_job(node)
    eventually(lambda: any(job.id == number and job.state == "RUNNING" for job in site.slurm.jobs()))
    return next(job for job in site.slurm.jobs() if job.id == number)


def test_every_node_is_read_with_all_that_lending_needs(site: SiteUnderTest) -> None:
    """A node's partition, GPUs and boot time are known before it is chosen."""
    nodes = site.slurm.nodes()
    assert set(site.nodes) <= set(nodes)
    node = nodes[site.nodes[0]]
    assert is_free(node)
    assert node.gres["gpu"] == 4
    assert "gpu" in node.partitions
    assert not node.reason
    assert node.boot_time is not None
    assert node.slurmd_start is not None
    assert node.boot_time.tzinfo == UTC
    assert node.boot_time < node.slurmd_start + timedelta(minutes=1)


def test_no_jobs_and_no_reservations_are_said_and_so_believed(site: SiteUnderTest) -> None:
    """A queue that is empty is told from a squeue that printed nothing: by its header, whichever Slurm prints it."""
    assert site.slurm.jobs() == ()
    assert site.slurm.reservations() == {}


def test_a_job_that_is_more_than_running_is_in_the_queue(site: SiteUnderTest, eventually: Eventually) -> None:
    """A job that is stopped or being configured has its node: by a list without it the node would go DOWN."""
    number = run_job(site, site.nodes[0], eventually).id
    assert site.runner.run(["scancel", "-s", "STOP", str(number)], side="Slurm", timeout=SOON).exit == 0
    eventually(lambda: [job.state for job in site.slurm.jobs() if job.id == number] != ["RUNNING"])
    assert [(job.state, job.nodes) for job in site.slurm.jobs() if job.id == number] == [("STOPPED", site.nodes[:1])]
    site.runner.run(["scancel", "-s", "CONT", str(number)], side="Slurm", timeout=SOON)


def test_times_are_utc_whatever_the_site_zone(site: SiteUnderTest) -> None:
    """The proof of a reboot compares instants: an hour off would prove what never happened."""
    site.slurm.drain(site.nodes[:1], MARK)
    node = site.slurm.nodes()[site.nodes[0]]
    assert node.reason_at is not None
    assert node.boot_time is not None
    assert node.boot_time < node.reason_at < node.boot_time + timedelta(days=60)
    site.slurm.reserve("lendbot_12_9", site.nodes[1:2], HOUR)
    starts = site.slurm.reservations()["lendbot_12_9"].starts
    assert abs(starts - node.reason_at) < timedelta(minutes=45), "drained and reserved within the same moments"
    site.slurm.unreserve("lendbot_12_9")


def test_drain_leaves_our_reason_and_the_very_next_read_shows_it(site: SiteUnderTest) -> None:
    """After a write nobody is served an answer from before it."""
    site.slurm.nodes()
    site.slurm.drain(site.nodes[:3], MARK)
    nodes = site.slurm.nodes()
    for name in site.nodes[:3]:
        assert is_drained(nodes[name])
        assert nodes[name].reason == MARK
        assert nodes[name].reason_by == "root"
    assert is_free(nodes[site.nodes[3]])


def test_a_drained_node_goes_down_and_keeps_its_drain(site: SiteUnderTest) -> None:
    """A lent node that reboots must not come back to work: DRAIN stays beside DOWN."""
    site.slurm.drain(site.nodes[:2], MARK)
    site.slurm.down(site.nodes[:2], MARK)
    nodes = site.slurm.nodes()
    assert all(is_out_of_slurm(nodes[name]) for name in site.nodes[:2])
    site.slurm.down(site.nodes[:2], MARK)
    assert all(is_out_of_slurm(site.slurm.nodes()[name]) for name in site.nodes[:2])


def test_a_node_that_is_not_drained_never_goes_down(site: SiteUnderTest) -> None:
    """One node that could take a job stops the call for all: DOWN kills what runs."""
    site.slurm.drain(site.nodes[:1], MARK)
    with pytest.raises(UnexpectedAnswer, match=f"{site.nodes[1]} IDLE"):
        site.slurm.down(site.nodes[:2], MARK)
    nodes = site.slurm.nodes()
    assert is_drained(nodes[site.nodes[0]])
    assert is_free(nodes[site.nodes[1]])


def test_a_node_with_a_job_never_goes_down(site: SiteUnderTest, eventually: Eventually) -> None:
    """A job that sneaked in before the drain goes on."""
    job = run_job(site, site.nodes[0], eventually)
    site.slurm.drain(site.nodes[:1], MARK)
    with pytest.raises(UnexpectedAnswer, match=f"{site.nodes[0]} (MIXED|ALLOCATED)"):
        site.slurm.down(site.nodes[:1], MARK)
    assert [each.state for each in site.slurm.jobs() if each.id == job.id] == ["RUNNING"]


def test_resume_brings_drained_and_down_nodes_back(site: SiteUnderTest, eventually: Eventually) -> None:
    """The way home ends with an idle node and without our reason."""
    site.slurm.drain(site.nodes[:2], MARK)
    site.slurm.down(site.nodes[:1], MARK)
    site.slurm.resume(site.nodes[:2])
    eventually(lambda: all(is_free(site.slurm.nodes()[name]) for name in site.nodes[:2]))
    assert not any(site.slurm.nodes()[name].reason for name in site.nodes[:2])


def test_resume_of_an_idle_node_is_fine(site: SiteUnderTest, eventually: Eventually) -> None:
    """A step that is run twice finds the node idle and is content, also when only one of the list is."""
    site.slurm.resume(site.nodes[:1])
    site.slurm.drain(site.nodes[1:2], MARK)
    site.slurm.resume(site.nodes[:2])
    eventually(lambda: all(is_free(site.slurm.nodes()[name]) for name in site.nodes[:2]))


def test_a_reservation_is_made_once_and_deleted_once(site: SiteUnderTest) -> None:
    """The name is the key: a restart in the middle neither fails nor reserves twice."""
    site.slurm.reserve("lendbot_12_1", site.nodes[:2], HOUR)
    made = site.slurm.reservations()["lendbot_12_1"]
    assert set(made.nodes) == set(site.nodes[:2])
    assert made.ends - made.starts == HOUR
    site.slurm.reserve("lendbot_12_1", site.nodes[2:], 2 * HOUR)
    assert site.slurm.reservations()["lendbot_12_1"] == made
    site.slurm.unreserve("lendbot_12_1")
    assert "lendbot_12_1" not in site.slurm.reservations()
    site.slurm.unreserve("lendbot_12_1")


def test_a_reservation_with_a_busy_node_is_refused_whole(site: SiteUnderTest, eventually: Eventually) -> None:
    """A job that came first keeps its node, and the other nodes stay free for everybody."""
    run_job(site, site.nodes[1], eventually)
    with pytest.raises(Busy):
        site.slurm.reserve("lendbot_12_1", site.nodes[:2], HOUR)
    assert "lendbot_12_1" not in site.slurm.reservations()


def test_two_reservations_of_one_node_are_refused(site: SiteUnderTest) -> None:
    """What somebody else has reserved is not ours to take; other nodes may be asked for."""
    site.slurm.reserve("lendbot_12_1", site.nodes[:2], HOUR)
    with pytest.raises(Busy):
        site.slurm.reserve("lendbot_13_1", site.nodes[1:3], HOUR)
    site.slurm.unreserve("lendbot_12_1")


def reserve_ahead(site: SiteUnderTest, name: str, node: NodeName) -> Reservation:
    """Have an admin reserve a node for somebody, an hour from now and for an hour; return it as the port reads it."""
    when = ("StartTime=now+1hour", "Duration=60", "Users=root", f"Nodes={node}")
    ran = site.runner.run(
        ["scontrol", "create", "reservation", f"ReservationName={name}", *when], side="Slurm", timeout=SOON
    )
    assert ran.exit == 0, ran.err
    return site.slurm.reservations()[name]


def test_a_reservation_ahead_leaves_the_node_free_and_is_read_with_its_times(site: SiteUnderTest) -> None:
    """Until it begins nothing in the node's own state tells of it: only the list of reservations does."""
    before = site.now()
    workshop = reserve_ahead(site, "workshop", site.nodes[0])
    assert workshop.nodes == (site.nodes[0],)
    assert workshop.ends - workshop.starts == HOUR
    assert before - CLOSE <= workshop.starts - HOUR <= site.now() + CLOSE
    assert is_free(site.slurm.nodes()[site.nodes[0]])
    site.slurm.unreserve("workshop")


def test_a_node_with_a_reservation_ahead_can_be_had_until_then_and_no_longer(site: SiteUnderTest) -> None:
    """A workshop keeps its seats: what would reach into its time is refused, and leaves nothing behind."""
    workshop = reserve_ahead(site, "workshop", site.nodes[0])
    with pytest.raises(Busy):
        site.slurm.reserve("lendbot_12_1", site.nodes[:2], 2 * HOUR)
    assert set(site.slurm.reservations()) == {"workshop"}
    site.slurm.reserve("lendbot_12_2", site.nodes[:2], HOUR / 2)
    assert site.slurm.reservations()["workshop"] == workshop
    site.slurm.unreserve("lendbot_12_2")
    site.slurm.unreserve("workshop")


def test_a_loan_that_reaches_into_a_reservation_ahead_is_offered_another_node(site: SiteUnderTest) -> None:
    """Whoever asks hears which reservation keeps a node, and a loan that ends before it may have the node."""
    workshop = reserve_ahead(site, "workshop", site.nodes[0])
    seen = Seen(site.slurm.nodes(), site.slurm.jobs(), tuple(site.slurm.reservations().values()))
    gpu = NodeClass("gpu", "gpu", Rules(approvers=frozenset({"U0APPROVE1"})), gres={"gpu": 4})
    into_it = choose(seen, Wish(gpu, 1, workshop.starts + HOUR / 2))
    assert into_it.taken == (site.nodes[1],)
    assert PassedOver(site.nodes[0], ReservedFor("workshop", workshop.starts)) in into_it.passed_over
    assert choose(seen, Wish(gpu, 1, workshop.starts)).taken == (site.nodes[0],)
    site.slurm.unreserve("workshop")


def test_a_running_job_tells_where_it_runs_and_until_when(site: SiteUnderTest, eventually: Eventually) -> None:
    """A refusal can name the job that frees a node, and when."""
    job = run_job(site, site.nodes[2], eventually)
    assert job.nodes == (site.nodes[2],)
    assert "gpu" in job.partitions
    assert job.submitted is not None
    assert job.ends is None or job.ends > job.submitted


def test_a_name_that_slurm_does_not_know_is_an_error_although_the_others_changed(site: SiteUnderTest) -> None:
    """A half-done update is never taken for done nor for undone: the next read is new."""
    site.slurm.nodes()
    with pytest.raises(UnexpectedAnswer, match=r"[Ii]nvalid node name"):
        site.slurm.drain([site.nodes[0], NodeName("nosuch001")], MARK)
    assert is_drained(site.slurm.nodes()[site.nodes[0]])


def test_an_account_without_rights_is_denied(site: SiteUnderTest) -> None:
    """Missing rights in Slurm are a matter for the operator, and nothing has changed."""
    with pytest.raises(Denied):
        site.slurm_as("nobody").drain(site.nodes[:1], MARK)
    assert is_free(site.slurm.nodes()[site.nodes[0]])


def test_the_present_is_not_far_from_the_reason_time(site: SiteUnderTest) -> None:
    """Its host's clock is known: an hour between them is a zone that was read wrongly."""
    before = site.now()
    site.slurm.drain(site.nodes[:1], MARK)
    seen = site.slurm.nodes()[site.nodes[0]].reason_at
    assert seen is not None
    assert before - CLOSE <= seen <= site.now() + CLOSE


def test_slurm_says_what_time_it_is(site: SiteUnderTest) -> None:
    """By it doctor and on-call learn that the two clocks are apart."""
    before = site.now()
    assert before - CLOSE <= site.slurm.clock() <= site.now() + CLOSE
