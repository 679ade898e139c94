"""What people are told, and who: written in the same transaction as the change that it tells of.

Decides the audience and the facts. The words are the views' business, at the moment of sending.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from loans.loan import Loan
from store.db import Tx
from store.outbox import Letter

AUDIENCE: Final[Mapping[str, tuple[str, ...]]] = {
    "approved": ("requester",),
    "declined": ("requester",),
    "lapsed": ("requester", "thread"),
    "withdrawn": ("thread",),
    "lent": ("requester",),
    "short": ("requester", "thread"),
    "failed": ("requester", "thread"),
    "node_unwinding": ("thread",),
    "node_home": ("thread",),
    "reminder": ("requester", "thread"),
    "returning": ("requester",),
    "blocked": ("requester", "thread"),
    "stuck": ("oncall", "thread", "requester"),
    "home": ("requester", "thread"),
    "extension_asked": ("approvers",),
    "extension_decided": ("requester", "thread"),
    "mismatch": ("oncall",),
}
"""Per piece of news, who hears of it beside the card. A direct message goes to people who must act or wait for it."""


ORPHAN: Final = "orphan"
"""What was found at the site and belongs to no open loan: on-call hears of it."""


def tell(tx: Tx, loan: Loan, news: str, now: datetime, **facts: str | int | list[str]) -> None:
    """Put a piece of news in the outbox for everyone concerned, and refresh the loan's card."""
    for audience in AUDIENCE[news]:
        to = loan.requester if audience == "requester" else ""
        if audience == "requester" and to.startswith("cli:"):
            continue
        tx.outbox.put(Letter(audience, loan.id, to, {"news": news, **facts}, now))
    tx.outbox.card(loan.id, now)
