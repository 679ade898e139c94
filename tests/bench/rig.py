"""A site and lendbot as processes of their own, and a hand in lendbot's store: loans are ordered and watched from here.

It writes the site's settings as its staff would, and reads what a process costs from /proc.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.core import Core, build
from bot.settings.site import PaceSettings
from commands import grammar
from commands.lend import SignOff
from commands.replies import Preview, Requested
from loans.loan import Loan, NodeLoan, State
from sandbox.driver import Driver
from sandbox.processes import product, secrets, site
from tests.conversion.rig import APPROVER, REQUESTER

_LOOK_EVERY_S: Final = 0.1
_SAY_EVERY_S: Final = 15.0
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass
class Site:
    """A site that runs, and lendbot's core on it. speed: site seconds per second."""

    directory: Path
    speed: float
    core: Core
    room: Driver
    pid: int

    def lend(self, count: int) -> Loan:
        """Ask for nodes, sign and approve."""
        preview = grammar.run(grammar.read(f"lend {count} gpu nodes to k8s for 2 days"), REQUESTER, self.core.desk())
        assert isinstance(preview, Preview), preview
        asked = grammar.run(SignOff(preview.draft), REQUESTER, self.core.desk())
        assert isinstance(asked, Requested), asked
        grammar.run(grammar.read(f"approve #{asked.loan.id}"), APPROVER, self.core.desk())
        return self.loan()

    def give_back(self) -> None:
        """Send the loan home."""
        grammar.run(grammar.read("give back #1"), APPROVER, self.core.desk())

    def loan(self) -> Loan:
        """Return the one loan of this site."""
        with self.core.store.read() as tx:
            return tx.loans.get(1)

    def parts(self) -> tuple[NodeLoan, ...]:
        """Return its nodes."""
        with self.core.store.read() as tx:
            return tx.nodes.of(1)

    def calls(self) -> dict[str, dict[str, int]]:
        """Return how often Slurm and Kubernetes have been asked, by what was asked."""
        traffic: dict[str, dict[str, int]] = self.room.get("traffic")
        return traffic

    def await_state(
        self, state: State, within_s: float, meanwhile: Callable[[], object], say: Callable[[str], None]
    ) -> Loan:
        """Watch the loan until it is in a state; RuntimeError when it comes to another rest, or takes too long."""
        deadline, said = time.monotonic() + within_s, time.monotonic()
        while (loan := self.loan()).state is not state:
            if loan.state in {State.FAILED, State.STUCK} or time.monotonic() > deadline:
                raise RuntimeError(f"the loan is {loan.state}, not {state}: {_troubles(self.parts())}")
            meanwhile()
            if time.monotonic() - said > _SAY_EVERY_S:
                said = time.monotonic()
                say(f"  {loan.state}: {_tally(self.parts())}")
            time.sleep(_LOOK_EVERY_S)
        return loan


@contextmanager
def running_site(nodes: int, speed: float, /, **edits: str) -> Iterator[Site]:
    """Run a site of so many idle gpu nodes, all of which may be lent, and build lendbot's core on it.

    Its tenants have no budgets: those make a node wait for people, who wait longer when every node leaves at once.

    edits   lines of lendbot.toml to write over, by their key
    """
    with tempfile.TemporaryDirectory(prefix="lendbot-bench-") as scratch:
        directory = Path(scratch)
        options = [
            "--port",
            "0",
            "--speed",
            str(speed),
            "--gpu-nodes",
            str(nodes),
            "--cpu-nodes",
            "0",
            "--busy",
            "0",
            "--no-budgets",
        ]
        with site(directory, *options) as (told, process):
            _edit(directory / "lendbot.toml", {"floor": "0", "max_nodes": str(nodes)} | edits)
            core = _core(directory)
            try:
                core.store.upgrade()
                yield Site(directory, speed, core, Driver(told["page_url"]), process.pid)
            finally:
                core.close()


@contextmanager
def lendbot(at: Site, command: str = "worker") -> Iterator[subprocess.Popen[bytes]]:
    """Run lendbot on a site."""
    with product(at.directory, command) as process:
        yield process


def await_started(at: Site, process: subprocess.Popen[bytes]) -> float:
    """Wait until lendbot has started, and return how many seconds that took."""

    def has_started() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"lendbot ended with {process.returncode}:\n{_log(at)[-2000:]}")
        return "lendbot.started" in _log(at)

    return await_true("lendbot to start", has_started)


def _log(at: Site) -> str:
    return (at.directory / "lendbot.log").read_text(encoding="utf-8", errors="replace")


def await_true(what: str, is_so: Callable[[], bool], within_s: float = 60.0, every_s: float = 0.005) -> float:
    """Wait until something is so, and return how many seconds that took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > within_s:
            raise RuntimeError(f"{what}: not within {within_s:.0f} s")
        time.sleep(every_s)
    return time.monotonic() - began


def rss_mib(pid: int) -> float:
    """Return how much memory a process holds."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert found, status
    return int(found[1]) / 1024


def cpu_s(pid: int) -> float:
    """Return how much processor time a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def _edit(settings: Path, edits: dict[str, str]) -> None:
    text = settings.read_text(encoding="utf-8")
    for key, value in edits.items():
        line = f"{key} = {value}"
        text, found = re.subn(rf"^{key} = .*$", line, text, flags=re.MULTILINE)
        if not found:
            table = "[pace]" if key in PaceSettings.model_fields else "[classes.gpu]"
            text = text.replace(table, f"{table}\n{line}")
    settings.write_text(text, encoding="utf-8")


def _core(directory: Path) -> Core:
    before = dict(os.environ)
    os.environ.update(secrets(directory))
    try:
        return build(directory / "lendbot.toml")
    finally:
        os.environ.clear()
        os.environ.update(before)


def _tally(parts: tuple[NodeLoan, ...]) -> str:
    at: dict[str, int] = {}
    for part in parts:
        where = f"{part.state} ({part.step})" if part.step else str(part.state)
        at[where] = at.get(where, 0) + 1
    return ", ".join(f"{count} {where}" for where, count in sorted(at.items())) or "no nodes yet"


def _troubles(parts: tuple[NodeLoan, ...]) -> Any:
    return sorted({f"{part.state} at {part.step}: {part.note}" for part in parts})[:5]
