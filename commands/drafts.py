"""What somebody is about to ask for: kept under a number that a button carries, and read back for them alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from commands.desk import Caller, Desk
from commands.replies import StaleDraft
from loans.terms import Terms
from store.db import Tx


@dataclass(frozen=True)
class LaterDeadline:
    """One that is meant for a loan, and not asked for yet."""

    loan: int
    until: datetime


class _Verb(StrEnum):
    """Which of the two a draft holds."""

    LEND = "lend"
    EXTEND = "extend"


def keep(tx: Tx, wish: Terms | LaterDeadline, caller: Caller, now: datetime) -> int:
    """Keep a wish and return its number."""
    return tx.drafts.put(caller.person.id, _written(wish), now)


def keep_each(
    options: Iterable[tuple[str, Terms | LaterDeadline]], caller: Caller, desk: Desk
) -> tuple[tuple[str, int], ...]:
    """Keep what somebody chooses from: (how it is said, its number) each."""
    with desk.store.write() as tx:
        return tuple((say, keep(tx, wish, caller, desk.now)) for say, wish in options)


def terms(draft_id: int, caller: Caller, desk: Desk) -> Terms | StaleDraft:
    """Read a request back, while its deadline and class still stand."""
    what = _read(draft_id, _Verb.LEND, caller, desk)
    if isinstance(what, StaleDraft):
        return what
    starts_at = datetime.fromisoformat(what["starts_at"]) if what["starts_at"] else None
    rest = {key: what[key] for key in ("node_class", "count", "purpose", "channel")}
    found = Terms(until=datetime.fromisoformat(what["until"]), starts_at=starts_at, **rest)
    return found if found.until > desk.now and found.node_class in desk.classes else StaleDraft()


def later_deadline(draft_id: int, caller: Caller, desk: Desk) -> LaterDeadline | StaleDraft:
    """Read a later deadline back."""
    what = _read(draft_id, _Verb.EXTEND, caller, desk)
    if isinstance(what, StaleDraft):
        return what
    return LaterDeadline(int(what["loan"]), datetime.fromisoformat(what["until"]))


def _read(draft_id: int, verb: _Verb, caller: Caller, desk: Desk) -> Mapping[str, Any] | StaleDraft:
    with desk.store.read() as tx:
        draft = tx.drafts.get(draft_id)
    if draft is None or draft.what.get("verb") != verb:
        return StaleDraft()
    return draft.what if draft.who == caller.person.id else StaleDraft(theirs=False)


def _written(wish: Terms | LaterDeadline) -> dict[str, Any]:
    until = {"until": wish.until.isoformat()}
    match wish:
        case Terms(starts_at=starts_at):
            begins = {"starts_at": starts_at.isoformat() if starts_at else None}
            return {"verb": _Verb.LEND, **wish.__dict__, **until, **begins}
        case LaterDeadline(loan):
            return {"verb": _Verb.EXTEND, "loan": loan, **until}
