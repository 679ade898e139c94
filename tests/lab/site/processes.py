"""Starts and ends the lab's daemons. A process is ended only when it is proved to be of this lab.

Proof is the mark in the environment that each started process inherits, or the lab's folder in its command line (sshd
and postgres write over their environment). A stale pid file thus never ends a stranger that got the same pid.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.lab.site.layout import Layout

MARK = "LENDBOT_LAB_PROCESS"
_TIMES_ASKED = 30
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class DidNotHappen(Exception):  # noqa: N818 - the name is the sentence
    """A condition the lab waited for did not come true in time: the message says which, and where to look."""


def start(layout: Layout, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Start a daemon in the foreground of a session of its own; log/NAME.log has what it says, run/NAME.pid its pid."""
    log = layout.log / f"{name}.log"
    pid = os.posix_spawnp(
        argv[0],
        list(argv),
        {"PATH": PATH, "LC_ALL": "C.UTF-8", MARK: str(layout.dir), **(env or {})},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    pid_file(layout, name).write_text(f"{pid}\n")
    return pid


def pid_file(layout: Layout, name: str) -> Path:
    return layout.run / f"{name}.pid"


def running(layout: Layout, name: str) -> int | None:
    """The pid of a daemon of this lab that runs now."""
    try:
        pid = int(pid_file(layout, name).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if is_ours(layout, pid) else None


def stop(layout: Layout, name: str, how: signal.Signals = signal.SIGTERM, within_s: float = 10) -> None:
    """End a daemon and wait until it is gone; after within_s it is killed."""
    pid = running(layout, name)
    if pid is not None:
        _end(layout, pid, how, within_s)
    pid_file(layout, name).unlink(missing_ok=True)


def sweep(layout: Layout) -> list[int]:
    """Kill all that carries this lab's mark and return the pids: what a crash or a Ctrl-C left over."""
    left = [pid for pid in _all_pids() if pid != os.getpid() and _is_marked(layout, pid)]
    for pid in left:
        _end(layout, pid, signal.SIGKILL, 5)
    return left


def is_ours(layout: Layout, pid: int) -> bool:
    """A live process shows no environment while its exec is under way: it is asked again before it counts as gone."""
    for _ in range(_TIMES_ASKED):
        environ = _proc(pid, "environ")
        if _mark(layout) in environ.split(b"\0") or f"{layout.dir}/".encode() in _proc(pid, "cmdline"):
            return True
        if environ or _is_over(pid):
            return False
        time.sleep(0.01)
    return False


def wait_until(what: str, condition: Callable[[], bool], within_s: float, every_s: float = 0.15) -> None:
    """Poll a condition; raise DidNotHappen with `what` when it stays false. Most conditions start a process to ask."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise DidNotHappen(f"after {within_s:g} s still not: {what}")
        time.sleep(every_s)


def _end(layout: Layout, pid: int, how: signal.Signals, within_s: float) -> None:
    def is_gone() -> bool:
        try:
            return os.waitpid(pid, os.WNOHANG)[0] == pid  # reaped: what asks for its pid must not find a zombie
        except ChildProcessError:
            return not is_ours(layout, pid)

    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
    try:
        wait_until(f"process {pid} ended", is_gone, within_s, every_s=0.01)
    except DidNotHappen:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_until(f"process {pid} killed", is_gone, 5)


def _is_marked(layout: Layout, pid: int) -> bool:
    return _mark(layout) in _proc(pid, "environ").split(b"\0")


def _mark(layout: Layout) -> bytes:
    return f"{MARK}={layout.dir}".encode()


def _is_over(pid: int) -> bool:
    """Gone, or a zombie that nobody has reaped yet."""
    state = _proc(pid, "stat").rpartition(b")")[2].split()
    return not state or state[0] in {b"Z", b"X"}


def _proc(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
