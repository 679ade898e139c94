"""How a database is reached, and what the beginning of a transaction means on each of the two.

Writes are one at a time, on both: SQLite by BEGIN IMMEDIATE, PostgreSQL by one advisory lock held to the end of the
transaction. So what a writer reads stays true until it commits, and two writers cannot wait for each other in a ring.
The price is that a write must be short: nothing out there is asked inside one. Reads see one moment and wait for no
writer.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg
import psycopg.errors
import psycopg.pq
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store.errors import StoreBroken, StoreError, StoreUnavailable, StoreUnusable, WriteInRead


class Mode(StrEnum):
    """What a transaction is for."""

    READ = "read"
    WRITE = "write"
    MIGRATE = "migrate"


PATIENCE_S: Final = 30
"""How long a writer waits for the others: measured, 64 writers on SQLite need it."""

_ONE_WRITER: Final = f"SELECT pg_advisory_xact_lock({int.from_bytes(b'lendbot')})"

_AS_IT_IS_NOW: Final = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
"""Said before the lock is asked for, whatever the server's default is: under REPEATABLE READ a writer would see what
was so when it began to wait, and not what the writer before it has made of it."""

_BEGIN: Final[Mapping[tuple[str, Mode], tuple[str, ...]]] = {
    ("sqlite", Mode.READ): ("PRAGMA query_only = ON", "BEGIN"),
    ("sqlite", Mode.WRITE): ("PRAGMA query_only = OFF", "PRAGMA foreign_keys = ON", "BEGIN IMMEDIATE"),
    # A migration that rebuilds a table drops the old one, which foreign keys would forbid.
    ("sqlite", Mode.MIGRATE): ("PRAGMA query_only = OFF", "PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE"),
    ("postgresql", Mode.READ): ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",),
    ("postgresql", Mode.WRITE): (_AS_IT_IS_NOW, _ONE_WRITER),
    ("postgresql", Mode.MIGRATE): (_AS_IT_IS_NOW, _ONE_WRITER),
}

_ON_CONNECT: Final = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")

_POSTGRES_OPTIONS: Final = (
    f"-c timezone=UTC -c lock_timeout={PATIENCE_S}s -c idle_in_transaction_session_timeout={2 * PATIENCE_S}s"
)


def read_url(text: str) -> URL:
    """Read a store's address: `sqlite:////var/lib/lendbot/store.db`, `postgresql://lendbot@db/lendbot`.

    raises   ValueError with a sentence that does not repeat the address, as it may hold a password
    """
    try:
        url = make_url(text)
    except Exception as error:
        raise ValueError("the store's address is no URL; an example: sqlite:////var/lib/lendbot/store.db") from error
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return url
        case "sqlite":
            raise ValueError("SQLite needs a file, as in sqlite:////var/lib/lendbot/store.db")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise ValueError(f"the store is kept on sqlite or postgresql, not on {other!r}")


def line_of(url: URL) -> tuple[str, bool]:
    """Return the host that a store is reached at, "" for one on this host, and True when its certificate is checked.

    psycopg says itself what it'll do: it adds what the environment (PGHOST, PGSSLMODE) says to the address.
    """
    if url.get_backend_name() == "sqlite":
        return "", True
    keys = {"host": url.host, **url.query}
    said = {word.keyword.decode(): word.val for word in psycopg.pq.Conninfo.get_defaults()}
    chosen = {key: keys.get(key) or (said[key] or b"").decode() for key in ("host", "hostaddr", "sslmode")}
    host = str(chosen["hostaddr"] or chosen["host"])
    is_here = not host or host.startswith(("/", "@"))
    return ("" if is_here else host), chosen["sslmode"] == "verify-full"


_NO_DATABASE: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
"""The file is another one's, or broken: for people that is a store that does not answer, and says why."""


_PRIMARY: Final = 0xFF
"""Of SQLite's extended error codes, the part that says the kind."""

PASSWORD_KEYS: Final = frozenset({"password", "sslpassword"})
"""Where PostgreSQL's driver takes a password from the address's query."""


def has_password(text: str) -> bool:
    """Return True when a store's address holds a password, or may: one that cannot be read whole is not printed."""
    try:
        url = make_url(text)
    except Exception:  # noqa: BLE001 - whatever it is, it may hold one
        return "@" in text
    return url.password is not None or bool(PASSWORD_KEYS & url.query.keys())


def connect(url: URL) -> Engine:
    """Make the engine; nothing is dialled yet."""
    engine = create_engine(
        url,
        connect_args=_sqlite_args(url) if url.get_backend_name() == "sqlite" else _postgres_args(url),
        pool_pre_ping=True,
        pool_size=10,
        pool_timeout=PATIENCE_S,
        hide_parameters=True,  # what people wrote is in them, and errors are logged
    )
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "do_connect", _make_private)
        event.listen(engine, "connect", _tune_sqlite)
    else:
        event.listen(engine, "connect", partial(_has_characters, url), insert=True)  # before SQLAlchemy reads a word
    event.listen(engine, "begin", _begin)
    return engine


def _sqlite_args(url: URL) -> dict[str, Any]:
    """Leave BEGIN to us (isolation_level None); `?timeout=` in the address overrules our patience."""
    return {"isolation_level": None} | ({} if "timeout" in url.query else {"timeout": PATIENCE_S})


def _postgres_args(url: URL) -> dict[str, Any]:
    """Notice a server that is gone; `?options=` in the address comes last and so overrules ours."""
    return {
        "options": f"{_POSTGRES_OPTIONS} {url.query.get('options', '')}",
        "connect_timeout": 5,
        "keepalives_idle": PATIENCE_S,
        "tcp_user_timeout": PATIENCE_S * 1000,
    }


def _make_private(_dialect: object, _record: object, args: list[Any], _options: object) -> None:
    """Make a new file ours alone: it will hold what people wrote. SQLite gives its other files the same mode."""
    file = Path(str(args[0]))
    if file.parent.is_dir() and not file.exists() and not str(args[0]).startswith("file:"):
        file.touch(mode=0o600)


def _tune_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in _ON_CONNECT:
        connection.execute(f"PRAGMA {pragma}")


def _has_characters(url: URL, connection: Any, _record: object) -> None:
    """Refuse a database that knows bytes only: the driver hands them on as such, and everything fails over them."""
    if connection.info.parameter_status("client_encoding") == "SQL_ASCII":
        connection.close()
        raise StoreUnusable(
            shown(url),
            "its encoding is SQL_ASCII, which knows no characters; make it with "
            "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0",
        )


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("mode", Mode.READ)
    for statement in _BEGIN[connection.dialect.name, mode]:
        connection.exec_driver_sql(statement)


@contextmanager
def transaction(engine: Engine, mode: Mode) -> Iterator[Connection]:
    """Run one transaction: kept at the end, undone on an exception.

    raises   StoreUnavailable when the database does not answer or stays locked, StoreUnusable when it is not one that
             lendbot can work with, StoreBroken when it refuses what we ask
    """
    guarded = _in_our_words(engine.url, mode)
    with guarded, engine.connect() as connection, connection.execution_options(mode=mode).begin():
        yield connection


@contextmanager
def _in_our_words(url: URL, mode: Mode) -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailable(shown(url), "every connection is in use") from error
    except DBAPIError as error:
        raise _meaning(error, url, mode) from error


def shown(url: URL) -> str:
    """Return an address to show to people: no password in it, wherever the driver would take one."""
    return url.difference_update_query(PASSWORD_KEYS).render_as_string(hide_password=True)


def _meaning(error: DBAPIError, url: URL, mode: Mode) -> StoreError:
    said = str(error.orig).strip()
    if _is_read_only(error.orig):
        is_ours = mode is Mode.READ and error.statement is not None and not error.statement.startswith("PRAGMA")
        if is_ours:
            return WriteInRead("something was to be changed inside store.read()")
        return StoreUnusable(shown(url), f"it is read-only ({said})")
    if _is_without_tables(error.orig):
        lacks = said.splitlines()[0]
        return StoreUnusable(shown(url), f"{lacks}. Is it the right address? `lendbot upgrade` makes the tables")
    if _is_outage(error):
        return StoreUnavailable(shown(url), said)
    return StoreBroken(f"the store at {shown(url)} refused what lendbot asked: {said.splitlines()[0]}")


def _is_without_tables(cause: BaseException | None) -> bool:
    """Tell tables that are not ours, or not there, from a statement of ours that is wrong."""
    if isinstance(cause, sqlite3.OperationalError):
        return str(cause).startswith(("no such table", "no such column")) or "has no column named" in str(cause)
    return isinstance(
        cause,
        psycopg.errors.UndefinedTable
        | psycopg.errors.UndefinedColumn
        | psycopg.errors.InvalidSchemaName
        | psycopg.errors.InsufficientPrivilege,
    )


def _is_outage(error: DBAPIError) -> bool:
    """Tell an outage from our bug: to SQLite a wrong statement is an OperationalError too."""
    if isinstance(error.orig, sqlite3.OperationalError) and error.orig.sqlite_errorcode == sqlite3.SQLITE_ERROR:
        return False
    if isinstance(error.orig, sqlite3.DatabaseError) and error.orig.sqlite_errorcode in _NO_DATABASE:
        return True
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _is_read_only(cause: BaseException | None) -> bool:
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorcode & _PRIMARY == sqlite3.SQLITE_READONLY
    return isinstance(cause, psycopg.errors.ReadOnlySqlTransaction)
