"""What only real sshds and BMCs can show: floods, hangs, changed keys and jumps."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import paramiko
import pytest

from adapters.shell import SshShell
from adapters.ssh import SshConnections
from adapters.ssh_login import SshLogin
from conversion.ports import Denied, Unreachable
from loans.nodes import NodeName, PowerState
from tests.contract.sites import SiteUnderTest, lab_json, lab_site
from tests.lab.site import faults, processes, ssh
from tests.lab.site.layout import SSH_PORT, Layout

pytestmark = pytest.mark.lab

NODE = NodeName("gpu000")
SOON = timedelta(seconds=60)
MIB = 2**20


@pytest.fixture
def site(idle_lab: Layout) -> Iterator[SiteUnderTest]:
    """The ports to the lab."""
    with lab_site(lab_json(idle_lab.dir), lambda _: 0) as found:
        yield found


def test_a_flood_of_output_is_not_held_in_memory(site: SiteUnderTest) -> None:
    """One node's Puppet that prints for ever must not take lendbot, and every other loan, down."""
    flood = ["sh", "-c", "yes lendbot | head -c 104857600; echo the end"]
    tracemalloc.start()
    try:
        ran = site.shell.run(NODE, flood, timeout=SOON)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ran.exit == 0
    assert ran.out.endswith("the end\n")
    assert len(ran.out) <= 65536
    assert peak < 8 * MIB


def test_a_command_that_hangs_is_cut_off(site: SiteUnderTest) -> None:
    """A hung command on one node costs its time-out, and the connection goes on serving."""
    with pytest.raises(Unreachable, match="no end after 1 s"):
        site.shell.run(NODE, ["sleep", "600"], timeout=timedelta(seconds=1))
    assert site.shell.run(NODE, ["true"], timeout=SOON).exit == 0


def test_a_changed_host_key_is_denied(idle_lab: Layout, site: SiteUnderTest, tmp_path: Path) -> None:
    """A machine that took a node's address gets no command, and no role."""
    wrong = paramiko.Ed25519Key.from_private_key_file(str(ssh.user_key(idle_lab)))
    known = tmp_path / "known_hosts"
    known.write_text(f"{idle_lab.node_ip(NODE)} {wrong.get_name()} {wrong.get_base64()}\n")
    with pytest.raises(Denied, match="host key"):
        site.shell_trusting(known).run(NODE, ["true"], timeout=SOON)


def test_nodes_are_reached_through_a_jump_host(idle_lab: Layout) -> None:
    """Compute nodes are rarely routed from where lendbot runs; the nodes' own keys are asked for all the same."""
    login = SshLogin("root", ssh.user_key(idle_lab), ssh.known_hosts(idle_lab))
    through = SshConnections(login, jump=(idle_lab.gateway, SSH_PORT))
    shell = SshShell(through, lambda node: (idle_lab.node_ip(node), 22))
    try:
        ran = shell.run(NODE, ["sh", "-c", "hostname; echo $SSH_CONNECTION"], timeout=SOON)
    finally:
        through.close()
    name, connection = ran.out.splitlines()
    assert name == NODE
    assert connection.split()[0] == idle_lab.gateway


@pytest.mark.parametrize("driver", ["ipmi", "redfish", "xcat"])
def test_a_bmc_that_hangs_is_unreachable_and_is_asked_again(idle_lab: Layout, site: SiteUnderTest, driver: str) -> None:
    """No answer is no power state: never on, never off."""
    power = site.powers[driver](replace(site.account, patience=timedelta(seconds=4)))
    with faults.ordered(idle_lab, NODE, faults.BMC_HANGS), pytest.raises(Unreachable):
        power.state(NODE)

    def answers() -> bool:
        try:
            return power.state(NODE) is PowerState.ON
        except Unreachable:
            return False

    processes.wait_until("the BMC answers again", answers, 60)


@pytest.mark.parametrize("driver", ["ipmi", "redfish", "xcat"])
def test_a_bmc_may_say_what_was_so_a_minute_ago(idle_lab: Layout, site: SiteUnderTest, driver: str) -> None:
    """BMCs cache: what they say is passed on as it is, and nothing is concluded from one answer alone."""
    power = site.powers[driver](site.account)
    with faults.ordered(idle_lab, NODE, faults.STALE_POWER, "on"):
        power.off(NODE)
        assert power.state(NODE) is PowerState.ON
    processes.wait_until("the BMC says off", lambda: power.state(NODE) is PowerState.OFF, 20)
    power.on(NODE)
    processes.wait_until("the BMC says on", lambda: power.state(NODE) is PowerState.ON, 20)
