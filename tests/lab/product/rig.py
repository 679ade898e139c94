"""One lendbot on the lab, with an empty store, an empty Slack and an empty cluster: what a story begins with."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from loans.facts import StepFact, Told
from loans.loan import ENDED, Loan, NodeLoan, State
from sandbox.driver import told, wait_for
from store.db import Store
from store.errors import StoreUnavailable
from tests.lab.product import books, durations
from tests.lab.product.people import People
from tests.lab.product.process import Lendbot, start_slack, stop_slack
from tests.lab.product.settings import Around
from tests.lab.site import fixtures, kubernetes, postgres, processes, slurm, ssh
from tests.lab.site.layout import Layout

Tell = Callable[[str], None]
"""Keeps a count or a table for the end of the run (tests/lab/conftest.py)."""
RBAC: Final = Path(__file__).parents[3] / "deploy" / "rbac.yaml"


class Rig:
    """What a story has in its hands."""

    def __init__(self, layout: Layout, people: People, lendbot: Lendbot) -> None:
        self.layout = layout
        self.people = people
        self.lendbot = lendbot
        self.store = Store.open(lendbot.around.store_url)

    def loan(self, number: int) -> Loan:
        """Read a loan from lendbot's store."""
        with self.store.read() as tx:
            return tx.loans.get(number)

    def journal(self, number: int) -> tuple[Told[StepFact], ...]:
        """Read a loan's journal."""
        with self.store.read() as tx:
            return tx.facts.journal(number)

    def parts(self, number: int) -> tuple[NodeLoan, ...]:
        """Read a loan's nodes."""
        with self.store.read() as tx:
            return tx.nodes.of(number)

    def wait(self, number: int, *states: State, within_s: float = 180) -> Loan:
        """Wait until a loan has come to one of these states; fail with all that is known when it ends elsewhere."""

        def look() -> Loan | None:
            try:
                loan = self.loan(number)
            except StoreUnavailable:
                return None  # a story has taken it away
            is_over = loan.state in ENDED | {State.STUCK} and loan.state not in states
            assert not is_over, f"loan #{number} is {loan.state}"
            return loan if loan.state in states else None

        try:
            return wait_for(f"loan #{number} {' or '.join(states)}", look, within_s)
        except Exception as late:
            raise AssertionError(f"{late}\n{self.everything(number)}") from late

    def everything(self, number: int) -> str:
        """Return what each side knows of a loan, for whoever reads a failed test."""
        with self.store.read() as tx:
            lines = [f"{e.at:%H:%M:%S.%f} {e.node or ''} {type(e.fact).__name__} {e.fact}" for e in tx.facts.of(number)]
        parts = [f"{p.node} {p.state} at {p.step}: {p.note}" for p in self.parts(number)]
        card = told(self.people.card(number))
        return "\n".join([*lines[-40:], *parts, card, "lendbot's last words:", self.lendbot.last_words()])

    def durations(self, number: int) -> str:
        """Return what each step of a loan took, as a table."""
        return durations.table(self.journal(number))

    def assert_home(self, *but_for: str) -> None:
        """Ask everybody whether the world is as before."""
        assert books.Untidy(self.layout, frozenset(but_for)).found() == []
        assert books.ended_badly(self.layout) == []


@contextlib.contextmanager
def rigged(
    layout: Layout, *, boot_within: str = "60 s", jump: str = "", serves: bool = True, with_page: bool = False
) -> Iterator[Rig]:
    """Run Slack and lendbot for the length of a with block; the lab's nodes must be idle.

    jump        host:port of the jump host to the nodes, when there is one
    serves      False when only other commands than `lendbot serve` are wanted
    with_page   Slack is for a person to play in: its page is served
    """
    books.clear_cluster(layout)
    _forget_former_loans(layout)
    around = Around(
        start_slack(layout, with_page=with_page), bot_kubeconfig(layout), _empty_database(layout), boot_within, jump
    )
    lendbot = Lendbot(layout, around)
    rig = Rig(layout, People(around.slack_url), lendbot)
    try:
        if serves:
            lendbot.start()
        yield rig
    finally:
        lendbot.stop()
        stop_slack(layout)
        rig.store.close()
        books.clear_cluster(layout)


def bot_kubeconfig(layout: Layout) -> Path:
    """Return the kubeconfig of an account with the rights of deploy/rbac.yaml, and no more."""
    applied = kubernetes.kubectl(layout, "apply", "-f", str(RBAC))
    assert applied.returncode == 0, applied.stderr
    return kubernetes.kubeconfig_for(layout, "lendbot", "lendbot")


def _forget_former_loans(layout: Layout) -> None:
    """Boot what has notes of a former lendbot: an empty store counts loans from #1 again, and would believe them."""
    noted = [node for node in layout.nodes if ssh.run(layout, node, "test -e /run/lendbot").returncode == 0]
    fixtures.boot_anew(layout, *noted)
    slurm.resume(layout, *noted)
    slurm.wait_for_state(layout, layout.nodes, "IDLE", within_s=60)


def _empty_database(layout: Layout) -> str:
    """Return the address of a store without tables: PostgreSQL where the lab has it."""
    if not processes.running(layout, "postgres"):
        file = layout.run / "lendbot.db"
        for each in layout.run.glob("lendbot.db*"):
            each.unlink()
        return f"sqlite:///{file}"
    return postgres.emptied(layout)
