"""The one door to the database: a store is opened by its address, and everything happens inside a transaction.

    with store.write() as tx:
        loan = tx.loans.save(advance(tx.loans.get(12), Approve(by), now))
        tx.outbox.card(loan.id, now)

Writes are one at a time (store/connect.py says why), so keep them short and ask nothing out there inside one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine, func, select

from store import schema
from store.alarms import Alarms
from store.away import Away
from store.breakers import Breakers
from store.connect import PATIENCE_S, Mode, connect, line_of, read_url, shown, transaction
from store.drafts import Drafts
from store.facts import Facts
from store.identity import Identity
from store.inbox import Inbox
from store.leases import Leases
from store.loans import Loans
from store.nodes import Nodes
from store.outbox import Outbox
from store.people import People
from store.pools import Pools
from store.posts import Posts
from store.schema import Schema
from store.seen import Seen
from store.set_marks import SetMarks
from store.takings import Takings
from store.turns import Turns


class Tx:
    """One transaction, and all that is kept. It ends with its `with`; nothing of it may be used after."""

    def __init__(self, connection: Connection) -> None:
        self.loans = Loans(connection)
        self.nodes = Nodes(connection)
        self.takings = Takings(connection)
        self.outbox = Outbox(connection)
        self.facts = Facts(connection)
        self.seen = Seen(connection)
        self.inbox = Inbox(connection)
        self.people = People(connection)
        self.posts = Posts(connection)
        self.drafts = Drafts(connection)
        self.leases = Leases(connection)
        self.identity = Identity(connection)
        self.set_marks = SetMarks(connection)
        self.away = Away(connection)
        self.breakers = Breakers(connection)
        self.alarms = Alarms(connection)
        self.pools = Pools(connection)


class Store:
    """Everything that lendbot remembers. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns = Turns(self.address, PATIENCE_S)

    @classmethod
    def open(cls, url: str) -> Self:
        """Make a store of an address; the database is first asked by the first transaction.

        raises   ValueError with a sentence when the address is none
        """
        return cls(connect(read_url(url)))

    @property
    def address(self) -> str:
        """Return the address with its password hidden, to show to people."""
        return shown(self._engine.url)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Change things: all of it is kept at the end, or none of it when an exception leaves the block.

        raises   StoreUnavailable when the database does not answer, or others write for longer than we wait
        """
        with self._turns.turn(), transaction(self._engine, Mode.WRITE) as connection:
            tx = Tx(connection)
            yield tx
            tx.facts.flush()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Look at one moment of everything, without waiting for writers. Raises StoreUnavailable, or WriteInRead."""
        with transaction(self._engine, Mode.READ) as connection:
            yield Tx(connection)

    def for_errand(self, key: str, holder: str) -> "Store":
        """Return the same store, whose next change carries out an errand: it is marked so in the same transaction."""
        return _ErrandStore(self._engine, self._turns, key, holder)

    def upgrade(self) -> None:
        """Bring the tables up to this version, if they are not. Raises NotUpgraded when they are newer."""
        schema.upgrade(self._engine)
        with self.write() as tx:
            tx.identity.named()

    def check(self) -> Schema:
        """Say whether this lendbot may work with the tables."""
        return schema.schema(self._engine)

    def files(self) -> tuple[Path, ...]:
        """Return the files that the store is kept in; none for a database of its own."""
        database = self._engine.url.database or ""
        if self._engine.url.get_backend_name() != "sqlite" or database.startswith("file:"):
            return ()
        return tuple(Path(f"{database}{more}") for more in ("", "-wal", "-shm"))

    def line(self) -> tuple[str, bool]:
        """Return the host that it is reached at, "" for this one, and True when its certificate is checked."""
        return line_of(self._engine.url)

    def clock(self) -> datetime | None:
        """Return the time as the database has it; None where it has no clock but this host's."""
        with transaction(self._engine, Mode.READ) as connection:
            if connection.dialect.name == "sqlite":
                return None
            said: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            return said.astimezone(UTC)

    def close(self) -> None:
        """Hang up."""
        self._engine.dispose()


class _ErrandStore(Store):
    """What a command changes here is kept together with the note that it did: a crash never makes it happen twice.

    A command has acted when something happened that is kept for ever: a draft, which nobody decided, is none.
    """

    def __init__(self, engine: Engine, turns: Turns, key: str, holder: str) -> None:
        self._engine = engine
        self._turns = turns
        self._key = key
        self._holder = holder

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Change things for the errand. Raises NotOurs when another process has it by now, and as Store.write()."""
        with super().write() as tx:
            tx.inbox.hold(self._key, self._holder)
            before = tx.facts.last
            yield tx
            if tx.facts.last != before:
                tx.inbox.acted(self._key)
