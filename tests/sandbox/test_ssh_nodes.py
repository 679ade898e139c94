"""A node's sshd and programs, as a real SSH client sees them."""

import shlex
from collections.abc import Iterator

import paramiko
import pytest

from sandbox.testing import Handle, running
from tests.moment import MOMENT
from tests.sandbox.site_rig import address_of, broken, eventually, run, shell, tile

PUPPET = "flock --nonblock --conflict-exit-code 75 /run/lock/lendbot run_puppet"


@pytest.fixture(scope="module")
def site() -> Iterator[Handle]:
    with running(at=MOMENT, speed=200, busy=0.0, gpu_nodes=12, cpu_nodes=1) as handle:
        yield handle


def cycle(site: Handle, node: str) -> None:
    """Power-cycle a node and wait until its slurmd runs."""
    site.call(site.world.machines[node].cycle)
    eventually(lambda: site.call(lambda: "slurmd" in site.world.machines[node].services), f"{node} is up again")


def test_a_node_tells_how_long_it_is_up_in_real_seconds(site: Handle) -> None:
    """A program on the wire counts real time, however fast the story's clock runs; a boot begins to count anew."""
    with shell(site, address_of(site, "gpu007")) as node:
        before = float(run(node, "cat /proc/uptime")[1].split()[0])
    assert before > 3000
    cycle(site, "gpu007")
    with shell(site, address_of(site, "gpu007")) as node:
        assert float(run(node, "cat /proc/uptime")[1].split()[0]) < before


def test_a_script_that_checks_before_it_begins_is_understood_and_any_other_is_none(site: Handle) -> None:
    """What the sandbox would misread must not pass for what ran."""
    script = 'IFS=" ." read -r s cs _ </proc/uptime\n[ "$s$cs" -lt "$1" ] || exit 93\nshift\nexec "$@"\n'
    with shell(site, address_of(site, "gpu001")) as node:
        assert run(node, shlex.join(["sh", "-c", script, "x", "9" * 12, "hostname"])) == (0, "gpu001\n", "")
        assert run(node, shlex.join(["sh", "-c", script, "x", "1", "hostname"])) == (93, "", "")
        code, out, err = run(node, shlex.join(["sh", "-c", "while true; do hostname; done"]))
        assert (code, out) == (2, "")
        assert "Syntax error" in err


def test_timeout_ends_a_command_in_real_seconds(site: Handle) -> None:
    """Puppet that hangs is ended by its node."""
    with broken(site, "prepare", "hang"), shell(site, address_of(site, "gpu001")) as node:
        assert run(node, "timeout --kill-after=1 0.2 nvidia-smi -pm 1")[0] == 124
        assert run(node, "timeout --kill-after=1 20 hostname") == (0, "gpu001\n", "")


def test_files_are_written_moved_read_and_forgotten_at_boot(site: Handle) -> None:
    """A stateless node keeps nothing: the role goes with the power."""
    with shell(site, address_of(site, "gpu001")) as node:
        assert run(node, "mkdir -p /etc/lendbot.d") == (0, "", "")
        assert run(node, "tee /etc/puppet-role.new", "cloud_compute\n") == (0, "cloud_compute\n", "")
        assert run(node, "chmod 0644 /etc/puppet-role.new")[0] == 0
        assert run(node, "mv -f /etc/puppet-role.new /etc/puppet-role")[0] == 0
        assert run(node, "cat /etc/puppet-role") == (0, "cloud_compute\n", "")
        assert run(node, "test -e /etc/puppet-role.new")[0] == 1
        boot_id = run(node, "cat /proc/sys/kernel/random/boot_id")[1]
    cycle(site, "gpu001")
    with shell(site, address_of(site, "gpu001")) as node:
        assert run(node, "cat /etc/puppet-role") == (1, "", "cat: /etc/puppet-role: No such file or directory\n")
        assert run(node, "cat /proc/sys/kernel/random/boot_id")[1] != boot_id
        assert run(node, "rm -f /etc/puppet-role")[0] == 0


def test_tee_into_a_directory_that_is_not_there_fails(site: Handle) -> None:
    """As on a node whose image lacks it."""
    with shell(site, address_of(site, "gpu001")) as node:
        assert run(node, "tee /nowhere/x", "y")[::2] == (1, "tee: /nowhere/x: No such file or directory\n")


def test_the_role_cloud_compute_moves_a_node_from_slurm_to_kubernetes(site: Handle) -> None:
    """Exit code 2 when it changed things, 0 when there is nothing left to do."""
    with shell(site, address_of(site, "gpu002")) as node:
        run(node, "tee /etc/puppet-role", "cloud_compute\n")
        code, out, _ = run(node, PUPPET)
        assert (code, "Service[slurmd]/ensure: ensure changed 'running' to 'stopped'" in out) == (2, True)
        assert run(node, "systemctl is-active slurmd") == (3, "inactive\n", "")
        assert run(node, "systemctl is-active containerd") == (0, "active\n", "")
        assert run(node, PUPPET)[0] == 0
    eventually(lambda: (tile(site, "gpu002")["kube"] or {}).get("status") == "Ready", "gpu002 is Ready")
    eventually(lambda: "NOT_RESPONDING" in tile(site, "gpu002")["slurm"]["state"], "Slurm misses it")


def test_kubernetes_loses_a_node_with_its_power(site: Handle) -> None:
    """NotReady comes by itself; the Node object stays."""
    with shell(site, address_of(site, "gpu003")) as node:
        run(node, "tee /etc/puppet-role", "cloud_compute\n")
        assert run(node, PUPPET)[0] == 2
    eventually(lambda: (tile(site, "gpu003")["kube"] or {}).get("status") == "Ready", "gpu003 is Ready")
    cycle(site, "gpu003")
    eventually(lambda: (tile(site, "gpu003")["kube"] or {}).get("status") == "NotReady", "gpu003 is missed")


def test_two_puppet_runs_at_once_are_one_and_a_conflict(site: Handle) -> None:
    """apply has no lock of its own: the lock held around it answers 75, until a reboot wipes it."""
    with shell(site, address_of(site, "gpu004")) as node, broken(site, "puppet", "hang", "gpu004"):
        run(node, "tee /etc/puppet-role", "cloud_compute\n")
        node.exec_command(PUPPET)
        eventually(lambda: (tile(site, "gpu004")["doing"] or {}).get("what") == "puppet", "the first has begun")
        assert run(node, PUPPET)[0] == 75
    cycle(site, "gpu004")
    with shell(site, address_of(site, "gpu004")) as node:
        run(node, "tee /etc/puppet-role", "cloud_compute\n")
        assert run(node, PUPPET)[0] == 2


def test_a_run_goes_on_when_its_client_vanishes(site: Handle) -> None:
    """A bot that is killed meets its own half-done work again, and may not start it twice."""
    with shell(site, address_of(site, "gpu005")) as node:
        run(node, "tee /etc/puppet-role", "cloud_compute\n")
        node.exec_command(PUPPET)
        eventually(lambda: (tile(site, "gpu005")["doing"] or {}).get("what") == "puppet", "it has begun")
    with shell(site, address_of(site, "gpu005")) as node:
        eventually(lambda: run(node, PUPPET)[0] == 0, "the first has ended, and did its work")


def test_a_failing_puppet_says_so_and_leaves_the_node_half_way(site: Handle) -> None:
    """Exit code 6, slurmd stopped, nothing registered: an unwind has to cope."""
    with shell(site, address_of(site, "gpu006")) as node, broken(site, "puppet", "fail", "gpu006"):
        run(node, "tee /etc/puppet-role", "cloud_compute\n")
        code, _, err = run(node, PUPPET)
        assert (code, "Could not start Service[containerd]" in err) == (6, True)
        assert run(node, "systemctl is-active slurmd")[0] == 3
    assert tile(site, "gpu006")["kube"] is None


def test_a_node_that_forgets_to_register_never_shows_in_kubernetes(site: Handle) -> None:
    """Puppet is content, and no Node comes."""
    with shell(site, address_of(site, "gpu007")) as node, broken(site, "register", "forget", "gpu007"):
        run(node, "tee /etc/puppet-role", "cloud_compute\n")
        assert run(node, PUPPET)[0] == 2
    assert tile(site, "gpu007")["kube"] is None


def test_gpus_are_counted_and_keep_their_names(site: Handle) -> None:
    """What a return compares with what was lent."""
    query = "nvidia-smi --query-gpu=uuid --format=csv,noheader"
    with shell(site, address_of(site, "gpu008")) as node:
        before = run(node, query)[1]
        assert (len(before.splitlines()), before[:4]) == (4, "GPU-")
        assert run(node, "nvidia-smi -L")[1].startswith("GPU 0: NVIDIA A100")
        assert run(node, "nvidia-smi -pm 1")[1].endswith("All done.\n")
        with broken(site, "prepare", "fail", "gpu008"):
            assert run(node, "nvidia-smi -pm 1")[0] == 9
    cycle(site, "gpu008")
    with shell(site, address_of(site, "gpu008")) as node:
        assert run(node, query)[1] == before
    with shell(site, address_of(site, "cpu001")) as node:
        assert run(node, "nvidia-smi -L")[0] == 127


def test_a_node_without_power_refuses_and_drops_its_sessions(site: Handle) -> None:
    """sshd answers only while the node is on."""
    with shell(site, address_of(site, "gpu009")) as node:
        site.call(site.world.machines["gpu009"].switch_off)
        transport = node.get_transport()
        eventually(lambda: transport is not None and not transport.is_active(), "the session is gone")
    with pytest.raises(paramiko.ssh_exception.NoValidConnectionsError), shell(site, address_of(site, "gpu009")):
        pass


def test_a_changed_host_key_is_offered_to_see_it_refused(site: Handle) -> None:
    """Whoever answers with another key is not the node."""
    with (
        broken(site, "ssh", "hostkey", "gpu010"),
        pytest.raises(paramiko.BadHostKeyException),
        shell(site, address_of(site, "gpu010")),
    ):
        pass


@pytest.mark.parametrize("mode", ["refuse", "hang"])
def test_an_sshd_that_refuses_or_hangs_lets_nobody_in(site: Handle, mode: str) -> None:
    """A banner that never comes, or a connection that is reset."""
    with (
        broken(site, "ssh", mode, "gpu010"),
        pytest.raises((paramiko.SSHException, OSError, EOFError)),
        shell(site, address_of(site, "gpu010"), banner_s=0.5),
    ):
        pass
    with shell(site, address_of(site, "gpu010")) as node:
        assert run(node, "true") == (0, "", "")


def test_an_open_session_feels_the_fault_too(site: Handle) -> None:
    """A pool of connections does not hide a broken node."""
    with shell(site, address_of(site, "gpu010")) as node:
        assert run(node, "true")[0] == 0
        with broken(site, "ssh", "refuse", "gpu010"):
            transport = node.get_transport()
            node.exec_command("true")
            eventually(lambda: transport is not None and not transport.is_active(), "the session is gone")


def test_a_boot_that_is_forgotten_never_comes_up(site: Handle) -> None:
    """The BMC says on, and nothing answers."""
    with broken(site, "boot", "forget", "gpu011"):
        site.call(site.world.machines["gpu011"].cycle)
        eventually(lambda: tile(site, "gpu011")["power"] == "booting", "it has begun to boot")
        origin = site.call(lambda: site.world.agenda.now)
        eventually(lambda: (site.call(lambda: site.world.agenda.now) - origin).seconds > 400, "time enough to boot")
        assert tile(site, "gpu011")["power"] == "booting"
    cycle(site, "gpu011")
