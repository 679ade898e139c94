"""The nodes and the management host are reached as a site's are: by key, and only when they prove who they are."""

import paramiko
import pytest

from tests.lab.site import slurm, ssh
from tests.lab.site.layout import SSH_PORT, Layout

pytestmark = pytest.mark.lab


def client(lab: Layout) -> paramiko.SSHClient:
    strict = paramiko.SSHClient()
    strict.load_host_keys(str(ssh.known_hosts(lab)))
    strict.set_missing_host_key_policy(paramiko.RejectPolicy())
    return strict


def said(connection: paramiko.SSHClient, command: str) -> str:
    return connection.exec_command(command, timeout=10)[1].read().decode().strip()


def test_slurm_commands_work_on_the_management_host(lab: Layout) -> None:
    """Most sites run lendbot elsewhere than slurmctld."""
    with client(lab) as management:
        management.connect(lab.gateway, SSH_PORT, "root", key_filename=str(ssh.user_key(lab)))
        assert said(management, "sinfo -h -o %D") == str(lab.node_count)


def test_a_node_is_reached_through_the_jump_host(lab: Layout) -> None:
    """Compute nodes are rarely routed from where lendbot runs."""
    with client(lab) as jump, client(lab) as node:
        jump.connect(lab.gateway, SSH_PORT, "root", key_filename=str(ssh.user_key(lab)))
        transport = jump.get_transport()
        assert transport is not None
        hop = transport.open_channel("direct-tcpip", (lab.node_ip("gpu002"), 22), ("", 0))
        node.connect("gpu002", username="root", key_filename=str(ssh.user_key(lab)), sock=hop)
        assert said(node, "hostname") == "gpu002"


def test_another_host_key_than_the_known_one_is_refused(lab: Layout) -> None:
    """A machine that took a node's address must not be given commands."""
    changed = client(lab)
    wrong = paramiko.Ed25519Key.from_private_key_file(str(ssh.user_key(lab)))
    changed.get_host_keys().clear()
    changed.get_host_keys().add(lab.node_ip("gpu001"), wrong.get_name(), wrong)
    with changed, pytest.raises(paramiko.BadHostKeyException):
        changed.connect(lab.node_ip("gpu001"), username="root", key_filename=str(ssh.user_key(lab)))


def test_commands_on_a_node_find_slurm_and_puppet(lab: Layout) -> None:
    """A bare ssh command has what a login would give it."""
    ran = ssh.run(lab, "gpu000", "command -v run_puppet && scontrol ping")
    assert ran.returncode == 0, ran.stderr
    assert slurm.run(lab, "scontrol", "ping").stdout == ran.stdout.split("\n", 1)[1]
