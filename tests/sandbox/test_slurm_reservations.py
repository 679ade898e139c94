"""Reservations: the way to take nodes without a race."""

import pytest

from tests.sandbox.batch_rig import Batch

TAKE = "scontrol create reservation ReservationName=lend12 StartTime=now Duration=60 Users=root PartitionName=gpu"


def test_a_reservation_picks_only_nodes_without_jobs() -> None:
    """What it names can be drained and downed without harm."""
    batch = Batch()
    batch.job("gpu002", cpus=1)
    assert batch.ok(f"{TAKE} NodeCnt=3") == "Reservation created: lend12\n"
    assert " Nodes=gpu[001,003-004] NodeCnt=3 " in batch.ok("scontrol show res lend12 -o")


def test_too_few_free_nodes_refuse_it_whole() -> None:
    """Half a reservation is never left behind."""
    batch = Batch()
    batch.job("gpu002")
    result = batch.run(f"{TAKE} NodeCnt=4")
    assert (result.code, result.err) == (1, "Error creating the reservation: Requested nodes are busy\n")
    assert batch.ok("scontrol show res -o") == "No reservations in the system\n"


def test_a_count_beyond_the_partition_gets_what_is_free() -> None:
    """Measured on 22.05.8: read Nodes= back, the count asked for is no promise."""
    batch = Batch()
    batch.job("gpu002")
    batch.ok(f"{TAKE} NodeCnt=400")
    assert " NodeCnt=3 " in batch.ok("scontrol show res lend12 -o")


def test_the_name_is_taken_once() -> None:
    """A taking that is repeated after a crash finds its reservation instead of making another."""
    batch = Batch()
    batch.ok(f"{TAKE} NodeCnt=1")
    assert batch.run(f"{TAKE} NodeCnt=1").err == "Error creating the reservation: Duplicate reservation name\n"


def test_jobs_keep_off_at_once_while_the_flag_shows_late() -> None:
    """From the reservation on, no job can start on its nodes."""
    batch = Batch()
    batch.ok(f"{TAKE} NodeCnt=4")
    job = batch.job("gpu001")
    assert (job.state, batch.state("gpu001")) == ("PENDING", "IDLE")
    batch.pass_time(4)
    assert batch.state("gpu001") == "IDLE+RESERVED"
    batch.ok("scontrol delete ReservationName=lend12")
    batch.pass_time(1)
    assert (job.state, batch.state("gpu001")) == ("RUNNING", "ALLOCATED")


def test_ignore_jobs_takes_busy_nodes_too() -> None:
    """Which is why it is never used to take: the claim is here so that a test can show the harm."""
    batch = Batch()
    batch.job("gpu001")
    batch.ok(f"{TAKE} NodeCnt=4 Flags=IGNORE_JOBS")
    assert " Nodes=gpu[001-004] " in batch.ok("scontrol show res lend12 -o")


def test_a_completing_node_counts_as_free() -> None:
    """A reservation may name a node that still cleans up: only IDLE+DRAIN says that it is done."""
    batch = Batch(gpu_nodes=1)
    batch.job("gpu001", minutes=1)
    batch.pass_time(60)
    assert batch.state("gpu001") == "IDLE+COMPLETING"
    batch.ok(f"{TAKE} NodeCnt=1")


def test_a_future_reservation_lets_short_jobs_run_and_holds_long_ones() -> None:
    """A loan that starts on Monday does not empty the partition on Friday."""
    batch = Batch(gpu_nodes=1)
    batch.ok(
        "scontrol create reservation ReservationName=monday StartTime=2026-11-23T11:00:00 Duration=60"
        " Users=root Nodes=gpu001 Flags=MAINT"
    )
    long = batch.job("gpu001", minutes=120)
    short = batch.job("gpu001", minutes=30)
    assert (long.state, short.state) == ("PENDING", "RUNNING")


def test_a_reservation_ends_by_itself() -> None:
    """A bot that dies after reserving does not hold the nodes for ever."""
    batch = Batch()
    batch.ok(f"{TAKE} NodeCnt=4")
    batch.pass_time(3601)
    assert batch.ok("scontrol show res -o") == "No reservations in the system\n"
    assert batch.state("gpu001") == "IDLE"


def test_an_update_moves_the_end() -> None:
    """A taking that is slow can keep what it holds."""
    batch = Batch()
    batch.ok(f"{TAKE} NodeCnt=1")
    batch.ok("scontrol update ReservationName=lend12 Duration=2:00:00")
    batch.pass_time(3601)
    assert " EndTime=2026-11-23T12:00:00 Duration=02:00:00 " in batch.ok("scontrol show res lend12 -o")


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (f"{TAKE} Nodes=nope", "Error creating the reservation: Invalid node name specified"),
        (TAKE.replace("=gpu", "=nope") + " NodeCnt=1", "the reservation: Invalid partition name specified"),
        (TAKE.replace("Users=root", "") + " NodeCnt=1", "Either Users/Groups and/or Accounts must be specified."),
        (TAKE, "CoreCnt, Nodes, NodeCnt, BurstBuffer, Licenses or Watts must be specified."),
        (TAKE.replace("StartTime=now", "StartTime=foo") + " NodeCnt=1", "Invalid time specification (pos=0): foo"),
        ("scontrol delete ReservationName=x", "delete_reservation ReservationName=x: Requested reservation is invalid"),
    ],
)
def test_a_wrong_request_is_refused_in_slurms_own_words(command: str, complaint: str) -> None:
    """An adapter that reads these words here reads the real ones too."""
    result = Batch().run(command)
    assert result.code == 1
    assert complaint in result.err
