"""What somebody is about to ask for: kept under a key that a button carries, and read back for them alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from commands.desk import Caller, Desk
from commands.refusals import StaleDraft
from loans.shown import Shown
from loans.terms import Terms
from store.db import Tx


@dataclass(frozen=True)
class LaterDeadline:
    """One that is meant for a loan, and not asked for yet. card: the loan as it was when it was chosen from."""

    card: Shown
    until: datetime


class _Verb(StrEnum):
    """Which of the two a draft holds."""

    LEND = "lend"
    EXTEND = "extend"


def keep(tx: Tx, wish: Terms | LaterDeadline, caller: Caller, now: datetime) -> str:
    """Keep a wish and return its key."""
    return tx.drafts.put(caller.person.id, _written(wish), now)


def keep_each(
    options: Iterable[tuple[str, Terms | LaterDeadline]], caller: Caller, desk: Desk
) -> tuple[tuple[str, str], ...]:
    """Keep what somebody chooses from: (how it is said, its key) each."""
    with desk.store.write() as tx:
        return tuple((say, keep(tx, wish, caller, desk.now)) for say, wish in options)


def terms(key: str, caller: Caller, desk: Desk) -> Terms | StaleDraft:
    """Read a request back, while its deadline and class still stand."""
    what = _read(key, _Verb.LEND, caller, desk)
    if isinstance(what, StaleDraft):
        return what
    starts_at = datetime.fromisoformat(what["starts_at"]) if what["starts_at"] else None
    rest = {key: what[key] for key in ("node_class", "count", "purpose", "channel")}
    found = Terms(until=datetime.fromisoformat(what["until"]), starts_at=starts_at, **rest)
    return found if found.until > desk.now and found.node_class in desk.classes else StaleDraft()


def later_deadline(key: str, caller: Caller, desk: Desk) -> LaterDeadline | StaleDraft:
    """Read a later deadline back."""
    what = _read(key, _Verb.EXTEND, caller, desk)
    if isinstance(what, StaleDraft):
        return what
    try:
        card = Shown.parse(what.get("card", ""))
    except ValueError:
        return StaleDraft()  # it was made before drafts said which loan they mean
    return LaterDeadline(card, datetime.fromisoformat(what["until"]))


def _read(key: str, verb: _Verb, caller: Caller, desk: Desk) -> Mapping[str, Any] | StaleDraft:
    with desk.store.read() as tx:
        if tx.drafts.is_strange(key):
            return StaleDraft(strange=True)
        draft = tx.drafts.get(key)
    if draft is None or draft.what.get("verb") != verb:
        return StaleDraft()
    return draft.what if draft.who == caller.person.id else StaleDraft(theirs=False)


def _written(wish: Terms | LaterDeadline) -> dict[str, Any]:
    until = {"until": wish.until.isoformat()}
    match wish:
        case Terms(starts_at=starts_at):
            begins = {"starts_at": starts_at.isoformat() if starts_at else None}
            return {"verb": _Verb.LEND, **wish.__dict__, **until, **begins}
        case LaterDeadline(card):
            return {"verb": _Verb.EXTEND, "card": card.text, **until}
