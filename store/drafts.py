"""Wishes that were understood and not yet confirmed.

A button carries the key: the store's name, a number, and a word that nobody can guess. Numbers come back after a
restore, and an old preview must not stand for what somebody has wished since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update
from sqlmodel import col

from store.identity import Identity, random_word
from store.rows import LARGEST, insert_numbered, read_one, select_as
from store.tables import DraftRow as _Row

_WORD: Final = 6
"""Letters: one in 400 million."""


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

    def put(self, who: str, what: Mapping[str, Any], now: datetime) -> str:
        """Keep a draft and return its key, which no draft of this store or of another has ever had."""
        word = random_word(_WORD)
        row = {"word": word, "who": who, "what": dict(what), "made_at": now, "became": None}
        number = insert_numbered(self._connection, _Row, row)
        return f"{Identity(self._connection).named()}-{number}-{word}"

    def get(self, key: str) -> Draft | None:
        """Return a draft, or None when it was never made here or is forgotten."""
        number = self._number(key)
        if number is None:
            return None
        return read_one(self._connection, select_as(_Row, Draft).where(col(_Row.id) == number), Draft)

    def is_strange(self, key: str) -> bool:
        """Return True for a key that this store has never given: another's, or one of a store without a name."""
        return key.partition("-")[0] != Identity(self._connection).name()

    def became(self, key: str, loan_id: int) -> None:
        """Note the loan that a draft was made into, so that a second press finds it."""
        self._connection.execute(update(_Row).where(col(_Row.id) == self._number(key)).values(became=loan_id))

    def _number(self, key: str) -> int | None:
        """Return the number of a draft that is there and has this very key."""
        number, _, word = key.partition("-")[2].partition("-")
        if not number.isdecimal() or not 0 < int(number) <= LARGEST or self.is_strange(key):
            return None
        known = select(col(_Row.id)).where(col(_Row.id) == int(number), col(_Row.word) == word)
        return self._connection.execute(known).scalar()

    def forget(self, before: datetime) -> int:
        """Delete the drafts made before a moment; return how many."""
        return self._connection.execute(delete(_Row).where(col(_Row.made_at) < before)).rowcount
