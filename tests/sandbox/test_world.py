"""Machines in site time: boots, power, and the site that is the same each time."""

import random
from datetime import timedelta

from sandbox.faults import Fault
from sandbox.slurm.reservations import find
from sandbox.world import Machine, Power
from tests.sandbox.batch_rig import Batch


def up_after(batch: Batch, machine: Machine) -> float:
    """Return the site seconds until a machine is on."""
    began = batch.world.agenda.now
    while machine.power is not Power.ON:
        batch.pass_time(1)
        assert batch.world.agenda.now - began < timedelta(minutes=10)
    return (batch.world.agenda.now - began).total_seconds()


def test_a_boot_takes_minutes_and_not_always_the_same() -> None:
    """An estimate has something to learn."""
    batch = Batch(gpu_nodes=20)
    for machine in batch.world.machines.values():
        machine.cycle()
    batch.pass_time(5)
    took = _boot_times(batch)
    assert min(took) >= 180
    assert max(took) <= 301
    assert len(took) > 5


def _boot_times(batch: Batch) -> set[int]:
    began = batch.world.agenda.now
    batch.pass_time(400)
    return {
        round((machine.booted_at - began).total_seconds())
        for machine in batch.world.machines.values()
        if machine.booted_at is not None
    }


def test_a_shutdown_is_slower_than_pulling_the_plug_and_both_end_what_runs() -> None:
    """Nothing lives on a machine that is going down."""
    batch = Batch()
    gentle, hard = batch.world.machines["gpu001"], batch.world.machines["gpu002"]
    gentle.shut_down()
    hard.switch_off()
    assert not gentle.services | hard.services
    batch.pass_time(4)
    assert (gentle.power, hard.power) == (Power.STOPPING, Power.OFF)
    batch.pass_time(7)
    assert gentle.power is Power.OFF


def test_an_operating_system_that_is_not_up_cannot_be_asked_to_end() -> None:
    """A graceful shutdown of a booting machine does nothing, as in life."""
    batch = Batch()
    machine = batch.world.machines["gpu001"]
    machine.cycle()
    batch.pass_time(30)
    machine.shut_down()
    assert machine.power is Power.BOOTING


def test_cycling_a_machine_that_is_off_brings_it_on() -> None:
    """The order of commands does not strand a node."""
    batch = Batch()
    machine = batch.world.machines["gpu001"]
    machine.switch_off()
    batch.pass_time(10)
    machine.cycle()
    assert up_after(batch, machine) > 180


def test_two_commands_in_a_row_leave_one_boot() -> None:
    """The last word counts; the one before it does not come back later."""
    batch = Batch()
    machine = batch.world.machines["gpu001"]
    machine.cycle()
    batch.pass_time(100)
    machine.switch_off()
    batch.pass_time(1000)
    assert (machine.power, machine.boots) == (Power.OFF, 1)


def test_a_forgotten_boot_counts_once() -> None:
    """The next power cycle works."""
    batch = Batch()
    batch.faults.set(Fault("boot", "forget", "gpu001", times=1))
    machine = batch.world.machines["gpu001"]
    machine.cycle()
    batch.pass_time(1000)
    assert machine.power is Power.BOOTING
    machine.cycle()
    assert up_after(batch, machine) > 180


def test_a_boot_brings_new_identity_and_old_hardware() -> None:
    """boot_id proves the reboot; the GPUs are the same ones."""
    batch = Batch()
    machine = batch.world.machines["gpu001"]
    before = machine.boot_id, machine.gpu_uuids
    machine.cycle()
    up_after(batch, machine)
    assert machine.boot_id != before[0]
    assert machine.gpu_uuids == before[1]


def test_a_hundred_takings_by_reservation_and_drain_kill_no_job() -> None:
    """The way of taking that lendbot uses is safe here too, with users who never stop submitting."""
    batch = Batch(busy=0.6, gpu_nodes=12, seed=5)
    dice = random.Random(5)  # noqa: S311 - a test's dice, the same each time
    taken = 0
    for number in range(100):
        taken += _take_and_give_back(batch, number, dice)
        batch.pass_time(dice.uniform(60, 1800))
    assert taken > 20
    assert batch.world.tally()["jobs_killed"] == 0
    assert "DRAIN" not in batch.ok("scontrol show node -o")


def _take_and_give_back(batch: Batch, number: int, dice: random.Random) -> int:
    made = batch.run(
        f"scontrol create reservation ReservationName=t{number} StartTime=now Duration=60 Users=root"
        f" PartitionName=gpu NodeCnt={dice.randint(1, 4)}"
    )
    if made.code:
        return 0
    nodes = find(batch.world.slurm, f"t{number}").nodes
    hostlist = ",".join(nodes)
    batch.ok(f"scontrol update NodeName={hostlist} State=DRAIN Reason=t{number}")
    batch.pass_time(8)
    assert {batch.state(node).removesuffix("+RESERVED") for node in nodes} == {"IDLE+DRAIN"}
    batch.ok(f"scontrol delete ReservationName=t{number}")
    batch.ok(f"scontrol update NodeName={hostlist} State=DOWN Reason=t{number}")
    batch.pass_time(dice.uniform(60, 600))
    batch.ok(f"scontrol update NodeName={hostlist} State=RESUME")
    return len(nodes)
