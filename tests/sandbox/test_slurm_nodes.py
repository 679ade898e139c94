"""Node states: drain, down, resume, and what a reboot does to them."""

import pytest

from tests.sandbox.batch_rig import Batch


def test_draining_a_busy_node_harms_no_job_and_empties_it() -> None:
    """A drain may be tried on any node: whoever computes there is left alone."""
    batch = Batch()
    batch.job("gpu001", minutes=5)
    batch.ok("scontrol update NodeName=gpu001 State=DRAIN Reason='lendbot #12'")
    assert batch.state("gpu001") == "ALLOCATED+DRAIN"
    batch.pass_time(300)
    assert batch.state("gpu001") == "IDLE+COMPLETING+DRAIN"
    batch.pass_time(10)
    assert batch.state("gpu001") == "IDLE+DRAIN"
    assert batch.world.tally()["jobs_killed"] == 0


@pytest.mark.parametrize(("requeue", "end"), [(True, "PENDING"), (False, "NODE_FAIL")])
def test_down_on_a_busy_node_kills_its_job_and_is_counted(*, requeue: bool, end: str) -> None:
    """A careless DOWN cannot hide: every story asserts that this count is 0."""
    batch = Batch()
    job = batch.job("gpu001", requeue=requeue)
    batch.ok("scontrol update NodeName=gpu001 State=DOWN Reason=x")
    assert batch.ok(f"squeue -h -t all -j {job.id} -o %T") == f"{end}\n"
    assert batch.world.tally()["jobs_killed"] == 1


def test_a_drained_node_that_goes_down_keeps_both_flags_and_its_reason() -> None:
    """The mark by which a loan is known survives on the node, spaces included."""
    batch = Batch()
    batch.ok("scontrol update NodeName=gpu001 State=DRAIN Reason='lendbot #12 for a class'")
    batch.ok("scontrol update NodeName=gpu001 State=DOWN Reason='lendbot #12 for a class'")
    assert batch.state("gpu001") == "DOWN+DRAIN"
    line = batch.ok("scontrol show node gpu001 -o")
    assert line.rstrip().endswith("Reason=lendbot #12 for a class [root@2026-11-23T10:00:00]")


def test_a_list_with_one_bad_name_fails_and_yet_changes_the_others() -> None:
    """Exit code 1 does not mean that nothing happened: read back after every update."""
    batch = Batch()
    result = batch.run("scontrol update NodeName=gpu[001-002],nope State=DRAIN Reason=x")
    assert (result.code, result.err) == (1, "slurm_update error: Invalid node name specified\n")
    assert batch.state("gpu001") == batch.state("gpu002") == "IDLE+DRAIN"


@pytest.mark.parametrize("state", ["DRAIN", "DOWN"])
def test_drain_and_down_need_a_reason(state: str) -> None:
    """Nobody takes a node without saying why."""
    result = Batch().run(f"scontrol update NodeName=gpu001 State={state}")
    assert (result.code, result.err) == (
        1,
        "You must specify a reason when DOWNING or DRAINING a node. Request denied\n",
    )


def test_resume_of_an_idle_node_is_refused_as_already_so() -> None:
    """A step run twice meets this refusal, and has to know what it means."""
    result = Batch().run("scontrol update NodeName=gpu001 State=RESUME")
    assert (result.code, result.err) == (1, "slurm_update error: Invalid node state specified\n")


def test_only_root_changes_nodes() -> None:
    """A bot without rights hears so from the first change, not from a half-done loan."""
    result = Batch().run("scontrol update NodeName=gpu001 State=DRAIN Reason=x", user="u1")
    assert (result.code, result.err) == (1, "slurm_update error: Invalid user id\n")


def test_resume_clears_down_drain_and_reason() -> None:
    """A node that comes home carries nothing of ours."""
    batch = Batch()
    batch.ok("scontrol update NodeName=gpu001 State=DRAIN Reason=x")
    batch.ok("scontrol update NodeName=gpu001 State=DOWN Reason=x")
    batch.ok("scontrol update NodeName=gpu001 State=RESUME")
    assert batch.state("gpu001") == "IDLE"
    assert "Reason=" not in batch.ok("scontrol show node gpu001 -o")


def test_slurm_notices_a_silent_node_late_and_then_gives_it_up() -> None:
    """The absence of NOT_RESPONDING proves nothing for the first seconds."""
    batch = Batch()
    batch.world.machines["gpu001"].stop("slurmd")
    batch.pass_time(9)
    assert batch.state("gpu001") == "IDLE"
    batch.pass_time(10)
    assert batch.state("gpu001") == "IDLE+NOT_RESPONDING"
    batch.pass_time(24)
    assert batch.state("gpu001") == "DOWN+NOT_RESPONDING"


def test_resume_of_a_dead_node_is_accepted_and_does_not_last() -> None:
    """IDLE once is no proof: it must still be IDLE later."""
    batch = Batch()
    batch.world.machines["gpu001"].stop("slurmd")
    batch.pass_time(60)
    batch.ok("scontrol update NodeName=gpu001 State=RESUME")
    assert batch.state("gpu001") == "IDLE+NOT_RESPONDING"
    batch.pass_time(25)
    assert batch.state("gpu001") == "DOWN+NOT_RESPONDING"


@pytest.mark.parametrize(
    ("return_to_service", "drained", "after"),
    [
        (0, True, "DOWN+DRAIN"),
        (1, True, "DOWN+DRAIN"),
        (2, True, "IDLE+DRAIN"),
        (0, False, "DOWN"),
        (1, False, "DOWN"),
        (2, False, "IDLE"),
    ],
)
def test_a_lent_node_that_reboots_is_kept_out_by_its_drain(
    *, return_to_service: int, drained: bool, after: str
) -> None:
    """Without DRAIN a site with ReturnToService=2 schedules jobs on a lent node after a reboot."""
    batch = Batch(return_to_service=return_to_service)
    if drained:
        batch.ok("scontrol update NodeName=gpu001 State=DRAIN Reason=x")
    batch.ok("scontrol update NodeName=gpu001 State=DOWN Reason=x")
    batch.world.machines["gpu001"].cycle()
    batch.pass_time(400)
    assert batch.state("gpu001") == after


def test_boot_and_slurmd_start_are_later_than_a_power_cycle() -> None:
    """The proof of a reboot that a return asks for."""
    batch = Batch()
    before = batch.field("gpu001", "BootTime")
    batch.world.machines["gpu001"].cycle()
    batch.pass_time(400)
    assert before < "2026-11-23T10:00:00" < batch.field("gpu001", "BootTime")
    assert batch.field("gpu001", "BootTime") <= batch.field("gpu001", "SlurmdStartTime")


def test_an_unexpected_reboot_takes_a_node_down_by_slurms_own_hand() -> None:
    """A node that fell over is not mistaken for one that is free."""
    batch = Batch()
    machine = batch.world.machines["gpu001"]
    machine.cycle()
    batch.pass_time(400)
    assert batch.state("gpu001") == "DOWN"
    assert "Reason=Not responding [slurm@" in batch.ok("scontrol show node gpu001 -o")


def test_power_lost_under_a_job_counts_as_a_killed_job() -> None:
    """The count does not ask who switched the node off."""
    batch = Batch()
    batch.job("gpu001")
    batch.world.machines["gpu001"].switch_off()
    batch.pass_time(60)
    assert batch.world.tally()["jobs_killed"] == 1


def test_sinfo_hides_down_under_drain() -> None:
    """Never decide from sinfo's one word."""
    batch = Batch()
    batch.ok("scontrol update NodeName=gpu001 State=DRAIN Reason=x")
    batch.ok("scontrol update NodeName=gpu001 State=DOWN Reason=x")
    assert batch.ok("sinfo -h -n gpu001 -o %t") == "drain\n"
    assert batch.ok("sinfo -h -N -p gpu -o '%N %T'").splitlines()[:2] == ["gpu001 drained", "gpu002 idle"]
