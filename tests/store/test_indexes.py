"""Indexes and queries, held together: an index that no query uses slows each write down, and helps nobody."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, event

from loans import facts
from loans.loan import OPEN
from loans.nodes import NodeName
from loans.runbook import PlanName
from store.db import Store, Tx
from store.tables import Row
from tests.store.values import NOW

Query = Callable[[Tx], object]
NODE = NodeName("gpu001")
QUERIES: tuple[Query, ...] = (
    lambda tx: tx.loans.in_states(OPEN),
    lambda tx: tx.loans.undecided_of("U0", "gpu"),
    lambda tx: tx.nodes.due(NOW),
    lambda tx: tx.nodes.held(),
    lambda tx: tx.takings.due(NOW),
    lambda tx: tx.facts.of(1),
    lambda tx: tx.facts.of_loans_as_such([1, 2]),
    lambda tx: tx.facts.of_no_loan(facts.BreakerOpened),
    lambda tx: tx.facts.of_node(NODE),
    lambda tx: tx.facts.journal(1, NODE),
    lambda tx: tx.facts.of_class("gpu", NOW, facts.NodeBroke),
    lambda tx: tx.facts.finished("gpu", PlanName.LEND, 9),
    lambda tx: tx.inbox.take_over("me", ["another"], 9),
    lambda tx: tx.inbox.waiting(),
    lambda tx: tx.inbox.forget(NOW),
    lambda tx: tx.seen.forget(NOW),
    lambda tx: tx.drafts.forget(NOW),
)
"""What runs at each look, each tick and each command, as far as it reads a table that grows."""
OTHERS: Mapping[str, str] = {
    "ix_outbox_waiting": "tests/store/test_outbox.py: try_now and backlog; due() goes by the number, in order",
    "ix_alarms_open": "store/alarms.py: of_cause",
    "ix_alarms_to_call": "store/alarms.py: to_call, once it does not sort by the number",
}


@pytest.fixture
def explained(tmp_path: Any) -> Iterator[tuple[Store, dict[str, list[str]]]]:
    """A store, and how SQLite would run each statement: its plan's lines by statement."""
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    store.upgrade()
    plans: dict[str, list[str]] = {}

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if re.match(r"\s*(SELECT|UPDATE|DELETE)", statement):
            rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans[statement] = [row[3] for row in rows]

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield store, plans
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
        store.close()


def test_every_index_is_used_by_a_query_and_no_frequent_query_reads_a_whole_table(
    explained: tuple[Store, dict[str, list[str]]],
) -> None:
    """After years a look at sixty nodes is as quick as on the first day, and a write pays for no index in vain."""
    store, plans = explained
    with store.write() as tx:
        for query in QUERIES:
            query(tx)
    lines = [line for plan in plans.values() for line in plan]
    used = {name for line in lines for name in re.findall(r"USING (?:COVERING )?INDEX (\w+)", line)}
    indexes = {str(index.name) for table in Row.metadata.tables.values() for index in table.indexes if not index.unique}
    assert indexes - used - set(OTHERS) == set()
    small = {"fact_chain", "identity", "alembic_version"}
    whole = {line for line in lines if (found := re.match(r"SCAN (\w+)$", line)) and found[1] not in small}
    assert whole == set()
