"""PostgreSQL is restarted under 32 writers: what was said to be kept is kept, and whoever was cut off was told."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from store.db import Store
from store.errors import StoreUnavailable
from tests.lab.product.rig import Tell
from tests.lab.site import postgres, processes
from tests.lab.site.layout import Layout
from tests.store.values import a_loan

pytestmark = pytest.mark.lab

WRITERS = 32
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Writer:
    """Counts one loan on, again and again; each transaction leaves a key as well.

    kept   the keys of transactions that were said to be done
    told   the keys of those that ended with an outage: it cannot be known whether they were done
    """

    store: Store
    number: int
    loan_id: int
    kept: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def write_until(self, over: threading.Event) -> None:
        while not over.is_set():
            key = f"{self.number}.{len(self.kept) + len(self.told)}"
            try:
                with self.store.write() as tx:
                    assert tx.seen.first(key, NOW)
                    tx.loans.save(tx.loans.get(self.loan_id))
            except StoreUnavailable:
                self.told.append(key)
                over.wait(0.05)
            else:
                self.kept.append(key)


@pytest.mark.parametrize("end", [postgres.stop, postgres.kill], ids=["stop", "kill"])
def test_a_restart_under_32_writers_loses_nothing(lab: Layout, end: Callable[[Layout], None], tell: Tell) -> None:
    """A change that a person saw confirmed is there next morning; one that was cut off is never half there."""
    store = Store.open(postgres.emptied(lab))
    store.upgrade()
    with store.write() as tx:
        loan = tx.loans.add(a_loan())
    writers = [Writer(store, number, loan.id) for number in range(WRITERS)]
    over = threading.Event()
    with ThreadPoolExecutor(WRITERS) as pool:
        work = [pool.submit(writer.write_until, over) for writer in writers]
        try:
            all_wrote(writers)
            end(lab)
            processes.wait_until("every writer was told", lambda: all(writer.told for writer in writers), 90)
            postgres.start(lab)
            all_wrote(writers)
        finally:
            over.set()
    for each in work:
        each.result()
    kept = [key for writer in writers for key in writer.kept]
    told = [key for writer in writers for key in writer.told]
    with store.write() as tx:
        lost = [key for key in kept if tx.seen.first(key, NOW)]
        done = [key for key in told if not tx.seen.first(key, NOW)]
        version = tx.loans.get(loan.id).version
    store.close()
    tell(f"PostgreSQL restarted ({end.__name__}) under {WRITERS} writers: {len(kept)} changes kept, {len(lost)} lost")
    assert lost == []
    assert version == loan.version + len(kept) + len(done), "a change and its key are kept together or not at all"


def all_wrote(writers: list[Writer]) -> None:
    """Wait until every writer has written three times more."""
    before = [len(writer.kept) for writer in writers]
    processes.wait_until(
        "every writer has written",
        lambda: all(len(writer.kept) >= count + 3 for writer, count in zip(writers, before, strict=True)),
        90,
    )
