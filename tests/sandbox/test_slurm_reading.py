"""What the commands print, and in which zone."""

import pytest

from sandbox.slurm.records import JobFlag
from tests.sandbox.batch_rig import Batch


def test_times_are_in_the_zone_of_the_command() -> None:
    """The site speaks local time; a reader that wants UTC says so."""
    batch = Batch()
    assert "SlurmdStartTime=2026-11-23T10:00:00" in batch.run("scontrol show node gpu001 -o").out
    assert "SlurmdStartTime=2026-11-23T15:00:00" in batch.run("scontrol show node gpu001 -o", zone="UTC").out


def test_one_line_holds_one_node() -> None:
    """The fast way to read a partition."""
    lines = Batch().ok("scontrol show node gpu[001-003] -o").splitlines()
    assert [line.split()[0] for line in lines] == ["NodeName=gpu001", "NodeName=gpu002", "NodeName=gpu003"]
    assert "Gres=gpu:a100:4 " in lines[0]


def test_names_that_are_not_there_are_said_so() -> None:
    """A typo in a settings file is found by reading, before anything is changed."""
    result = Batch().run("scontrol show node gpu001,nope -o")
    assert result.code == 1
    assert result.out.splitlines()[1] == "Node nope not found"
    assert Batch().run("scontrol show res nope").out == "Reservation nope not found\n"
    assert Batch().run("scontrol show job 7").err == "slurm_load_jobs error: Invalid job id specified\n"


def test_squeue_prints_the_format_it_is_given() -> None:
    """Which job frees a node, and when, is read from here."""
    batch = Batch()
    job = batch.job("gpu001", minutes=90)
    waiting = batch.job("gpu001", minutes=10)
    printed = batch.ok("squeue -h -a -p gpu -t PENDING,RUNNING -o '%i|%u|%T|%N|%e|%M|%L|%D|%r'")
    assert printed.splitlines() == [
        f"{waiting.id}|u1|PENDING||N/A|0:00|10:00|1|ReqNodeNotAvail",
        f"{job.id}|u1|RUNNING|gpu001|2026-11-23T11:30:00|0:01|1:29:58|1|None",
    ]


@pytest.mark.parametrize("flag", list(JobFlag))
def test_squeue_compares_whole_states_where_it_is_told_to(flag: JobFlag) -> None:
    """A list narrowed to RUNNING hides a job that is also being configured, stopped or signalled."""
    batch = Batch()
    job = batch.job("gpu001")
    job.flag = flag
    assert batch.ok("squeue -h -o %T") == f"{flag}\n"
    assert batch.ok("squeue -h -t PENDING,RUNNING,SUSPENDED,COMPLETING -o %T") == ""
    assert batch.ok(f"squeue -h -t {flag} -o %T") == f"{flag}\n"
    batch.ok(f"scancel {job.id}")
    assert batch.ok("squeue -h -o %T") == "COMPLETING\n"


def test_squeue_narrows_by_node_and_keeps_its_columns() -> None:
    """The forms that a person types work too."""
    batch = Batch()
    job = batch.job("gpu002")
    batch.job("gpu003")
    lines = batch.ok("squeue -w gpu[001-002]").splitlines()
    assert lines[0] == "             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)"
    assert lines[1] == f"             {job.id}       gpu    train       u1  R       0:01      1 gpu002"
    assert len(lines) == 2


def test_scancel_ends_a_job_by_way_of_completing() -> None:
    """A node is not free in the second its job is cancelled."""
    batch = Batch()
    job = batch.job("gpu001")
    batch.ok(f"scancel {job.id}")
    assert batch.ok(f"squeue -h -j {job.id} -o %t") == "CG\n"
    batch.pass_time(10)
    assert (batch.state("gpu001"), job.state) == ("IDLE", "CANCELLED")


def test_hostlists_fold_and_unfold() -> None:
    """As scontrol does it, for scripts that lean on it."""
    batch = Batch()
    assert batch.ok("scontrol show hostnames gpu[001-002],cpu001") == "cpu001\ngpu001\ngpu002\n"
    assert batch.ok("scontrol show hostlist gpu001,gpu002") == "gpu[001-002]\n"


def test_the_site_says_who_it_is() -> None:
    """doctor asks these first."""
    batch = Batch(return_to_service=2)
    assert batch.ok("scontrol --version") == "slurm-wlm 22.05.8\n"
    assert batch.ok("scontrol ping").endswith("is UP\n")
    assert "ReturnToService         = 2\n" in batch.ok("scontrol show config")
    assert [line.split()[0] for line in batch.ok("scontrol show partition -o").splitlines()] == [
        "PartitionName=gpu",
        "PartitionName=cpu",
    ]


def test_the_stream_keeps_the_site_alive_and_repeats_itself() -> None:
    """The same seed tells the same story; jobs come, run and go without anyone harmed."""
    first, second = (Batch(busy=0.5, gpu_nodes=20, seed=7) for _ in range(2))
    for batch in (first, second):
        batch.pass_time(6 * 3600)
    assert first.ok("squeue -t all") == second.ok("squeue -t all")
    assert len(first.ok("squeue -h -t R").splitlines()) > 3
    assert first.field("gpu002", "Reason") == "ECC", "the staff has one node out of service"
    assert first.world.tally() == {"jobs_killed": 0, "pods_killed": 0}
