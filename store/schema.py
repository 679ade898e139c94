"""Brings the tables up to what this version works with. There is no way down: a backup is the way back.

Going down would have to throw away what the older tables cannot hold, and nobody wants a program to choose that.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect

from store.connect import Mode, shown, transaction
from store.errors import NotUpgraded, UnversionedTables
from store.tables import Row

_ALEMBIC: Final = threading.Lock()
"""Alembic's context is one for the whole process: of two threads with a migration each, one would run the other's."""

_NEWER: Final = "it was upgraded by a newer lendbot; install that one again, or restore the backup made before"


@dataclass(frozen=True)
class Schema:
    """Which version the tables have, and which one this lendbot works with. at is None in an empty database."""

    at: str | None
    newest: str

    @property
    def is_current(self) -> bool:
        """Return True when this lendbot may work with these tables."""
        return self.at == self.newest


def schema(engine: Engine) -> Schema:
    """Read both versions."""
    with transaction(engine, Mode.READ) as connection:
        return _schema(connection)


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing, in one transaction; of several processes at once the others wait.

    raises   NotUpgraded when the tables come from a newer lendbot
    """
    with _ALEMBIC, transaction(engine, Mode.MIGRATE) as connection:
        found = _schema(connection)
        _check_origin(connection, found)
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise NotUpgraded(found.at, found.newest, _NEWER) from error
        _check_references(connection)


def _check_origin(connection: Connection, found: Schema) -> None:
    """Refuse tables of ours whose version is not known: a migration would fail half-way, or misread them."""
    ours = sorted(set(inspect(connection).get_table_names()) & set(Row.metadata.tables))
    if found.at is None and ours:
        raise UnversionedTables(shown(connection.engine.url), ours[:3])


def _schema(connection: Connection) -> Schema:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return Schema(at=MigrationContext.configure(connection).get_current_revision(), newest=str(newest))


def _config() -> Config:
    """Find the migrations beside this file, wherever the package is installed. There is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _check_references(connection: Connection) -> None:
    """Make up for the foreign keys that SQLite does not watch during a migration (see store/connect.py)."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise AssertionError(f"a migration left rows without what they refer to: {broken[:3]}")
