"""A loan on a sandbox site without Slack: the product's own core, desk and worker, ticked by the test."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.core import Core, build
from bot.process.lease import Lease
from commands import grammar
from commands.desk import Caller
from commands.lend import SignOff
from commands.refusals import FarSideDown
from commands.replies import Preview, Requested
from conversion import due
from conversion.crew import Key
from conversion.subjects import Ground
from conversion.worker import Worker
from loans.loan import Loan, NodeLoan, Taking
from loans.policy import Person
from sandbox.slack.server import SlackSettings
from sandbox.testing import Handle, running
from store.db import Store
from tests.moment import MOMENT
from tests.patience import PATIENCE_S

REQUESTER = Caller(Person("U0REQUEST1", tz="America/Indiana/Indianapolis"), "C0HPCOPS01")
APPROVER = Caller(Person("U0APPROVE1", frozenset({"S0GPUAPPR1"}), "Europe/Zurich"))
ONCALL = Caller(Person("U0ONCALL01"))


class InlineCrew:
    """A crew of one, which looks at once: what is killed in a look dies where the test can see it."""

    busy = 0

    def go(self, key: Key, look: Callable[[], None]) -> None:
        del key
        look()

    def is_busy(self, key: Key) -> bool:
        del key
        return False

    def close(self, within: timedelta) -> bool:
        del within
        return True


@dataclass
class Rig:
    """One site, and the product on it."""

    site: Handle
    core: Core
    ground: Ground
    lease: Lease

    def ask(self, text: str, caller: Caller = REQUESTER) -> Any:
        return grammar.run(grammar.read(text), caller, self.core.desk())

    def lend(self, words: str) -> Loan:
        """Ask, sign and approve a loan."""
        preview = self._previewed(words)
        asked = grammar.run(SignOff(preview.draft), REQUESTER, self.core.desk())
        assert isinstance(asked, Requested), asked
        self.ask(f"approve #{asked.loan.id}", APPROVER)
        return self.loan(asked.loan.id)

    def _previewed(self, words: str) -> Preview:
        """Ask, and again for as long as a machine that is busy makes a site in a hurry time out, as people do."""
        deadline = time.monotonic() + PATIENCE_S
        while isinstance(preview := self.ask(words), FarSideDown):
            assert time.monotonic() < deadline, preview
        assert isinstance(preview, Preview), preview
        return preview

    def loan(self, loan_id: int = 1) -> Loan:
        with self.core.store.read() as tx:
            return tx.loans.get(loan_id)

    def parts(self, loan_id: int = 1) -> tuple[NodeLoan, ...]:
        with self.core.store.read() as tx:
            return tx.nodes.of(loan_id)

    def takings(self, loan_id: int = 1) -> tuple[Taking, ...]:
        with self.core.store.read() as tx:
            return tx.takings.of(loan_id)

    def journal_lines(self, loan_id: int = 1) -> int:
        with self.core.store.read() as tx:
            return len(tx.facts.journal(loan_id))

    def tick(self, ground: Ground | None = None) -> None:
        on = ground or self.ground
        lease: Any = on.reach.lease
        lease.take()
        due.return_due(on)
        due.lapse_due(on)
        due.remind_due(on)
        due.call_due(on)
        Worker(on, InlineCrew()).tick()  # type: ignore[arg-type] - the same two methods

    def tick_until(
        self, what: str, is_so: Callable[[], bool], within_s: float = 120.0, ground: Ground | None = None
    ) -> None:
        deadline = time.monotonic() + within_s
        while not is_so():
            assert time.monotonic() < deadline, f"{what}: {self.loan()} {self.parts()}"
            self.tick(ground)

    def run_to(self, *states: str, loan_id: int = 1, within_s: float = 120.0) -> Loan:
        self.tick_until(f"loan #{loan_id} to be {states}", lambda: self.loan(loan_id).state in states, within_s)
        return self.loan(loan_id)

    def with_store(self, store: Store) -> Ground:
        """Return the ground on another store: the same one in other hands, or one of the test's own."""
        lease = self.lease
        if isinstance(store, Store):
            lease = Lease("worker", store, self.core.clock)
            lease.take()
        return replace(self.ground, store=store, reach=replace(self.ground.reach, store=store, lease=lease))

    def room(self) -> dict[str, Any]:
        """Return the site's own view of every node, by name."""
        return {node["name"]: node for node in self.site.call(self.site.site.room.snapshot)["nodes"]}

    def tally(self) -> dict[str, int]:
        return self.site.call(self.site.world.tally)

    def assert_harmless_and_home(self, *nodes: str) -> None:
        """The world is as before: every node usable in Slurm, in no second world, and nobody was killed."""
        room = self.room()
        for name in nodes or room:
            node = room[name]
            assert node["kube"] is None, node
            assert node["power"] == "on", node
            assert not {"DRAIN", "DOWN"} & set(node["slurm"]["state"].split("+")), node
        tally = self.tally()
        assert (tally["jobs_killed"], tally["pods_killed"]) == (0, 0)


UNHURRIED = SlackSettings(ack_s=PATIENCE_S, trigger_s=PATIENCE_S)
"""A Slack that waits for a machine that is busy. That ours acks at once is measured (`make bench`)."""


@contextmanager
def rigged(adjust: Callable[[str], str] = str, **site_options: Any) -> Iterator[Rig]:
    """Run a site and build the product's core on it. adjust: changes the text of lendbot.toml."""
    options = {
        "speed": 1800.0,
        "gpu_nodes": 12,
        "cpu_nodes": 2,
        "busy": 0.2,
        "at": MOMENT,
        "slack": UNHURRIED,
    } | site_options
    with running(**options) as site:
        before = dict(os.environ)
        env = (line.split("=", 1) for line in (site.paths / "lendbot.env").read_text().splitlines())
        os.environ.update(dict(env))
        settings = site.paths / "lendbot.toml"
        settings.write_text(adjust(settings.read_text()))
        core = build(settings)
        core.store.upgrade()
        try:
            lease = Lease("worker", core.store, core.clock)
            yield Rig(site, core, core.ground(lease), lease)
        finally:
            core.close()
            os.environ.clear()
            os.environ.update(before)
