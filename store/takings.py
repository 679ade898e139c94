"""Waves of taking, kept."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, update
from sqlmodel import col

from loans.loan import TAKING_MOVING, Taking
from store.errors import NoSuchTaking, Stale
from store.rows import columns_of, read_all, read_one, save_versioned, select_as
from store.tables import TakingRow as _Row

_EVERY = select_as(_Row, Taking)


class Takings:
    """The waves of taking, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, taking: Taking) -> Taking:
        """Keep a new wave; it comes back with version 1."""
        added = replace(taking, version=1)
        self._connection.execute(insert(_Row).values(columns_of(added)))
        return added

    def get(self, loan_id: int, wave: int) -> Taking:
        """Return a wave, or raise NoSuchTaking."""
        found = read_one(self._connection, _EVERY.where(col(_Row.loan_id) == loan_id, col(_Row.wave) == wave), Taking)
        if found is None:
            raise NoSuchTaking(loan_id, wave)
        return found

    def save(self, taking: Taking) -> Taking:
        """Write over a wave; it comes back with its version counted on. Raises Stale, or NoSuchTaking."""
        key = {"loan_id": taking.loan_id, "wave": taking.wave}
        if not save_versioned(self._connection, _Row, key, taking.version, columns_of(taking)):
            raise Stale(self.get(taking.loan_id, taking.wave).loan_id, f"wave {taking.wave}")
        return replace(taking, version=taking.version + 1)

    def of(self, loan_id: int) -> tuple[Taking, ...]:
        """Return a loan's waves, first to last."""
        chosen = _EVERY.where(col(_Row.loan_id) == loan_id).order_by(col(_Row.wave))
        return read_all(self._connection, chosen, Taking)

    def moving(self) -> tuple[Taking, ...]:
        """Return the waves that move, by loan and wave."""
        chosen = _EVERY.where(col(_Row.state).in_(TAKING_MOVING))
        return read_all(self._connection, chosen.order_by(col(_Row.loan_id), col(_Row.wave)), Taking)

    def due(self, now: datetime) -> tuple[Taking, ...]:
        """Return the waves that move and are to be looked at now, the longest due first."""
        chosen = _EVERY.where(col(_Row.state).in_(TAKING_MOVING), col(_Row.look_at) <= now)
        return read_all(self._connection, chosen.order_by(col(_Row.look_at), col(_Row.loan_id)), Taking)

    def look_now(self, now: datetime) -> None:
        """Let every wave that moves be looked at now; see Nodes.look_now."""
        later = (col(_Row.state).in_(TAKING_MOVING), col(_Row.look_at) > now)
        self._connection.execute(update(_Row).where(*later).values(look_at=now))
