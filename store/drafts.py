"""Wishes that were understood and not yet confirmed. A button carries the number; a number is never given twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, update
from sqlmodel import col

from store.rows import LARGEST, insert_numbered, read_one, select_as
from store.tables import DraftRow as _Row


@dataclass(frozen=True)
class Draft:
    """What somebody is about to ask for, as JSON. became: the loan that was made of it, once one was."""

    who: str
    what: Mapping[str, Any]
    made_at: datetime
    became: int | None = None


class Drafts:
    """The drafts, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, who: str, what: Mapping[str, Any], now: datetime) -> int:
        """Keep a draft and return its number."""
        return insert_numbered(self._connection, _Row, {"who": who, "what": dict(what), "made_at": now, "became": None})

    def get(self, draft_id: int) -> Draft | None:
        """Return a draft, or None when it was never made or is forgotten."""
        if not 0 < draft_id <= LARGEST:
            return None
        return read_one(self._connection, select_as(_Row, Draft).where(col(_Row.id) == draft_id), Draft)

    def became(self, draft_id: int, loan_id: int) -> None:
        """Note the loan that a draft was made into, so that a second press finds it."""
        self._connection.execute(update(_Row).where(col(_Row.id) == draft_id).values(became=loan_id))

    def forget(self, before: datetime) -> int:
        """Delete the drafts made before a moment; return how many."""
        return self._connection.execute(delete(_Row).where(col(_Row.made_at) < before)).rowcount
