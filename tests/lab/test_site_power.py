"""Both kinds of BMC boot and kill the real node."""

import subprocess

import pytest
import requests

from tests.lab.site import bmc, faults, power, processes, slurm, ssh
from tests.lab.site.layout import Layout

pytestmark = pytest.mark.lab

NODE = "gpu003"


def ipmi(lab: Layout, *words: str, password: str = bmc.PASSWORD) -> subprocess.CompletedProcess[str]:
    login = ["-H", lab.bmc_ip(NODE), "-U", bmc.USER, "-P", password]
    return subprocess.run(
        ["ipmitool", "-I", "lanplus", "-C", "3", "-N", "1", "-R", "2", *login, "chassis", "power", *words],
        text=True,
        capture_output=True,
        timeout=30,
        check=False,
    )


def redfish(lab: Layout, action: str = "", password: str = bmc.PASSWORD) -> str:
    """Ask for a reset when told one; answer the power state, or the refusal."""
    system = f"{bmc.redfish_url(lab)}{bmc.redfish_system(NODE)}"
    with requests.Session() as session:
        session.trust_env = False  # else REQUESTS_CA_BUNDLE wins over verify
        session.auth, session.verify = (bmc.USER, password), str(bmc.certificate(lab))
        if action:
            reset = f"{system}/Actions/ComputerSystem.Reset"
            session.post(reset, json={"ResetType": action}, timeout=20).raise_for_status()
        answer = session.get(system, timeout=20)
        answer.raise_for_status()
        return str(answer.json()["PowerState"])


@pytest.mark.parametrize("way", ["ipmi", "redfish"])
def test_a_power_cycle_is_a_new_boot_with_nothing_left_of_the_old(idle_lab: Layout, way: str) -> None:
    """A node comes home by a reboot: if anything survived it, a lent node could come back with its role."""
    since = slurm.next_second_after(slurm.started(idle_lab, NODE))
    ssh.run(idle_lab, NODE, "echo cloud_compute > /etc/puppet-role; touch /run/left /tmp/left")
    if way == "ipmi":
        assert ipmi(idle_lab, "cycle").returncode == 0
    else:
        assert redfish(idle_lab, "ForceRestart") == "On"
    slurm.wait_for_new_start(idle_lab, NODE, since)
    left = ssh.run(idle_lab, NODE, "ls /etc/puppet-role /run/left /tmp/left")
    assert left.stdout == ""


def test_off_is_off_and_both_bmcs_say_so(idle_lab: Layout) -> None:
    """Skipping budgets on a silent node is only right once its power is really off."""
    assert ipmi(idle_lab, "off").returncode == 0
    assert "is off" in ipmi(idle_lab, "status").stdout
    assert redfish(idle_lab) == "Off"
    assert not ssh.answers(idle_lab, NODE)
    assert redfish(idle_lab, "On") == "On"
    assert "is on" in ipmi(idle_lab, "status").stdout


def test_a_wrong_password_is_refused_by_both(lab: Layout) -> None:
    """A refusal must not look like a node that is off."""
    assert ipmi(lab, "status", password="wrong").returncode == 1
    with pytest.raises(requests.HTTPError, match="401"):
        redfish(lab, password="wrong")


def test_a_bmc_that_hangs_answers_again_when_the_fault_is_over(lab: Layout) -> None:
    """The fault is what tests of timeouts stand on."""
    with faults.ordered(lab, NODE, faults.BMC_HANGS):
        assert ipmi(lab, "status").returncode != 0
    processes.wait_until("the BMC answers", lambda: ipmi(lab, "status").returncode == 0, 20)


def test_a_bmc_can_report_an_old_power_state(lab: Layout) -> None:
    """Real BMCs cache for up to a minute; what the node does is another matter."""
    with faults.ordered(lab, NODE, faults.STALE_POWER, "off"):
        assert "is off" in ipmi(lab, "status").stdout
        assert redfish(lab) == "Off"
        assert power.is_on(lab, NODE)


def test_a_node_that_does_not_boot_has_power_and_is_silent(idle_lab: Layout) -> None:
    """The story of a stuck node needs a node that is on and dead."""
    with faults.ordered(idle_lab, NODE, faults.NO_BOOT):
        ipmi(idle_lab, "cycle")  # off at once, on a second later: so does ipmi_sim
        processes.wait_until("the BMC says on", lambda: "is on" in ipmi(idle_lab, "status").stdout, 10)
        assert not ssh.answers(idle_lab, NODE)
    ipmi(idle_lab, "cycle")
    processes.wait_until("it boots once the fault is gone", lambda: ssh.answers(idle_lab, NODE), 20)


def test_rpower_on_the_management_host_switches_the_same_node(idle_lab: Layout) -> None:
    """Sites with xCAT have no other way to their BMCs."""

    def rpower(verb: str) -> str:
        return ssh.run_on_management(idle_lab, f"rpower {NODE} {verb}").stdout.strip()

    assert rpower("stat") == f"{NODE}: on"
    assert rpower("off") == f"{NODE}: off"
    assert not power.is_on(idle_lab, NODE)
    assert rpower("on") == f"{NODE}: on"
    assert rpower("stat") == f"{NODE}: on"
