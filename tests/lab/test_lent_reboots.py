"""A lent node that reboots stays out of Slurm, whatever ReturnToService says, and what others hold stays theirs."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from loans.nodes import NodeName, may_run_jobs
from tests.contract.sites import SiteUnderTest, lab_json, lab_site
from tests.lab.site import power, processes, slurm
from tests.lab.site.layout import Layout

pytestmark = pytest.mark.lab

NODE = NodeName("gpu000")


@pytest.fixture
def port(idle_lab: Layout) -> Iterator[SiteUnderTest]:
    """The ports to the lab."""
    with lab_site(lab_json(idle_lab.dir), lambda _: 0) as site:
        yield site


@pytest.mark.parametrize("return_to_service", [0, 1, 2])
def test_a_lent_node_that_reboots_is_never_schedulable(
    idle_lab: Layout, port: SiteUnderTest, return_to_service: int
) -> None:
    """Pods and jobs on one node at once: the worst that lendbot could do. A job waits for the node all the time."""
    slurm.reconfigure(idle_lab, slurm.Knobs(return_to_service=return_to_service))
    try:
        slurm.wait_for_state(idle_lab, idle_lab.nodes, "IDLE")
        port.slurm.drain([NODE], "lendbot #12")
        port.slurm.down([NODE], "lendbot #12")
        waiting = slurm.run(idle_lab, "sbatch", "--parsable", "-w", NODE, "--output=/dev/null", "--wrap=true").stdout
        seen = states_through_a_reboot(idle_lab, port)
        job = slurm.run(idle_lab, "squeue", "-h", "-j", waiting.strip(), "-o", "%T").stdout.strip()
        assert job == "PENDING", seen
        assert port.slurm.nodes()[NODE].reason == "lendbot #12"
    finally:
        slurm.reconfigure(idle_lab, slurm.Knobs())


def states_through_a_reboot(lab: Layout, port: SiteUnderTest) -> list[str]:
    """Power-cycle the node, and look at it in Slurm until its new boot has been heard of for 3 s."""
    since = slurm.next_second_after(slurm.started(lab, NODE))
    power.turn_off(lab, NODE)
    power.turn_on(lab, NODE)
    seen: list[str] = []

    def is_over() -> bool:
        node = port.slurm.nodes()[NODE]
        seen.append(node.state)
        assert not may_run_jobs(node), seen
        heard = slurm.started(lab, NODE)
        return heard not in {"None", ""} and heard >= since and slurm._now(-3) > heard

    processes.wait_until("Slurm has heard of the new boot for 3 s", is_over, 90, every_s=0.1)
    return seen


def test_what_others_drained_and_reserved_is_theirs(idle_lab: Layout, port: SiteUnderTest) -> None:
    """An admin's broken node and a class's reservation outlive a loan beside them, words and all."""
    slurm.run(idle_lab, "scontrol", "update", "NodeName=gpu001", "State=DRAIN", "Reason=ECC errors")
    when = ("StartTime=now+1hour", "Duration=60", "Users=root", "Nodes=gpu002")
    slurm.run(idle_lab, "scontrol", "create", "reservation", "ReservationName=workshop", *when)
    before = others(idle_lab)
    port.slurm.reserve("lendbot_12_1", [NODE], timedelta(hours=1))
    port.slurm.drain([NODE], "lendbot #12")
    port.slurm.unreserve("lendbot_12_1")
    port.slurm.down([NODE], "lendbot #12")
    port.slurm.resume([NODE])
    slurm.wait_for_state(idle_lab, (NODE,), "IDLE")
    assert others(idle_lab) == before
    assert "ECC errors" in before[0]
    assert "workshop" in before[1]


def others(lab: Layout) -> tuple[str, str]:
    """Return an admin's reason, and the reservations, as Slurm writes them."""
    reason = slurm.show_node(lab, "gpu001")["Reason"]
    return reason, slurm.run(lab, "scontrol", "show", "reservation", "-o").stdout
