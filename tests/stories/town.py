"""A site, and lendbot on it as a process of its own, that a test kills and starts again while people speak."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands import grammar
from commands.lend import SignOff
from commands.replies import Preview, Requested
from loans.facts import Fact
from loans.loan import State
from sandbox.faults import Fault
from sandbox.processes import secrets
from tests.bot.house import House, eventually
from tests.conversion.rig import REQUESTER, Rig, rigged

PATIENCE_S = 90.0
"""A crash is noticed after 10 s of standing still; machines that build are busy."""
WISH = "lend 1 gpu node to k8s for 2 days"


@dataclass
class Town:
    """house: its Slack as people use it; there is no program in this process."""

    rig: Rig
    house: House
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start lendbot, and wait until it hears."""
        before = self._sockets()
        command = [str(Path(sys.executable).with_name("lendbot")), "serve"]
        environment = os.environ | secrets(self.rig.site.paths)
        with (self.rig.site.paths / "lendbot.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        eventually("a socket", lambda: self._sockets() - before, PATIENCE_S)

    def end(self, number: int, within_s: float) -> float:
        """Send a signal, and return how many seconds the end took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(within_s)
        return time.monotonic() - began

    def fault(self, side: str, mode: str, slow_s: float | None = None) -> None:
        self.rig.site.call(lambda: self.rig.site.faults.set(Fault(side, mode, slow_s=slow_s)))

    def heal(self) -> None:
        self.rig.site.call(self.rig.site.faults.clear)

    def requested(self) -> int:
        """Have a loan asked for without Slack."""
        preview = self.rig.ask(WISH)
        assert isinstance(preview, Preview), preview
        asked = grammar.run(SignOff(preview.draft), REQUESTER, self.rig.core.desk())
        assert isinstance(asked, Requested), asked
        return asked.loan.id

    def lent(self) -> int:
        """Have a loan on its way out, without Slack."""
        loan = self.rig.lend(WISH).id
        eventually("nodes on their way", lambda: self.rig.loan(loan).state is State.LENDING, PATIENCE_S)
        return loan

    def waiting(self) -> int:
        """Count what people said and is not answered yet."""
        with self.rig.core.store.read() as tx:
            return tx.inbox.waiting()

    def told(self, loan: int, kind: type[Fact]) -> int:
        """Count how often something happened to a loan."""
        with self.rig.core.store.read() as tx:
            return len(tx.facts.of(loan, kind))

    def asked_by(self, person: str) -> list[int]:
        with self.rig.core.store.read() as tx:
            return [loan.id for loan in tx.loans.recent(99, person)]

    def _sockets(self) -> set[int]:
        sockets = self.rig.site.site.slack.sockets
        return set(self.rig.site.call(lambda: [id(each) for each in sockets.sockets]))


@contextmanager
def town(**options: Any) -> Iterator[Town]:
    """Run a quiet site at the wall's pace; whatever of lendbot runs at the end is killed."""
    with rigged(**({"speed": 1.0, "busy": 0.0, "gpu_nodes": 24, "cpu_nodes": 0} | options)) as rig:
        nobody: Any = None
        found = Town(rig, House(rig.site, nobody, rig.core.store))
        try:
            yield found
        finally:
            if found.process is not None:
                found.process.kill()
                found.process.wait(10)
