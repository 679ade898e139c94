"""One suite, both databases: a test that asks for `store`, `address` or `empty` runs on SQLite and on PostgreSQL."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from store.db import Store
from store.tables import Row
from tests.store import postgres

KINDS = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The server named by LENDBOT_TEST_POSTGRES (it must let us create databases), or one of our own."""
    if given := os.environ.get("LENDBOT_TEST_POSTGRES"):
        yield given
        return
    try:
        with postgres.cluster() as address:
            yield address
    except postgres.NoPostgres as why:
        pytest.skip(f"not run on PostgreSQL: {why}")


@pytest.fixture(scope="session")
def postgres_address(postgres_server: str) -> Iterator[str]:
    """One database with its tables for the whole run: making one takes longer than most tests."""
    with postgres.database(postgres_server, f"lendbot_test_{uuid.uuid4().hex}") as address:
        store = Store.open(address)
        store.upgrade()
        store.close()
        yield address


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    with postgres.database(server, f"lendbot_test_{uuid.uuid4().hex}") as address:
        yield address


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables, to copy."""
    file = tmp_path_factory.mktemp("store") / "store.db"
    store = Store.open(f"sqlite:///{file}")
    store.upgrade()
    store.close()
    return file


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path, sqlite_file: Path) -> str:
    """The address of a database with tables and nothing in them."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(sqlite_file, tmp_path / 'store.db')}"
    found = str(request.getfixturevalue("postgres_address"))
    with psycopg.connect(found) as connection:  # DELETE: for a few rows TRUNCATE takes ten times as long
        for table in reversed(Row.metadata.sorted_tables):
            connection.execute(SQL("DELETE FROM {}").format(Identifier(table.name)))
    return found


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """A store with nothing in it."""
    opened = Store.open(address)
    yield opened
    opened.close()
