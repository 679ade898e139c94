"""The tables and their migrations."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Engine, Integer, String, Table, create_engine, text
from sqlalchemy.schema import CreateIndex, CreateTable

from loans.loan import State
from store import schema
from store.connect import Mode, connect, read_url, transaction
from store.db import Store
from store.errors import NotUpgraded
from store.posts import PostKind
from store.schema import Schema
from store.tables import Row
from tests.store.values import NOW, a_loan, a_node

NEWEST = max(path.name[:4] for path in Path(schema.__file__).with_name("migrations").glob("versions/0*.py"))


def test_the_migrations_lead_to_the_tables_that_the_code_expects(empty: str) -> None:
    """An upgrade from nothing gives exactly what store/tables.py declares, so no query meets a missing column."""
    store = Store.open(empty)
    store.upgrade()
    store.close()
    engine = create_engine(read_url(empty))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
    engine.dispose()


def test_the_migrations_make_the_same_sqlite_tables_word_for_word(tmp_path: Path) -> None:
    """Partial indexes and AUTOINCREMENT, which the comparison above does not see, are as declared."""
    address = f"sqlite:///{tmp_path / 'store.db'}"
    store = Store.open(address)
    store.upgrade()
    store.close()
    engine = create_engine(address)
    with engine.connect() as connection:
        made = {row.name: _words(row.sql) for row in connection.execute(text("SELECT name, sql FROM sqlite_master"))}
        declared = {name: _words(_ddl(table, engine)) for name, table in Row.metadata.tables.items()}
        indexes = {
            str(index.name): _words(str(CreateIndex(index).compile(engine)))
            for table in Row.metadata.tables.values()
            for index in table.indexes
        }
    engine.dispose()
    assert {name: made[name] for name in declared} == declared
    assert {name: made[name] for name in indexes} == indexes


def _ddl(table: Table, engine: Engine) -> str:
    return str(CreateTable(table).compile(engine))


def _words(sql: str | None) -> list[str]:
    return sorted((sql or "").translate(str.maketrans({",": " ", "(": " ( ", ")": " ) "})).split())


def test_an_empty_database_is_said_to_need_the_upgrade(empty: str) -> None:
    """`doctor` says what to do before the first start, not a traceback after it."""
    store = Store.open(empty)
    assert store.check() == Schema(at=None, newest=NEWEST)
    assert not store.check().is_current
    store.upgrade()
    assert store.check().is_current
    store.close()


def test_an_upgrade_that_is_not_needed_changes_nothing(store: Store) -> None:
    """Each start may upgrade; no loan is lost by it."""
    with store.write() as tx:
        loan = tx.loans.add(a_loan())
    store.upgrade()
    with store.read() as tx:
        assert tx.loans.get(loan.id) == loan


def test_a_migration_that_rebuilds_a_table_keeps_its_rows(empty: str) -> None:
    """On SQLite a changed column means a new table: the loans move over, and their nodes still belong to them."""
    old = Store.open(empty)
    old.upgrade()
    with old.write() as tx:
        loan = tx.loans.add(a_loan(purpose="kept"))
        node = tx.nodes.add(a_node(loan.id))
    engine = connect(read_url(empty))
    with transaction(engine, Mode.MIGRATE) as connection:
        change = Operations(MigrationContext.configure(connection))
        with change.batch_alter_table("loans") as table:
            table.add_column(Column("rank", Integer(), nullable=False, server_default="0"))
            table.alter_column("purpose", existing_type=String(), server_default="")
    engine.dispose()
    with old.write() as tx:
        assert tx.loans.get(loan.id) == loan
        assert tx.nodes.of(loan.id) == (node,)
    old.close()


def test_several_processes_may_upgrade_at_once(empty: str) -> None:
    """`serve` and `worker` start together on a new database and both come up."""
    stores = [Store.open(empty) for _ in range(4)]
    failures: list[BaseException] = []

    def upgrade(store: Store) -> None:
        try:
            store.upgrade()
        except BaseException as error:  # noqa: BLE001 - told to the main thread
            failures.append(error)

    threads = [threading.Thread(target=upgrade, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert all(store.check().is_current for store in stores)
    for store in stores:
        store.close()


def test_tables_of_a_newer_lendbot_are_left_alone(empty: str) -> None:
    """Going back to an older program is refused with a sentence, before it can misread anything."""
    store = Store.open(empty)
    store.upgrade()
    engine = create_engine(read_url(empty))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert not store.check().is_current
    with pytest.raises(NotUpgraded, match=f"the store is at version 9999 and this lendbot works with {NEWEST}"):
        store.upgrade()
    store.close()


def test_the_upgrade_to_buttons_that_say_whose_they_are_draws_the_open_cards_anew(empty: str) -> None:
    """An approver who comes to work after the upgrade finds buttons that do something."""
    store = Store.open(empty)
    store.upgrade()
    with store.write() as tx:
        loans = [tx.loans.add(a_loan()) for _ in range(3)]
        waits, drawn, ended = (loan.id for loan in loans)
        tx.loans.save(replace(loans[2], state=State.DECLINED))
        tx.outbox.card(waits, NOW)
        for number in (waits, drawn, ended):
            tx.posts.put(number, PostKind.CARD, "C0APPROVALS", "1.1")
        tx.loans.add(a_loan())
    step: Any = import_module("store.migrations.versions.0009_cards_anew")
    engine = connect(read_url(empty))
    with (
        transaction(engine, Mode.MIGRATE) as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        step.upgrade()
    engine.dispose()
    with store.read() as tx:
        cards = tx.outbox.due(datetime.max.replace(tzinfo=UTC), 99)
    store.close()
    assert [(letter.kind, letter.loan_id, letter.wanted) for letter in cards] == [
        ("card", waits, 1),
        ("card", drawn, 1),
    ]
