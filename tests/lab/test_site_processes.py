"""The lab ends what it started, and nothing else. No daemons and no root are needed to show it."""

import os
import signal
from pathlib import Path

import pytest

from tests.lab.site import processes
from tests.lab.site.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path)
    made.run.mkdir()
    made.log.mkdir()
    return made


def test_a_daemon_is_known_while_it_runs_and_gone_after_its_stop(layout: Layout) -> None:
    """Else `make lab-down` would leave daemons behind."""
    pid = processes.start(layout, "one", ["sleep", "1000"])
    assert processes.running(layout, "one") == pid
    processes.stop(layout, "one")
    assert processes.running(layout, "one") is None
    assert not processes.is_ours(layout, pid)


def test_a_stale_pid_file_never_ends_a_stranger(layout: Layout) -> None:
    """After a crash the pid in the file may belong to somebody else's work."""
    stranger = os.posix_spawnp("sleep", ["sleep", "1000"], {"PATH": processes.PATH})
    try:
        processes.pid_file(layout, "one").write_text(f"{stranger}\n")
        processes.stop(layout, "one", signal.SIGKILL)
        os.kill(stranger, 0)
    finally:
        os.kill(stranger, signal.SIGKILL)
        os.waitpid(stranger, 0)


def test_a_sweep_ends_children_that_no_pid_file_names(layout: Layout) -> None:
    """A crash leaves processes without pid files; their mark is in their environment."""
    processes.start(layout, "parent", ["sh", "-c", "sleep 1000 & exec sleep 1001"])
    processes.wait_until("both run", lambda: len(_marked(layout)) == 2, 5)
    assert len(processes.sweep(layout)) == 2
    assert _marked(layout) == []


def _marked(layout: Layout) -> list[int]:
    mark = f"{processes.MARK}={layout.dir}".encode()
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and mark in _environ(p)]


def _environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def test_a_daemon_that_ignores_the_request_is_killed(layout: Layout) -> None:
    """A hung daemon must not hang the lab's end."""
    processes.start(layout, "deaf", ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"])
    processes.wait_until("it is deaf", lambda: processes.running(layout, "deaf") is not None, 5)
    processes.stop(layout, "deaf", within_s=0.3)
    assert processes.running(layout, "deaf") is None
    processes.sweep(layout)
