"""What far sides say is kept as every database can keep it: PostgreSQL refuses a NUL, and with it the transaction."""

import pytest
from sqlalchemy import Table
from sqlmodel import AutoString

from loans.nodes import NodeName
from loans.runbook import StepName
from store.away import AwaySide
from store.breakers import Breaker
from store.db import Store
from store.tables import Row
from tests.store.values import NOW

OURS = {
    "who", "requester", "person", "decided_by", "extension_asked_by", "forced_by", "returned_by", "taken_by",
    "acted_by", "team", "taken_team", "acted_team", "channel", "ts", "url", "key", "to", "place", "holder",
    "word", "id", "name", "store", "kind", "state", "act", "plan", "step", "side", "hash", "before", "node_class",
    "node", "body", "boot_kernel",
}  # fmt: skip
"""Columns of plain text: our words, Slack's ids, and what was looked at before it came (node, body, boot_kernel)."""
RUBBISH = "503 \0\x1b[2J \ud800 <html>"
SEEN = "503 \ufffd[2J \ufffd <html>"


def test_a_side_that_answers_rubbish_is_noted(store: Store) -> None:
    """A load balancer's binary 503 once stopped every tick of a site on PostgreSQL."""
    with store.write() as tx:
        tx.away.put(AwaySide("Kubernetes", NOW, RUBBISH))
        tx.away.put(AwaySide("Kubernetes", NOW, RUBBISH, is_told=True))
    with store.read() as tx:
        assert [each.said for each in tx.away.all()] == [SEEN]


def test_a_class_that_fails_with_rubbish_is_stopped(store: Store) -> None:
    """Nodes are not rebooted one after another because nobody could write down why."""
    with store.write() as tx:
        tx.breakers.put(Breaker("gpu", StepName.PUPPET, RUBBISH, (NodeName("gpu001"),), 3, NOW))
    with store.read() as tx:
        assert [each.reason for each in tx.breakers.open()] == [SEEN]


@pytest.mark.parametrize("table", Row.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_column_of_text_is_cleaned_or_ours(table: Table) -> None:
    """A new column that takes a far side's words takes any."""
    columns = {column.name for column in table.columns if type(column.type) is AutoString}
    assert columns <= OURS, f"declare them with _words() or Key: {sorted(columns - OURS)}"
