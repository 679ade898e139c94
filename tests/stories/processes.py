"""`lendbot worker` as a real process on a site of the sandbox, for stories that stop it, kill it and start it again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loans.runbook import StepName
from sandbox.processes import secrets
from tests.conversion.rig import Rig, rigged
from tests.patience import PATIENCE_S

_WORKS = ("loan.moved", "node.moved", "slurm.", "power.")
"""What the log of a process that converts nodes has lines of."""


@dataclass(frozen=True)
class Lendbot:
    """One `lendbot worker`, and its log."""

    process: "subprocess.Popen[bytes]"
    log_file: Path

    def holds(self, rig: Rig) -> bool:
        """Return True when the lease is this process's: its random id stands in its own log only."""
        with rig.core.store.read() as tx:
            held = tx.leases.get("worker")
        found = [line for line in self.log.splitlines() if "lease.held" in line]
        return held is not None and any(held.holder in line for line in found)

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    @property
    def has_worked(self) -> bool:
        return any(word in self.log for word in _WORKS)

    @property
    def traceback(self) -> str:
        """Return what it logged from its first traceback on: nobody who reads a log at night should need one."""
        before, found, after = self.log.partition("Traceback")
        return before[-300:] + found + after[:3000] if found else ""

    def kill(self) -> None:
        """Kill -9, and let the system know that we know."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)


@contextmanager
def lendbot(folder: Path, name: str) -> Iterator[Lendbot]:
    log_file = folder / f"{name}.log"
    command = [str(Path(sys.executable).with_name("lendbot")), "worker"]
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | secrets(folder))
    try:
        yield Lendbot(process, log_file)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()


@contextmanager
def unhurried_site(gpu_nodes: int = 3) -> Iterator[Rig]:
    """Run a site in which a dead one's lease, a quarter of an hour there, costs no step its patience."""
    patience = "".join(f'"{step}" = "2 d"\n' for step in StepName)
    with rigged(
        lambda toml: f"{toml}\n[pace.patience]\n{patience}", speed=60.0, gpu_nodes=gpu_nodes, cpu_nodes=0, busy=0.0
    ) as found:
        yield found


def eventually(what: str, is_so: Callable[[], bool], *lendbots: Lendbot) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"{what} never came: {[each.log[-2000:] for each in lendbots]}"
        time.sleep(0.02)
