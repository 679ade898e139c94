"""What people are told, and who: written in the same transaction as the change that it tells of.

Decides the audience and the facts. The words are the views' business, at the moment of sending.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from loans.loan import Loan
from store.db import Tx
from store.outbox import Letter


class Audience(StrEnum):
    """Who hears of something beside the card; the kind of its letter."""

    REQUESTER = "requester"
    """In a direct message."""
    THREAD = "thread"
    """Whoever reads below the card."""
    APPROVERS = "approvers"
    """Below the card and in the channel, for somebody has to decide."""
    ONCALL = "oncall"
    """In the channel of the settings."""


AUDIENCE: Final[Mapping[str, tuple[Audience, ...]]] = {
    "approved": (Audience.REQUESTER,),
    "declined": (Audience.REQUESTER,),
    "lapsed": (Audience.REQUESTER, Audience.THREAD),
    "withdrawn": (Audience.THREAD,),
    "lent": (Audience.REQUESTER,),
    "short": (Audience.REQUESTER, Audience.THREAD),
    "failed": (Audience.REQUESTER, Audience.THREAD),
    "node_unwinding": (Audience.THREAD,),
    "node_home": (Audience.THREAD,),
    "reminder": (Audience.REQUESTER, Audience.THREAD),
    "returning": (Audience.REQUESTER,),
    "blocked": (Audience.REQUESTER, Audience.THREAD),
    "stuck": (Audience.ONCALL, Audience.THREAD, Audience.REQUESTER),
    "home": (Audience.REQUESTER, Audience.THREAD),
    "extension_asked": (Audience.APPROVERS,),
    "extension_decided": (Audience.REQUESTER, Audience.THREAD),
    "mismatch": (Audience.ONCALL,),
}
"""Per piece of news, who hears of it beside the card. A direct message goes to people who must act or wait for it."""


ORPHAN: Final = "orphan"
"""What was found at the site and belongs to no open loan: on-call hears of it."""


def tell(tx: Tx, loan: Loan, news: str, now: datetime, **facts: str | int | list[str]) -> None:
    """Put a piece of news in the outbox for everyone concerned, and refresh the loan's card."""
    for audience in AUDIENCE[news]:
        to = loan.requester if audience is Audience.REQUESTER else ""
        if audience is Audience.REQUESTER and to.startswith("cli:"):
            continue
        tx.outbox.put(Letter(audience, loan.id, to, {"news": news, **facts}, now))
    tx.outbox.card(loan.id, now)
