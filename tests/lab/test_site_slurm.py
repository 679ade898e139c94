"""What Slurm itself does in the cases that lendbot's promises stand on."""

from collections.abc import Iterator

import pytest

from tests.lab.site import processes, slurm
from tests.lab.site.fixtures import boot_anew
from tests.lab.site.layout import Layout

pytestmark = pytest.mark.lab

REASON = "lendbot#1 lent"
HELD = "DOWN+DRAIN"


def update(lab: Layout, node: str, *fields: str) -> int:
    return slurm.run(lab, "scontrol", "update", f"NodeName={node}", *fields).returncode


def hold(lab: Layout, node: str, *states: str) -> None:
    for state in states:
        assert update(lab, node, f"State={state}", f"Reason={REASON}") == 0


@pytest.fixture
def set_return_to_service(idle_lab: Layout, request: pytest.FixtureRequest) -> Iterator[Layout]:
    slurm.reconfigure(idle_lab, slurm.Knobs(return_to_service=request.param))
    slurm.wait_for_state(idle_lab, idle_lab.nodes, "IDLE")
    yield idle_lab
    slurm.reconfigure(idle_lab, slurm.Knobs())


def test_a_job_runs_on_all_four_nodes(idle_lab: Layout) -> None:
    """Nodes that could not run a job would prove nothing about lending them."""
    ran = slurm.run(idle_lab, "srun", "-N4", "--gres=gpu:4", "hostname")
    assert sorted(ran.stdout.split()) == list(idle_lab.nodes)


def test_a_reservation_with_one_busy_node_is_refused_whole(idle_lab: Layout) -> None:
    """Taking nodes rests on it: all or none, and no running job in the way."""
    slurm.run(idle_lab, "sbatch", "-w", "gpu001", "--output=/dev/null", "--wrap=sleep 60")
    processes.wait_until("the job runs", lambda: slurm.state(idle_lab, "gpu001") == "MIXED", 20)
    create = ("scontrol", "create", "reservation", "StartTime=now", "Duration=60", "Users=root")
    refused = slurm.run(idle_lab, *create, "ReservationName=mine", "Nodes=gpu000,gpu001")
    assert refused.returncode == 1
    assert "Requested nodes are busy" in refused.stderr
    assert "No reservations" in slurm.run(idle_lab, "scontrol", "show", "reservation").stdout
    assert slurm.run(idle_lab, *create, "ReservationName=mine", "Nodes=gpu000,gpu002").returncode == 0
    again = slurm.run(idle_lab, *create, "ReservationName=mine", "Nodes=gpu003")
    assert "Duplicate reservation name" in again.stderr


@pytest.mark.parametrize("order", [("DRAIN", "DOWN"), ("DOWN", "DRAIN"), ("DRAIN", "DOWN", "DRAIN")])
def test_a_node_that_is_drained_and_downed_has_both_in_either_order(idle_lab: Layout, order: tuple[str, ...]) -> None:
    """DRAIN is what keeps a lent node out of Slurm after a reboot: DOWN must not take it away."""
    hold(idle_lab, "gpu000", *order)
    shown = slurm.show_node(idle_lab, "gpu000")
    assert shown["State"] == HELD
    assert shown["Reason"].startswith(f"{REASON} [root@")


@pytest.mark.parametrize(
    ("set_return_to_service", "drained_and_down", "down_only"),
    [(0, HELD, "DOWN"), (1, HELD, "DOWN"), (2, "IDLE+DRAIN", "IDLE")],
    indirect=["set_return_to_service"],
)
def test_what_a_held_node_is_after_a_reboot(
    set_return_to_service: Layout, drained_and_down: str, down_only: str
) -> None:
    """Only DRAIN outlives a reboot at every ReturnToService; DOWN alone would put a lent node under a job."""
    lab = set_return_to_service
    hold(lab, "gpu000", "DRAIN", "DOWN")
    hold(lab, "gpu001", "DOWN")
    boot_anew(lab, "gpu000", "gpu001")
    slurm.wait_for_state(lab, ("gpu000",), drained_and_down)
    slurm.wait_for_state(lab, ("gpu001",), down_only)
    assert slurm.show_node(lab, "gpu000")["Reason"].startswith(REASON)
    slurm.resume(lab, "gpu000", "gpu001")
    slurm.wait_for_state(lab, ("gpu000", "gpu001"), "IDLE")


def test_jobs_and_states_outlive_a_restart_of_slurmctld(idle_lab: Layout) -> None:
    """Tests restart slurmctld in the middle of a loan: what they then see must come from lendbot."""
    hold(idle_lab, "gpu003", "DRAIN", "DOWN")
    slurm.stop_slurmctld(idle_lab)
    assert slurm.run(idle_lab, "scontrol", "ping").returncode == 1
    slurm.start_slurmctld(idle_lab)
    slurm.wait_for_state(idle_lab, ("gpu003",), HELD)
