"""The node shell against a real SSH server on loopback."""

import socket
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh
import paramiko
import pytest

from adapters.shell import SshShell
from adapters.ssh import SshConnections
from adapters.ssh_channel import Exchange
from conversion.ports import Away, Denied, Distrusted, Unreachable
from loans.nodes import NodeName
from tests.adapters.ssh_site import SshSite
from tests.patience import PATIENCE_S

NODE = NodeName("gpu003")
SOON = timedelta(seconds=PATIENCE_S)
Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture
def shell(ssh_site: SshSite, connections: SshConnections) -> SshShell:
    return SshShell(connections, lambda _: ssh_site.address)


def shell_of(site: SshSite, **changes: Any) -> SshShell:
    return SshShell(SshConnections(site.login(**changes)), lambda _: site.address)


def sh(script: str) -> list[str]:
    return ["sh", "-c", script]


def test_a_command_tells_its_exit_code_and_both_streams(shell: SshShell) -> None:
    """A failing Puppet run shows what it wrote, and 2 is told apart from 4."""
    ran = shell.run(NODE, sh("echo said; echo wrong >&2; exit 6"), timeout=SOON)
    assert (ran.exit, ran.out, ran.err) == (6, "said\n", "wrong\n")


def test_arguments_arrive_as_they_were_given(shell: SshShell) -> None:
    """A reason with quotes, dollars and blanks is data, never a command."""
    words = ["$(reboot)", "two  blanks", "it's", '"', ";", "*", ""]
    ran = shell.run(NODE, ["printf", "%s|", *words], timeout=SOON)
    assert ran.out == "".join(f"{word}|" for word in words)


def test_what_goes_in_comes_to_the_command(shell: SshShell) -> None:
    """The role file is written through stdin, so its text is never part of a command line."""
    assert shell.run(NODE, ["cat"], timeout=SOON, stdin="cloud_compute\nümlaut\n").out == "cloud_compute\nümlaut\n"


def test_no_input_is_the_end_of_input(shell: SshShell) -> None:
    """A command that asks something gets an end of file instead of waiting for ever."""
    assert shell.run(NODE, ["cat"], timeout=SOON).exit == 0


def test_input_that_nobody_reads_harms_nothing(shell: SshShell) -> None:
    """A command that ends before it has read its input is judged by its exit code."""
    assert shell.run(NODE, ["true"], timeout=SOON, stdin="x" * 100_000).exit == 0


def test_of_much_output_only_the_end_is_kept_in_memory(shell: SshShell) -> None:
    """A node that prints 100 MB of log costs us kilobytes."""
    script = "head -c 100000000 /dev/zero | tr '\\0' x; echo the end"
    tracemalloc.start()
    try:
        ran = shell.run(NODE, sh(script), timeout=timedelta(seconds=60))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(ran.out) == 64 * 1024
    assert ran.out.endswith("xxxthe end\n")
    assert peak < 64 * 2**20, "the server of this test runs in the same process and buffers too"


def test_bytes_that_are_no_text_do_not_break_the_answer(shell: SshShell) -> None:
    """A binary log line is shown with marks, not with a traceback."""
    assert shell.run(NODE, sh(r"printf '\377ok'"), timeout=SOON).out == "\ufffdok"


def test_a_command_that_takes_too_long_is_left_and_its_channel_closed(shell: SshShell, ssh_site: SshSite) -> None:
    """A hung node costs its time-out, no more; the sentence says that the command may still be running."""
    before = time.monotonic()
    with pytest.raises(Unreachable, match="still be running") as error:
        shell.run(NODE, ["sleep", "60"], timeout=timedelta(seconds=0.3))
    assert time.monotonic() - before < 40
    assert error.value.side == "gpu003 (ssh)"
    assert shell.run(NODE, ["echo", "again"], timeout=SOON).out == "again\n"
    assert ssh_site.connections == 1


def test_an_endless_talker_is_cut_off_at_its_time_out(shell: SshShell) -> None:
    """Output that never ends does not keep a command alive past its time-out."""
    with pytest.raises(Unreachable, match="no end after"):
        shell.run(NODE, ["yes"], timeout=timedelta(seconds=0.5))


def test_a_server_that_answers_nothing_to_a_command_is_unreachable(shell: SshShell, ssh_site: SshSite) -> None:
    """An sshd that hangs after the log-in is noticed at the time-out."""
    ssh_site.hang = True
    with pytest.raises(Unreachable, match="no end after"):
        shell.run(NODE, ["true"], timeout=timedelta(seconds=0.3))


def test_a_daemon_left_behind_does_not_hold_the_command(shell: SshShell) -> None:
    """`service start` whose daemon keeps the output open ends when the command does."""
    before = time.monotonic()
    ran = shell.run(NODE, sh("sleep 60 & echo started"), timeout=SOON)
    assert (ran.exit, ran.out) == (0, "started\n")
    assert time.monotonic() - before < 40


def test_many_commands_share_one_connection(shell: SshShell, ssh_site: SshSite) -> None:
    """Many steps on one node log in once, and none of them ends the connection for the others."""
    with ThreadPoolExecutor(16) as pool:
        outs = list(pool.map(lambda i: shell.run(NODE, ["echo", str(i)], timeout=SOON).out, range(200)))
    assert outs == [f"{i}\n" for i in range(200)]
    assert ssh_site.connections == 1


def test_many_nodes_at_once(ssh_site: SshSite) -> None:
    """Every node of a loan is worked on side by side, each over a connection of its own."""
    names = [NodeName(f"gpu{i:03}") for i in range(64)]
    where = dict(zip(names, ssh_site.listen(len(names)), strict=True))
    shell = SshShell(
        SshConnections(ssh_site.login(connect_timeout=timedelta(seconds=60))), lambda node: ("127.0.0.1", where[node])
    )
    with ThreadPoolExecutor(64) as pool:
        outs = list(pool.map(lambda n: shell.run(n, ["echo", n], timeout=timedelta(seconds=60)).out, names))
    shell.close()
    assert outs == [f"{name}\n" for name in names]


def test_a_broken_connection_is_opened_again_once(shell: SshShell, ssh_site: SshSite) -> None:
    """A node that was power-cycled between two steps is simply logged in to again."""
    shell.run(NODE, ["true"], timeout=SOON)
    ssh_site.cut()
    assert shell.run(NODE, ["echo", "back"], timeout=SOON).out == "back\n"
    assert ssh_site.connections == 2


def test_a_connection_that_breaks_under_a_command_is_an_error_and_not_a_second_run(
    shell: SshShell, ssh_site: SshSite, tmp_path: Path, eventually: Eventually
) -> None:
    """A command may have happened: only the engine, which asks first, may run it again."""
    started = tmp_path / "started"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(shell.run, NODE, sh(f"echo once >> {started}; sleep 30"), timeout=timedelta(seconds=30))
        eventually(lambda: started.exists() and started.read_text() == "once\n")
        ssh_site.cut()
        with pytest.raises(Unreachable, match=r"broke|cut"):
            running.result(PATIENCE_S)
    assert started.read_text() == "once\n"


def test_an_idle_connection_is_closed(ssh_site: SshSite, eventually: Eventually) -> None:
    """Connections to thousands of nodes do not pile up: a command to any node lets the unused ones go."""
    (port,) = ssh_site.listen(1)
    where = {NODE: ssh_site.port, NodeName("gpu004"): port}
    shell = SshShell(SshConnections(ssh_site.login(), idle=timedelta(0)), lambda node: ("127.0.0.1", where[node]))
    shell.run(NODE, ["true"], timeout=SOON)
    shell.run(NodeName("gpu004"), ["true"], timeout=SOON)
    eventually(lambda: [conn.is_closed() for conn in ssh_site.live] == [True, False])
    shell.close()


class ClosedOnTheWay(str):
    """A command whose channel closes as it is put on the wire: after paramiko has looked, and before it waits."""

    __slots__ = ("channel",)
    channel: paramiko.Channel

    def encode(self, *how: str) -> bytes:
        self.channel.close()
        return super().encode(*how)


def test_a_channel_that_closes_as_the_command_is_sent_is_not_waited_for(ssh_site: SshSite) -> None:
    """paramiko forgets that close, and waited for ever: a node's look hung, and with it a thread of the engine."""
    with paramiko.Transport(ssh_site.address) as transport:
        transport.connect(username="root", pkey=paramiko.Ed25519Key.from_private_key_file(str(ssh_site.key_file)))
        channel = transport.open_session(timeout=PATIENCE_S)
        command = ClosedOnTheWay("true")
        command.channel = channel
        exchange = Exchange(channel, side="gpu001", timeout=SOON, keep_bytes=99, whole=True)
        with pytest.raises(Unreachable):
            exchange.run(command, None)


def test_a_changed_host_key_is_denied(ssh_site: SshSite) -> None:
    """A node that is not the one we knew gets no command, and the sentence says so."""
    ssh_site.trust(asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(Denied, match="host key changed"):
        shell_of(ssh_site).run(NODE, ["true"], timeout=SOON)


def test_a_name_that_leads_to_another_known_host_runs_nothing_there(ssh_site: SshSite, tmp_path: Path) -> None:
    """Two addresses that were swapped: the machine is one of ours, and still not the one that the loan has."""
    other = NodeName("gpu004")
    gpu003 = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    gpu004 = ssh_site.host_key.export_public_key().decode()
    where = {NODE: ("127.0.0.1", ssh_site.port), other: ("localhost", ssh_site.port)}
    ssh_site.known_hosts.write_text(f"[127.0.0.1]:{ssh_site.port} {gpu003}[localhost]:{ssh_site.port} {gpu004}")
    shell = SshShell(SshConnections(ssh_site.login()), where.__getitem__)
    touched = tmp_path / "touched"
    with pytest.raises(Distrusted, match="host key changed") as error:
        shell.run(NODE, ["touch", str(touched)], timeout=SOON)
    assert error.value.side == "gpu003 (ssh)"
    assert not touched.exists()
    assert shell.run(other, ["echo", "known"], timeout=SOON).out == "known\n"


def test_what_is_written_into_known_hosts_counts_at_the_next_connection(ssh_site: SshSite) -> None:
    """Whoever mends it at night restarts nothing."""
    ssh_site.known_hosts.write_text("")
    shell = shell_of(ssh_site)
    with pytest.raises(Distrusted):
        shell.run(NODE, ["true"], timeout=SOON)
    ssh_site.trust(ssh_site.host_key)
    assert shell.run(NODE, ["echo", "in"], timeout=SOON).out == "in\n"


def test_an_unknown_host_key_is_denied(ssh_site: SshSite) -> None:
    """A node that was never known is not trusted at first sight."""
    ssh_site.known_hosts.write_text("")
    with pytest.raises(Denied, match="host key unknown"):
        shell_of(ssh_site).run(NODE, ["true"], timeout=SOON)


def test_a_key_that_is_not_let_in_is_denied(ssh_site: SshSite) -> None:
    """A wrong key is a matter for the operator, not for retries."""
    other = ssh_site.folder / "other"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(other))
    with pytest.raises(Denied, match="does not let root in"):
        shell_of(ssh_site, key_file=other).run(NODE, ["true"], timeout=SOON)


@pytest.mark.parametrize("change", ["key_file", "known_hosts"])
def test_files_of_ours_that_are_missing_are_named(ssh_site: SshSite, change: str) -> None:
    """A wrong path in the settings is said as such."""
    missing = ssh_site.folder / "missing"
    with pytest.raises(Denied, match=f"cannot read {missing}"):
        shell_of(ssh_site, **{change: missing}).run(NODE, ["true"], timeout=SOON)


def test_a_key_file_that_is_no_key_is_named(ssh_site: SshSite) -> None:
    """A wrong file in the settings is said as such."""
    wrong = ssh_site.folder / "wrong"
    wrong.write_text("not a key")
    with pytest.raises(Denied, match=f"cannot use the key in {wrong}"):
        shell_of(ssh_site, key_file=wrong).run(NODE, ["true"], timeout=SOON)


def test_a_node_that_refuses_connections_is_unreachable(ssh_site: SshSite) -> None:
    """A node that boots is asked again later."""
    shell = SshShell(SshConnections(ssh_site.login()), lambda _: ("127.0.0.1", free_port()))
    with pytest.raises(Unreachable, match="refused"):
        shell.run(NODE, ["true"], timeout=SOON)


def test_a_port_that_says_nothing_is_unreachable_after_the_connect_time_out(ssh_site: SshSite) -> None:
    """A host that accepts and hangs costs the connect time-out."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = silent.getsockname()
        login = ssh_site.login(connect_timeout=timedelta(seconds=0.3))
        shell = SshShell(SshConnections(login), lambda _: where)
        with pytest.raises(Unreachable, match="no SSH connection"):
            shell.run(NODE, ["true"], timeout=SOON)


def test_the_way_leads_through_a_jump_host_when_one_is_set(ssh_site: SshSite) -> None:
    """Nodes behind a login host are reached, with their own host keys checked."""
    (port,) = ssh_site.listen(1)
    connections = SshConnections(ssh_site.login(), jump=("127.0.0.1", port))
    shell = SshShell(connections, lambda _: ssh_site.address)
    assert shell.run(NODE, ["echo", "through"], timeout=SOON).out == "through\n"
    assert ssh_site.connections == 2
    connections.close()


def test_a_jump_host_that_does_not_answer_is_everybodys_trouble(ssh_site: SshSite) -> None:
    """No node is replaced for a gateway: one alone tells that none can be reached."""
    connections = SshConnections(ssh_site.login(), jump=("127.0.0.1", free_port()))
    shell = SshShell(connections, lambda _: ssh_site.address)
    with pytest.raises(Away, match="no SSH connection") as caught:
        shell.ask(NODE, ["true"], timeout=SOON)
    assert caught.value.side == "jump host 127.0.0.1"
    connections.close()


def test_a_node_that_the_jump_host_cannot_reach_is_unreachable(ssh_site: SshSite) -> None:
    """Behind a jump host a dead node fails in the same way as without one."""
    connections = SshConnections(ssh_site.login(), jump=ssh_site.address)
    shell = SshShell(connections, lambda _: ("127.0.0.1", free_port()))
    with pytest.raises(Unreachable, match="no SSH connection"):
        shell.run(NODE, ["true"], timeout=SOON)
    connections.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
