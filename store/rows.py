"""From a value to a row and back, by the names that both share; the versioned save; INSERT that gives way."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection, Select, Table, Update, bindparam, func, insert, select, update
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import REGCLASS

from store.tables import Row

Value = TypeVar("Value")

_KEY: Final = "key_"
"""Before the names of what a row is found by, since the same columns may be written."""

LARGEST: Final = 2**31 - 1
"""No row has a higher number. The databases raise on far higher ones, and people and forged buttons may send any."""


def table_of(row: type[Row]) -> Table:
    """Return the table behind a row."""
    return Row.metadata.tables[str(row.__tablename__)]


def columns_of(value: Any, *, without: Collection[str] = ()) -> dict[str, Any]:
    """Return a dataclass's fields by name; nested values stay as they are."""
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name not in without}


def select_as(row: type[Row], value: type[Any]) -> Select[Any]:
    """Select the columns that a dataclass has fields for."""
    return select(*(table_of(row).c[field.name] for field in fields(value)))


def read_all(connection: Connection, query: Select[Any], build: Callable[..., Value]) -> tuple[Value, ...]:
    """Run a query and build a value of each row, by column names."""
    return tuple(build(**row._asdict()) for row in connection.execute(query))


def read_one(connection: Connection, query: Select[Any], build: Callable[..., Value]) -> Value | None:
    """Build a value of the first row, or None when there is no row."""
    row = connection.execute(query.limit(1)).first()
    return None if row is None else build(**row._asdict())


def save_versioned(
    connection: Connection,
    row: type[Row],
    key: Mapping[str, object],
    read_version: int,
    changed: Mapping[str, object],
) -> bool:
    """Write over a row and count its version on; return False when it no longer is at the version that was read."""
    written = connection.execute(
        _versioned_update(row, tuple(key), tuple(changed)),
        {f"{_KEY}{name}": value for name, value in key.items()}
        | {f"{_KEY}version": read_version, **changed, "version": read_version + 1},
    )
    return written.rowcount == 1


@cache
def _versioned_update(row: type[Row], key: tuple[str, ...], changed: tuple[str, ...]) -> Update:
    """Build the statement once: making it anew took as long as running it (measured, 200 nodes on their way)."""
    table = table_of(row)
    unchanged = (table.c[name] == bindparam(f"{_KEY}{name}") for name in (*key, "version"))
    return update(table).where(*unchanged).values({name: bindparam(name) for name in (*changed, "version")})


def insert_numbered(connection: Connection, row: type[Row], columns: Mapping[str, object]) -> int:
    """Add a row and return the number that the database gave it."""
    added = connection.execute(insert(table_of(row)).values(columns))
    (number,) = cast("tuple[int]", added.inserted_primary_key)
    return number


def begin_above(connection: Connection, row: type[Row], number: int) -> int:
    """Give no new row this number or a lower one; return the highest that was given away before."""
    table = str(row.__tablename__)
    if connection.dialect.name == "postgresql":
        return _begin_sequence_above(connection, table, number)
    last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).scalar()
    if last is None:
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))
    elif last < number:
        connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (number, table))
    return int(last or 0)


def _begin_sequence_above(connection: Connection, table: str, number: int) -> int:
    name = connection.execute(select(func.pg_get_serial_sequence(table, "id"))).scalar_one()
    last = connection.execute(select(func.pg_sequence_last_value(cast_to(name, REGCLASS)))).scalar() or 0
    if last < number:
        connection.execute(select(func.setval(name, number)))
    return int(last)


def insert_into(connection: Connection, row: type[Row]) -> "sqlite.Insert | postgresql.Insert":
    """Begin an INSERT that knows ON CONFLICT."""
    return insert_on(connection.dialect.name, row)


def insert_on(dialect: str, row: type[Row]) -> "sqlite.Insert | postgresql.Insert":
    """Begin it for a dialect: both databases spell it alike, SQLAlchemy keeps it in two places."""
    table = table_of(row)
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def was_written(connection: Connection, statement: "sqlite.Insert | postgresql.Insert") -> bool:
    """Run an INSERT that may give way; return True when it wrote. No RETURNING: RHEL 9's SQLite 3.34 has none."""
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1
