"""Orders that arrive late: what changes something begins within its permit, or not at all, whoever stood still."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.command import LocalRunner, SshRunner
from adapters.shell import SshShell
from adapters.slurm import SlurmCommands
from adapters.ssh import SshConnections, SshLogin
from adapters.ssh_deadline import _SCRIPT
from conversion.permit import BEGIN_WITHIN_S, WORLD_WITHIN_S, Overtaken, Permit, begin, permitted
from conversion.ports import PutOff, Unreachable
from loans.nodes import NodeName
from sandbox.faults import Fault
from sandbox.testing import Handle, running
from tests.moment import MOMENT

SOON = timedelta(seconds=15)
NODE = NodeName("gpu001")


@dataclass
class Machine:
    """lendbot's own: its uptime stands where the test puts it, and a store that says yes until it says no."""

    stood_still_s: float = 0.0
    is_ours: bool = True
    asked: list[float] = field(default_factory=list)

    def uptime(self) -> float:
        return time.monotonic() - self.stood_still_s

    def ask(self) -> float:
        if not self.is_ours:
            raise Overtaken
        self.asked.append(self.uptime())
        return self.asked[-1]

    def permit(self) -> Permit:
        return Permit(self.uptime, self.ask, self.ask(), self.uptime())


def test_a_permit_asks_the_store_again_when_its_answer_is_a_second_old() -> None:
    """Whoever had to read on the way, or tries again, does not act on what was so before."""
    at = [100.0]
    asked: list[float] = []

    def ask() -> float:
        asked.append(at[0])
        return at[0]

    permit = Permit(lambda: at[0], ask, 100.0, 100.0)
    assert permit.begin() == 100.0 + BEGIN_WITHIN_S
    assert asked == []
    assert permit.begin(since=100.5) == 100.0 + BEGIN_WITHIN_S
    assert asked == [100.0], "what was read after the store was asked makes it be asked again"
    at[0] = 102.0
    assert permit.begin() == 102.0 + BEGIN_WITHIN_S
    assert asked == [100.0, 102.0]


def test_far_sides_that_answered_too_long_ago_are_asked_anew() -> None:
    """People read why a node waits; nothing is cut on what Slurm said half a minute ago."""
    at = [100.0]
    permit = Permit(lambda: at[0], lambda: at[0], 100.0, 100.0)
    at[0] = 100.0 + WORLD_WITHIN_S
    with pytest.raises(PutOff, match="more than 10 s old"):
        permit.begin()


def test_one_who_was_stopped_and_is_not_wanted_any_more_sends_nothing() -> None:
    """The last thing before the wire is a question, and its answer counts."""
    machine = Machine()
    permit = machine.permit()
    machine.stood_still_s -= 60
    machine.is_ours = False
    with permitted(permit), pytest.raises(Overtaken):
        begin()
    begin()  # outside of a fence there is nobody to ask


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(("late_by_s", "runs"), [(-60, True), (-0.5, True), (0.02, False), (3600, False)])
def test_a_real_shell_begins_before_the_deadline_and_not_after_it(shell: str, late_by_s: float, *, runs: bool) -> None:
    """The host's own uptime decides, to a hundredth of a second; words of the command are never read by the shell."""
    up = float(Path("/proc/uptime").read_text().split()[0])
    deadline = round((up - late_by_s) * 100)
    argv = ["timeout", "--kill-after=10", "9.5", "printf", "%s|", "a b", "$HOME", "x'y"]
    done = subprocess.run(
        [shell, "-c", _SCRIPT, "lendbot", str(deadline), *argv], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == ((0, "a b|$HOME|x'y|") if runs else (93, ""))
    assert ("too late" in done.stderr) is not runs


def test_a_real_shell_without_an_uptime_begins_nothing() -> None:
    """What cannot be read is no permit."""
    script = _SCRIPT.replace("/proc/uptime", "/nowhere/uptime")
    done = subprocess.run(["sh", "-c", script, "lendbot", "9" * 12, "echo", "ran"], capture_output=True, check=False)
    assert done.stdout == b""
    assert done.returncode != 0


def test_a_program_here_is_ended_though_nobody_watches_it() -> None:
    """`scontrol` that hangs while lendbot stands still does not act an hour later."""
    machine = Machine()
    ran = LocalRunner().run(
        ["sh", "-c", "tr '\\0' ' ' </proc/$PPID/cmdline"], side="here", timeout=SOON, permit=machine.permit()
    )
    assert ran.out.startswith("timeout --kill-after=5 16 sh")
    machine.stood_still_s = -60
    machine.is_ours = False
    with pytest.raises(Overtaken):
        LocalRunner().run(["true"], side="here", timeout=SOON, permit=Permit(machine.uptime, machine.ask, 0.0, 0.0))


@dataclass
class House:
    """A sandbox site, and lendbot's ways to it."""

    site: Handle
    connections: SshConnections
    shell: SshShell
    slurm: SlurmCommands

    def files(self) -> dict[str, str]:
        return self.site.call(lambda: dict(self.site.world.machines[NODE].files))

    def state(self) -> str:
        return self.slurm.fresh().nodes()[NODE].state


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running(at=MOMENT, gpu_nodes=2, cpu_nodes=0, busy=0.0, speed=1.0) as site:
        told = site.site_json
        login = SshLogin(told["ssh"]["user"], Path(told["ssh"]["key_file"]), Path(told["ssh"]["known_hosts"]))
        connections = SshConnections(login)
        address = (told["nodes"][NODE]["address"], told["ssh"]["port"])
        gate = SshRunner(connections, (told["slurm"]["host"], told["slurm"]["port"]))
        yield House(site, connections, SshShell(connections, lambda _: address), SlurmCommands(gate))
        connections.close()


def test_a_node_carries_out_what_comes_in_time(house: House) -> None:
    """The wrapping changes nothing of what is run: input, output and exit code are the command's."""
    machine = Machine()
    with permitted(machine.permit()):
        wrote = house.shell.run(NODE, ["tee", "/etc/in-time"], timeout=SOON, stdin="hello\n")
        failed = house.shell.run(NODE, ["false"], timeout=SOON)
    assert (wrote.exit, wrote.out, failed.exit) == (0, "hello\n", 1)
    assert house.files()["/etc/in-time"] == "hello\n"
    with permitted(machine.permit()):
        house.slurm.drain([NODE], "lendbot #1")
    assert house.state() == "IDLE+DRAIN"
    with permitted(machine.permit()):
        house.slurm.resume([NODE])


def test_the_store_is_asked_after_a_nodes_clock_was_read(house: House) -> None:
    """A stop between the two would make the deadline too generous by its length."""
    house.connections.close()
    machine = Machine()
    with permitted(machine.permit()):
        house.shell.run(NODE, ["true"], timeout=SOON)
        first = len(machine.asked)
        house.shell.run(NODE, ["true"], timeout=SOON)
    assert first == 2, "when the permit was given, and again once the node's clock was known"
    assert len(machine.asked) == 2, "the clock is good for a minute of the same connection"


def test_what_was_on_its_way_while_a_paused_machine_slept_is_refused_by_the_node_itself(house: House) -> None:
    """A paused VM's own clock has not moved, and its store says yes: only the node can know, and it does."""
    machine = Machine()
    with permitted(machine.permit()):
        house.shell.run(NODE, ["true"], timeout=SOON)
        house.slurm.unreserve("none")
    permit = machine.permit()
    machine.stood_still_s = 60  # a minute has passed for everybody else
    permit.asked_at = permit.world_at = machine.uptime()
    with permitted(permit):
        with pytest.raises(Overtaken):
            house.shell.run(NODE, ["tee", "/etc/too-late"], timeout=SOON, stdin="hello\n")
        with pytest.raises(Overtaken):
            house.slurm.drain([NODE], "lendbot #1")
    assert "/etc/too-late" not in house.files()
    assert house.state() == "IDLE"
    with permitted(machine.permit()):
        house.slurm.drain([NODE], "lendbot #1")  # the clocks are read anew, and the next look goes on
        house.slurm.resume([NODE])


def test_a_node_ends_what_nobody_waits_for(house: House) -> None:
    """Puppet that hangs is over soon after its time, whether or not lendbot is still there, and its lock is free."""
    house.site.call(lambda: house.site.faults.set(Fault("prepare", "hang")))
    argv = ["flock", "--nonblock", "--conflict-exit-code", "75", "/run/gpu.lock", "nvidia-smi", "-pm", "1"]
    with permitted(Machine().permit()), pytest.raises(Unreachable, match="no end after"):
        house.shell.run(NODE, argv, timeout=timedelta(seconds=0.3))
    house.site.call(house.site.faults.clear)
    assert house.shell.ask(NODE, argv, timeout=SOON).exit == 75
    deadline = time.monotonic() + 60
    while house.site.call(lambda: bool(house.site.world.machines[NODE].locks)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
