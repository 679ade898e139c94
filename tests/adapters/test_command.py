"""Programs run here, and on a management host."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.command import LocalRunner, Runner, SshRunner
from adapters.ssh import SshConnections
from conversion.ports import UnexpectedAnswer, Unreachable
from tests.adapters.ssh_site import SshSite
from tests.patience import PATIENCE_S

SOON = timedelta(seconds=PATIENCE_S)
Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture(params=["local", "ssh"])
def runner(request: pytest.FixtureRequest, ssh_site: SshSite, connections: SshConnections) -> Runner:
    """Return each way to run a program."""
    return LocalRunner() if request.param == "local" else SshRunner(connections, ssh_site.address)


def test_a_program_tells_its_exit_code_and_both_streams(runner: Runner) -> None:
    """Here or there, the answer is the same."""
    ran = runner.run(["sh", "-c", "echo said; echo wrong >&2; exit 3"], side="Slurm", timeout=SOON)
    assert (ran.exit, ran.out, ran.err) == (3, "said\n", "wrong\n")


def test_arguments_are_never_read_by_a_shell(runner: Runner) -> None:
    """A reason with a dollar sign is a reason."""
    ran = runner.run(["printf", "%s|", "Reason=lendbot #12", "$(id)", "a'b"], side="Slurm", timeout=SOON)
    assert ran.out == "Reason=lendbot #12|$(id)|a'b|"


def test_the_environment_that_was_asked_for_arrives(runner: Runner) -> None:
    """TZ=UTC is what makes every time that Slurm prints mean the same."""
    ran = runner.run(["sh", "-c", "echo $TZ"], side="Slurm", timeout=SOON, env={"TZ": "UTC"})
    assert ran.out == "UTC\n"


def test_a_program_that_hangs_is_unreachable_at_its_time_out(runner: Runner) -> None:
    """A slurmctld that hangs costs the time-out, and the sentence names the far side."""
    before = time.monotonic()
    with pytest.raises(Unreachable) as error:
        runner.run(["sleep", "60"], side="Slurm", timeout=timedelta(seconds=0.3))
    assert time.monotonic() - before < 40
    assert error.value.side.startswith("Slurm")


def test_large_answers_come_whole(runner: Runner) -> None:
    """The list of 4,000 nodes is megabytes, and each line of it counts."""
    ran = runner.run(["sh", "-c", "head -c 4000000 /dev/zero | tr '\\0' x"], side="Slurm", timeout=SOON)
    assert len(ran.out) == 4_000_000


def test_an_answer_whose_tail_is_late_is_waited_for(runner: Runner) -> None:
    """A list of jobs that is cut at a line's end looks whole, and hides the job that would be killed."""
    late = ["sh", "-c", "echo JOBS; (sleep 1.5; echo 48211) & exit 0"]
    assert runner.run(late, side="Slurm", timeout=SOON).out == "JOBS\n48211\n"


def test_an_answer_that_has_no_end_is_none(ssh_site: SshSite, connections: SshConnections) -> None:
    """Half a list is no list: it is asked for again, and the sentence says what may hold it open."""
    there = SshRunner(connections, ssh_site.address)
    with pytest.raises(Unreachable, match="its answer had no end in 2 s"):
        there.run(["sh", "-c", "echo JOBS; sleep 60 & exit 0"], side="Slurm", timeout=timedelta(seconds=2))


def test_what_hangs_here_is_ended_with_its_children(tmp_path: Path, eventually: Eventually) -> None:
    """A time-out leaves no process behind on our own machine."""
    child = tmp_path / "child"
    with pytest.raises(Unreachable):
        LocalRunner().run(
            ["sh", "-c", f"sleep 60 & echo $! > {child}; wait"], side="Slurm", timeout=timedelta(seconds=0.5)
        )
    status = Path("/proc") / child.read_text().strip() / "status"
    eventually(lambda: not status.exists() or "State:\tZ" in status.read_text())


def test_a_program_that_is_not_there_is_said_so() -> None:
    """A wrong path in the settings is not taken for a Slurm that is down."""
    with pytest.raises(UnexpectedAnswer, match="`no-such-scontrol` cannot be run here"):
        LocalRunner().run(["no-such-scontrol"], side="Slurm", timeout=SOON)


def test_the_callers_environment_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQUEUE_STATES in the account that started the bot would hide jobs from it."""
    monkeypatch.setenv("SQUEUE_STATES", "PENDING")
    assert "SQUEUE" not in LocalRunner().run(["env"], side="Slurm", timeout=SOON).out


SETTINGS = {
    "SLURM_CLUSTERS": "other",
    "SQUEUE_USERS": "me",
    "SCONTROL_ALL": "1",
    "SINFO_FORMAT": "%n",
    "SLURM_CONF": "/x",
}


def test_the_far_accounts_profile_changes_no_answer(
    ssh_site: SshSite, connections: SshConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What root's .bashrc exports on the management host reaches Slurm as little as what is exported here."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)  # the server's shell has it, as that of an account would
    there = SshRunner(connections, ssh_site.address)
    ran = there.run(["env"], side="Slurm", timeout=SOON, env={"SLURM_CONF": "/etc/ours", "TZ": "UTC"})
    own = dict(line.split("=", 1) for line in ran.out.splitlines())
    assert own.pop("SLURM_CONF") == "/etc/ours"
    assert not [name for name in own if name.startswith(("SLURM", "SQUEUE", "SCONTROL", "SINFO"))]
    assert {"PATH", "HOME"} <= own.keys()
    assert "SLURM_CLUSTERS=other\n" in there.run(["env"], side="xCAT", timeout=SOON).out, "xCAT's client needs its own"


@pytest.mark.parametrize("is_local", [True, False])
def test_only_what_is_to_be_kept_of_the_account_reaches_a_program(
    ssh_site: SshSite,
    connections: SshConnections,
    monkeypatch: pytest.MonkeyPatch,
    is_local: bool,  # noqa: FBT001 - a parameter of the case
) -> None:
    """A path with blanks arrives whole, what is not set stays unset, and nothing comes along."""
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/my slurm/lib:$HOME")
    monkeypatch.setenv("SQUEUE_USERS", "me")
    monkeypatch.delenv("NOT_SET", raising=False)
    keep = {"LD_LIBRARY_PATH", "NOT_SET"}
    runner = LocalRunner(keep) if is_local else SshRunner(connections, ssh_site.address, keep)
    own = runner.run(["env"], side="Slurm", timeout=SOON, env={"TZ": "UTC"}).out.splitlines()
    assert "LD_LIBRARY_PATH=/opt/my slurm/lib:$HOME" in own
    assert not [line for line in own if line.startswith(("NOT_SET", "SQUEUE"))]


def test_what_a_program_said_before_its_time_was_out_is_kept(runner: Runner) -> None:
    """At night "no answer in 20 s" helps nobody who could have read why."""
    words = "echo resolving ctl1 >&2; echo 'munge: socket is gone' >&2; sleep 60"
    with pytest.raises(Unreachable, match="until then it said: resolving ctl1 / munge: socket is gone"):
        runner.run(["sh", "-c", words], side="Slurm", timeout=timedelta(seconds=1.5))
